"""The mean of overlapping windows, weighted so that each fades out towards its border (method 6.2).

The windows lie on one lattice of the grid, half their side apart, whatever part of it is asked for:
so a tile does not depend on which window of the search computes it, and no seam is left between
tiles. A Hann window and its neighbour add up to one everywhere. Where what is asked for begins or
ends off the lattice, one more window there gets only what the lattice leaves of one: nothing from
the lattice's second window on, which is where the tiles begin unless the imagery itself ends.
"""

from collections.abc import Callable, Iterator, Sequence

import torch

from rtsproj.domain.grid import Window

_LEAST = 1e-3
"""Smallest weight: on the border of the imagery no second window adds to the first."""

Runner = Callable[[torch.Tensor], torch.Tensor]
"""The network: (n, bands, rows, cols) scaled input -> (n, members, rows, cols) logits."""


class Blend:
    """Overlapping windows of one side."""

    def __init__(self, side_px: int, *, most: int) -> None:
        """Prepare the weights.

        Args:
            side_px: side of a window.
            most: windows in one forward pass; 0 = one row of them.
        """
        self._side = side_px
        self._most = most
        line = torch.sin(torch.pi * (torch.arange(side_px) + 0.5) / side_px) ** 2
        self._line = line.clamp_min(_LEAST)

    def halve(self, window: Window) -> int:
        """Take half as many windows at once as lately; returns how many, 0 where it was one."""
        self._most = (self._most or len(self._lines(window.col, window.cols))) // 2
        return self._most

    def chances(self, run: Runner, x: torch.Tensor, window: Window) -> torch.Tensor:
        """Blend one window of the search.

        Args:
            run: the network.
            x: input of the network, (1, bands, rows, cols), at least one side in size.
            window: where it lies on the grid.

        Returns:
            Probabilities 0..1, (members, rows, cols).
        """
        down = self._lines(window.row, x.shape[2])
        along = self._lines(window.col, x.shape[3])
        places = [(row, col) for row in down for col in along]
        total = torch.zeros(x.shape[2:], device=x.device)
        out = torch.zeros(0, device=x.device)
        for part in _batches(places, self._most or len(along)):
            at = [(slice(row, row + self._side), slice(col, col + self._side)) for row, col in part]
            views = torch.cat([x[:, :, rows, cols] for rows, cols in at])
            found = torch.sigmoid(run(views.contiguous(memory_format=torch.channels_last)).float())
            if not out.numel():
                out = torch.zeros((found.shape[1], *x.shape[2:]), device=x.device)
            for (row, col), (rows, cols), chance in zip(part, at, found, strict=True):
                weights = down[row].to(x.device)[:, None] * along[col].to(x.device)
                out[:, rows, cols] += chance * weights
                total[rows, cols] += weights
        return out / total

    def _lines(self, first: int, length: int) -> dict[int, torch.Tensor]:
        """Where windows start along an axis, with the weights of their pixels along it."""
        step, last = self._side // 2, length - self._side
        lines = dict.fromkeys(range(-first % step, last + 1, step), self._line)
        left = torch.ones(length)
        for start, line in lines.items():
            left[start : start + self._side] -= line
        for start in {0, last} - lines.keys():
            lines[start] = left[start : start + self._side].clamp_min(0)
        return lines


def _batches(places: Sequence[tuple[int, int]], size: int) -> Iterator[Sequence[tuple[int, int]]]:
    return (places[n : n + size] for n in range(0, len(places), size))
