"""Run a job folder under its lock, from the first heartbeat to done.json or to the reason why not.

torch is imported only after the lock is held and the first heartbeat is written, so that the desk
sees a running job during the seconds that this import takes.
"""

import signal
import threading
import traceback
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import TextIO

from rtsproj.domain.requests import ImagerySource, InferRequest, TrainRequest
from rtsproj.errors import ExitCode, InterruptedJobError, NeedsError, RtsError
from rtsproj.jobs.folder import JobFolder, read_json
from rtsproj.jobs.lock import held_lock
from rtsproj.jobs.reporter import Reporter
from rtsproj.worker.rank import asked_to_stop, run_rank
from rtsproj.worker.together import (
    ALONE,
    Mode,
    is_gpu_lost,
    join_last,
    run_part,
    search_on_cluster,
    search_shared,
)

_ASKS_TO_STOP = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)
"""SIGUSR1 is what a batch scheduler sends before the time is up (stack 6.2)."""
_NO_MATTER = ("Dataset has no geotransform", "The given matrix is equal to Affine.identity")
"""Warnings about rasters in memory; rasterio's own filter is not safe among threads."""


def run_folder(
    path: Path, environment: Mapping[str, str], log: TextIO, mode: Mode = ALONE
) -> ExitCode:
    """Run one job to its end.

    Args:
        path: the job folder.
        environment: names the scheduler's job, if any.
        log: where a traceback goes.
        mode: alone, or beside others.

    Returns:
        DONE, INTERRUPTED (resumable), BUSY (another worker has it) or FAILED.
    """
    folder = JobFolder(path)
    if not folder.request.exists():
        log.write(f"error: {path} holds no request.json\nhint: name a job folder\n")
        return ExitCode.USAGE
    stopping = threading.Event()
    _listen(stopping)
    asked = asked_to_stop(stopping, environment)
    if int(environment.get("RANK", "0")) > 0:
        return run_rank(folder, asked, log)
    for message in _NO_MATTER:
        warnings.filterwarnings("ignore", message=message)
    if mode.part >= 0:
        return run_part(folder, mode.part, stopping, log)
    return _run_locked(folder, asked, log, (environment.get("SLURM_JOB_ID", ""), mode))


def _run_locked(
    folder: JobFolder, asked: Callable[[], bool], log: TextIO, how: tuple[str, Mode]
) -> ExitCode:
    job, mode = how
    reporter = Reporter(folder, stopping=asked)
    try:
        with held_lock(folder, scheduler_job=job, shared=mode.share):
            code = _run_held(folder, reporter, log, mode)
    except RtsError as error:
        log.write(f"error: {error.what}\nhint: {error.hint}\n")
        return error.exit_code
    if mode.share and code is ExitCode.DONE and not folder.done.exists():
        return _guarded(lambda: join_last(folder, reporter, log), reporter, log)
    return code


def _run_held(folder: JobFolder, reporter: Reporter, log: TextIO, mode: Mode) -> ExitCode:
    if folder.done.exists() and not _has_failures(folder):
        return ExitCode.DONE
    folder.done.unlink(missing_ok=True)
    reporter.started("worker started")
    return _guarded(lambda: _dispatch(folder, reporter, mode), reporter, log)


def _guarded(work: Callable[[], None], reporter: Reporter, log: TextIO) -> ExitCode:
    try:
        work()
    except InterruptedJobError as error:
        reporter.interrupted(error.what)
        return ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001  outermost frame: the reason must reach the desk
        log.write(traceback.format_exc())
        return _told(reporter, error)
    return ExitCode.DONE


def _dispatch(folder: JobFolder, reporter: Reporter, mode: Mode) -> None:
    request = folder.read_request()
    _check_scenes(request.source)
    if isinstance(request, TrainRequest):
        _train(folder, request, reporter)
    elif mode.cluster:
        search_on_cluster(folder, request, reporter, mode.cluster)
    elif mode.share:
        search_shared(folder, request, reporter)
    else:
        _search(folder, request, reporter)


def _train(folder: JobFolder, request: TrainRequest, reporter: Reporter) -> None:
    from rtsproj.learning.job import run_training  # noqa: PLC0415  torch, after the first heartbeat

    run_training(folder, request, reporter)


def _search(folder: JobFolder, request: InferRequest, reporter: Reporter) -> None:
    from rtsproj.inference.many import search_here  # noqa: PLC0415  torch, as above

    search_here(folder, request, reporter)


def _check_scenes(source: ImagerySource) -> None:
    from rtsproj.imagery.probe import state_of  # noqa: PLC0415  rasterio, as above

    for scene in source.scenes:
        found = state_of(scene)
        if found.state == "not read":
            raise NeedsError(
                f"scene {scene.name} cannot be read: {found.why}",
                hint="mend that, then resume the job",
            )
        if found.state == "missing":
            raise NeedsError(
                f"scene {scene.name} is not at {scene.path}",
                hint="mount or restore it, or point to it with rtsproj scene relink",
            )
        if found.state == "changed":
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
