"""Sixel: a picture as bands of six rows, each colour of a band drawn over the whole width.

References:
    DEC STD 070, Video Systems Reference Manual, chapter 9: sixel graphics.
"""

import re
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from PIL import Image

from rtsproj.tui.pictures.cells import Picture

BAND = 6
COLOURS = 256
ZERO = 63
"""Character of an empty column; each set row adds its power of two."""
RUN = re.compile(rb"(.)\1{3,}")
"""Four equal characters or more are shorter as a count."""
OPEN = b"\x1bP0;1q"
"""0;1: pixels that no colour draws stay as they are."""
CLOSE = b"\x1b\\"


def sixel_of(rgb: Picture) -> bytes:
    """Encode a picture with 256 colours, dithered; empty where it has no pixel.

    Args:
        rgb: (rows, cols, 3) uint8.
    """
    if 0 in rgb.shape:
        return b""
    rows, cols = rgb.shape[:2]
    image = Image.fromarray(rgb).quantize(COLOURS, dither=Image.Dither.FLOYDSTEINBERG)
    indices = np.asarray(image, np.uint8)
    palette = np.asarray(image.getpalette(), np.uint8).reshape(-1, 3)
    body = b"-".join(b"$".join(_band(part)) for part in _bands(indices))
    used = np.unique(indices)
    raster = f'"1;1;{cols};{rows}'.encode()
    return OPEN + raster + b"".join(_register(n, palette[n]) for n in used) + body + b"-" + CLOSE


def _bands(indices: npt.NDArray[np.uint8]) -> Iterator[npt.NDArray[np.uint8]]:
    for top in range(0, len(indices), BAND):
        yield indices[top : top + BAND]


def _band(part: npt.NDArray[np.uint8]) -> Iterator[bytes]:
    """One colour after the other; empty columns at the right are left out."""
    colours = np.unique(part)
    weights = (1 << np.arange(len(part), dtype=np.uint8))[:, None]
    hits = part[None] == colours[:, None, None]
    columns = (hits * weights).sum(axis=1, dtype=np.uint8) + np.uint8(ZERO)
    for number, row in zip(colours, columns, strict=True):
        data = row.tobytes().rstrip(b"?")
        yield b"#%d" % number + RUN.sub(_counted, data)


def _counted(run: re.Match[bytes]) -> bytes:
    return b"!%d%s" % (len(run[0]), run[1])


def _register(number: int, colour: npt.NDArray[np.uint8]) -> bytes:
    """Define a colour; sixel counts in percent."""
    red, green, blue = (round(int(one) * 100 / 255) for one in colour)
    return b"#%d;2;%d;%d;%d" % (number, red, green, blue)
