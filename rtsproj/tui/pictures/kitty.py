"""Kitty's graphics protocol: a picture is sent once, then its cells are ordinary coloured text.

References:
    https://sw.kovidgoyal.net/kitty/graphics-protocol/#unicode-placeholders
"""

import base64
import io
from collections.abc import Iterator
from itertools import chain

from PIL import Image

from rtsproj.tui.pictures.cells import Picture

CELL = "\U0010eeee"
"""Stands for one cell of a picture; which one is said by the marks that follow."""
CHUNK = 4096
"""base64 characters in one message at most."""
COLOURS = 256
MARK_RANGES = """
0305 030D-030E 0310 0312 033D-033F 0346 034A-034C 0350-0352 0357 035B 0363-036F 0483-0487 0592-0595
0597-0599 059C-05A1 05A8-05A9 05AB-05AC 05AF 05C4 0610-0617 0657-065B 065D-065E 06D6-06DC 06DF-06E2
06E4 06E7-06E8 06EB-06EC 0730 0732-0733 0735-0736 073A 073D 073F-0741 0743 0745 0747 0749-074A
07EB-07F1 07F3 0816-0819 081B-0823 0825-0827 0829-082D 0951 0953-0954 0F82-0F83 0F86-0F87 135D-135F
17DD 193A 1A17 1A75-1A7C 1B6B 1B6D-1B73 1CD0-1CD2 1CDA-1CDB 1CE0 1DC0-1DC1 1DC3-1DC9 1DCB-1DCC
1DD1-1DE6 1DFE 20D0-20D1 20D4-20D7 20DB-20DC 20E1 20E7 20E9 20F0 2CEF-2CF1 2DE0-2DFF A66F A67C-A67D
A6F0-A6F1 A8E0-A8F1 AAB0 AAB2-AAB3 AAB7-AAB8 AABE-AABF AAC1 FE20-FE26 10A0F 10A38 1D185-1D189
1D1AA-1D1AD 1D242-1D244
"""


def _marks() -> Iterator[str]:
    for part in MARK_RANGES.split():
        first, _, last = part.partition("-")
        yield from map(chr, range(int(first, 16), int(last or first, 16) + 1))


MARKS = tuple(_marks())
"""Combining characters that count: the n-th one means row or column n (protocol's own table)."""
MOST_CELLS = len(MARKS)
"""Rows or columns of a picture at most."""


def colour_of(picture_id: int) -> tuple[int, int, int]:
    """The foreground colour that says which picture a placeholder belongs to."""
    return (picture_id >> 16 & 255, picture_id >> 8 & 255, picture_id & 255)


def row_text(row: int, first: int, cols: int) -> str:
    """Placeholders of one row: cells ``first`` to ``first + cols - 1``; empty where there are none.

    Only the first cell carries marks; the terminal counts on from there.
    """
    if cols <= 0 or row >= MOST_CELLS or first >= MOST_CELLS:
        return ""
    return CELL + MARKS[row] + MARKS[first] + CELL * (cols - 1)


def png_of(rgb: Picture) -> bytes:
    """A PNG of 256 colours, dithered: a quarter of the bytes of true colour."""
    image = Image.fromarray(rgb).quantize(COLOURS, dither=Image.Dither.FLOYDSTEINBERG)
    stream = io.BytesIO()
    image.save(stream, format="PNG", optimize=False, compress_level=9)
    return stream.getvalue()


def upload(png: bytes, picture_id: int, *, cells: tuple[int, int], in_tmux: bool) -> str:
    """The messages that send a picture and tie it to placeholders of a size in cells.

    ``q=2`` asks for no answer at all: an answer would become key presses.
    """
    head = f"a=T,U=1,i={picture_id},f=100,c={cells[0]},r={cells[1]},q=2"
    return _messages(head, png, in_tmux=in_tmux)


def place(png: bytes, *, in_tmux: bool) -> str:
    """The messages that draw a picture at the cursor, in its own pixels."""
    return _messages("a=T,f=100,q=2", png, in_tmux=in_tmux)


def forget(picture_id: int, *, in_tmux: bool) -> str:
    """The message that frees a picture in the terminal."""
    return wrapped(f"\x1b_Ga=d,d=I,i={picture_id},q=2\x1b\\", in_tmux=in_tmux)


def wrapped(message: str, *, in_tmux: bool) -> str:
    """One message as tmux hands it through to the terminal outside."""
    if not in_tmux:
        return message
    return "\x1bPtmux;" + message.replace("\x1b", "\x1b\x1b") + "\x1b\\"


def _messages(head: str, png: bytes, *, in_tmux: bool) -> str:
    text = base64.b64encode(png).decode("ascii")
    chunks = [text[at : at + CHUNK] for at in range(0, len(text), CHUNK)] or [""]
    heads = chain([head + ","], ("" for _ in chunks[1:]))
    return "".join(
        wrapped(
            f"\x1b_G{start}m={int(number < len(chunks) - 1)};{chunk}\x1b\\",
            in_tmux=in_tmux,
        )
        for number, (start, chunk) in enumerate(zip(heads, chunks, strict=True))
    )
