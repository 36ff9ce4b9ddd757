"""From pixels to outlines: join what touches or is near, smooth within half a pixel, keep holes.

The outline of an 8-connected set of pixels runs through the middle of every pixel edge on its
border: it is never further than half a pixel from that border, and 45 degree stairs become
straight. Where two pixels touch at a corner only, a diamond joins them, which is what walking the
8-connected border and cutting each corner gives; so parts from different tiles join the same way
as parts of one.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from rtsproj.domain.grid import ProjectGrid
from rtsproj.geometry.groups import Groups

Whole = NDArray[np.int64]

HALF_PX = 0.5
KEEP = 1e-9
"""px; what a whole pixel edge may be longer than one."""
_BITS = 31
"""Bits of a row in a number that stands for a corner."""
_HALF = 1 << (_BITS - 1)


def near_pieces(
    pieces: Sequence[BaseGeometry], *, within: float = 0.0
) -> Iterator[tuple[int, int]]:
    """Pairs of pieces that share an edge, touch at a corner, or are near to each other.

    Args:
        pieces: on pixel edges, apart from each other.
        within: px, the widest gap over which two pieces are near.

    Returns:
        Pairs of indices, each pair once.
    """
    shapes = np.array(pieces, object)
    boxes = shapely.box(*(shapely.bounds(shapes) + np.array([-1, -1, 1, 1]) * (within + KEEP)).T)
    one, other = shapely.STRtree(boxes).query(boxes)
    asked = np.unique(one[one != other])
    pixels, owner = _border_pixels(shapes[asked])
    a, b = _near_pixels(pixels, owner, within)
    pairs = np.unique(np.sort(np.column_stack((owner[a], owner[b])), axis=1), axis=0)
    return ((int(asked[a]), int(asked[b])) for a, b in pairs.tolist())


def join_pieces(pieces: Sequence[BaseGeometry], *, within: float = 0.0) -> list[tuple[int, ...]]:
    """Group pieces that share an edge, touch at a corner, or are near to each other.

    Args:
        pieces: on pixel edges, apart from each other.
        within: px, the widest gap over which two pieces belong together.

    Returns:
        Groups of indices, each ascending, ordered by their first index.
    """
    groups = Groups(len(pieces))
    if len(pieces) > 1:
        groups.join(near_pieces(pieces, within=within))
    return groups.found()


def close_gaps(geom: BaseGeometry, *, within: float) -> BaseGeometry:
    """Fill the gaps between the parts of a group that do not touch.

    Filled is what lies between pixels of two parts that face each other in a row or column, or
    that are nearest to each other, over gaps of at most ``within``. The parts of the union decide,
    so the result does not depend on the pieces that the union was made of.

    Args:
        geom: union of whole pixels, corners at integers.
        within: px, the widest gap that is closed.

    Returns:
        Union of whole pixels that contains ``geom``; ``geom`` itself where all of it touches.
    """
    polygons = shapely.get_parts(geom)
    groups = join_pieces(polygons)
    if len(groups) == 1:
        return geom
    part_of = np.empty(len(polygons), np.int64)
    for n, group in enumerate(groups):
        part_of[list(group)] = n
    pixels, owner = _border_pixels(polygons)
    part = part_of[owner]
    a, b = _facing(pixels, part, _near_pixels(pixels, part, within))
    between = np.abs(pixels[a] - pixels[b]) > 1
    low = np.minimum(pixels[a], pixels[b]) + between
    high = np.maximum(pixels[a], pixels[b]) + 1 - between
    boxes = shapely.box(*np.unique(np.hstack((low, high)), axis=0).T.astype(float))
    return shapely.union_all([*polygons, *boxes], grid_size=1.0)


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
    return largest_part(shapely.make_valid(joined, method="structure", keep_collapsed=False))


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


def _border_pixels(polygons: NDArray[Any]) -> tuple[Whole, Whole]:
    """Pixels (column, row) inside the pixel edges of polygons, in order, and the polygon of each.

    Returns:
        (n, 2) and (n,).
    """
    parts, polygon = shapely.get_parts(polygons, return_index=True)
    rings, part = shapely.get_rings(shapely.orient_polygons(parts), return_index=True)
    xy, ring = shapely.get_coordinates(shapely.segmentize(rings, 1.0 + KEEP), return_index=True)
    is_edge = ring[1:] == ring[:-1]
    step = np.diff(xy, axis=0)[is_edge]
    inward = np.column_stack((-step[:, 1], step[:, 0]))  # a polygon is on the left of its rings
    middle = (xy[:-1] + xy[1:])[is_edge] / 2
    pixels = np.floor(middle + inward / 2).astype(np.int64)
    _, first = np.unique(_numbers(pixels), return_index=True)
    return pixels[first], polygon[part[ring[:-1][is_edge]]][first]


def _numbers(pixels: Whole) -> Whole:
    """A number for each pixel (column, row): in order, and differences are those of pixels."""
    numbers: Whole = (pixels[:, 0] << _BITS) + pixels[:, 1]
    return numbers


def _near_pixels(pixels: Whole, owner: Whole, within: float) -> tuple[Whole, Whole]:
    """Pairs of pixels of different owners with a gap of at most ``within`` px between them.

    Args:
        pixels: (n, 2), as ``_border_pixels`` gives them.
        owner: (n,).
        within: px.

    Returns:
        Indices of the two, each pair once.
    """
    numbers = _numbers(pixels)
    none = np.empty(0, np.int64)
    ones, others = [none], [none]
    for step in _numbers(_steps(within)):
        at = np.searchsorted(numbers, numbers + step)
        at[at == len(numbers)] = 0
        is_pair = (numbers[at] == numbers + step) & (owner[at] != owner)
        ones.append(np.flatnonzero(is_pair))
        others.append(at[is_pair])
    return np.concatenate(ones), np.concatenate(others)


def _steps(within: float) -> Whole:
    """From a pixel to the later ones (column, row) with a gap of at most ``within`` px."""
    far = int(within) + 1
    col, row = (one.ravel() for one in np.mgrid[0 : far + 1, -far : far + 1])
    steps = np.column_stack((col, row))[(col > 0) | (row > 0)]
    near: Whole = steps[np.sqrt(_gaps2(steps)) <= within + KEEP]
    return near


def _gaps2(steps: Whole) -> Whole:
    """Squared px between the edges of two pixels that are a step (column, row) apart."""
    gaps2: Whole = (np.maximum(np.abs(steps) - 1, 0) ** 2).sum(axis=1)
    return gaps2


def _facing(pixels: Whole, part: Whole, pairs: tuple[Whole, Whole]) -> tuple[Whole, Whole]:
    """Of pairs of pixels, those in one row or column, and those that are nearest to each other.

    The second are what joins parts that are apart over a corner.
    """
    a, b = np.concatenate(pairs), np.concatenate(pairs[::-1])
    steps = pixels[a] - pixels[b]
    apart2 = (steps**2).sum(axis=1)
    _, asked = np.unique(a * (part.max() + 1) + part[b], return_inverse=True)
    least = np.full(len(a), np.iinfo(np.int64).max)
    np.minimum.at(least, asked, apart2)
    to, fro = np.split(apart2 == least[asked], 2)
    is_wanted = (steps[: len(to)] == 0).any(axis=1) | (to & fro)
    return pairs[0][is_wanted], pairs[1][is_wanted]


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


def largest_part(geom: BaseGeometry) -> BaseGeometry:
    """The largest polygon; where a group hangs together, the rest is what rounding split off."""
    if isinstance(geom, MultiPolygon):
        return max(geom.geoms, key=lambda part: part.area)
    return geom
