"""The mosaic is one raster, whatever scenes, grids and masks it is made of."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pieces import CRS, GRID, SIDE, field, scene

from rtsproj.domain.grid import Window
from rtsproj.domain.scenes import reading_order
from rtsproj.errors import RtsError
from rtsproj.imagery.mosaic import BandError, Mosaic
from rtsproj.imagery.rasters import Placement, write_geotiff

PLACES = [
    Placement(CRS, 500_000.0, 3_850_000.0, 3.0),
    Placement(CRS, 500_006.0, 3_849_997.0, 3.0),
    Placement(CRS, 500_001.1, 3_849_998.6, 3.0),
    Placement(CRS, 500_000.0, 3_850_000.0, 4.7),
    Placement("EPSG:32645", 1_049_000.0, 3_867_500.0, 3.0),
]


@pytest.mark.parametrize("place", PLACES, ids=["same", "shifted", "between", "coarser", "zone"])
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(row=st.integers(-9, 40), col=st.integers(-9, 40), cut=st.integers(1, 20))
def test_a_window_read_in_pieces_equals_the_window(
    tmp_path: Path, place: Placement, row: int, col: int, cut: int
) -> None:
    spec = scene(tmp_path, field(), place=place)
    with Mosaic([spec], GRID, ("a", "b")) as mosaic:
        whole = mosaic.read(Window(row, col, 24, 24))
        left = mosaic.read(Window(row, col, 24, cut))
        right = mosaic.read(Window(row, col + cut, 24, 24 - cut))
    assert np.array_equal(whole.valid, np.concatenate([left.valid, right.valid], axis=1))
    joined = np.concatenate([left.values, right.values], axis=2)
    assert np.allclose(whole.values, joined, atol=1e-3)


def test_an_aligned_scene_is_read_as_it_is(tmp_path: Path) -> None:
    values = field()
    spec = scene(tmp_path, values, place=PLACES[1])
    with Mosaic([spec], GRID, ("b",)) as mosaic:
        pixels = mosaic.read(Window(1, 2, SIDE, SIDE))
        outside = mosaic.read(Window(500, 500, 4, 4))
    assert np.array_equal(pixels.values[0], values[1])
    assert pixels.valid.all()
    assert not outside.valid.any()


def test_a_grid_between_pixels_keeps_a_plane_a_plane(tmp_path: Path) -> None:
    spec = scene(tmp_path, field("float32"), place=PLACES[2], nodata=-1)
    with Mosaic([spec], GRID, ("a",)) as mosaic:
        found = mosaic.read(Window(8, 8, 20, 20)).values[0]
    rows, cols = np.mgrid[8:28, 8:28]
    # the scene lies 1.1 m to the right and 1.4 m down
    expected = 100 + (rows - 1.4 / 3) + 2 * (cols - 1.1 / 3)
    assert np.allclose(found, expected, atol=1e-3)


def test_the_clearest_scene_of_the_newest_year_wins_pixel_by_pixel(tmp_path: Path) -> None:
    hazy = scene(tmp_path, np.full((1, SIDE, SIDE), 7, np.uint16), number=1, clear_share=0.5)
    values = np.full((1, SIDE, SIDE), 9, np.uint16)
    values[:, :10] = 0
    clear = scene(tmp_path, values, number=2, clear_share=0.9)
    old = scene(
        tmp_path,
        np.full((1, SIDE, SIDE), 5, np.uint16),
        number=3,
        acquired=date(2018, 7, 1),
    )
    order = reading_order([hazy, old, clear])
    assert [one.scene_id for one in order] == [2, 1, 3]
    with Mosaic(order, GRID, ("a",)) as mosaic:
        found = mosaic.read(Window(0, 0, SIDE, SIDE)).values[0]
    assert set(np.unique(found[:10])) == {7}
    assert set(np.unique(found[10:])) == {9}


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
@pytest.mark.parametrize("bands", [3, 13])
def test_any_data_type_and_band_count(tmp_path: Path, dtype: str, bands: int) -> None:
    values = (field("int32", bands) % 200 + 1).astype(dtype)
    spec = scene(tmp_path, values)
    names = ("c", "a", "b")
    with Mosaic([spec], GRID, names) as mosaic:
        found = mosaic.read(Window(0, 0, SIDE, SIDE))
    assert np.array_equal(found.values, values[[2, 0, 1]].astype(np.float32))


def test_nodata_nan_and_infinite_pixels_are_invalid(tmp_path: Path) -> None:
    values = field("float32")
    values[:, 0] = -9999
    values[0, 1] = np.nan
    values[1, 2] = np.inf
    spec = scene(tmp_path, values, nodata=-9999)
    with Mosaic([spec], GRID, ("a", "b")) as mosaic:
        found = mosaic.read(Window(0, 0, 6, 6))
    assert found.valid[3:].all()
    assert not found.valid[:3].any()
    assert (found.values[:, :3] == 0).all()


def test_alpha_and_udm2_masks_are_masks_and_no_features(tmp_path: Path) -> None:
    values = field("uint8", 3)
    values[2] = 255
    values[2, :5] = 0
    clear = np.ones((8, SIDE, SIDE), np.uint8)
    clear[0, :, :7] = 0
    mask = tmp_path / "mask.tif"
    write_geotiff(mask, clear, PLACES[0])
    spec = scene(tmp_path, values, bands=("a", "b", "alpha"), mask_path=str(mask), nodata=None)
    with Mosaic([spec], GRID, ("a", "b")) as mosaic:
        valid = mosaic.valid(Window(0, 0, SIDE, SIDE))
    assert not valid[:5].any()
    assert not valid[:, :7].any()
    assert valid[5:, 7:].all()


def test_a_missing_band_and_a_damaged_file_are_named(tmp_path: Path) -> None:
    spec = scene(tmp_path, field())
    with pytest.raises(BandError, match="has no band nir"):
        Mosaic([spec], GRID, ("a", "nir"))
    path = Path(spec.path)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) - 900])
    with Mosaic([spec], GRID, ("a",)) as mosaic, pytest.raises(RtsError, match=r"s1\.tif"):
        mosaic.read(Window(0, 0, SIDE, SIDE))


@pytest.mark.parametrize(
    "window",
    [Window(0, SIDE, 4, 4), Window(SIDE, 0, 4, 4), Window(-4, 0, 4, 4), Window(0, -4, 4, 4)],
)
def test_a_window_beside_an_aligned_scene_is_invalid(tmp_path: Path, window: Window) -> None:
    with Mosaic([scene(tmp_path, field())], GRID, ("a",)) as mosaic:
        assert not mosaic.read(window).valid.any()
