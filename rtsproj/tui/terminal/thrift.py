"""Fewer bytes for the same screen: a colour is said again only where it changes.

textual ends every styled piece with a reset and says both colours of the next one. In a picture
each cell is such a piece, and much of it repeats what the terminal knows already. Source: ECMA-48,
8.3.117 (SGR).
"""

import re
from dataclasses import dataclass
from functools import lru_cache

SGR = re.compile(r"(\x1b\[[0-9;:]*m)")
EXTENDED = {"38": True, "48": False}
"""Codes that a colour follows: foreground, background."""
LENGTHS = {"2": 5, "5": 3}
"""Parts of an extended colour with its code: 24 bit, of the 256."""


@dataclass(frozen=True, slots=True)
class Pen:
    """How text is drawn: codes of the colours, and of all else in their order; empty = default."""

    fore: str = ""
    back: str = ""
    marks: tuple[str, ...] = ()

    @property
    def whole(self) -> str:
        """The sequence that sets it, whatever was before."""
        return f"\x1b[{';'.join(one for one in ('0', *self.marks, self.fore, self.back) if one)}m"

    def after(self, before: "Pen | None") -> str:
        """The shortest sequence that sets it after another one."""
        if before is None or before.marks != self.marks or self == Pen():
            return self.whole
        changed = []
        if self.fore != before.fore:
            changed.append(self.fore or "39")
        if self.back != before.back:
            changed.append(self.back or "49")
        return f"\x1b[{';'.join(changed)}m"


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
            if part and pen is not None and pen != held:
                out.append(pen.after(held))
                held = pen
            out.append(part)
            continue
        taken = _taken(part, pen)
        if taken is None:
            if pen is not None and pen != held:
                out.append(pen.after(held))
            out.append(part)
            held = pen = None
        else:
            pen = taken
    if pen is not None and pen != held:
        out.append(pen.after(held))
    return "".join(out)


@lru_cache(maxsize=65_536)
def _taken(sequence: str, pen: Pen | None) -> Pen | None:
    """The pen after a sequence; None where that is not known."""
    fore, back, marks = (pen.fore, pen.back, pen.marks) if pen else ("", "", ())
    is_known = pen is not None
    parts = sequence[2:-1].split(";")
    while parts:
        code = parts[0]
        length = LENGTHS.get(parts[1] if parts[1:] else "", 0) if code in EXTENDED else 1
        if not length or len(parts) < length or ":" in code:
            return None
        word, parts = ";".join(parts[:length]), parts[length:]
        if code in ("", "0"):
            fore, back, marks, is_known = "", "", (), True
        elif EXTENDED.get(code, False) or (code[0] in "39" and len(code) == 2):
            fore = "" if code == "39" else word
        elif code in EXTENDED or (code[0] == "4" and len(code) == 2) or code[:2] == "10":
            back = "" if code == "49" else word
        elif int(code) < 10:
            marks = (*marks, word)
        else:
            return None
    return Pen(fore, back, marks) if is_known else None
