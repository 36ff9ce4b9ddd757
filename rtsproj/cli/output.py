"""What a command prints: data on stdout, talk and progress on stderr."""

import json
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, is_dataclass
from typing import Any, TextIO

from rtsproj.domain.text import safe_text
from rtsproj.jobs.state import JobStatus


def plain(value: Any) -> Any:
    """A value as JSON takes it; dataclasses become objects."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in value]
    if isinstance(value, bytes):
        return value.hex()
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def print_json(value: Any) -> None:
    """Data for programs, on stdout."""
    print(json.dumps(plain(value), indent=1, ensure_ascii=False))


def print_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table for people, on stdout; hostile names are shown, never obeyed."""
    cells = [[("" if v is None else safe_text(v)) for v in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(header, *cells, strict=True)]
    for row in (header, *cells):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print(line.rstrip())


class Talk:
    """Words and progress on stderr; silent with -q, one line in place on a terminal."""

    def __init__(self, *, quiet: bool, stream: TextIO | None = None) -> None:
        self._quiet = quiet
        self._stream = stream or sys.stderr
        self._in_place = self._stream.isatty()
        self._began = time.monotonic()
        self._shown = ""
        self._last = 0.0

    def say(self, text: str) -> None:
        """One line of talk."""
        if not self._quiet:
            self._end_line()
            print(safe_text(text) if "\n" not in text else text, file=self._stream)

    def work(self, done: int, of: int, what: str) -> None:
        """Progress of work inside this process, with the time left."""
        spent = time.monotonic() - self._began
        left = f", about {clock(spent / done * (of - done))} left" if done and spent > 2 else ""
        self._progress(f"{safe_text(what)} {done}/{of}{left}", share=done / of if of else 1.0)

    def job(self, status: JobStatus) -> None:
        """Progress of a detached job."""
        left = "" if status.eta_s is None else f", about {clock(status.eta_s)} left"
        text = f"{status.state} {100 * status.fraction:.0f} %{left}  {safe_text(status.message)}"
        self._progress(text, share=status.fraction)

    def done(self) -> None:
        """End the line of progress."""
        self._end_line()
        self._began = time.monotonic()

    def _progress(self, text: str, *, share: float) -> None:
        now = time.monotonic()
        if self._quiet or text == self._shown:
            return
        if self._in_place:
            bar = "█" * round(20 * share)
            print(f"\r\x1b[K{bar:─<20} {text}", end="", file=self._stream, flush=True)
        elif now - self._last >= 10:
            print(text, file=self._stream, flush=True)
        else:
            return
        self._shown, self._last = text, now

    def _end_line(self) -> None:
        if self._shown and self._in_place and not self._quiet:
            print(file=self._stream)
        self._shown = ""


def clock(seconds: float) -> str:
    """A duration as a person says it."""
    whole = max(0, round(seconds))
    if whole < 90:
        return f"{whole} s"
    if whole < 5400:
        return f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
