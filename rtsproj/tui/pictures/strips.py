"""Cells as textual strips."""

from functools import lru_cache

import numpy as np
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from rtsproj.tui.pictures.cells import Mode, Picture, encode
from rtsproj.tui.pictures.kitty import colour_of, row_text

ROUND = np.uint8(0b11111000)
"""Colours are rounded to 5 bits: half the bytes after compression, invisible to the eye."""
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
