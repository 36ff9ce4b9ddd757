"""Cells as textual strips."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from rtsproj.tui.pictures.cells import Mode, Picture, encode
from rtsproj.tui.pictures.kitty import colour_of, row_text

ROUND = np.uint8(0b11111000)
"""Colours are rounded to 5 bits: half the bytes after compression, invisible to the eye."""
UNDER = 0.4
"""Share of its light that a picture keeps under a character."""
EDGE = "│"
"""Marks where a swipe joins two pictures."""
EDGE_STYLE = Style(color=Color.from_rgb(255, 214, 0))


def strips_of(pixels: Picture, mode: Mode) -> list[Strip]:
    """One strip per row of cells."""
    if 0 in pixels.shape:
        return []
    chosen, lit, dark = encode(pixels, mode)
    lit, dark = np.bitwise_and(lit, ROUND), np.bitwise_and(dark, ROUND)
    cols = chosen.shape[1]
    return [
        Strip(
            [
                Segment(str(glyph), _style(tuple(fore), tuple(back)))
                for glyph, fore, back in zip(row, fores.tolist(), backs.tolist(), strict=True)
            ],
            cols,
        )
        for row, fores, backs in zip(chosen, lit, dark, strict=True)
    ]


def strips_under(
    pixels: Picture,
    valid: npt.NDArray[np.bool_],
    *,
    over: npt.NDArray[np.str_],
    styles: Sequence[Sequence[Style]],
) -> list[Strip]:
    """A picture in quadrants with characters over it; under a character the picture is darker.

    Args:
        pixels: (2 x rows, 2 x cols, 3) uint8.
        valid: (2 x rows, 2 x cols), where there is a picture.
        over: (rows, cols), a space where the picture is seen.
        styles: colour of each character.
    """
    found = []
    rows, cols = over.shape
    mean = pixels.reshape(rows, 2, cols, 2, 3).mean(axis=(1, 3)) * UNDER
    backs = np.bitwise_and(mean.astype(np.uint8), ROUND)
    is_seen = np.asarray(valid.reshape(rows, 2, cols, 2).any(axis=(1, 3)))
    for row, strip in enumerate(strips_of(pixels, Mode.QUADRANT)):
        cells = list(strip)
        for col in np.flatnonzero((over[row] != " ") | ~is_seen[row]).tolist():
            style = styles[row][col]
            if is_seen[row, col]:
                style += Style(bgcolor=Color.from_rgb(*backs[row, col].tolist()))
            cells[col] = Segment(str(over[row, col]), style)
        found.append(Strip(cells, cols))
    return found


def placeholder_strip(picture_id: int, row: int, first: int, cols: int) -> Strip:
    """Part of one row of a picture that the terminal holds: cells from ``first`` on."""
    if cols <= 0:
        return Strip([], 0)
    return Strip([Segment(row_text(row, first, cols), _placeholder_style(picture_id))], cols)


@lru_cache(maxsize=65_536)
def _style(fore: tuple[int, int, int], back: tuple[int, int, int]) -> Style:
    return Style(color=Color.from_rgb(*fore), bgcolor=Color.from_rgb(*back))


@lru_cache(maxsize=256)
def _placeholder_style(picture_id: int) -> Style:
    return Style(color=Color.from_rgb(*colour_of(picture_id)))
