"""Encode a picture into character cells: two colours a cell, fitted for all cells at once."""

from enum import StrEnum

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Picture = npt.NDArray[np.uint8]
QUADRANTS = " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"
"""Index bits: 0 upper left, 1 upper right, 2 lower left, 3 lower right."""
HALVES = " ▀▄█"
"""Index bits: 0 upper, 1 lower."""
SHADES = " .:-=+*#%@"


class Mode(StrEnum):
    """How a picture is drawn: the ladder of pictures, finest first."""

    KITTY = "kitty"
    """sent once as pixels; its cells are placeholders."""
    SEXTANT = "sextant"
    QUADRANT = "quadrant"
    HALF = "half"
    GREY = "grey"
    """quadrants without colour, for terminals of 256 colours."""
    ASCII = "ascii"


def sub_cells(mode: Mode) -> tuple[int, int]:
    """(across, down): picture elements per character cell.

    For kitty a common size in pixels; the terminal knows its own.
    """
    return {
        Mode.KITTY: (8, 16),
        Mode.SEXTANT: (2, 3),
        Mode.QUADRANT: (2, 2),
        Mode.HALF: (1, 2),
        Mode.GREY: (2, 2),
        Mode.ASCII: (1, 1),
    }[mode]


def glyphs(mode: Mode) -> str:
    """Characters by bit pattern; bit n is picture element n of the cell, row by row."""
    if mode is Mode.SEXTANT:
        full = {0: " ", 0b010101: "▌", 0b101010: "▐", 63: "█"}
        return "".join(
            full.get(bits) or chr(0x1FB00 + bits - 1 - (bits > 0b010101) - (bits > 0b101010))
            for bits in range(64)
        )
    return HALVES if mode is Mode.HALF else QUADRANTS


def encode(pixels: Picture, mode: Mode) -> tuple[npt.NDArray[np.str_], Picture, Picture]:
    """Fit glyph, foreground and background of every cell.

    Args:
        pixels: (rows * down, cols * across, 3) uint8.
        mode: which elements a cell has.

    Returns:
        glyphs (rows, cols), foreground and background (rows, cols, 3) uint8.
    """
    across, down = sub_cells(mode)
    rows, cols = pixels.shape[0] // down, pixels.shape[1] // across
    cells = pixels.astype(np.float32).reshape(rows, down, cols, across, 3)
    cells = cells.transpose(0, 2, 1, 3, 4).reshape(rows, cols, down * across, 3)
    if mode is Mode.ASCII:
        grey = cells.mean(axis=(2, 3)) / 256 * len(SHADES)
        black = np.zeros((rows, cols, 3), np.uint8)
        return np.array(list(SHADES))[grey.astype(int)], black + 255, black
    mask, lit, dark = _two_colours(cells)
    bits = (mask << np.arange(down * across)).sum(-1)
    chosen = np.array(list(glyphs(mode)))[bits]
    return chosen, lit.round().astype(np.uint8), dark.round().astype(np.uint8)


def decode(chosen: npt.NDArray[np.str_], lit: Picture, dark: Picture, mode: Mode) -> Picture:
    """The picture that cells show, for tests: (rows * down, cols * across, 3)."""
    across, down = sub_cells(mode)
    table = {glyph: bits for bits, glyph in enumerate(glyphs(mode))}
    bits = np.vectorize(table.__getitem__)(chosen)
    mask = (bits[..., None] >> np.arange(down * across)) & 1
    cells = np.where(mask[..., None] == 1, lit[:, :, None], dark[:, :, None])
    rows, cols = chosen.shape
    cells = cells.reshape(rows, cols, down, across, 3).transpose(0, 2, 1, 3, 4)
    picture: Picture = cells.reshape(rows * down, cols * across, 3).astype(np.uint8)
    return picture


def _means(cells: Floats, mask: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    count, size = mask.sum(-1, keepdims=True), cells.shape[2]
    lit = (cells * mask[..., None]).sum(2) / np.maximum(count, 1)
    dark = (cells * ~mask[..., None]).sum(2) / np.maximum(size - count, 1)
    return np.where(count > 0, lit, dark), np.where(count < size, dark, lit)


def _two_colours(cells: Floats) -> tuple[npt.NDArray[np.bool_], Floats, Floats]:
    """Split along the main colour axis, then two sweeps of 2-means."""
    spread = cells - cells.mean(axis=2, keepdims=True)
    cov = np.einsum("rcki,rckj->rcij", spread, spread)
    axis = cov.sum(-1) + 1e-6
    for _ in range(2):
        axis = np.einsum("rcij,rcj->rci", cov, axis)
        axis /= np.linalg.norm(axis, axis=-1, keepdims=True) + 1e-6
    mask = np.einsum("rcki,rci->rck", spread, axis) > 0
    for _ in range(2):
        lit, dark = _means(cells, mask)
        nearer = ((cells - lit[:, :, None]) ** 2).sum(-1)
        mask = nearer < ((cells - dark[:, :, None]) ** 2).sum(-1)
    return mask, *_means(cells, mask)
