"""Start and stop workers: detached from the terminal, so that a lost connection ends no job."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence

from rtsproj.errors import UsageError
from rtsproj.jobs.files import write_atomic
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.lock import boot_id, busy, is_held
from rtsproj.jobs.state import events_bytes

_ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": str(4 << 30), "MALLOC_TRIM_THRESHOLD_": str(8 << 30)}
"""Keeps glibc from giving big buffers back at each window: 1.40 -> 2.29 Mpx/s (stack 5.1)."""


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
    where = str(folder.path.resolve())
    command = [sys.executable, "-P", "-m", "rtsproj.worker", where, *arguments]
    with folder.log.open("ab") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            close_fds=True,
            start_new_session=True,
            cwd=folder.path,
            env=worker_environment(os.environ if environment is None else environment),
        )
    threading.Thread(target=process.wait, name=f"reap-{process.pid}", daemon=True).start()
    row = {"pid": process.pid, "boot_id": boot_id(), "events_bytes": seen}
    write_atomic(folder.launched, json.dumps(row).encode())
    return process.pid


def stop(folder: JobFolder) -> None:
    """Ask the worker to save its state and end; the next launch takes the wish back."""
    write_atomic(folder.stop, b"")


def worker_environment(given: Mapping[str, str]) -> dict[str, str]:
    """Variables of a worker: those given win over the defaults."""
    threads = {"OMP_NUM_THREADS": str(len(os.sched_getaffinity(0)))}
    return {**_ALLOCATOR, **threads, "PYTHONFAULTHANDLER": "1", **given}
