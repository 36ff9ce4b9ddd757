"""One batch of questions to a terminal, before textual starts; a sentinel closes it.

Asked one by one, silent questions would each cost a time-out, and answers that come later than
that would be read as keys.
"""

import os
import re
import selectors
import termios
import tty
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from rtsproj.tui.terminal.detect import Answer

QUESTIONS = (
    b"\x1b[>q"  # name and version
    b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\"  # kitty pictures
    b"\x1b[48;2;1;2;3m\x1bP$qm\x1b\\\x1b[0m"  # is a 24-bit colour kept?
    b"\x1b[16t"  # cell size, px
    b"\x1b[c"  # sentinel: every terminal answers
)
LIMIT_S = 2.0
SENTINEL = re.compile(rb"\x1b\[\?([\d;]*)c")
NAME = re.compile(rb"\x1bP>\|([^\x1b\x07]{1,80})")
KITTY = re.compile(rb"\x1b_Gi=31;OK")
KEPT_COLOUR = re.compile(rb"\x1bP1\$r[\d:;]*48[:;]2[:;]{1,2}1[:;]2[:;]3")
CELL = re.compile(rb"\x1b\[6;(\d{1,4});(\d{1,4})t")
SIXEL = b"4"
READ_BYTES = 4096
TERMINAL = Path("/dev/tty")


def read_answer(heard: bytes) -> Answer:
    """What a terminal said, whole or in part."""
    sentinel = SENTINEL.search(heard)
    name, cell = NAME.search(heard), CELL.search(heard)
    return Answer(
        name=_printable(name[1]) if name else "",
        has_kitty=bool(KITTY.search(heard)),
        has_sixel=bool(sentinel) and SIXEL in sentinel[1].split(b";") if sentinel else False,
        keeps_truecolor=bool(KEPT_COLOUR.search(heard)),
        cell_px=(int(cell[2]), int(cell[1])) if cell else (0, 0),
        is_silent=sentinel is None,
    )


def ask(
    terminal: int, *, limit_s: float = LIMIT_S, clock: Callable[[], float] = monotonic
) -> Answer:
    """Ask the questions and wait for the sentinel.

    What comes after the limit is thrown away with the old settings' return (TCSAFLUSH).

    Args:
        terminal: file descriptor of the terminal, open for reading and writing.
        limit_s: s to wait at most.
        clock: s, goes forward.
    """
    before = termios.tcgetattr(terminal)
    heard = b""
    try:
        tty.setraw(terminal, termios.TCSAFLUSH)
        os.write(terminal, QUESTIONS)
        heard = _listen(terminal, clock() + limit_s, clock)
        os.write(terminal, b"\r\x1b[K")
    finally:
        termios.tcsetattr(terminal, termios.TCSAFLUSH, before)
    return read_answer(heard)


def ask_terminal(*, limit_s: float = LIMIT_S) -> Answer | None:
    """Ask the terminal of this process; None where there is none."""
    try:
        terminal = os.open(TERMINAL, os.O_RDWR | os.O_NOCTTY)
    except OSError:
        return None
    try:
        return ask(terminal, limit_s=limit_s)
    except (OSError, termios.error):
        return None
    finally:
        os.close(terminal)


def _listen(terminal: int, until: float, clock: Callable[[], float]) -> bytes:
    heard = b""
    with selectors.DefaultSelector() as selector:
        selector.register(terminal, selectors.EVENT_READ)
        while not SENTINEL.search(heard):
            left_s = until - clock()
            if left_s <= 0 or not selector.select(left_s):
                break
            piece = os.read(terminal, READ_BYTES)
            if not piece:
                break
            heard += piece
    return heard


def _printable(name: bytes) -> str:
    return "".join(c for c in name.decode("ascii", "replace") if c.isprintable())
