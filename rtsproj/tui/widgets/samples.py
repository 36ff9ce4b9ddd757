"""Sample predictions: image, truth and prediction side by side, worst and best places."""

import numpy as np
from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from rtsproj.imagery.samples import Picture, Sample, Samples
from rtsproj.tui.ink import DIM, PLAIN, inks
from rtsproj.tui.pictures.cells import Mode
from rtsproj.tui.pictures.fit import compose, grey_of
from rtsproj.tui.pictures.strips import strips_of

GAP = 2
"""Cells between two places."""
SAID = np.array([224, 176, 76], np.float32)
TRUE = np.array([255, 214, 0], np.float32)


class SamplePictures(Widget):
    """As many places as fit, each three pictures wide."""

    DEFAULT_CSS = "SamplePictures { height: 1fr; width: 1fr; }"

    def __init__(self, *, mode: Mode, grey: bool, id: str | None = None) -> None:  # noqa: A002 - textual's name
        super().__init__(id=id, classes="pane")
        self._mode = Mode.QUADRANT if mode is Mode.KITTY else mode
        self._grey = grey
        self._samples: Samples | None = None
        self._strips: list[Strip] | None = None

    def show(self, samples: Samples | None) -> None:
        """Show another validation's places."""
        if samples is not self._samples:
            self._samples = samples
            self._strips = None
            self.refresh()

    def on_resize(self) -> None:
        """Another size is another drawing."""
        self._strips = None

    def render_line(self, y: int) -> Strip:
        """One row."""
        if self._strips is None:
            self._strips = self._drawn()
        styles = inks(self.app)
        width = self.size.width
        if not self._strips and y == self.size.height // 2:
            text = "after the first validation"[:width].center(width)
            return Strip([Segment(text, styles[DIM])], width)
        if y >= len(self._strips):
            return Strip.blank(width, styles[PLAIN])
        return self._strips[y].extend_cell_length(width, styles[PLAIN])

    def _drawn(self) -> list[Strip]:
        if self._samples is None or not self._samples.chosen:
            return []
        across, down, side = layout(self.size.width, self.size.height)
        if side == 0:
            return []
        styles = inks(self.app)
        chosen = _ends(self._samples.chosen, across * down)
        lines: list[Strip] = []
        for row in range(0, len(chosen), across):
            group = chosen[row : row + across]
            label = "".join(
                f"IoU {one.iou:.2f} · truth · said".ljust(6 * side + GAP)[: 6 * side + GAP]
                for one in group
            )
            lines.append(Strip([Segment(label, styles[DIM])], len(label)))
            pictures = [self._picture(one, side) for one in group]
            gap = Strip([Segment(" " * GAP, styles[PLAIN])], GAP)
            lines += [
                Strip.join([part for strip in parts for part in (strip, gap)])
                for parts in zip(*pictures, strict=True)
            ]
        return lines

    def _picture(self, one: Sample, side: int) -> list[Strip]:
        rgb = triple(one)
        if self._grey:
            rgb = grey_of(rgb)
        return strips_of(compose(rgb, (), cells=(6 * side, side), mode=self._mode), self._mode)


def layout(cols: int, rows: int) -> tuple[int, int, int]:
    """(places across, places down, cells of a side): two or four places as large as they fit."""
    best = (1, 1, 0)
    for across, down in ((1, 2), (2, 1), (2, 2), (1, 1)):
        side = min(rows // down - 1, (cols - GAP * (across - 1)) // across // 6)
        if side > best[2] + (across * down < best[0] * best[1]) * 3:
            best = (across, down, side)
    return best


def triple(one: Sample) -> Picture:
    """Image, truth and prediction of a place, each padded to a square: (side, 3 side, 3) uint8."""
    grey = one.rgb.mean(axis=2, keepdims=True) * 0.45
    truth = np.where((one.truth == 1)[..., None], TRUE, grey)
    share = (one.said.astype(np.float32) / 254)[..., None]
    said = share * SAID + (1 - share) * grey
    parts = [_square(part.astype(np.uint8)) for part in (one.rgb, truth, said)]
    return np.concatenate(parts, axis=1)


def _square(rgb: Picture) -> Picture:
    rows, cols = rgb.shape[:2]
    side = max(rows, cols)
    up, left = (side - rows) // 2, (side - cols) // 2
    return np.pad(rgb, ((up, side - rows - up), (left, side - cols - left), (0, 0)))


def _ends(chosen: tuple[Sample, ...], most: int) -> tuple[Sample, ...]:
    if len(chosen) <= most:
        return chosen
    half = -(-most // 2)
    return (*chosen[:half], *chosen[len(chosen) - (most - half) :])
