"""textual's driver with a calmer ear: invalid bytes are forgiven, stray answers are dropped.

Beyond textual's own reading loop (8.2.8, pinned): one invalid byte does not end the program, an
answer of the terminal is never a key, the reader sleeps while nothing is typed (textual's looks ten
times a second), and a terminal that is gone ends the program: its reader would turn in a circle at
full speed, and its writer would die and leave the loop waiting for it.
"""

import codecs
import os
import select
import selectors
from contextlib import suppress
from threading import Event
from time import monotonic
from typing import Any, TextIO, cast

from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

from rtsproj.errors import ExitCode
from rtsproj.tui.terminal.replies import HOLD_S, ReplyFilter
from rtsproj.tui.terminal.thrift import shorter

LOOK_S = 0.1
"""s between two looks at what is overdue, while something was typed just now."""
LOOKED_S = 1.0
"""s after the last byte from which nothing can be overdue: the reader sleeps until the next."""
READ_BYTES = 4096
HELD_BYTES = 8192
"""Bytes from which a text does not wait for the next."""


class Bell(Event):
    """An event that a selector hears as well, so that a sleeping reader can be woken."""

    def __init__(self) -> None:
        super().__init__()
        self.ear, self._hammer = os.pipe()

    def set(self) -> None:
        """Ring."""
        super().set()
        os.write(self._hammer, b"!")

    def clear(self) -> None:
        """Be quiet again."""
        if self.is_set():
            os.read(self.ear, READ_BYTES)
        super().clear()


class CalmDriver(LinuxDriver):
    """Reads keys; see the module."""

    exit_event: Bell

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._file = cast("Any", Line(cast("TextIO", self._file)))
        self.exit_event = Bell()

    def run_input_thread(self) -> None:
        """Read until the screen closes; sleep while nothing is typed."""
        parser = XTermParser(self._debug)
        ear = Ear()
        selector = selectors.SelectSelector()
        selector.register(self.fileno, selectors.EVENT_READ)
        selector.register(self.exit_event.ear, selectors.EVENT_READ)
        heard_at = monotonic()
        try:
            while not self.exit_event.is_set():
                is_late = monotonic() - heard_at > LOOKED_S
                wait = HOLD_S if ear.is_holding else None if is_late else LOOK_S
                ready = {key.fd for key, _ in selector.select(wait)}
                if self.fileno in ready:
                    heard_at = monotonic()
                    if not self._hear(ear, parser):
                        return
                self._take(parser, ear.overdue(monotonic()))
                for event in parser.tick():
                    self.process_message(event)
        finally:
            selector.close()
            self._end(parser)

    def _hear(self, ear: "Ear", parser: XTermParser) -> bool:
        """Read once; False = the terminal is gone."""
        try:
            data = os.read(self.fileno, READ_BYTES)
        except OSError:
            data = b""
        if not data:
            self._app.call_later(self._app.exit, int(ExitCode.HANG_UP), int(ExitCode.HANG_UP))
            return False
        self._take(parser, ear.hear(data, monotonic()))
        return True

    def _take(self, parser: XTermParser, text: str) -> None:
        # An empty text would tell the parser that the input has ended.
        if text:
            for event in parser.feed(text):
                self.process_message(event)

    def _end(self, parser: XTermParser) -> None:
        try:
            list(parser.feed(""))
        except (EOFError, ParseError):
            return


class Line:
    """The way to the terminal; what is written to one that is gone is dropped.

    textual's writing thread ends with the first error, and its queue holds 30 texts: the 31st
    would wait for ever, and the process would outlive its session. Each text is a frame or a mark
    round one and leaves whole, however little the terminal takes at once: Python's own files lose
    the rest where they are not buffered, or where a program that shares the terminal has set it not
    to wait.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._held = bytearray()

    def write(self, text: str) -> int:
        """Write in few bytes; short texts leave together."""
        self._held += shorter(text).encode(self._file.encoding, self._file.errors or "strict")
        if len(self._held) > HELD_BYTES:
            self.flush()
        return len(text)

    def flush(self) -> None:
        """Send what was written; an error means that nobody reads any more."""
        data, self._held = bytes(self._held), bytearray()
        with suppress(OSError):
            while data:
                data = data[self._taken(data) :]

    def _taken(self, data: bytes) -> int:
        """Bytes that the terminal takes now; 0 = it has become ready for some."""
        try:
            return os.write(self.fileno(), data)
        except BlockingIOError:
            select.select([], [self.fileno()], [])
            return 0

    def fileno(self) -> int:
        """Number of the file."""
        return self._file.fileno()

    def isatty(self) -> bool:
        """True for a terminal."""
        return self._file.isatty()


class Ear:
    """Bytes to what was typed: UTF-8 with forgiveness, then without answers."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._filter = ReplyFilter()

    @property
    def is_holding(self) -> bool:
        """True while the beginning of an answer waits for its rest."""
        return self._filter.is_holding

    def hear(self, data: bytes, now: float) -> str:
        """What of the bytes is typed."""
        return self._filter.feed(self._decoder.decode(data), now)

    def overdue(self, now: float) -> str:
        """What was held and turned out to be typed."""
        return self._filter.overdue(now)
