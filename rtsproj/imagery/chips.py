"""Preview chips: a square of the mosaic as a colour picture; missing imagery is striped."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
import numpy.typing as npt

from rtsproj.domain.grid import ProjectGrid, Window
from rtsproj.domain.scenes import SceneSpec
from rtsproj.geometry.grid import window_of
from rtsproj.imagery.mosaic import Floats, Mask, Mosaic, Pixels

Picture = npt.NDArray[np.uint8]
LOW, HIGH = 2.0, 98.0
"""Percentiles of the stretch, over the view's valid pixels."""
STRIPE_PX = 6
STRIPE_DARK, STRIPE_LIGHT = 70, 96
"""Greys of the stripes that stand for missing imagery."""


@dataclass(frozen=True, slots=True)
class Chip:
    """One picture.

    Attributes:
        rgb: (rows, cols, 3) uint8.
        window: place on the project grid, in grid pixels.
        missing_share: 0..1, pixels without imagery.
    """

    rgb: Picture
    window: Window
    missing_share: float


def read_chip(
    mosaic: Mosaic, bounds: tuple[float, float, float, float], *, most_px: int = 512
) -> Chip:
    """Read a view and stretch it 2-98 % over its valid pixels.

    Args:
        mosaic: scenes of one year with three bands: red, green, blue.
        bounds: (left, bottom, right, top), m of the project CRS.
        most_px: longest side of the picture; a wider view is thinned.
    """
    window = window_of(mosaic.grid, bounds)
    step = max(1, ceil(max(window.rows, window.cols) / most_px))
    pixels = mosaic.read(window)
    values, valid = pixels.values[:, ::step, ::step], pixels.valid[::step, ::step]
    return Chip(_coloured(Pixels(values, valid)), window, float(1 - valid.mean()))


def chips_of_years(
    years: Sequence[tuple[int, Sequence[SceneSpec]]],
    grid: ProjectGrid,
    bands: Sequence[str],
    bounds: tuple[float, float, float, float],
    *,
    most_px: int = 512,
) -> list[tuple[int, Chip]]:
    """One chip per year, oldest first, all of the same view."""
    chips = []
    for year, scenes in years:
        with Mosaic(scenes, grid, bands) as mosaic:
            chips.append((year, read_chip(mosaic, bounds, most_px=most_px)))
    return chips


def stretch(values: Floats, valid: Mask) -> Picture:
    """(3, rows, cols) in any unit to (rows, cols, 3) uint8, 2-98 % over the valid pixels."""
    out = np.zeros((*values.shape[1:], 3), np.uint8)
    if not valid.any():
        return out
    for number, band in enumerate(values):
        low, high = np.percentile(band[valid], (LOW, HIGH))
        scaled = (band - low) / max(high - low, 1e-6)
        out[..., number] = np.clip(scaled * 255, 0, 255).astype(np.uint8)
    return out


def _coloured(pixels: Pixels) -> Picture:
    rgb = stretch(pixels.values, pixels.valid)
    rows, cols = np.indices(pixels.valid.shape)
    stripes = np.where((rows + cols) // STRIPE_PX % 2, STRIPE_LIGHT, STRIPE_DARK).astype(np.uint8)
    return np.where(pixels.valid[..., None], rgb, stripes[..., None])
