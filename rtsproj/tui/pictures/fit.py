"""Fit a picture into a pane without stretching it, and draw outlines on it crisply."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from rtsproj.tui.pictures.cells import Mode, Picture, sub_cells
from rtsproj.tui.pictures.view import Line, Ring

DASH_PX = 2
DRAWN = tuple(Line)
"""Lines in drawing order: the candidate's own last, so that nothing hides it."""


def fit_cells(cols: int, rows: int) -> tuple[int, int]:
    """Cells of the largest square picture in a pane; a cell is twice as high as wide.

    Returns:
        (cols, rows), both 0 where the pane is too small.
    """
    side = min(cols // 2, rows)
    return (2 * side, side) if side > 0 else (0, 0)


def compose(rgb: Picture, rings: Sequence[Ring], *, cells: tuple[int, int], mode: Mode) -> Picture:
    """Resample a square picture to a pane's elements and draw the outlines on it.

    Outlines are drawn after resampling, on the elements themselves: thin and closed at any size.

    Args:
        rgb: (rows, cols, 3) uint8.
        rings: what to draw.
        cells: (cols, rows) of the pane.
        mode: decides how many elements a cell has.

    Returns:
        (rows * down, cols * across, 3) uint8; no elements where the pane or the picture has none.
    """
    across, down = sub_cells(mode)
    size = (cells[0] * across, cells[1] * down)
    if mode is Mode.GREY:
        return drawn(grey_of(rgb), rings, size=size)
    return drawn(rgb, rings, size=size)


def drawn(rgb: Picture, rings: Sequence[Ring], *, size: tuple[int, int]) -> Picture:
    """Resample to a size in pixels (across, down), then draw the outlines one pixel wide."""
    if 0 in size or 0 in rgb.shape:
        return np.zeros((max(0, size[1]), max(0, size[0]), 3), np.uint8)
    how = Image.Resampling.LANCZOS if size[0] < rgb.shape[1] else Image.Resampling.BICUBIC
    image = Image.fromarray(np.ascontiguousarray(rgb)).resize(size, how)
    draw = ImageDraw.Draw(image)
    for ring in sorted(rings, key=lambda one: DRAWN.index(one.line)):
        points = [(x * (size[0] - 1), y * (size[1] - 1)) for x, y in ring.points]
        draw.line(points, fill=ring.line.value, width=1)
    return np.asarray(image, np.uint8)


def drawn_without_colour(rgb: Picture, rings: Sequence[Ring], *, size: tuple[int, int]) -> Picture:
    """A grey picture where lines are told apart by their pattern, on bright and dark ground alike.

    The candidate's own line alternates between white and black, a neighbour's is white dots, an
    inventory outline black dots.
    """
    out = drawn(grey_of(rgb), (), size=size).copy()
    rows, cols = np.indices(out.shape[:2])
    phase = (rows + cols) // DASH_PX % 2 == 0
    for line in DRAWN:
        mask = Image.new("1", (out.shape[1], out.shape[0]))
        draw = ImageDraw.Draw(mask)
        for ring in (one for one in rings if one.line is line):
            across, down = out.shape[1] - 1, out.shape[0] - 1
            draw.line([(x * across, y * down) for x, y in ring.points], fill=1, width=1)
        hit = np.asarray(mask, bool).reshape(out.shape[:2])
        if line is not Line.INVENTORY:
            out[hit & phase] = 255
        if line is not Line.NEIGHBOUR:
            out[hit & ~phase] = 0
    return out


def grey_of(rgb: Picture) -> Picture:
    """A stretched grey picture: on 256 colours it is clearly better than the nearest colours."""
    if 0 in rgb.shape:
        return rgb
    grey = rgb.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    low, high = np.percentile(grey, (2, 98))
    stretched = np.clip((grey - low) / max(float(high - low), 1.0) * 255, 0, 255)
    out: Picture = np.repeat(stretched.astype(np.uint8)[..., None], 3, axis=2)
    return out
