"""Write, digest and append files so that a kill at any moment leaves the old or the new content."""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from rtsproj.errors import RtsError

_CHUNK = 1 << 20


def write_atomic(path: Path, data: bytes) -> str:
    """Replace ``path`` whole: temporary file, fsync, rename, fsync of the folder.

    Returns:
        sha256 of the data, hexadecimal.

    Raises:
        RtsError: the file cannot be written (disk full, no permission).
    """
    return _write_parts(path, [data])


def write_lines(path: Path, lines: Iterable[str]) -> str:
    """Replace ``path`` whole by lines that are made one by one; see ``write_atomic``."""
    return _write_parts(path, (line.encode() + b"\n" for line in lines))


def _write_parts(path: Path, parts: Iterable[bytes]) -> str:
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    digest = hashlib.sha256()
    try:
        with partial.open("wb") as stream:
            for part in parts:
                digest.update(part)
                stream.write(part)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise _not_written(path, error) from error
    return digest.hexdigest()


def sha256_of(path: Path) -> str:
    """Digest of a file's bytes, hexadecimal; empty where there is no such file."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
    except FileNotFoundError:
        return ""
    return digest.hexdigest()


def append_line(path: Path, text: str) -> None:
    """Add one line and fsync it; a tail torn by an earlier kill is cut off first.

    Several processes of a machine may add to one file: each holds the file's lock while it does.

    Raises:
        RtsError: the line cannot be written.
    """
    try:
        with path.open("a+b") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            _cut_torn_tail(stream.fileno())
            stream.write(text.encode() + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise _not_written(path, error) from error


def complete_lines(path: Path) -> Iterator[str]:
    """Lines that end in a line feed; a torn tail and a missing file give nothing."""
    try:
        with path.open("rb") as stream:
            for line in stream:
                if line.endswith(b"\n"):
                    yield line[:-1].decode()
    except FileNotFoundError:
        return


def require_space(folder: Path, *, needed: int) -> None:
    """Refuse to start what the disk cannot hold.

    Args:
        folder: an existing folder on the disk that is written to.
        needed: bytes that the work will write at most.

    Raises:
        RtsError: less is free.
    """
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise RtsError(
            f"{folder} has {free / 1e6:.0f} MB free, {needed / 1e6:.0f} MB are needed",
            hint="free some space on that disk and resume the job",
        )


def _cut_torn_tail(descriptor: int) -> None:
    size = os.fstat(descriptor).st_size
    end = size
    while end > 0:
        start = max(0, end - _CHUNK)
        at = os.pread(descriptor, end - start, start).rfind(b"\n")
        if at >= 0:
            end = start + at + 1
            break
        end = start
    if end != size:
        os.ftruncate(descriptor, end)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _not_written(path: Path, error: OSError) -> RtsError:
    return RtsError(
        f"{path} was not written: {error.strerror or error}",
        hint="check free space and permissions of that folder, then resume",
    )
