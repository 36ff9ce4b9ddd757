"""An image and a server that gives it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import rasterio
from pieces import CRS, GRID
from ranges import NAME, SIDE, Ranges, allow, serving
from rasterio.transform import Affine

from rtsproj.imagery.objects import reader as reader_module
from rtsproj.imagery.objects import store as store_module


@pytest.fixture(scope="module")
def cog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A COG of noise, 3 MB in 64 blocks with overviews."""
    path = tmp_path_factory.mktemp("cog") / NAME
    rng = np.random.default_rng(5)
    values = rng.integers(1, 9000, (4, SIDE, SIDE)).astype(np.uint16)
    place = Affine(3.0, 0.0, GRID.origin_x, 0.0, -3.0, GRID.origin_y)
    how = {"crs": CRS, "transform": place, "nodata": 0}
    shape = {"width": SIDE, "height": SIDE, "count": 4, "dtype": "uint16"}
    with rasterio.open(
        path, "w", driver="COG", blocksize=128, compress="deflate", **how, **shape
    ) as d:
        d.write(values)
    return path


@pytest.fixture
def server(tmp_path: Path, cog: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ranges]:
    """Gives the COG; this machine may read what lies below /data/."""
    monkeypatch.setattr(store_module, "PAUSE_S", 0.01)
    monkeypatch.setattr(store_module, "RETRIES", 2)
    reader_module._quiet_of.cache_clear()  # a port may have been another test's
    folder = tmp_path / "served"
    folder.mkdir()
    shutil.copy(cog, folder / NAME)
    with serving(folder) as state:
        allow(monkeypatch, tmp_path / "config", f"http://127.0.0.1:{state.port}/data/")
        yield state
