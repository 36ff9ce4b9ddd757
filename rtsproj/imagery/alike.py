"""Adjoining ground that looks the same: what is detected in part is one surface in the image.

A model that has seen few slumps detects a part of an unfamiliar one: a tenth of a large one is
common. The rest often differs from the ground next to it, not from that tenth. So pixels are
compared with the spread of the pixels of the outline itself, band by band, and those that are
alike and connected belong to it. Which tolerance is right depends on the imagery and on what is
mapped: ``inference.extension`` chooses it by outlines that a person digitised.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Mask = NDArray[np.bool_]
Floats = NDArray[np.float32]

LEAST_SPREAD = 0.03
"""Of the range of a band, its 1st to 99th percentile: the least spread that ground is given."""
CORE_PX = 6
"""px; from here on pixels on the border of an outline, which mix two surfaces, are left out."""
RIM_PX = 2
"""px along the border of an outline that are left out where they are not alike. Outlines 1 and 2 px
wider than ponds (IoU .90 and .82) get .95 and .99; accepted ones of two runs .90 instead of .86."""
LEAST_INNER = 0.5
"""Share of an outline within its rim from which on the rim is in question."""
_OF_NORMAL = 1.4826
"""Standard deviation of a normal distribution per median absolute deviation."""


@dataclass(frozen=True, slots=True)
class SmoothImage:
    """Imagery in which outlines are extended.

    Attributes:
        values: (bands, rows, cols) scaled values, mostly 0..1; noise of single pixels removed.
        valid: (rows, cols).
    """

    values: Floats
    valid: Mask

    @classmethod
    def of(cls, scaled: Floats, valid: Mask) -> "SmoothImage":
        """Remove the noise: the median of 3 x 3 pixels keeps edges."""
        return cls(np.stack([ndimage.median_filter(band, 3) for band in scaled]), valid)


def unlikeness(ground: SmoothImage, inside: Mask) -> Floats:
    """How unlike an outline every pixel is, in spreads of the outline's own pixels.

    Args:
        ground: the imagery.
        inside: (rows, cols), True in the outline; at least one valid pixel.

    Returns:
        (rows, cols) >= 0: root mean square over the bands of the distance to the median, each
        divided by the spread of the band; infinite where the imagery is not valid.
    """
    given = inside & ground.valid
    core = ndimage.binary_erosion(given)
    pixels = ground.values[:, core if core.sum() >= CORE_PX else given]
    middle = np.median(pixels, axis=1)
    spread = _OF_NORMAL * np.median(np.abs(pixels - middle[:, None]), axis=1)
    spread = np.maximum(spread, LEAST_SPREAD)
    scaled = (ground.values - middle[:, None, None]) / spread[:, None, None]
    out: Floats = np.sqrt(np.square(scaled).mean(axis=0)).astype(np.float32)
    out[~ground.valid] = np.inf
    return out


def extended(unlike: Floats, inside: Mask, tolerance: float) -> Mask:
    """The outline and all ground alike that is connected with it, without holes.

    Bridges of one or two pixels do not connect: a shore or a road separates two surfaces, and
    mixed pixels on it may look like a third one. Of a large outline the rim counts only where it is
    alike, so that outlines do not get wider from one model to the next that learns from them.

    Args:
        unlike: (rows, cols) of ``unlikeness``.
        inside: (rows, cols), True in the outline.
        tolerance: spreads up to which a pixel is alike.

    Returns:
        (rows, cols), True in the outline and what was added.
    """
    alike = unlike <= tolerance
    numbered, _ = ndimage.label(ndimage.binary_opening(alike | inside) | inside)
    found = ndimage.binary_fill_holes(np.isin(numbered, np.unique(numbered[inside])))
    inner = ndimage.binary_erosion(inside, iterations=RIM_PX)
    if inner.sum() < LEAST_INNER * inside.sum():
        return np.asarray(found)
    rim = inside & ~inner & ~ndimage.binary_opening(alike)
    return np.asarray(ndimage.binary_fill_holes(found & ~rim))


def meets_edge(inside: Mask, beside: Mask) -> bool:
    """True where an outline has a pixel of ``beside`` among the eight neighbours of its pixels."""
    near = ndimage.binary_dilation(inside, np.ones((3, 3), bool))
    on_border = inside[[0, -1]].any() or inside[:, [0, -1]].any()
    return bool(on_border or (near & beside).any())
