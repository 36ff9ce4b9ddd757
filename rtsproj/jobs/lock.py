"""The worker's lock: held for life by flock, so that the kernel says who is dead, never a pid."""

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from rtsproj.errors import ProjectBusyError
from rtsproj.jobs.folder import JobFolder, read_json

_RETRY_S = 0.05


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds, or last held, the lock of a job.

    Attributes:
        host: name of the machine.
        boot_id: id of that machine's last start; tells a reused pid or a twin name apart.
        pid: process id on that machine.
        since: UTC, ISO 8601.
        scheduler_job: id that a batch scheduler gave, empty elsewhere.
        shared: True where several workers hold it at once.
    """

    host: str
    boot_id: str
    pid: int
    since: str
    scheduler_job: str = ""
    shared: bool = False


def boot_id() -> str:
    """Id of this machine's last start; empty where the kernel does not tell."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def this_process(*, scheduler_job: str = "", shared: bool = False) -> Holder:
    """The calling process as a holder."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Holder(socket.gethostname(), boot_id(), os.getpid(), now, scheduler_job, shared)


def last_holder(folder: JobFolder) -> Holder | None:
    """Who wrote its name into the lock file last; None where nobody did."""
    raw = read_json(folder.lock)
    try:
        return Holder(
            host=str(raw["host"]),
            boot_id=str(raw["boot_id"]),
            pid=int(str(raw["pid"])),
            since=str(raw["since"]),
            scheduler_job=str(raw.get("scheduler_job", "")),
            shared=bool(raw.get("shared")),
        )
    except (KeyError, ValueError):
        return None


def is_here(holder: Holder) -> bool:
    """True where the holder runs, or ran, on this machine: only then the lock tells the truth."""
    return holder.host == socket.gethostname() and holder.boot_id in ("", boot_id())


def is_held(folder: JobFolder) -> bool:
    """True while a process of this machine holds the lock; the probe lets go at once."""
    holder = last_holder(folder)
    how = fcntl.LOCK_EX if holder and holder.shared else fcntl.LOCK_SH
    try:
        with folder.lock.open("rb") as stream:
            return not _taken(stream, how)
    except FileNotFoundError:
        return False


@contextmanager
def held_lock(
    folder: JobFolder, *, wait_s: float = 1.0, scheduler_job: str = "", shared: bool = False
) -> Iterator[None]:
    """Hold the job's lock; a status probe that holds it for an instant is waited for.

    Args:
        folder: the job.
        wait_s: s to wait for another holder to let go.
        scheduler_job: id that a batch scheduler gave.
        shared: let others that share hold it, too.

    Raises:
        ProjectBusyError: another worker holds it.
    """
    how = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    with folder.lock.open("a+b") as stream:
        until = time.monotonic() + wait_s
        while not _taken(stream, how):
            if time.monotonic() >= until:
                raise busy(folder)
            time.sleep(_RETRY_S)
        stream.truncate(0)
        holder = this_process(scheduler_job=scheduler_job, shared=shared)
        stream.write(json.dumps(asdict(holder)).encode())
        stream.flush()
        yield


def busy(folder: JobFolder) -> ProjectBusyError:
    """The error that names who works on the job."""
    holder = last_holder(folder)
    who = f"the worker with pid {holder.pid} on {holder.host}" if holder else "another worker"
    return ProjectBusyError(
        f"job {folder.path.name}", holder=who, since=holder.since if holder else "a moment ago"
    )


def _taken(stream: IO[bytes], how: int) -> bool:
    try:
        fcntl.flock(stream, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
