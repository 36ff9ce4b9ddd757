"""Paint one year of the corridor: reflectance of four bands, and the true slump pixels."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from rtsproj.world.fields import Field, fractal, smoothed
from rtsproj.world.layout import Layout, Spot

Mask = npt.NDArray[np.bool_]
BANDS = ("blue", "green", "red", "nir")
TUNDRA = (560.0, 820.0, 930.0, 2250.0)
WATER = (330.0, 360.0, 270.0, 180.0)
GRAVEL = (1250.0, 1430.0, 1560.0, 1800.0)
ROAD = (1080.0, 1180.0, 1260.0, 1450.0)
RAIL = (820.0, 860.0, 900.0, 1050.0)
SHADOW = (240.0, 270.0, 270.0, 420.0)
RIM = (1750.0, 1950.0, 2150.0, 2500.0)
FLOORS = (
    (640.0, 730.0, 850.0, 1080.0),
    (840.0, 990.0, 1210.0, 1450.0),
    (900.0, 1160.0, 1680.0, 1900.0),
    (1420.0, 1660.0, 1910.0, 2180.0),
    (2400.0, 2700.0, 2950.0, 3200.0),
)
"""Reflectance x 10,000 of the bare floor by type."""
YEARLY_GROWTH = 0.06
"""Share of its length that a headwall retreats in a year."""


@dataclass(frozen=True, slots=True)
class Painted:
    """One year.

    Attributes:
        values: (4, rows, cols) reflectance x 10,000.
        slumps: per slump, the pixels of headwall and floor.
    """

    values: Field
    slumps: tuple[Mask, ...]


def paint(layout: Layout, rng: np.random.Generator, *, years_before: int) -> Painted:
    """Paint the corridor some years before the map year.

    Args:
        layout: what lies where.
        rng: texture of this year; equal generators give equal textures.
        years_before: headwalls lay that much further downslope.
    """
    shape = layout.elevation_m.shape
    texture = 0.6 * fractal(shape, rng, slope=1.1) + 0.4 * fractal(shape, rng, slope=0.4)
    light = _hillshade(layout.elevation_m)
    ground = (1 + 0.10 * texture) * light
    values = np.stack([band * ground for band in TUNDRA]).astype(np.float32)
    values[3] *= 1 + 0.12 * fractal(shape, rng, slope=1.5)
    _paint_river(values, layout.river_px, rng)
    for row, col, radius in layout.ponds:
        _blend(values, _disc(shape, row, col, radius), WATER)
    grain = fractal(shape, rng, slope=0.6)
    masks = []
    for spot in layout.spots:
        frame = _frame(spot, shape)
        parts = _parts(spot, frame, years_before, rng)
        part = values[(slice(None), *frame)]
        floor = floor_colour(spot.tone)
        _blend(part, 0.55 * parts.tongue, floor, grain[frame])
        _blend(part, parts.floor, floor, grain[frame])
        if spot.is_slump:
            _blend(part, parts.rim, RIM)
            _blend(part, parts.shadow, SHADOW)
            mask = np.zeros(shape, bool)
            mask[frame] = parts.floor > 0.5
            masks.append(mask)
    for line, colour, width in (
        (layout.track, ROAD, 0.8),
        (layout.road, ROAD, 1.6),
        (layout.railway, RAIL, 1.1),
    ):
        _blend(values, _stroke(shape, line, width), colour)
    return Painted(values, tuple(masks))


def floor_colour(tone: float) -> tuple[float, ...]:
    """Reflectance x 10,000 of a bare floor: between those of the two nearest types."""
    places = np.arange(len(FLOORS))
    return tuple(float(np.interp(tone, places, band)) for band in zip(*FLOORS, strict=True))


def _hillshade(elevation_m: Field) -> Field:
    down, across = np.gradient(elevation_m, 3.0)
    shaded: Field = np.clip(1 + 0.9 * (down - across), 0.75, 1.25, dtype=np.float32)
    return shaded


def _paint_river(values: Field, river_px: Field, rng: np.random.Generator) -> None:
    bars = fractal(river_px.shape, rng, slope=1.4)
    _blend(values, _soft((17 + 5 * bars - river_px) / 2), GRAVEL, bars)
    _blend(values, _soft((5 + 2 * bars - river_px) / 2), WATER)


@dataclass(frozen=True, slots=True)
class _Parts:
    """Soft masks 0..1 of one spot's frame."""

    floor: Field
    shadow: Field
    rim: Field
    tongue: Field


Frame = tuple[slice, slice]


def _frame(spot: Spot, shape: tuple[int, int]) -> Frame:
    reach = spot.length * 1.4
    row, col = int(spot.row - reach), int(spot.col - reach)
    last_row, last_col = int(spot.row + reach), int(spot.col + reach)
    return (
        slice(max(0, row), min(shape[0], last_row)),
        slice(max(0, col), min(shape[1], last_col)),
    )


def _parts(spot: Spot, frame: Frame, years_before: int, rng: np.random.Generator) -> _Parts:
    rows, cols = np.mgrid[frame].astype(np.float32)
    down, across = rows - spot.row, cols - spot.col
    u = down * spot.up[0] + across * spot.up[1]
    v = -down * spot.up[1] + across * spot.up[0]
    wobble = smoothed(rng.standard_normal(rows.shape).astype(np.float32), 3.0) * 7
    half = spot.length / 2
    retreat = spot.length * YEARLY_GROWTH * years_before if spot.is_slump else 0.0
    middle, reach = -retreat / 2, half - retreat / 2
    inside = 1 - np.hypot((u - middle) / reach, v / (spot.width / 2) * (1 + 0.25 * u / half))
    edge = inside * reach + wobble
    upslope = np.clip((u - middle) / reach * 2.2, 0, 1)
    lower = (-u - half * 0.6) / spot.length
    tongue = np.clip(1.5 - np.abs(v) / (spot.width * 0.16), 0, 1)
    return _Parts(
        floor=_soft(edge / 1.2 + 0.5),
        shadow=_soft(np.clip(1.2 - np.abs(edge - 2.2) / 1.6, 0, 1) * upslope),
        rim=_soft((1.0 - np.abs(edge + 1.0)) * upslope * 0.8),
        tongue=_soft(tongue * (lower > 0) * (lower < 0.75)),
    )


def _soft(values: npt.NDArray[np.floating[Any]]) -> Field:
    soft: Field = np.clip(values, 0, 1).astype(np.float32)
    return soft


def _blend(
    values: Field, share: Field, colour: tuple[float, ...], grain: Field | None = None
) -> None:
    where = share > 0
    some = share[where]
    for number, band in enumerate(colour):
        tone = band if grain is None else band * (1 + 0.07 * grain[where])
        values[number][where] = values[number][where] * (1 - some) + tone * some


def _disc(shape: tuple[int, int], row: float, col: float, radius: float) -> Field:
    rows, cols = np.indices(shape, dtype=np.float32)
    return _soft(radius - np.hypot(rows - row, (cols - col) * 0.8) + 0.5)


def _stroke(shape: tuple[int, int], line: tuple[tuple[float, float], ...], width: float) -> Field:
    rows, cols = np.indices(shape, dtype=np.float32)
    nearest = np.full(shape, np.inf, np.float32)
    for (r0, c0), (r1, c1) in pairwise(line):
        dr, dc = r1 - r0, c1 - c0
        along = np.clip(((rows - r0) * dr + (cols - c0) * dc) / (dr * dr + dc * dc), 0, 1)
        nearest = np.minimum(nearest, np.hypot(rows - r0 - along * dr, cols - c0 - along * dc))
    return _soft(width - nearest + 0.5)
