"""textual's driver with a calmer ear: invalid bytes are forgiven, stray answers are dropped.

Beyond textual's own reading loop (8.2.8, pinned): one invalid byte does not end the program, an
answer of the terminal is never a key, and a terminal that is gone ends the program: its reader
would turn in a circle at full speed, and its writer would die and leave the loop waiting for it.
"""

import codecs
import os
import selectors
from contextlib import suppress
from time import monotonic
from typing import Any, TextIO, cast

from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

from rtsproj.errors import ExitCode
from rtsproj.tui.terminal.replies import HOLD_S, ReplyFilter

IDLE_S = 0.1
"""s between two looks at what is overdue, while nothing is typed."""
READ_BYTES = 4096


class CalmDriver(LinuxDriver):
    """Reads keys; see the module."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._file = cast("Any", Line(cast("TextIO", self._file)))

    def run_input_thread(self) -> None:
        """Read until the screen closes."""
        parser = XTermParser(self._debug)
        ear = Ear()
        selector = selectors.SelectSelector()
        selector.register(self.fileno, selectors.EVENT_READ)
        try:
            while not self.exit_event.is_set():
                ready = selector.select(HOLD_S if ear.is_holding else IDLE_S)
                if ready and not self._hear(ear, parser):
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
    would wait for ever, and the process would outlive its session.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, text: str) -> int:
        """Write; an error means that nobody reads any more."""
        with suppress(OSError):
            self._file.write(text)
        return len(text)

    def flush(self) -> None:
        """Send what was written."""
        with suppress(OSError):
            self._file.flush()

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
