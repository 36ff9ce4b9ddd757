"""Cells as textual strips."""

from functools import lru_cache

import numpy as np
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from rtsproj.tui.pictures.cells import Mode, Picture, encode

ROUND = np.uint8(0b11111000)
"""Colours are rounded to 5 bits: half the bytes after compression, invisible to the eye."""


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


@lru_cache(maxsize=65_536)
def _style(fore: tuple[int, int, int], back: tuple[int, int, int]) -> Style:
    return Style(color=Color.from_rgb(*fore), bgcolor=Color.from_rgb(*back))
