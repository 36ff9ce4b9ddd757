"""Several processes that train one network: each takes its share of the same batch.

``torchrun --nproc-per-node N -m rtsproj.worker FOLDER`` starts them; over several machines, which
share the job folder, with torchrun's rendezvous options, such as in a SLURM job of two nodes::

    srun torchrun --nnodes $SLURM_NNODES --nproc-per-node 4 --rdzv-backend c10d \
        --rdzv-endpoint $HOST:29500 --signals-to-handle SIGTERM,SIGINT,SIGHUP,SIGQUIT,SIGUSR1 \
        -m rtsproj.worker FOLDER

A batch is a pure function of seed and step, so rank r cuts chips r, r + world, … of it. The losses
are ratios of sums over the whole batch, which the mean of per-rank losses is not; therefore logits
and targets are gathered, each rank takes the slope of the one loss at its own chips, and the
gradients are summed: what one process would get, whatever the number of ranks. BatchNorm is the
exception: synchronised over the ranks on GPUs, per rank on a CPU, where torch offers nothing else.
All ranks draw the same dropout masks.

What only some ranks notice, all must do at the same step, or one waits for ever in a sum that the
others never join: a wish to stop, memory that has run out. Before each step, and before each of
the two places where tensors are exchanged, they therefore agree by one number over gloo, which
does not wait for a GPU. ``--signals-to-handle`` lets torchrun hand on what SLURM sends before the
time is up; without it torchrun dies of that signal, which the ranks notice too.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import torch
from torch import distributed, nn

from rtsproj.errors import InterruptedJobError, UsageError

T = TypeVar("T")

_PATIENCE = timedelta(hours=4)
"""How long ranks wait while the first one validates; a rank that dies is noticed at once."""


@dataclass(frozen=True, slots=True)
class Ranks:
    """This process among those of a training; alone by default.

    Attributes:
        rank: 0..world - 1; rank 0 reports, validates and saves.
        world: number of processes.
    """

    rank: int = 0
    world: int = 1

    @property
    def leads(self) -> bool:
        """True for the one that reports, validates and saves."""
        return self.rank == 0

    def agreed(self, *, mine: bool) -> bool:
        """True on every rank where it is true on one of them."""
        if self.world == 1:
            return mine
        flag = torch.tensor([int(mine)], dtype=torch.int32)
        _checked(lambda: distributed.all_reduce(flag, op=distributed.ReduceOp.MAX))
        return bool(flag.item())

    def together(self, work: Callable[[], T]) -> T:
        """What ``work`` gives, unless memory runs out: where it does on one rank, it does on all.

        Raises:
            torch.OutOfMemoryError: on every rank.
        """
        found: list[T] = []
        lost: torch.OutOfMemoryError | None = None
        try:
            found.append(work())
        except torch.OutOfMemoryError as error:
            lost = error
        if self.agreed(mine=lost is not None):
            raise lost or torch.OutOfMemoryError("memory ran out in another process")
        return found[0]

    def room(self, share: torch.Tensor) -> list[torch.Tensor]:
        """Where the shares (n, …) of all ranks will stand; this rank's alone where it is alone."""
        if self.world == 1:
            return [share]
        return [share.new_empty(share.shape) for _ in range(self.world)]

    def gather(self, room: list[torch.Tensor], share: torch.Tensor) -> None:
        """Fill the room with the share of each rank; needs no memory."""
        if self.world > 1:
            _checked(lambda: distributed.all_gather(room, share))

    def whole(self, room: list[torch.Tensor]) -> torch.Tensor:
        """All chips in the order of the batch."""
        return room[0] if self.world == 1 else torch.stack(room, dim=1).flatten(0, 1)

    def mine(self, whole: torch.Tensor) -> torch.Tensor:
        """This rank's share of what belongs to the whole batch."""
        return whole[self.rank :: self.world]

    def flat_gradients(self, parameters: Iterable[nn.Parameter]) -> torch.Tensor:
        """A copy of all gradients in one row; empty where there is nobody to send it to."""
        found = [one.grad.flatten() for one in parameters if one.grad is not None]
        return torch.cat(found) if self.world > 1 else torch.empty(0)

    def sum_gradients(self, parameters: Iterable[nn.Parameter], flat: torch.Tensor) -> None:
        """Replace each gradient by its sum over the ranks; ``flat`` holds this rank's."""
        if self.world == 1:
            return
        found = [one.grad for one in parameters if one.grad is not None]
        _checked(lambda: distributed.all_reduce(flat))
        parts = torch.split(flat, [one.numel() for one in found])
        for one, part in zip(found, parts, strict=True):
            one.copy_(part.view_as(one))

    def told(self, value: T) -> T:
        """What rank 0 says."""
        if self.world == 1:
            return value
        box: list[Any] = [value]
        _checked(lambda: distributed.broadcast_object_list(box, src=0))
        said: T = box[0]
        return said

    def adapted(self, network: nn.Module, device: str) -> nn.Module:
        """The network with BatchNorm over all ranks, where there are several GPUs."""
        if self.world == 1 or device != "cuda":
            return network
        return nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call, no-any-return]

    def require_equal_shares(self, batch: int) -> None:
        """Refuse a batch that cannot be shared out evenly.

        Raises:
            UsageError: naming the numbers.
        """
        if batch % self.world:
            raise UsageError(
                f"train.batch = {batch} cannot be shared out to {self.world} processes",
                hint=f"start a number of processes that divides {batch}",
            )


ALONE = Ranks()


@contextmanager
def joined_ranks() -> Iterator[Ranks]:
    """Join the processes that torchrun started, by its variables; alone without them.

    Raises:
        InterruptedJobError: another process was lost; the job can be resumed with any number.
    """
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1:
        yield ALONE
        return
    on_gpu = torch.cuda.is_available()
    if on_gpu:
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    distributed.init_process_group("cpu:gloo,cuda:nccl" if on_gpu else "gloo", timeout=_PATIENCE)
    try:
        yield Ranks(int(os.environ["RANK"]), world)
    except distributed.DistError as error:
        raise _lost(error) from error
    finally:
        distributed.destroy_process_group()


def _checked(call: Callable[[], object]) -> None:
    try:
        call()
    except RuntimeError as error:  # what gloo and nccl raise when a peer is gone
        raise _lost(error) from error


def _lost(error: Exception) -> InterruptedJobError:
    return InterruptedJobError(
        f"a process of the training was lost: {str(error).splitlines()[0]}",
        hint="resume the job, with any number of processes",
    )
