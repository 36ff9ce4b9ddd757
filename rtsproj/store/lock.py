"""The project lock: who may open the database file, and the name of who holds it.

Why an own flock beside DuckDB's lock: DuckDB holds a POSIX lock that any close of the file in the
same process drops silently; flock on a separate file does not have that trap and dies with its
holder.
"""

import fcntl
import getpass
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rtsproj.errors import ProjectBusyError, UsageError

RETRY_S = 0.005
"""s between two tries for the lock."""


@contextmanager
def project_lock(path: Path, *, purpose: str, wait_s: float) -> Iterator[None]:
    """Hold the project for one writing transaction.

    Raises:
        ProjectBusyError: another process held it for all of ``wait_s``.
        UsageError: the lock file cannot be written (read-only folder).
    """
    with _opened(path, os.O_RDWR | os.O_CREAT) as handle:
        _acquire(handle, fcntl.LOCK_EX, path=path, wait_s=wait_s)
        os.ftruncate(handle, 0)
        os.pwrite(handle, _holder(purpose).encode(), 0)
        try:
            yield
        finally:
            os.ftruncate(handle, 0)


@contextmanager
def shared_lock(path: Path, *, wait_s: float) -> Iterator[None]:
    """Hold the project for reading, together with other readers.

    Raises:
        ProjectBusyError: a writer held it for all of ``wait_s``.
    """
    with _opened(path, os.O_RDONLY) as handle:
        _acquire(handle, fcntl.LOCK_SH, path=path, wait_s=wait_s)
        yield


def holder_of(path: Path) -> str:
    """Which other process writes now, as one line; empty when none does."""
    record = _recorded(path)
    if not record or (record["pid"], record["host"]) == (os.getpid(), socket.gethostname()):
        return ""
    return _named(record)


@contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    try:
        handle = os.open(path, flags, 0o664)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be opened: {error.strerror}",
            hint="check the rights of the project folder (chmod g+rw) or that the disk is writable",
        ) from error
    try:
        yield handle
    finally:
        os.close(handle)


def _acquire(handle: int, mode: int, *, path: Path, wait_s: float) -> None:
    deadline = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(handle, mode | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise _busy(path) from None
            time.sleep(RETRY_S)
        except OSError as error:  # ENOLCK of a network disk that is mounted without locks
            raise UsageError(
                f"{path} cannot be locked: {error.strerror}",
                hint="put the project on a local disk, or mount this one with locks; the images "
                "may stay on a network disk",
            ) from error
        else:
            return


def _busy(path: Path) -> ProjectBusyError:
    record = _recorded(path)
    holder = _named(record) if record else "another process"
    return ProjectBusyError(
        str(path.parent), holder=holder, since=record.get("since", "a moment ago")
    )


def _recorded(path: Path) -> dict[str, Any]:
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8") or "{}")
    except (OSError, ValueError):
        return {}
    return record


def _named(record: dict[str, Any]) -> str:
    return f"{record['user']} on {record['host']}, pid {record['pid']} ({record['purpose']})"


def _holder(purpose: str) -> str:
    return json.dumps(
        {
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "user": getpass.getuser(),
            "purpose": purpose,
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
        }
    )
