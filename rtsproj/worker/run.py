"""Run a job folder under its lock, from the first heartbeat to done.json or to the reason why not.

torch is imported only after the lock is held and the first heartbeat is written, so that the desk
sees a running job during the seconds that this import takes.
"""

import signal
import threading
import traceback
import warnings
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import TextIO

from rtsproj.domain.requests import ImagerySource, InferRequest, TrainRequest
from rtsproj.errors import ExitCode, InterruptedJobError, NeedsError, RtsError
from rtsproj.jobs.folder import JobFolder, read_json
from rtsproj.jobs.lock import held_lock
from rtsproj.jobs.reporter import Reporter
from rtsproj.worker.rank import run_rank

_ASKS_TO_STOP = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)
"""SIGUSR1 is what a batch scheduler sends before the time is up (stack 6.2)."""
_NO_MATTER = ("Dataset has no geotransform", "The given matrix is equal to Affine.identity")
"""Warnings about rasters in memory; rasterio's own filter is not safe among threads."""
_GPU_LOST = ("CUDA error", "cudaError", "device-side assert", "NVML")


def run_folder(path: Path, environment: Mapping[str, str], log: TextIO) -> ExitCode:
    """Run one job to its end.

    Args:
        path: the job folder.
        environment: names the scheduler's job, if any.
        log: where a traceback goes.

    Returns:
        DONE, INTERRUPTED (resumable), BUSY (another worker has it) or FAILED.
    """
    folder = JobFolder(path)
    if not folder.request.exists():
        log.write(f"error: {path} holds no request.json\nhint: name a job folder\n")
        return ExitCode.USAGE
    if int(environment.get("RANK", "0")) > 0:
        return run_rank(folder, log)
    stopping = threading.Event()
    _listen(stopping)
    for message in _NO_MATTER:
        warnings.filterwarnings("ignore", message=message)
    try:
        with held_lock(folder, scheduler_job=environment.get("SLURM_JOB_ID", "")):
            return _run_held(folder, Reporter(folder, stopping=stopping.is_set), log)
    except RtsError as error:
        log.write(f"error: {error.what}\nhint: {error.hint}\n")
        return error.exit_code


def is_gpu_lost(error: BaseException) -> bool:
    """True for errors of a lost or broken GPU, not for memory that ran out (faults F23)."""
    kind = type(error).__name__
    if kind == "OutOfMemoryError":
        return False
    is_told = isinstance(error, RuntimeError) and any(sign in str(error) for sign in _GPU_LOST)
    return kind == "AcceleratorError" or is_told


def _run_held(folder: JobFolder, reporter: Reporter, log: TextIO) -> ExitCode:
    if folder.done.exists() and not _has_failures(folder):
        return ExitCode.DONE
    folder.done.unlink(missing_ok=True)
    reporter.started("worker started")
    try:
        _dispatch(folder, reporter)
    except InterruptedJobError as error:
        reporter.interrupted(error.what)
        return ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001  outermost frame: the reason must reach the desk
        log.write(traceback.format_exc())
        return _told(reporter, error)
    return ExitCode.DONE


def _dispatch(folder: JobFolder, reporter: Reporter) -> None:
    request = folder.read_request()
    _check_scenes(request.source)
    if isinstance(request, TrainRequest):
        _train(folder, request, reporter)
    else:
        _search(folder, request, reporter)


def _train(folder: JobFolder, request: TrainRequest, reporter: Reporter) -> None:
    from rtsproj.learning.job import run_training  # noqa: PLC0415  torch, after the first heartbeat

    run_training(folder, request, reporter)


def _search(folder: JobFolder, request: InferRequest, reporter: Reporter) -> None:
    from rtsproj.inference.search import search  # noqa: PLC0415  torch, after the first heartbeat

    search(folder, request, reporter)


def _check_scenes(source: ImagerySource) -> None:
    from rtsproj.imagery.probe import fingerprint_of  # noqa: PLC0415  rasterio, as above

    for scene in source.scenes:
        path = Path(scene.path)
        if not path.is_file():
            raise NeedsError(
                f"scene {scene.name} is not at {scene.path}",
                hint="mount or restore it, or point to it with rtsproj scene relink",
            )
        if scene.fingerprint and fingerprint_of(path) != scene.fingerprint:
            raise NeedsError(
                f"scene {scene.name} has changed since it was registered",
                hint="restore the file, or register the new one with rtsproj scene add",
            )


def _has_failures(folder: JobFolder) -> bool:
    summary = read_json(folder.done).get("summary")
    return isinstance(summary, dict) and bool(summary.get("failed_tiles"))


def _told(reporter: Reporter, error: Exception) -> ExitCode:
    if is_gpu_lost(error):
        reporter.interrupted(f"the GPU was lost: {error}")
        return ExitCode.INTERRUPTED
    if isinstance(error, RtsError):
        reporter.failed(error.what, hint=error.hint)
    elif type(error).__name__ == "OutOfMemoryError":
        reporter.failed(
            "the GPU's memory ran out", hint="lower train.batch, infer.batch or train.chip_px"
        )
    else:
        reporter.failed(
            f"{type(error).__name__}: {error}", hint="the job's worker.log holds the traceback"
        )
    return ExitCode.FAILED


def _listen(stopping: threading.Event) -> None:
    def ask(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    for one in _ASKS_TO_STOP:
        signal.signal(one, ask)
