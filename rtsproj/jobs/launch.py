"""Start and stop workers: detached from the terminal, so that a lost connection ends no job."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence

from rtsproj.domain.requests import TrainRequest
from rtsproj.errors import UsageError
from rtsproj.jobs.ask import ask_program
from rtsproj.jobs.files import write_atomic
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.lock import boot_id, busy, is_held
from rtsproj.jobs.state import events_bytes
from rtsproj.settings import TrainSettings

_ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": str(4 << 30), "MALLOC_TRIM_THRESHOLD_": str(8 << 30)}
"""Keeps glibc from giving big buffers back at each window: 1.40 -> 2.29 Mpx/s (stack 5.1)."""

_TORCHRUN = {
    "PET_SIGNALS_TO_HANDLE": "SIGTERM,SIGINT,SIGHUP,SIGQUIT,SIGUSR1",
    "PET_SHUTDOWN_TIMEOUT": "600",
}
"""torchrun hands on the signal of a batch scheduler too, and leaves its processes as many s to end
as a step or a validation may last, instead of 30."""

_BLOCK_CACHE_MB = "256"
"""Decoded blocks that GDAL keeps, instead of a twentieth of the memory: strips are read once."""


def launch(
    folder: JobFolder,
    *,
    arguments: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> int:
    """Start a worker in its own session; it outlives this process and its terminal.

    Args:
        folder: a job with its inputs and its request.
        arguments: further words for ``python -m rtsproj.worker``, such as ``--cluster ADDRESS``.
        environment: variables of the worker; default: those of this process. OMP_NUM_THREADS is
            set to the processors of this process where it is not given.

    Returns:
        Process id on this machine.

    Raises:
        UsageError: the job has no request.
        ProjectBusyError: a worker is at it.
    """
    if not folder.request.exists():
        raise UsageError(f"{folder.path} holds no request.json", hint="start a new job")
    if is_held(folder):
        raise busy(folder)
    folder.stop.unlink(missing_ok=True)
    seen = events_bytes(folder)
    given = os.environ if environment is None else environment
    training = _training(folder)
    processes = processes_of(training, given) if training else 1
    with folder.log.open("ab") as log:
        process = subprocess.Popen(
            worker_command(folder, processes, arguments),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            close_fds=True,
            start_new_session=True,
            cwd=folder.path,
            env=worker_environment(
                given, settings=training.settings if training else None, processes=processes
            ),
        )
    threading.Thread(target=process.wait, name=f"reap-{process.pid}", daemon=True).start()
    row = {"pid": process.pid, "boot_id": boot_id(), "events_bytes": seen}
    write_atomic(folder.launched, json.dumps(row).encode())
    return process.pid


def stop(folder: JobFolder) -> None:
    """Ask the worker to save its state and end; the next launch takes the wish back."""
    write_atomic(folder.stop, b"")


def worker_command(folder: JobFolder, processes: int, arguments: Sequence[str] = ()) -> list[str]:
    """The worker itself, or torchrun's module that starts several of them on this machine."""
    worker = ["-m", "rtsproj.worker", str(folder.path.resolve()), *arguments]
    if processes == 1:
        return [sys.executable, "-P", *worker]
    run = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    return [sys.executable, "-P", *run, *worker]


def worker_environment(
    given: Mapping[str, str], *, settings: TrainSettings | None = None, processes: int = 1
) -> dict[str, str]:
    """Variables of a worker: those given win over the defaults.

    Args:
        given: of this process.
        settings: of a training; None for a search.
        processes: that share this machine's processors.
    """
    threads = max(1, len(os.sched_getaffinity(0)) // processes)
    own = {
        "OMP_NUM_THREADS": str(threads),
        "OMP_WAIT_POLICY": "passive",
        "PYTHONFAULTHANDLER": "1",
        "GDAL_CACHEMAX": _BLOCK_CACHE_MB,
    }
    if processes > 1:
        own |= {"PYTHONSAFEPATH": "1", **_TORCHRUN}
    if settings is not None and settings.deterministic:
        own["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"
    return {**_ALLOCATOR, **own, **given}


def processes_of(training: TrainRequest, environment: Mapping[str, str]) -> int:
    """Processes of a training: as set, or the most GPUs that share its batch evenly, 1 on a CPU.

    A sweep has one: its runs differ in their batch, and one that fails must not take the others
    with it.
    """
    settings = training.settings
    if training.runs:
        return 1
    if settings.processes:
        return settings.processes
    gpus = gpu_count(environment)
    return next((n for n in range(gpus, 1, -1) if settings.batch % n == 0), 1)


def gpu_count(environment: Mapping[str, str]) -> int:
    """GPUs that a worker will see, without importing torch: by the driver's own tool."""
    visible = environment.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return len([one for one in visible.split(",") if one.strip()])
    return sum(line.startswith("GPU ") for line in ask_program(["nvidia-smi", "-L"]).splitlines())


def _training(folder: JobFolder) -> TrainRequest | None:
    request = folder.read_request()
    return request if isinstance(request, TrainRequest) else None
