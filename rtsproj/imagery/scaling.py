"""One recorded rule per project brings raw values to the network's range."""

from collections.abc import Sequence

import numpy as np

from rtsproj.domain.grid import Window
from rtsproj.domain.requests import Scaling
from rtsproj.errors import NeedsError
from rtsproj.imagery.mosaic import Floats, Mosaic
from rtsproj.settings import ScalingRule

LOW, HIGH = 1.0, 99.0
"""Percentiles of the measured rule."""
REFLECTANCE = (0.0, 3000.0)
"""Surface reflectance x 10,000 (QTEC code, method 2.2)."""
CLIP = (-0.5, 1.5)
"""Scaled values beyond this are cut."""
MOST_WINDOWS = 64
MOST_PIXELS = 20_000
"""Sample of the measured rule: windows, and valid pixels of each."""


def measure_scaling(mosaic: Mosaic, windows: Sequence[Window], *, rule: ScalingRule) -> Scaling:
    """Fix the project's rule.

    Args:
        mosaic: the map scenes with the project's bands.
        windows: windows that cover the area.
        rule: percentile = 1st and 99th per band over a sample; reflectance = 0..3000.

    Raises:
        NeedsError: no valid pixel was met.
    """
    bands = len(mosaic.bands)
    if rule == "reflectance":
        return Scaling((REFLECTANCE[0],) * bands, (REFLECTANCE[1],) * bands)
    sample = _sample(mosaic, windows)
    if not sample.size:
        raise NeedsError("the map scenes hold no valid pixel", hint="check `rtsproj scene list`")
    low, high = np.percentile(sample, (LOW, HIGH), axis=1)
    high = np.where(high > low, high, low + 1)
    return Scaling(tuple(map(float, low)), tuple(map(float, high)))


def scale(values: Floats, scaling: Scaling) -> Floats:
    """Bring raw values (bands, rows, cols) to about 0..1, cut to -0.5..1.5."""
    low = np.asarray(scaling.low, np.float32)[:, None, None]
    high = np.asarray(scaling.high, np.float32)[:, None, None]
    scaled: Floats = np.subtract(values, low, dtype=np.float32)
    scaled /= high - low
    return np.clip(scaled, *CLIP, out=scaled)


def _sample(mosaic: Mosaic, windows: Sequence[Window]) -> Floats:
    rng = np.random.default_rng(0)
    chosen = rng.permutation(len(windows))[:MOST_WINDOWS]
    parts = [np.zeros((len(mosaic.bands), 0), np.float32)]
    for number in sorted(chosen.tolist()):
        pixels = mosaic.read(windows[number])
        values = pixels.values[:, pixels.valid]
        step = max(1, values.shape[1] // MOST_PIXELS)
        parts.append(values[:, ::step])
    return np.concatenate(parts, axis=1)
