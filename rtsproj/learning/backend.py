"""Where and in which precision the network runs; chosen once per job and recorded."""

import os
from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch

from rtsproj.settings import Precision


@dataclass(frozen=True, slots=True)
class Backend:
    """Device and arithmetic of a job.

    Attributes:
        device: ``cpu`` or ``cuda``.
        precision: ``fp32``, or ``bf16`` autocast; never fp16 (stack 4.2).
        name: device for people.
        threads: threads of torch on the CPU; another number changes the last bits of a training.
    """

    device: str
    precision: str
    name: str
    threads: int

    def autocast(self) -> AbstractContextManager[object]:
        """Context of a forward pass."""
        return torch.autocast(
            device_type=self.device, dtype=torch.bfloat16, enabled=self.precision == "bf16"
        )

    @property
    def readers(self) -> int:
        """Threads that read imagery beside the network: it must not wait on a GPU (stack 5.6)."""
        return 1 if self.device == "cpu" else max(1, min(12, len(os.sched_getaffinity(0)) - 2))


def choose_backend(precision: Precision) -> Backend:
    """The GPU where there is one, else the CPU; auto = bf16 on a GPU, fp32 on a CPU."""
    on_gpu = torch.cuda.is_available()
    resolved = ("bf16" if on_gpu else "fp32") if precision == "auto" else precision
    name = torch.cuda.get_device_name(0) if on_gpu else "CPU"
    return Backend("cuda" if on_gpu else "cpu", resolved, name, torch.get_num_threads())
