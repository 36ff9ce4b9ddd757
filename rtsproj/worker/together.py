"""How a worker searches beside others: parts of one machine, a shared folder, a cluster."""

import os
import threading
import traceback
from dataclasses import dataclass
from typing import TextIO

from rtsproj.domain.requests import InferRequest
from rtsproj.errors import ExitCode, InterruptedJobError, NeedsError, RtsError
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.parts import write_reason
from rtsproj.jobs.reporter import Reporter

_GPU_LOST = ("CUDA error", "cudaError", "device-side assert", "NVML")


@dataclass(frozen=True, slots=True)
class Mode:
    """How a search shares its folder with other workers; a training runs alone.

    Attributes:
        share: True beside other workers that were started by themselves: the elements of a
            scheduler's array. The last one joins the outlines.
        part: number of a process that another worker of this machine has started; -1 = none.
        cluster: address of a Dask scheduler whose workers search; empty = this machine searches.
    """

    share: bool = False
    part: int = -1
    cluster: str = ""


ALONE = Mode()
"""One worker has the folder."""


def search_shared(folder: JobFolder, request: InferRequest, reporter: Reporter) -> None:
    """Search free shards of a folder that other workers share."""
    from rtsproj.inference import many  # noqa: PLC0415  torch, after the first heartbeat

    many.search_shared(folder, request, reporter)


def search_on_cluster(
    folder: JobFolder, request: InferRequest, reporter: Reporter, address: str
) -> None:
    """Let the workers of a Dask scheduler search.

    Raises:
        NeedsError: Dask is not installed.
    """
    try:
        from rtsproj.inference import cluster  # noqa: PLC0415  extra `cluster`
    except ModuleNotFoundError as error:
        raise NeedsError(
            f"a cluster needs Dask, which is not installed ({error.name})",
            hint="pip install 'rtsproj[cluster]', then resume the job",
        ) from error
    cluster.search_on_cluster(folder, request, reporter, address=address)


def join_last(folder: JobFolder, reporter: Reporter, log: TextIO) -> None:
    """Join the outlines of a shared folder, unless others are still at it."""
    from rtsproj.inference.many import conclude_shared  # noqa: PLC0415  torch, as above

    request = folder.read_request()
    if isinstance(request, InferRequest) and not conclude_shared(folder, request, reporter):
        log.write("other workers are still at this job: the last one joins the outlines\n")


def is_gpu_lost(error: BaseException) -> bool:
    """True for errors of a lost or broken GPU, not for memory that ran out (faults F23)."""
    kind = type(error).__name__
    if kind == "OutOfMemoryError":
        return False
    is_told = isinstance(error, RuntimeError) and any(sign in str(error) for sign in _GPU_LOST)
    return kind == "AcceleratorError" or is_told


def run_part(folder: JobFolder, number: int, stopping: threading.Event, log: TextIO) -> ExitCode:
    """Run one of several processes of a search; the worker that started it holds the lock.

    Args:
        folder: the job.
        number: of the part; its reason to fail is written for the worker.
        stopping: set when the process is asked to end.
        log: where a traceback goes.
    """
    from rtsproj.inference.shards import search_shards, trusted, work_of  # noqa: PLC0415  torch

    parent = os.getppid()
    reporter = Reporter(
        folder, stopping=lambda: stopping.is_set() or os.getppid() != parent, is_part=True
    )
    try:
        request = folder.read_request()
        if isinstance(request, InferRequest):
            search_shards(work_of(folder, request), trusted(folder), reporter)
    except Exception as error:  # noqa: BLE001  outermost frame: the reason must reach the worker
        log.write(traceback.format_exc())
        what = error.what if isinstance(error, RtsError) else f"{type(error).__name__}: {error}"
        hint = error.hint if isinstance(error, RtsError) else f"its log is {folder.log}"
        write_reason(folder, number, what, hint)
        is_over = isinstance(error, InterruptedJobError) or is_gpu_lost(error)
        return ExitCode.INTERRUPTED if is_over else ExitCode.FAILED
    return ExitCode.DONE
