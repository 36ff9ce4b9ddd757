"""The searched imagery under the map: as many picture elements as the view has."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rtsproj.imagery.chips import Bounds, read_sight
from rtsproj.imagery.looks import Picture, stretched
from rtsproj.imagery.mosaic import Mask
from rtsproj.workflow.project import Project
from rtsproj.workflow.tiles import read_source

RGB = ("red", "green", "blue")
MOST_PX = 4096
"""Pixels of the grid across a view up to which imagery is read: a wider view would read whole files
where they hold no overviews."""


@dataclass(frozen=True, slots=True)
class MapPicture:
    """Imagery of a view.

    Attributes:
        rgb: (down, across, 3) uint8; empty where the view is too wide.
        valid: (down, across), where there is imagery.
        widest_m: m that a view may span.
    """

    rgb: Picture
    valid: Mask
    widest_m: float


def read_map_picture(project: Project, bounds: Bounds, size: tuple[int, int]) -> MapPicture:
    """Read the imagery of a view of the map, with the recorded scaling.

    Args:
        project: the project.
        bounds: (left, bottom, right, top), m of the project CRS.
        size: picture elements across and down.

    Raises:
        NeedsError: the grid is not laid yet. RtsError: a file cannot be read.
    """
    source = read_source(project)
    left, bottom, right, top = bounds
    widest_m = MOST_PX * source.grid.pixel_m
    if max(right - left, top - bottom) > widest_m:
        return MapPicture(np.zeros((0, 0, 3), np.uint8), np.zeros((0, 0), np.bool_), widest_m)
    names = RGB if set(RGB) <= set(source.bands) else source.bands[:1] * 3
    seen = read_sight(source.scenes, source.grid, names, bounds, most_px=2 * max(size))
    ends = zip(source.scaling.low, source.scaling.high, strict=True)
    limits = dict(zip(source.bands, ends, strict=True))
    rgb = stretched(seen.pixels.values, seen.names, limits)
    west, _, _, north = source.grid.bounds(seen.window)
    element_m = source.grid.pixel_m * seen.window.rows / len(rgb)
    cols = _elements(left - west, right - west, size[0], element_m, most=rgb.shape[1])
    rows = _elements(north - top, north - bottom, size[1], element_m, most=rgb.shape[0])
    at = (rows[:, None], cols)
    return MapPicture(rgb[at], seen.pixels.valid[at], widest_m)


def _elements(
    first_m: float, last_m: float, count: int, element_m: float, *, most: int
) -> npt.NDArray[np.int64]:
    """The element that lies at the middle of each of ``count`` steps."""
    middle = first_m + (np.arange(count) + 0.5) * (last_m - first_m) / count
    found: npt.NDArray[np.int64] = np.floor(middle / element_m).astype(np.int64)
    return np.clip(found, 0, most - 1)
