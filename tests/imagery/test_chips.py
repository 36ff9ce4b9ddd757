"""Chips, the scaling rule, burnt and traced shapes, the evidence sheet, written rasters."""

from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pieces import CRS, GRID, field, scene
from PIL import Image

from rtsproj.domain.grid import Window
from rtsproj.errors import NeedsError, RtsError, UsageError
from rtsproj.imagery.chips import read_chip
from rtsproj.imagery.evidence import OUTLINE, Evidence, Panel, scale_length, write_evidence
from rtsproj.imagery.looks import STRIPE_DARK, STRIPE_LIGHT, stretch
from rtsproj.imagery.mosaic import Mosaic
from rtsproj.imagery.rasters import Placement, write_geotiff
from rtsproj.imagery.scaling import CLIP, REFLECTANCE, measure_scaling, scale
from rtsproj.imagery.shapes import burn, polygonise

WINDOW = Window(0, 0, 48, 48)


def bounds(window: Window) -> tuple[float, float, float, float]:
    return GRID.bounds(window)


def test_missing_imagery_is_striped_never_black(tmp_path: Path) -> None:
    spec = scene(tmp_path, field(bands=3))
    with Mosaic([spec], GRID, ("a", "b", "c")) as mosaic:
        chip = read_chip(mosaic, bounds(Window(0, 24, 48, 48)))
    assert chip.missing_share == 0.5
    assert set(np.unique(chip.rgb[:, 24:])) == {STRIPE_DARK, STRIPE_LIGHT}
    assert chip.rgb[:, :24].std() > 20


def test_a_wide_view_is_thinned(tmp_path: Path) -> None:
    spec = scene(tmp_path, field(bands=3))
    with Mosaic([spec], GRID, ("a", "b", "c")) as mosaic:
        chip = read_chip(mosaic, bounds(WINDOW), most_px=20)
    assert chip.rgb.shape == (16, 16, 3)
    assert chip.window == WINDOW


@pytest.mark.parametrize("value", [0.0, 7.0])
def test_a_view_of_one_value_or_of_nothing_is_drawn(value: float) -> None:
    values = np.full((3, 4, 4), value, np.float32)
    assert stretch(values, np.ones((4, 4), bool)).shape == (4, 4, 3)
    assert not stretch(values, np.zeros((4, 4), bool)).any()


def test_the_scaling_rule_is_measured_on_valid_pixels_alone(tmp_path: Path) -> None:
    values = field()
    values[:, :4] = 0
    spec = scene(tmp_path, values)
    with Mosaic([spec], GRID, ("a", "b")) as mosaic:
        rule = measure_scaling(mosaic, [WINDOW], rule="percentile")
        fixed = measure_scaling(mosaic, [WINDOW], rule="reflectance")
        with pytest.raises(NeedsError, match="no valid pixel"):
            measure_scaling(mosaic, [Window(500, 500, 8, 8)], rule="percentile")
    valid = values[:, 4:].reshape(2, -1)
    assert rule.low == pytest.approx(np.percentile(valid, 1, axis=1))
    assert rule.high == pytest.approx(np.percentile(valid, 99, axis=1))
    assert (fixed.low, fixed.high) == ((REFLECTANCE[0],) * 2, (REFLECTANCE[1],) * 2)
    scaled = scale(valid.reshape(2, 1, -1).astype(np.float32), rule)
    assert CLIP[0] <= scaled.min() < 0.01
    assert 0.99 < scaled.max() <= CLIP[1]


@given(arrays(bool, (9, 11)))
def test_a_mask_traced_and_burnt_is_the_mask(mask: np.ndarray) -> None:
    shapes = polygonise(mask)
    assert all(shape.is_valid for shape in shapes)
    assert sum(shape.area for shape in shapes) == mask.sum()
    placed = [
        shapely.transform(one, lambda xy: [GRID.origin_x, GRID.origin_y] + xy * [3.0, -3.0])
        for one in shapes
    ]
    out = np.zeros(mask.shape, np.uint8)
    burn(placed, Window(0, 0, 9, 11), GRID, value=1, out=out)
    assert np.array_equal(out.astype(bool), mask)


@given(st.floats(1, 1e6))
def test_a_scale_bar_is_a_round_third_at_most(width_m: float) -> None:
    length = scale_length(width_m)
    assert width_m / 9 < length <= width_m / 3 + 1e-9
    assert f"{length:.0e}"[0] in "125"


def test_an_evidence_sheet_holds_every_panel_and_the_outline(tmp_path: Path) -> None:
    spec = scene(tmp_path, field(bands=3))
    with Mosaic([spec], GRID, ("a", "b", "c")) as mosaic:
        chip = read_chip(mosaic, bounds(WINDOW))
    outline = shapely.box(500_030, 3_849_900, 500_090, 3_849_960)
    evidence = Evidence(GRID, outline, (), ("C-00001", "grown by 40 m²"))
    path = tmp_path / "sheet.png"
    write_evidence(path, [Panel("2018", chip), Panel("2019", chip)], evidence)
    sheet = np.asarray(Image.open(path))
    yellow = (sheet == OUTLINE).all(axis=-1)
    assert yellow[:, : sheet.shape[1] // 2].sum() > 400
    assert yellow[:, sheet.shape[1] // 2 :].sum() > 400
    with pytest.raises(UsageError, match="cannot be written"):
        write_evidence(spec_file(tmp_path) / "x.png", [Panel("2018", chip)], evidence)


def spec_file(folder: Path) -> Path:
    return folder / "s1.tif"


def test_a_raster_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    place = Placement(CRS, 500_000.0, 3_850_000.0, 3.0)
    with pytest.raises(RtsError):
        write_geotiff(tmp_path / "no" / "x.tif", field(), place, nodata=0)
    assert list(tmp_path.iterdir()) == []
