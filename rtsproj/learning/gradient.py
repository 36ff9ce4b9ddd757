"""The gradient of a whole batch, in as many passes as memory needs and over as many processes.

Why not the mean of the gradients of micro batches: the losses are ratios of sums over all pixels of
a batch (Dice, a mean over counted pixels), and the mean of ratios is another number. So a divided
batch is passed through the network twice: first without a graph, for the logits of all chips, at
which the one loss has its slope; then micro batch by micro batch with a graph, each pulled by its
part of that slope (gradient caching, Gao et al. 2021). The sum is the gradient of the undivided
batch, for about a third more time. Dropout draws the same masks in both passes.

BatchNorm alone notices the division: it normalises each micro batch by its own mean and variance,
and its running statistics move once per micro batch.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from rtsproj.errors import RtsError
from rtsproj.learning.backend import Backend
from rtsproj.learning.inputs import network_tensor
from rtsproj.learning.losses import LossFunction
from rtsproj.learning.ranks import ALONE, Ranks
from rtsproj.learning.samples import Batch


class Gradients:
    """Leaves gradients on one network."""

    def __init__(
        self, network: nn.Module, loss: LossFunction, backend: Backend, *, ranks: Ranks = ALONE
    ) -> None:
        self._network = network
        self._loss = loss
        self._backend = backend
        self._ranks = ranks

    def leave(self, batch: Batch, *, micro: int) -> torch.Tensor:
        """Replace the network's gradients by those of a batch, of which this rank has its share.

        Args:
            batch: chips of this rank.
            micro: most chips per forward pass, at least 1.

        Returns:
            The loss of the whole batch, a scalar on the device.

        Raises:
            torch.OutOfMemoryError: on every rank; the network is as it was before, without
                gradients.
            RtsError: BatchNorm cannot work on a micro batch this small.
        """
        self._network.zero_grad(set_to_none=True)
        kept = _State(self._network, self._backend)
        try:
            return self._left(batch, split_evenly(len(batch.images), micro), kept)
        except torch.OutOfMemoryError:
            self._network.zero_grad(set_to_none=True)
            kept.restore()
            raise

    def _left(self, batch: Batch, parts: Sequence[slice], kept: "_State") -> torch.Tensor:
        ranks = self._ranks
        share = ranks.together(lambda: self._passed(batch, parts, kept))
        for room, mine in zip(share.rooms, (share.logits.detach(), share.targets), strict=True):
            ranks.gather(room, mine)
        loss, flat = ranks.together(lambda: self._pulled(batch, parts, share))
        ranks.sum_gradients(self._network.parameters(), flat)
        return loss

    def _passed(self, batch: Batch, parts: Sequence[slice], kept: "_State") -> "_Share":
        """Pass this rank's chips through the network; with a graph where they are one part."""
        if len(parts) == 1:
            logits = self._logits(batch, parts[0])
        else:
            with torch.no_grad():
                logits = torch.cat([self._logits(batch, part) for part in parts])
            kept.restore()
        logits = logits.contiguous()
        targets = torch.from_numpy(batch.targets).to(logits.device, non_blocking=True)
        rooms = [self._ranks.room(one) for one in (logits.detach(), targets)]
        return _Share(logits, targets, rooms)

    def _pulled(
        self, batch: Batch, parts: Sequence[slice], share: "_Share"
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Leave the gradients of this rank's chips; returns the loss, and them in one row."""
        loss, slope = self._slope(share)
        if len(parts) == 1:
            torch.autograd.backward(share.logits, slope)
        else:
            for part in parts:
                torch.autograd.backward(self._logits(batch, part), slope[part])
        return loss, self._ranks.flat_gradients(self._network.parameters())

    def _logits(self, batch: Batch, part: slice) -> torch.Tensor:
        """(n, rows, cols) of a part of the batch."""
        images = network_tensor(batch.images[part], self._backend)
        try:
            with self._backend.autocast():
                logits: torch.Tensor = self._network(images)[:, 0]
        except ValueError as error:
            if "more than 1 value per channel" not in str(error):
                raise
            raise RtsError(
                "BatchNorm of this network cannot learn from one chip per forward pass",
                hint="set train.micro_batch to 2 or more; lower train.chip_px for less memory",
            ) from error
        return logits

    def _slope(self, share: "_Share") -> tuple[torch.Tensor, torch.Tensor]:
        """The loss of the whole batch, and its slope at the logits of this rank's chips."""
        logits, targets = (self._ranks.whole(room) for room in share.rooms)
        logits = logits.detach().requires_grad_()
        loss = self._loss(logits, targets)
        (slope,) = torch.autograd.grad(loss, logits)
        return loss.detach(), self._ranks.mine(slope)


@dataclass(frozen=True, slots=True)
class _Share:
    """What this rank knows of its chips, and room for what the others know of theirs.

    Attributes:
        logits: (n, rows, cols), with a graph where they were passed in one part.
        targets: (n, rows, cols) uint8.
        rooms: of logits and of targets, see ``Ranks.room``.
    """

    logits: torch.Tensor
    targets: torch.Tensor
    rooms: Sequence[list[torch.Tensor]]


class _State:
    """What a forward pass in training changes: buffers of the network and random generators."""

    def __init__(self, network: nn.Module, backend: Backend) -> None:
        self._network = network
        self._on_gpu = backend.device == "cuda"
        self._buffers = [one.clone() for one in network.buffers()]
        self._rng = torch.get_rng_state()
        self._cuda_rng = torch.cuda.get_rng_state() if self._on_gpu else None

    def restore(self) -> None:
        """Put it back."""
        with torch.no_grad():
            for one, before in zip(self._network.buffers(), self._buffers, strict=True):
                one.copy_(before)
        torch.set_rng_state(self._rng)
        if self._cuda_rng is not None:
            torch.cuda.set_rng_state(self._cuda_rng)


def split_evenly(chips: int, most: int) -> tuple[slice, ...]:
    """Cut ``chips`` into the fewest parts of at most ``most`` that differ by one at most."""
    count = -(-chips // most)
    return tuple(slice(chips * n // count, chips * (n + 1) // count) for n in range(count))
