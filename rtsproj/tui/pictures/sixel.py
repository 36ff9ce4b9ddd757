"""Sixel: a picture as bands of six rows, each drawn in passes over the whole width.

A colour's columns in a band are cut into spans where it is absent for long; spans of several
colours share a pass, so that gaps are filled by other colours instead of being counted.

References:
    DEC STD 070, Video Systems Reference Manual, chapter 9: sixel graphics.
"""

import re
from bisect import bisect_right, insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from rtsproj.tui.pictures.cells import Picture

BAND = 6
COLOURS = 256
"""At most; octree quantisation takes about half of them on imagery, in coherent patches."""
ZERO = 63
"""Character of an empty column; each set row adds its power of two."""
GAP = 20
"""Empty columns after which a colour's span ends."""
RUN = re.compile(rb"(.)\1{3,}")
"""Four equal characters or more are shorter as a count."""
OPEN = b"\x1bP0;1q"
"""0;1: pixels that no colour draws stay as they are."""
CLOSE = b"\x1b\\"
Indices = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Span:
    """Columns of one colour in a band: first, one past the last, characters."""

    first: int
    end: int
    colour: int
    data: bytes


def sixel_of(rgb: Picture) -> bytes:
    """Encode a picture; empty where it has no pixel.

    Args:
        rgb: (rows, cols, 3) uint8.
    """
    if 0 in rgb.shape:
        return b""
    rows, cols = rgb.shape[:2]
    indices, palette = _quantised(rgb)
    bands = (indices[top : top + BAND] for top in range(0, rows, BAND))
    body = b"-".join(b"$".join(_passes(_spans(band))) for band in bands)
    raster = f'"1;1;{cols};{rows}'.encode()
    registers = b"".join(_register(number, colour) for number, colour in enumerate(palette))
    return OPEN + raster + registers + body + b"-" + CLOSE


def _quantised(rgb: Picture) -> tuple[Indices, Picture]:
    """Indices and their colours; the commonest get the shortest numbers."""
    image = Image.fromarray(rgb).quantize(COLOURS, method=Image.Quantize.FASTOCTREE)
    raw = np.asarray(image, np.uint8)
    palette = np.asarray(image.getpalette(), np.uint8).reshape(-1, 3)
    counts = np.bincount(raw.ravel(), minlength=COLOURS)
    order = np.argsort(-counts, kind="stable")[: int((counts > 0).sum())]
    number = np.zeros(COLOURS, np.uint8)
    number[order] = np.arange(len(order))
    return number[raw], palette[order]


def _spans(band: Indices) -> list[Span]:
    """Spans of all colours of a band, from left to right."""
    cols = band.shape[1]
    keys = band.astype(np.int64) * cols + np.arange(cols)
    order = np.argsort(keys, axis=None, kind="stable")
    sorted_keys = keys.ravel()[order]
    rows = np.repeat(np.arange(len(band)), cols)[order]
    starts = np.flatnonzero(np.r_[True, np.diff(sorted_keys) > 0])
    bits = np.add.reduceat(1 << rows, starts)
    colour, col = np.divmod(sorted_keys[starts], cols)
    breaks = (np.diff(colour) > 0) | (np.diff(col) > GAP)
    firsts = np.flatnonzero(np.r_[True, breaks])
    lasts = np.r_[firsts[1:] - 1, len(col) - 1]
    widths = col[lasts] - col[firsts] + 1
    begins = np.r_[0, np.cumsum(widths)]
    number = np.repeat(np.arange(len(firsts)), lasts - firsts + 1)
    text = np.full(begins[-1], ZERO, np.uint8)
    text[begins[number] + col - col[firsts][number]] += bits.astype(np.uint8)
    data = text.tobytes()
    found = zip(
        col[firsts].tolist(),
        colour[firsts].tolist(),
        begins.tolist(),
        widths.tolist(),
        strict=False,
    )
    spans = [Span(at, at + size, tint, data[b : b + size]) for at, tint, b, size in found]
    return sorted(spans, key=lambda span: span.first)


def _passes(spans: Sequence[Span]) -> Iterator[bytes]:
    """Few passes with short gaps: each span goes behind the one that ends nearest before it."""
    ends: list[tuple[int, int]] = []
    passes: list[list[Span]] = []
    for span in spans:
        at = bisect_right(ends, (span.first, len(passes))) - 1
        number = ends.pop(at)[1] if at >= 0 else len(passes)
        if number == len(passes):
            passes.append([])
        passes[number].append(span)
        insort(ends, (span.end, number))
    for one in passes:
        yield _drawn(one)


def _drawn(spans: Sequence[Span]) -> bytes:
    parts, at, colour = [], 0, -1
    for span in spans:
        if span.colour != colour:
            parts.append(b"#%d" % span.colour)
        parts.append(RUN.sub(_counted, b"?" * (span.first - at) + span.data))
        at, colour = span.end, span.colour
    return b"".join(parts)


def _counted(run: re.Match[bytes]) -> bytes:
    return b"!%d%s" % (len(run[0]), run[1])


def _register(number: int, colour: npt.NDArray[np.uint8]) -> bytes:
    """Define a colour; sixel counts in percent."""
    red, green, blue = (round(int(one) * 100 / 255) for one in colour)
    return b"#%d;2;%d;%d;%d" % (number, red, green, blue)
