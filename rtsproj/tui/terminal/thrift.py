"""Fewer bytes for the same screen: a colour is said again only where it changes.

textual ends every styled piece with a reset and says both colours of the next one. In a picture
each cell is such a piece, and much of it repeats what the terminal knows already. Source: ECMA-48,
8.3.117 (SGR).
"""

import re
from functools import lru_cache
from typing import NamedTuple

SGR = re.compile(r"(\x1b\[[0-9;:]*m)")
RESET = "\x1b[0m"
CELL = re.compile(r"\x1b\[(38;2;\d+;\d+;\d+);(48;2;\d+;\d+;\d+)m")
"""Both colours of a picture's cell: most of what is written, so read without taking it apart."""
LENGTHS = {"2": 5, "5": 3}
"""Parts of an extended colour with its code: 24 bit, of the 256."""


class Pen(NamedTuple):
    """How text is drawn: codes of the colours, and of all else in their order; empty = default."""

    fore: str
    back: str
    marks: tuple[str, ...]


class Change(NamedTuple):
    """What one sequence says; None = it leaves that as it was."""

    resets: bool
    fore: str | None
    back: str | None
    marks: tuple[str, ...]


PLAIN = Pen("", "", ())


def shorter(text: str) -> str:
    """The same drawing in fewer bytes; what the terminal is left with is the same, too.

    Args:
        text: for a terminal. Until its first reset nothing is known and nothing is changed.
    """
    out: list[str] = []
    held: Pen | None = None
    pen: Pen | None = None
    for number, part in enumerate(SGR.split(text)):
        if number % 2 == 0:
            if part:
                if pen is not None and pen != held:
                    out.append(_sequence(held, pen))
                    held = pen
                out.append(part)
            continue
        before, pen = pen, _moved(pen, part)
        if pen is None:
            if before is not None and before != held:
                out.append(_sequence(held, before))
            out.append(part)
            held = None
    if pen is not None and pen != held:
        out.append(_sequence(held, pen))
    return "".join(out)


def _sequence(held: Pen | None, pen: Pen) -> str:
    """The shortest sequence from what the terminal holds to a pen."""
    if held is None or held.marks != pen.marks or pen == PLAIN:
        return f"\x1b[{';'.join(('0', *pen.marks, *filter(None, pen[:2])))}m"
    if pen.fore == held.fore:
        return f"\x1b[{pen.back or '49'}m"
    if pen.back == held.back:
        return f"\x1b[{pen.fore or '39'}m"
    return f"\x1b[{pen.fore or '39'};{pen.back or '49'}m"


def _moved(pen: Pen | None, sequence: str) -> Pen | None:
    """The pen after a sequence; None where that is not known."""
    if sequence == RESET:
        return PLAIN
    cell = CELL.fullmatch(sequence) if pen is PLAIN else None
    if cell is not None:
        return Pen(cell[1], cell[2], ())
    change = _read(sequence)
    if change is None or (pen is None and not change.resets):
        return None
    fore, back, marks = PLAIN if change.resets or pen is None else pen
    return Pen(
        fore if change.fore is None else change.fore,
        back if change.back is None else change.back,
        marks + change.marks,
    )


@lru_cache(maxsize=65_536)
def _read(sequence: str) -> Change | None:
    """What a sequence says; None where this module does not know it."""
    change = Change(resets=False, fore=None, back=None, marks=())
    parts = sequence[2:-1].split(";")
    while parts:
        code = parts[0]
        length = LENGTHS.get(parts[1] if parts[1:] else "", 0) if code in ("38", "48") else 1
        if not length or len(parts) < length or ":" in code:
            return None
        word, parts = ";".join(parts[:length]), parts[length:]
        if code in ("", "0"):
            change = Change(resets=True, fore=None, back=None, marks=())
        elif len(code) == 1:
            change = change._replace(marks=(*change.marks, code))
        elif code[:-1] in ("3", "9"):
            change = change._replace(fore="" if code == "39" else word)
        elif code[:-1] in ("4", "10"):
            change = change._replace(back="" if code == "49" else word)
        else:
            return None
    return change
