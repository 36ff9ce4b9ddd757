"""Strips give the pixels that reading each window gives, and decode every block of a file once."""

import tracemalloc
from collections import Counter
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from rasterio.transform import Affine
from workshop import BANDS, GRID

from rtsproj.domain.grid import Window
from rtsproj.domain.scenes import Role, SceneSpec
from rtsproj.domain.tiles import Tile
from rtsproj.geometry.grid import tiles_over
from rtsproj.imagery import mosaic as mosaic_module
from rtsproj.imagery.mosaic import Mosaic, Reading, ReadStopped
from rtsproj.imagery.shapes import AreaMask
from rtsproj.inference import rooms as rooms_module
from rtsproj.inference.strips import StripReader
from rtsproj.inference.windows import Layout, strips_of

SIDE = 480
LAYOUTS = {
    "tiled": {"tiled": True, "blockxsize": 64, "blockysize": 64},
    "striped": {"tiled": False, "blockysize": 7},
    "one strip": {"tiled": False, "blockysize": SIDE},
}


def scene(folder: Path, name: str, *, shift: float = 0.0, rows: int = SIDE) -> SceneSpec:
    rng = np.random.default_rng(5)
    values = rng.integers(0, 4000, (4, rows, SIDE)).astype(np.uint16)
    values[:, 100:160, 40:220] = 0
    path = folder / f"{name}-{shift}-{rows}.tif"
    left = GRID.origin_x + shift
    transform = Affine(GRID.pixel_m, 0.0, left, 0.0, -GRID.pixel_m, GRID.origin_y)
    profile = {"driver": "GTiff", "count": 4, "height": rows, "width": SIDE, "dtype": "uint16"}
    with rasterio.open(
        path,
        "w",
        crs=GRID.crs,
        transform=transform,
        nodata=0,
        compress="deflate",
        **profile,
        **LAYOUTS[name],
    ) as sink:
        sink.write(values)
    return SceneSpec(1, str(path), Role.MAP, date(2020, 8, 1), BANDS, "uint16", 0, None, 1.0, "")


def strips_over(extent: Window, *, span: int, margin: int) -> list:
    tiles = [Tile(n, row, col, 64) for n, (row, col) in enumerate(tiles_over(extent, 64))]
    return list(strips_of(tiles, Layout(64, margin, span, extent)))


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize(("span", "margin"), [(1, 16), (2, 16), (1, 0), (3, 40)])
def test_windows_of_strips_are_the_windows_of_the_mosaic(
    name: str, span: int, margin: int, tmp_path: Path
) -> None:
    spec = scene(tmp_path, name)
    extent = Window(3, 5, SIDE - 10, SIDE - 9)
    area = AreaMask(shapely.box(*GRID.bounds(Window(0, 0, SIDE, 300))), GRID)
    with Mosaic([spec], GRID, BANDS) as mosaic, Mosaic([spec], GRID, BANDS) as other:
        reader = StripReader(mosaic, area, extent)
        for strip in strips_over(extent, span=span, margin=margin):
            for read in reader.windows(strip, strip.windows):
                inner = read.place.core.shared(extent)
                exact = other.read(inner)
                counted = exact.valid.copy()
                counted[:, max(0, 300 - inner.col) :] = False
                at = np.s_[inner.row - read.place.core.row :, inner.col - read.place.core.col :]
                assert np.array_equal(read.counted[at][: inner.rows, : inner.cols], counted)
                assert read.counted.sum() == counted.sum()
                if read.imagery is not None and read.imagery.window == read.place.window:
                    part = read.place.window.shared(extent)
                    row, col = part.row - read.place.window.row, part.col - read.place.window.col
                    whole = other.read(part)
                    cut = np.s_[..., row : row + part.rows, col : col + part.cols]
                    assert read.imagery.values.dtype == np.uint16
                    assert np.array_equal(read.imagery.values[cut], whole.values)
                    assert np.array_equal(read.imagery.valid[cut], whole.valid)


class Counting:
    """An open raster that counts how often each row and column of blocks is decoded."""

    def __init__(self, dataset: object, seen: Counter) -> None:
        self._dataset, self._seen = dataset, seen

    def __getattr__(self, name: str) -> object:
        return getattr(self._dataset, name)

    def read(self, *given: object, window: rasterio.windows.Window, **how: object) -> object:
        rows, cols = self._dataset.block_shapes[0]
        for row in range(window.row_off // rows, -(-(window.row_off + window.height) // rows)):
            for col in range(window.col_off // cols, -(-(window.col_off + window.width) // cols)):
                self._seen[row, col] += 1
        return self._dataset.read(*given, window=window, **how)


@pytest.mark.parametrize("name", ["tiled", "striped"])
@pytest.mark.parametrize("span", [1, 2])
def test_every_block_of_a_file_is_decoded_once(
    name: str, span: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: Counter = Counter()
    opened = mosaic_module.open_dataset
    monkeypatch.setattr(
        mosaic_module, "open_dataset", lambda path, **how: Counting(opened(path, **how), seen)
    )
    monkeypatch.setattr(mosaic_module, "_PIECE_BYTES", 128 * 192 * 10)  # several pieces a strip
    spec = scene(tmp_path, name)
    extent = Window(0, 0, SIDE, SIDE)
    area = AreaMask(shapely.box(*GRID.bounds(extent)), GRID)
    with Mosaic([spec], GRID, BANDS) as mosaic:
        reader = StripReader(mosaic, area, extent)
        for strip in strips_over(extent, span=span, margin=16):
            list(reader.windows(strip, strip.windows))
    rows, cols = LAYOUTS[name]["blockysize"], LAYOUTS[name].get("blockxsize", SIDE)
    assert len(seen) == -(-SIDE // rows) * -(-SIDE // cols)
    assert set(seen.values()) == {1}


def test_memory_is_bounded_by_the_width_of_a_strip_not_by_the_height_of_a_scene(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # which tells tracemalloc
    monkeypatch.setattr(rooms_module, "fresh", lambda size: np.zeros(size, np.uint8))

    def peak(rows: int) -> int:
        spec = scene(tmp_path, "tiled", rows=rows)
        extent = Window(0, 0, rows, SIDE)
        area = AreaMask(shapely.box(*GRID.bounds(extent)), GRID)
        with Mosaic([spec], GRID, BANDS) as mosaic:
            reader = StripReader(mosaic, area, extent)
            strips = strips_over(extent, span=2, margin=16)
            tracemalloc.start()
            for strip in strips:
                for _ in reader.windows(strip, strip.windows):
                    pass
            found = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        return found

    window, block, bytes_px = 2 * 64 + 2 * 16, 64, 4 * 2 + 1
    low, high = peak(8 * 128), peak(48 * 128)
    assert high == pytest.approx(low, rel=0.15)
    # the strip, what is kept of the one above it, and a piece on its way
    assert high < 2.5 * (window + block) * SIDE * bytes_px


def test_a_scene_between_pixels_is_read_as_float(tmp_path: Path) -> None:
    spec = scene(tmp_path, "tiled", shift=1.2)
    with Mosaic([spec], GRID, BANDS) as mosaic:
        assert mosaic.dtype_of(Window(0, 0, 64, 64)) == np.float32
        assert mosaic.block_end(Window(0, 0, 65, 64)) == 65


def test_a_long_read_ends_when_nobody_waits_for_it(tmp_path: Path) -> None:
    spec = scene(tmp_path, "tiled")
    with (
        Mosaic([spec], GRID, BANDS, how=Reading(stopping=lambda: True)) as mosaic,
        pytest.raises(ReadStopped),
    ):
        mosaic.read(Window(0, 0, SIDE, SIDE))
