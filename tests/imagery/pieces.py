"""A small raster and the scene that it makes."""

from datetime import date
from pathlib import Path

import numpy as np

from rtsproj.domain.grid import ProjectGrid
from rtsproj.domain.scenes import Role, SceneSpec
from rtsproj.imagery.rasters import Placement, write_geotiff

CRS = "EPSG:32646"
GRID = ProjectGrid(CRS, 3.0, 500_000.0, 3_850_000.0)
SIDE = 48


def field(dtype: str = "uint16", bands: int = 2) -> np.ndarray:
    rows, cols = np.mgrid[0:SIDE, 0:SIDE]
    smooth = 100 + rows + 2 * cols
    return np.stack([smooth + 10 * n for n in range(bands)]).astype(dtype)


def scene(path: Path, values: np.ndarray, *, number: int = 1, **given) -> SceneSpec:
    place = given.pop("place", Placement(CRS, 500_000.0, 3_850_000.0, 3.0))
    file = path / f"s{number}.tif"
    nodata = given.pop("nodata", 0)
    write_geotiff(file, values, place, nodata=nodata)
    facts = {
        "scene_id": number,
        "path": str(file),
        "role": Role.MAP,
        "acquired": date(2019, 7, number),
        "bands": tuple("abcdefghijklm"[: len(values)]),
        "dtype": values.dtype.name,
        "nodata": nodata,
        "mask_path": None,
        "clear_share": 1.0,
        "fingerprint": "",
    }
    return SceneSpec(**{**facts, **given})
