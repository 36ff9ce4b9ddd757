"""Write GeoTIFFs so that a name always stands for a whole, checked file."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio
from rasterio.errors import RasterioError
from rasterio.io import MemoryFile
from rasterio.transform import Affine

from rtsproj.errors import RtsError


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a raster lies: CRS, m of the upper left corner, pixel side in m."""

    crs: str
    left: float
    top: float
    pixel_m: float


def write_geotiff(
    path: Path,
    values: npt.NDArray[np.generic],
    place: Placement,
    *,
    nodata: float | None = None,
    band_names: Sequence[str] = (),
) -> None:
    """Write (bands, rows, cols) as a tiled deflate GeoTIFF.

    Written beside its name, closed, read again and compared, fsynced, then renamed: on a full disk
    GDAL can end without an exception and leave an unreadable file (faults 2, fact 6).

    Raises:
        RtsError: the file cannot be written or does not read back as it was given.
    """
    part = path.with_name(f".{path.name}.part")
    profile = _profile(values, place, nodata) | {"compress": "deflate", "zlevel": 1}
    try:
        with rasterio.open(part, "w", **profile) as sink:
            sink.write(values)
            for number, name in enumerate(band_names, start=1):
                sink.set_band_description(number, name)
        with rasterio.open(part, driver="GTiff") as source:
            same = np.array_equal(source.read(), values, equal_nan=values.dtype.kind == "f")
        if not same:
            raise RtsError(f"{path} did not read back as written", hint="is the disk full?")
        with part.open("rb") as stream:
            os.fsync(stream.fileno())
        part.replace(path)
    except (RasterioError, OSError) as error:
        part.unlink(missing_ok=True)
        raise RtsError(
            f"{path} cannot be written: {error}", hint="check free space and rights"
        ) from error


def geotiff_bytes(
    values: npt.NDArray[np.generic], place: Placement, *, nodata: float | None = None
) -> bytes:
    """(bands, rows, cols) as the bytes of a tiled GeoTIFF: for many small rasters.

    Zstandard at level 1 takes a seventh of the time of deflate, and GDAL need not open files.
    """
    profile = _profile(values, place, nodata) | {"compress": "zstd", "zstd_level": 1}
    with MemoryFile() as memory:
        with memory.open(**profile) as sink:
            sink.write(values)
        return bytes(memory.getbuffer())


def _profile(
    values: npt.NDArray[np.generic], place: Placement, nodata: float | None
) -> dict[str, Any]:
    profile = {
        "driver": "GTiff",
        "count": values.shape[0],
        "height": values.shape[1],
        "width": values.shape[2],
        "dtype": values.dtype.name,
        "crs": place.crs,
        "transform": Affine(place.pixel_m, 0.0, place.left, 0.0, -place.pixel_m, place.top),
        "nodata": nodata,
    }
    if min(values.shape[1:]) >= 256:
        profile |= {"tiled": True, "blockxsize": 256, "blockysize": 256}
    return profile
