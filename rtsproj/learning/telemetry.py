"""What a training tells of itself: its course step by step, how long it waits for data, its device.

None of it touches a random generator or a weight: a training ends with the same bits without it.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import torch

from rtsproj.jobs.curves import CurvePoint, append_point
from rtsproj.learning.backend import Backend

T = TypeVar("T")

EVERY_S = 1.0
"""s between two points of the course, and between two looks at the device."""
_FADING = 0.9
"""Weight of the past in the moving mean of the waiting share."""
_GB = 1 << 30


class Telemetry:
    """The course of one training on one device."""

    def __init__(
        self, path: Path, backend: Backend, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._path = path
        self._backend = backend
        self._now = now
        self._told_at = float("-inf")
        self._looked_at = float("-inf")
        self._device: dict[str, float] = {}
        self._left_at = now()
        self._waits: float | None = None

    def waited(self, batches: Iterator[T]) -> Iterator[T]:
        """The same batches; what passes between asking for one and getting it is data wait."""
        self._left_at = self._now()
        while True:
            asked = self._now()
            try:
                batch = next(batches)
            except StopIteration:
                return
            self._count(asked, self._now())
            yield batch

    def tell(self, point: CurvePoint) -> None:
        """Write a point that is due or that holds scores."""
        is_due = self._now() - self._told_at >= EVERY_S
        if is_due or point.pixel_iou is not None:
            self._told_at = self._now()
            append_point(self._path, point)

    def metrics(self) -> dict[str, float]:
        """Newest figures for the heartbeat: data_wait 0..1, memory_gb, memory_of_gb, gpu_load."""
        if self._now() - self._looked_at >= EVERY_S:
            self._looked_at = self._now()
            self._device = device_metrics(self._backend)
        return {"data_wait": self._waits or 0.0, **self._device}

    def _count(self, asked: float, got: float) -> None:
        whole = got - self._left_at
        share = (got - asked) / whole if whole > 0 else 0.0
        self._waits = share if self._waits is None else _mixed(self._waits, share)
        self._left_at = got


def device_metrics(backend: Backend) -> dict[str, float]:
    """Memory in use and in all, GB, and the load 0..1 where the driver tells it; {} on a CPU."""
    if backend.device != "cuda":
        return {}
    free, total = torch.cuda.mem_get_info()
    found = {"memory_gb": (total - free) / _GB, "memory_of_gb": total / _GB}
    try:
        found["gpu_load"] = torch.cuda.utilization() / 100
    except (ModuleNotFoundError, RuntimeError, OSError):
        return found  # torch asks pynvml, which need not be installed
    return found


def _mixed(past: float, share: float) -> float:
    return _FADING * past + (1 - _FADING) * share
