"""Between masks and polygons, by GDAL's rules: pixel borders out, pixel centres in."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from rasterio.features import rasterize, shapes
from rasterio.transform import Affine
from shapely.geometry.base import BaseGeometry

from rtsproj.domain.grid import ProjectGrid, Window


def polygonise(mask: npt.NDArray[np.bool_]) -> list[BaseGeometry]:
    """Outlines of the 4-connected parts of a mask, along pixel borders.

    Args:
        mask: (rows, cols).

    Returns:
        Valid polygons with corners at integer (column, row), in scan order.
    """
    islands = _islands(mask)
    if not islands:
        return []
    packed, starts = _packed(mask, islands)
    found = shapes(packed.view(np.uint8), mask=packed, connectivity=4)
    rings = [
        (number, ring)
        for number, (geometry, _) in enumerate(found)
        for ring in geometry["coordinates"]
    ]
    corners = np.array([corner for _, ring in rings for corner in ring])
    lengths = [len(ring) for _, ring in rings]
    firsts = corners[np.cumsum([0, *lengths[:-1]]), 0]
    island = np.searchsorted(starts, firsts, side="right") - 1
    moves = np.array([(at[1].start, at[0].start) for at in islands], float)
    moves[:, 0] -= starts
    corners += np.repeat(moves[island], lengths, axis=0)
    ring_of = np.repeat(np.arange(len(rings)), lengths)
    lines = shapely.linearrings(corners, indices=ring_of)
    polygons = shapely.polygons(lines, indices=[number for number, _ in rings])
    bad = ~shapely.is_valid(polygons)
    polygons[bad] = shapely.make_valid(polygons[bad], method="structure", keep_collapsed=False)
    return list(polygons)


def _islands(mask: npt.NDArray[np.bool_]) -> list[tuple[slice, slice]]:
    """Boxes that hold all of a mask, cut where whole rows and then whole columns are empty.

    No 4-connected part goes over an empty row or column, and most of a tile is empty. Where the
    boxes side by side would take more than the mask, it is the mask.
    """
    down = _runs(np.any(mask, axis=1))
    islands = [(rows, cols) for rows in down for cols in _runs(np.any(mask[rows], axis=0))]
    high = max((rows.stop - rows.start for rows in down), default=0)
    if high * sum(cols.stop - cols.start + 1 for _, cols in islands) > mask.size:
        return [(slice(0, mask.shape[0]), slice(0, mask.shape[1]))]
    return islands


def _runs(line: npt.NDArray[np.bool_]) -> list[slice]:
    ends = np.flatnonzero(np.diff(line, prepend=False, append=False))
    return [slice(*pair) for pair in ends.reshape(-1, 2).tolist()]


def _packed(
    mask: npt.NDArray[np.bool_], islands: Sequence[tuple[slice, slice]]
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
    """Islands side by side with a column between them, and the columns at which they start.

    Outlining costs by the pixel, and a millisecond each time.
    """
    high = max(rows.stop - rows.start for rows, _ in islands)
    widths = [cols.stop - cols.start + 1 for _, cols in islands]
    starts = np.cumsum([0, *widths[:-1]])
    packed = np.zeros((high, sum(widths)), bool)
    for (rows, cols), start in zip(islands, starts.tolist(), strict=True):
        part = mask[rows, cols]
        packed[: part.shape[0], start : start + part.shape[1]] = part
    return packed, starts


def numbered_pixels(
    outlines: Sequence[BaseGeometry], shape: tuple[int, ...]
) -> npt.NDArray[np.int32]:
    """Which outline each pixel lies in.

    Every upright edge of an outline is where, going right, its pixels begin or end; a running sum
    along the rows of +number and -number is the number of the outline that one is in.

    Args:
        outlines: along pixel borders, apart from each other, as ``polygonise`` gives them.
        shape: (rows, cols).

    Returns:
        (rows, cols); 0 = in none, n + 1 = in outline n.
    """
    parts, owner = shapely.get_parts(np.array(outlines, object), return_index=True)
    rings, part = shapely.get_rings(shapely.orient_polygons(parts), return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    x, y = np.rint(xy).astype(np.int64).T
    upright = (ring[1:] == ring[:-1]) & (x[1:] == x[:-1])
    start, stop = y[:-1][upright], y[1:][upright]
    number = owner[part[ring[:-1][upright]]] + 1
    lengths = np.abs(stop - start)
    before = np.repeat(np.cumsum(lengths) - lengths, lengths)
    rows = np.repeat(np.minimum(start, stop), lengths) + np.arange(lengths.sum()) - before
    steps = np.zeros((shape[0], shape[1] + 1), np.int32)
    sign = np.where(stop > start, -number, number)  # exteriors run counterclockwise
    np.add.at(steps, (rows, np.repeat(x[:-1][upright], lengths)), np.repeat(sign, lengths))
    inside: npt.NDArray[np.int32] = np.cumsum(steps, axis=1, dtype=np.int32)[:, :-1]
    return inside


def burn(
    geoms: Sequence[BaseGeometry],
    window: Window,
    grid: ProjectGrid,
    *,
    value: int,
    out: npt.NDArray[np.uint8],
) -> None:
    """Write a value into every pixel of a window whose centre lies in a geometry.

    Args:
        geoms: project CRS; empty ones are left out.
        window: which pixels ``out`` holds.
        grid: the project grid.
        value: 0..255.
        out: (rows, cols), changed in place.
    """
    burn_read(
        [read_corners(geom) for geom in geoms if not geom.is_empty], window, grid, (value, out)
    )


def read_corners(geom: BaseGeometry) -> Mapping[str, Any]:
    """A geometry as GDAL takes it: reading its corners costs as much as burning it once."""
    found: Mapping[str, Any] = geom.__geo_interface__
    return found


def burn_read(
    corners: Sequence[Mapping[str, Any]],
    window: Window,
    grid: ProjectGrid,
    what: tuple[int, npt.NDArray[np.uint8]],
) -> None:
    """Burn geometries whose corners have been read before; see ``burn``.

    Args:
        corners: of geometries that are not empty.
        window: which pixels are changed.
        grid: the project grid.
        what: value 0..255 and (rows, cols), changed in place.
    """
    if not corners:
        return
    value, out = what
    left, _, _, top = grid.bounds(window)
    transform = Affine(grid.pixel_m, 0.0, left, 0.0, -grid.pixel_m, top)
    rasterize(((one, value) for one in corners), out=out, transform=transform, default_value=value)


class AreaMask:
    """The area as a mask of any window; cheap where a window lies wholly inside or outside."""

    def __init__(self, area: BaseGeometry, grid: ProjectGrid) -> None:
        self._area = area
        self._grid = grid
        shapely.prepare(area)

    def of(self, window: Window) -> npt.NDArray[np.bool_]:
        """True for pixels whose centre lies in the area, (rows, cols)."""
        box = shapely.box(*self._grid.bounds(window))
        if shapely.contains_properly(self._area, box):
            return np.ones((window.rows, window.cols), bool)
        out = np.zeros((window.rows, window.cols), np.uint8)
        if shapely.intersects(self._area, box):
            near = shapely.intersection(self._area, box)
            if near.area > 0:
                burn([near], window, self._grid, value=1, out=out)
        inside: npt.NDArray[np.bool_] = out == 1
        return inside
