"""From pixels to outlines: join what touches, smooth within half a pixel, keep holes.

The outline of an 8-connected set of pixels runs through the middle of every pixel edge on its
border: it is never further than half a pixel from that border, and 45 degree stairs become
straight. Where two pixels touch at a corner only, a diamond joins them, which is what walking the
8-connected border and cutting each corner gives; so parts from different tiles join the same way
as parts of one.
"""

from collections.abc import Sequence

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from rtsproj.domain.grid import ProjectGrid
from rtsproj.geometry.groups import Groups

HALF_PX = 0.5
KEEP = 1e-9
"""px; what a whole pixel edge may be longer than one."""
_BITS = 31
"""Bits of a row in a number that stands for a corner."""
_HALF = 1 << (_BITS - 1)


def join_pieces(pieces: Sequence[BaseGeometry]) -> list[tuple[int, ...]]:
    """Group pieces that overlap, share an edge or touch at a corner.

    Returns:
        Groups of indices, each ascending, ordered by their first index.
    """
    if not len(pieces):
        return []
    asked, found = shapely.STRtree(list(pieces)).query(list(pieces), predicate="intersects")
    groups = Groups(len(pieces))
    groups.join(zip(asked.tolist(), found.tolist(), strict=True))
    return groups.found()


def smooth_pixels(geom: BaseGeometry) -> BaseGeometry:
    """Smooth one 8-connected group of pixels.

    Args:
        geom: union of whole pixels, corners at integers.

    Returns:
        One valid polygon, no further than half a pixel from the given border, holes kept.
    """
    parts = [part for part in shapely.get_parts(geom) if isinstance(part, Polygon)]
    smoothed = [_smooth_polygon(part) for part in parts]
    diamonds = [_diamond(x, y) for x, y in _touching_corners(parts)]
    if len(smoothed) == 1 and not diamonds and shapely.is_valid(smoothed[0]):
        return smoothed[0]
    joined = shapely.union_all([*smoothed, *diamonds])
    return _largest_whole(shapely.make_valid(joined, method="structure", keep_collapsed=False))


def to_crs(geom: BaseGeometry, grid: ProjectGrid) -> BaseGeometry:
    """Grid pixels (column, row) to m of the project CRS."""

    def move(xy: np.ndarray) -> np.ndarray:
        return np.column_stack(
            (grid.origin_x + xy[:, 0] * grid.pixel_m, grid.origin_y - xy[:, 1] * grid.pixel_m)
        )

    return shapely.transform(geom, move)


def to_pixels(geom: BaseGeometry, grid: ProjectGrid) -> BaseGeometry:
    """M of the project CRS to grid pixels (column, row)."""

    def move(xy: np.ndarray) -> np.ndarray:
        return np.column_stack(
            ((xy[:, 0] - grid.origin_x) / grid.pixel_m, (grid.origin_y - xy[:, 1]) / grid.pixel_m)
        )

    return shapely.transform(geom, move)


def _smooth_polygon(polygon: Polygon) -> BaseGeometry:
    rings = [_midpoints(ring) for ring in (polygon.exterior, *polygon.interiors)]
    return Polygon(rings[0], rings[1:])


def _midpoints(ring: BaseGeometry) -> np.ndarray:
    """Middles of the pixel edges of a ring where it turns; halves of integers, so exact."""
    corners = shapely.get_coordinates(shapely.segmentize(ring, 1.0 + KEEP))
    middle = (corners[:-1] + corners[1:]) / 2
    steps = middle - np.roll(middle, 1, axis=0)
    after = np.roll(steps, -1, axis=0)
    turning = middle[steps[:, 0] * after[:, 1] != steps[:, 1] * after[:, 0]]
    return np.vstack((turning, turning[:1]))


def _touching_corners(parts: Sequence[Polygon]) -> list[tuple[float, float]]:
    """Corners that the border passes more than once: there pixels touch diagonally."""
    rings = shapely.segmentize(shapely.get_rings(parts), 1.0 + KEEP)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    is_last = np.append(ring[1:] != ring[:-1], True)[: len(ring)]
    x, y = np.rint(xy[~is_last]).astype(np.int64).T
    places, counts = np.unique((x << _BITS) + y, return_counts=True)
    found = places[counts > 1]
    rows = ((found + _HALF) & (2 * _HALF - 1)) - _HALF
    return list(zip(((found - rows) >> _BITS).tolist(), rows.tolist(), strict=True))


def _diamond(x: float, y: float) -> Polygon:
    return Polygon([(x - HALF_PX, y), (x, y - HALF_PX), (x + HALF_PX, y), (x, y + HALF_PX)])


def _largest_whole(geom: BaseGeometry) -> BaseGeometry:
    """One polygon where the group hangs together; what rounding split off is left out."""
    if isinstance(geom, MultiPolygon):
        return max(geom.geoms, key=lambda part: part.area)
    return geom
