"""Probability tiles: uint8, 255 = no valid pixel, on the project grid."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from rasterio.errors import RasterioError

from rtsproj.domain.grid import ProjectGrid, Window
from rtsproj.errors import DamagedError
from rtsproj.imagery.rasters import Placement, geotiff_bytes
from rtsproj.imagery.safety import open_raster

NO_PIXEL = 255
"""Value of a pixel without imagery or outside the area."""
FULL = 254
"""Value of probability 1, and of a spread of 1."""

Bytes = npt.NDArray[np.uint8]


def stored_cut(threshold: float) -> int:
    """Smallest stored value that reaches a probability, 0..1."""
    return int(np.ceil(threshold * FULL - 1e-9))


def probability_bytes(probability: Bytes, window: Window, grid: ProjectGrid) -> bytes:
    """One tile as a GeoTIFF.

    Args:
        probability: (rows, cols); 0..254 = probability x 254, 255 = no pixel.
        window: its place on the grid.
        grid: the project grid.
    """
    left, _, _, top = grid.bounds(window)
    place = Placement(grid.crs, left, top, grid.pixel_m)
    return geotiff_bytes(probability[None], place, nodata=NO_PIXEL)


def read_probability(path: Path) -> Bytes:
    """Read one tile, (rows, cols).

    Raises:
        DamagedError: the file cannot be read.
    """
    try:
        with open_raster(path) as source:
            found: Bytes = source.read(1)
    except RasterioError as error:
        raise DamagedError(f"{path} cannot be read", hint="resume the job: it is redone") from error
    return found
