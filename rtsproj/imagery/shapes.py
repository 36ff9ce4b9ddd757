"""Between masks and polygons, by GDAL's rules: pixel borders out, pixel centres in."""

from collections.abc import Sequence

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
    if not mask.any():
        return []
    found = shapes(mask.astype(np.uint8), mask=mask, connectivity=4)
    polygons = [shapely.geometry.shape(geometry) for geometry, _ in found]
    return [
        one if one.is_valid else shapely.make_valid(one, method="structure", keep_collapsed=False)
        for one in polygons
    ]


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
    present = [geom for geom in geoms if not geom.is_empty]
    if not present:
        return
    left, _, _, top = grid.bounds(window)
    transform = Affine(grid.pixel_m, 0.0, left, 0.0, -grid.pixel_m, top)
    rasterize(
        ((geom, value) for geom in present), out=out, transform=transform, default_value=value
    )
