"""Values of a view to a picture: stretch, colour ramps, vegetation index, difference, hillshade."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rtsproj.imagery.mosaic import Floats, Mask

Picture = npt.NDArray[np.uint8]
Limits = Mapping[str, tuple[float, float]]
"""Band name -> the values that become black and white."""
LOW, HIGH = 2.0, 98.0
"""Percentiles of the stretch, over valid pixels."""
STRIPE_PX = 6
STRIPE_DARK, STRIPE_LIGHT = 70, 96
"""Greys of the stripes that stand for missing imagery."""
NDVI_RANGE = (-0.2, 0.8)
"""Fixed: the same green means the same vegetation in every view."""
NDVI_RAMP = ((0, 70, 120, 190), (0.2, 150, 110, 80), (0.4, 225, 200, 130), (1, 20, 110, 30))
"""(share of the range, red, green, blue): water, bare floor, sparse, dense."""
CHANGE_RAMP = ((0, 178, 60, 20), (0.5, 238, 236, 228), (1, 20, 100, 140))
"""(share of the range, red, green, blue): lost, same, gained."""
CHANGE_LEAST = {"NDVI": 0.15, "brightness": 0.3}
"""Smallest change that gets the full colour, so that noise alone stays pale."""
SUN_AZIMUTH, SUN_HEIGHT = 315.0, 45.0
"""Degrees; light from the north-west, as maps have it."""
EXAGGERATION = 2.0
"""Slopes of slumps are gentle (a few degrees): heights are doubled for the shade."""


@dataclass(frozen=True, slots=True)
class Change:
    """Newer minus older.

    Attributes:
        values: (rows, cols); above 0 = gained.
        valid: (rows, cols); seen in both.
        of: NDVI or brightness.
    """

    values: Floats
    valid: Mask
    of: str


def measure_limits(values: Floats, valid: Mask, names: Sequence[str]) -> Limits:
    """2nd and 98th percentile of each band over the valid pixels; empty where there is none."""
    if not valid.any():
        return {}
    found = np.percentile(values[:, valid], (LOW, HIGH), axis=1).T
    return {name: (float(low), float(high)) for name, (low, high) in zip(names, found, strict=True)}


def stretched(values: Floats, names: Sequence[str], limits: Limits) -> Picture:
    """(3, rows, cols) of the named bands to (rows, cols, 3); a band without limits is black."""
    out = np.zeros((*values.shape[1:], 3), np.uint8)
    for number, (band, name) in enumerate(zip(values, names, strict=True)):
        if name in limits:
            low, high = limits[name]
            out[..., number] = np.clip((band - low) / max(high - low, 1e-6) * 255, 0, 255)
    return out


def stretch(values: Floats, valid: Mask) -> Picture:
    """(3, rows, cols) in any unit to (rows, cols, 3) uint8, 2-98 % over the valid pixels."""
    names = ("0", "1", "2")
    return stretched(values, names, measure_limits(values, valid, names))


def striped(rgb: Picture, valid: Mask) -> Picture:
    """Missing imagery becomes stripes, never black."""
    rows, cols = np.indices(valid.shape)
    stripes = np.where((rows + cols) // STRIPE_PX % 2, STRIPE_LIGHT, STRIPE_DARK).astype(np.uint8)
    return np.where(valid[..., None], rgb, stripes[..., None])


def vegetation_index(red: Floats, nir: Floats) -> Floats:
    """(nir - red) / (nir + red); 0 where both are 0."""
    total = red + nir
    out: Floats = np.where(total > 0, (nir - red) / np.where(total > 0, total, 1), 0)
    return out.astype(np.float32)


def ramped(share: Floats, ramp: Sequence[tuple[float, int, int, int]]) -> Picture:
    """0..1 to colours along a ramp; (rows, cols, 3)."""
    at = [step[0] for step in ramp]
    bands = [np.interp(share, at, [step[band] for step in ramp]) for band in (1, 2, 3)]
    return np.stack(bands, axis=-1).round().astype(np.uint8)


def vegetation_picture(index: Floats) -> Picture:
    """NDVI in fixed colours: blue water, brown bare floor, green vegetation."""
    low, high = NDVI_RANGE
    return ramped(np.clip((index - low) / (high - low), 0, 1), NDVI_RAMP)


def change_between(older: Floats, newer: Floats, valid: Mask, *, of: str) -> Change:
    """Newer minus older, without the median of the view: that is season, light and haze."""
    values = np.where(valid, newer - older, 0).astype(np.float32)
    if valid.any():
        values = np.where(valid, values - np.median(values[valid]), 0).astype(np.float32)
    return Change(values, valid, of)


def change_picture(change: Change) -> Picture:
    """Rust where something was lost, pale where it is the same, blue where it was gained."""
    seen = np.abs(change.values[change.valid])
    reach = max(float(np.percentile(seen, HIGH)) if seen.size else 0.0, CHANGE_LEAST[change.of])
    return ramped(np.clip(0.5 + change.values / (2 * reach), 0, 1), CHANGE_RAMP)


def hillshade(elevation_m: Floats, pixel_m: float) -> Floats:
    """Light on the ground, 0..1, with the sun in the north-west at 45 degrees.

    Args:
        elevation_m: (rows, cols), rows from north to south; NaN where it is not known. Beside
            such a pixel and on the border the slope is that to the other side.
        pixel_m: m, side of a pixel.

    References:
        Horn, B. K. P., 1981: Hill shading and the reflectance map. Proc. IEEE 69(1), 14-47.
    """
    down, across = (_slope(elevation_m * EXAGGERATION, axis) / pixel_m for axis in (0, 1))
    azimuth, height = np.radians((SUN_AZIMUTH, SUN_HEIGHT))
    light = np.sin(height) - np.cos(height) * (across * np.sin(azimuth) - down * np.cos(azimuth))
    out: Floats = np.clip(light / np.sqrt(1 + across**2 + down**2), 0, 1).astype(np.float32)
    return out


def _slope(values: Floats, axis: int) -> Floats:
    """Mean of the steps from the pixel before and to the pixel after; 0 where neither is known."""
    steps = np.diff(values, axis=axis)
    pads = [[(1, 0) if at == axis else (0, 0) for at in (0, 1)]]
    pads.append([(last, first) for first, last in pads[0]])
    both = np.stack([np.pad(steps, pad, constant_values=np.nan) for pad in pads])
    known = np.isfinite(both)
    out: Floats = np.where(known, both, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return out
