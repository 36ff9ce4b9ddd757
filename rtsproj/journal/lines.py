"""Hash-chained lines of JSON: append with fsync, read with every fault reported.

Why a journal beside the database: a torn or flipped write-ahead log can drop its tail silently
(211 of 1,908 single-bit flips), a hash-chained line cannot. One line is one event; a line is
whole or it does not count.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from rtsproj.errors import DamagedError, RtsError

GENESIS = "0" * 64
"""Digest that the first line of a file refers to."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a journal file has been taken in: its size in bytes and its last line's digest."""

    size_bytes: int = 0
    last_sha256: str = GENESIS


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a journal.

    Attributes:
        seq: number of the first decision in the line, project-wide, without gaps.
        analyst: whose file it is.
        kind: what the payload holds.
        payload: JSON values.
        mark: state of the file after this line.
    """

    seq: int
    analyst: str
    kind: str
    payload: Mapping[str, Any]
    mark: Mark


def journal_path(folder: Path, analyst: str) -> Path:
    """File of one analyst; characters that a file name cannot hold are percent-encoded."""
    return folder / f"{quote(analyst, safe=' @+-_')}.jsonl"


def analyst_of(path: Path) -> str:
    """The analyst whose file this is."""
    return unquote(path.stem)


def journal_files(folder: Path) -> tuple[Path, ...]:
    """All journal files, by name."""
    return tuple(sorted(folder.glob("*.jsonl"))) if folder.is_dir() else ()


def append(path: Path, entry: Mapping[str, Any], *, after: Mark) -> Mark:
    """Append one line and fsync it; on return it is on disk.

    Args:
        path: the analyst's journal file, created where missing.
        entry: ``seq``, ``time``, ``kind`` and ``payload``.
        after: state of the file before this line.

    Returns:
        State of the file after this line.

    Raises:
        DamagedError: the file is not in the state that the caller knows.
        RtsError: the line could not be written (disk full, no permission).
    """
    line = encode({**entry, "prev": after.last_sha256})
    fresh = not path.exists()
    try:
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o660)
        try:
            if os.fstat(handle).st_size != after.size_bytes:
                raise DamagedError(
                    f"{path} changed while it was written", hint="run `rtsproj doctor`"
                )
            _write_all(handle, line, after.size_bytes)
        finally:
            os.close(handle)
        if fresh:
            _sync_folder(path.parent)
    except OSError as error:
        raise RtsError(
            f"not saved: {path}: {error.strerror}", hint="free space or rights there, then repeat"
        ) from error
    return Mark(after.size_bytes + len(line), hashlib.sha256(line).hexdigest())


def encode(entry: Mapping[str, Any]) -> bytes:
    """The bytes of one line, ending in a newline; key order is fixed."""
    return json.dumps(entry, sort_keys=True, ensure_ascii=False, default=str).encode() + b"\n"


def read_entries(path: Path, *, after: Mark) -> Iterator[Entry]:
    """Read the lines that follow ``after``, checking the chain; a torn last line is left out.

    Raises:
        DamagedError: the file is shorter than known, or a line's chain or JSON is broken.
    """
    with path.open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        if size < after.size_bytes:
            raise DamagedError(
                f"{path} has {size} bytes, {after.size_bytes} were taken in before",
                hint="restore the journal file from a backup; nothing was changed",
            )
        stream.seek(after.size_bytes)
        mark = after
        for number, line in enumerate(stream, start=1):
            if not line.endswith(b"\n"):
                return
            mark = Mark(mark.size_bytes + len(line), hashlib.sha256(line).hexdigest())
            yield _entry(path, line, number, mark)


def cut_torn_tail(path: Path) -> int:
    """Cut a last line that a killed process left without its newline; returns bytes cut."""
    data = path.read_bytes()
    keep = data.rfind(b"\n") + 1
    if keep < len(data):
        with path.open("r+b") as stream:
            stream.truncate(keep)
            os.fsync(stream.fileno())
    return len(data) - keep


def check(path: Path) -> Mark:
    """Read a whole file and check each link of its chain.

    Raises:
        DamagedError: naming file, line and seq of the first broken link.
    """
    previous, mark = GENESIS, Mark()
    with path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            if not line.endswith(b"\n"):
                break
            mark = Mark(mark.size_bytes + len(line), hashlib.sha256(line).hexdigest())
            _entry(path, line, number, mark)
            said = json.loads(line).get("prev")
            if said != previous:
                raise DamagedError(
                    f"{path}: the chain is broken at line {number}",
                    hint="a line was changed or removed; restore the file from a backup",
                )
            previous = mark.last_sha256
    return mark


def _entry(path: Path, line: bytes, number: int, mark: Mark) -> Entry:
    try:
        raw = json.loads(line)
        return Entry(int(raw["seq"]), analyst_of(path), raw["kind"], raw["payload"], mark)
    except (ValueError, KeyError, TypeError) as error:
        raise DamagedError(
            f"{path}: line {number} of the part not yet taken in is damaged",
            hint="restore the journal file from a backup; the database was not changed",
        ) from error


def _write_all(handle: int, line: bytes, start: int) -> None:
    try:
        written = 0
        while written < len(line):
            written += os.write(handle, line[written:])
        os.fsync(handle)
    except OSError:
        os.ftruncate(handle, start)
        raise


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
