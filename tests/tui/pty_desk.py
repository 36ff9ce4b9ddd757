"""The real UI in a real pty: keys with what they cost, signals, a line with a delay, its screen.

The screen is read by the few codes that textual writes: absolute moves, text, colours.
"""

import codecs
import fcntl
import os
import pty
import queue
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from rich.cells import cell_len

CHILD = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
UI = ("-m", "rtsproj.cli.main")
TOKEN = re.compile(
    r"\x1b\[(?P<row>\d+);(?P<col>\d+)H|\x1b\[[0-?]*[ -/]*[@-~]|\x1b[P_\]].*?(?:\x1b\\|\x07)"
    r"|\x1b[^\[P_\]]|(?P<text>[^\x00-\x1f]+)|[\x00-\x1a\x1c-\x1f]",
    re.DOTALL,
)


class Cost(NamedTuple):
    """What a key set off: ms to the first and to the last byte, bytes."""

    first_ms: float
    last_ms: float
    size: int


class Desk:
    """One UI process; everything it shows arrives half a round trip late, as every key does."""

    def __init__(
        self,
        project: Path,
        *words: str,
        size: tuple[int, int] = (120, 36),
        round_trip_s: float = 0.0,
        answers: Mapping[bytes, bytes] | None = None,
        env: Mapping[str, str] | None = None,
        probe: bool = False,
        program: Sequence[str] = UI,
    ) -> None:
        self._half_s = round_trip_s / 2
        self._answers = answers or {}
        self._master, slave = pty.openpty()
        self._cells: list[list[str]] = []
        self.chunks: list[tuple[float, bytes]] = []
        """When it was seen, what."""
        self._drawn, self._rest, self._at = 0, "", (0, 0)
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._ended = threading.Event()
        self._keys: queue.SimpleQueue[tuple[float, bytes] | None] = queue.SimpleQueue()
        self.resize(*size)
        if program is UI:
            words = ("-C", str(project), *(() if probe else ("--no-probe",)), *words)
        home = project.parent / "home"
        base = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "LOGNAME": "ann"}
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-c", CHILD, *program, *words],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env={**base, "TERM": "xterm-256color", "TZ": "UTC", **(env or {})},
        )
        os.close(slave)
        self._threads = [threading.Thread(target=one) for one in (self._read, self._write)]
        for one in self._threads:
            one.start()

    def __enter__(self) -> "Desk":
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def type(self, data: bytes) -> None:
        """Press keys without waiting."""
        self._keys.put((time.monotonic() + self._half_s, data))

    def key(self, data: bytes, *, quiet_s: float = 0.3, most_s: float = 30) -> Cost:
        """Press keys, wait until something was shown and then nothing for ``quiet_s``."""
        before, began = len(self.seen()), time.monotonic()
        self.type(data)
        self.rest(quiet_s, after=before, most_s=most_s)
        stamps = [(at, len(part)) for at, part in self.seen()[before:]]
        first, last = (1000 * (stamps[n][0] - began) for n in (0, -1))
        return Cost(first, last, sum(size for _, size in stamps))

    def rest(self, quiet_s: float, *, after: int = 0, most_s: float = 60) -> None:
        """Wait until something came after chunk ``after`` and nothing for ``quiet_s``."""
        until = time.monotonic() + most_s
        while time.monotonic() < until:
            seen = self.seen()
            if len(seen) > after and time.monotonic() - seen[-1][0] > quiet_s:
                return
            time.sleep(0.002)
        raise TimeoutError(self.screen())

    def when(self, sign: bytes, *, after: int, most_s: float = 30) -> float:
        """Moment at which bytes had come whole, of those after chunk ``after``."""
        until, number, tail = time.monotonic() + most_s, after, b""
        while time.monotonic() < until:
            for at, part in self.seen()[number:]:
                number, tail = number + 1, tail[-len(sign) :] + part
                if sign in tail:
                    return at
            time.sleep(0.0005)
        raise TimeoutError(f"no {sign!r}\n{self.screen()}")

    def bytes_in(self, seconds: float) -> int:
        """Bytes that come while nobody does anything."""
        before = len(self.seen())
        time.sleep(seconds)
        return sum(len(part) for _, part in self.seen()[before:])

    def seen(self) -> list[tuple[float, bytes]]:
        """What has come through the line."""
        now, found = time.monotonic(), list(self.chunks)
        while found and found[-1][0] > now:
            found.pop()
        return found

    def wait_for(self, text: str, *, most_s: float = 60) -> str:
        """Wait until the screen shows a text; returns the screen."""
        until = time.monotonic() + most_s
        while text not in (shown := self.screen()):
            if time.monotonic() > until or (self.process.poll() is not None and not self.is_open):
                raise TimeoutError(f"no {text!r}; exit {self.process.poll()}\n{shown}")
            time.sleep(0.01)
        return shown

    def resize(self, cols: int, rows: int) -> None:
        """Another size of the terminal."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
        self._cells = [[" "] * cols for _ in range(rows)]

    def signal(self, number: signal.Signals) -> int:
        """Send a signal to the UI; returns its exit code."""
        self.process.send_signal(number)
        return self.process.wait(30)

    @property
    def is_open(self) -> bool:
        """False once the UI has closed its side."""
        return self._threads[0].is_alive()

    def close(self) -> None:
        """Drop the line: what a lost connection does."""
        self._ended.set()
        self._keys.put(None)
        for one in self._threads:
            one.join()

    def screen(self) -> str:
        """What the terminal shows now."""
        seen = self.seen()
        data = b"".join(part for _, part in seen[self._drawn :])
        self._drawn = len(seen)
        text = self._rest + self._decoder.decode(data)
        done = 0
        for token in TOKEN.finditer(text):
            if token.start() != done:
                break
            done = token.end()
            if token["row"]:
                self._at = (int(token["row"]) - 1, int(token["col"]) - 1)
            elif token["text"]:
                self._put(token["text"])
        self._rest = text[done:]
        return "\n".join("".join(row).rstrip() for row in self._cells)

    def _put(self, text: str) -> None:
        row, col = self._at
        for one in text:
            width = cell_len(one)
            if row < len(self._cells) and col < len(self._cells[row]):
                self._cells[row][col : col + width] = [one, *[""] * (width - 1)][:width]
            col += width
        self._at = (row, col)

    def _read(self) -> None:
        asked = b""
        while not self._ended.is_set():
            if not select.select([self._master], [], [], 0.05)[0]:
                continue
            try:
                data = os.read(self._master, 1 << 16)
            except OSError:
                break
            self.chunks.append((time.monotonic() + self._half_s, data))
            asked = (asked + data)[-4096:]
            for question, answer in self._answers.items():
                if question in asked:
                    asked = b""
                    self._keys.put((time.monotonic() + 2 * self._half_s, answer))
        if self._ended.is_set():
            os.close(self._master)

    def _write(self) -> None:
        while (found := self._keys.get()) is not None:
            time.sleep(max(0.0, found[0] - time.monotonic()))
            try:
                os.write(self._master, found[1])
            except OSError:
                return
