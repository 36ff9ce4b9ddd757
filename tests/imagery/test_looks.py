"""Values of a view to colours, on rasters small enough to compute by hand."""

import numpy as np
import pytest
from pieces import CRS, GRID, SIDE, field, scene
from textures import tundra

from rtsproj.domain.grid import Window
from rtsproj.imagery import looks
from rtsproj.imagery.chips import read_sight
from rtsproj.imagery.rasters import Placement
from rtsproj.imagery.safety import open_raster


def floats(*rows: list[float]) -> np.ndarray:
    return np.array(rows, np.float32)


def test_the_vegetation_index_is_the_ratio_and_zero_on_nothing() -> None:
    index = looks.vegetation_index(floats([1, 3, 0]), floats([3, 1, 0]))
    assert index.tolist() == [[0.5, -0.5, 0.0]]
    assert index.dtype == np.float32


def test_vegetation_is_green_bare_floor_brown_water_blue() -> None:
    rgb = looks.vegetation_picture(floats([-0.3, 0.05, 0.8])).astype(int)[0]
    water, bare, dense = rgb
    assert water.argmax() == 2
    assert bare.argmax() == 0
    assert dense.argmax() == 1


def test_change_is_newer_minus_older_without_the_median() -> None:
    older, newer = floats([1, 1, 1, 5]), floats([3, 3, 0, 9])
    valid = np.array([[True, True, True, False]])
    change = looks.change_between(older, newer, valid, of="NDVI")
    assert change.values.tolist() == [[0.0, 0.0, -3.0, 0.0]]
    rgb = looks.change_picture(change).astype(int)[0]
    assert rgb[2].tolist() == list(looks.CHANGE_RAMP[0][1:])
    assert rgb[0].tolist() == list(looks.CHANGE_RAMP[1][1:])


def test_noise_alone_stays_pale() -> None:
    rng = np.random.default_rng(1)
    noise = rng.normal(0, 0.01, (20, 20)).astype(np.float32)
    valid = np.ones((20, 20), bool)
    quiet = looks.change_picture(looks.change_between(noise * 0, noise, valid, of="NDVI"))
    pale = np.array(looks.CHANGE_RAMP[1][1:])
    assert np.abs(quiet.astype(int) - pale).max() < 70
    nothing = np.zeros((20, 20), bool)
    blank = looks.change_picture(looks.change_between(noise, noise, nothing, of="brightness"))
    assert (blank == pale).all()


@pytest.mark.parametrize(
    ("name", "slope", "is_bright"),
    [("faces north-west", (1, 1), True), ("faces south-east", (-1, -1), False)],
)
def test_the_sun_stands_in_the_north_west(name: str, slope, is_bright: bool) -> None:
    down, across = np.mgrid[0:5, 0:5].astype(np.float32)
    light = looks.hillshade(slope[0] * down + slope[1] * across, 3.0)
    flat = looks.hillshade(np.zeros((5, 5), np.float32), 3.0)
    assert flat[2, 2] == pytest.approx(np.sin(np.pi / 4), abs=1e-6)
    assert bool(light[2, 2] > flat[2, 2]) is is_bright, name


def test_a_plane_is_lit_as_the_formula_says() -> None:
    down, _ = np.mgrid[0:4, 0:4].astype(np.float32)
    light = looks.hillshade(down * 3.0 / looks.EXAGGERATION, 3.0)
    cosine = np.cos(np.pi / 4) * np.cos(np.radians(315))
    assert light[1, 1] == pytest.approx((np.sin(np.pi / 4) + cosine) / np.sqrt(2), abs=1e-5)
    assert looks.hillshade(np.zeros((1, 3), np.float32), 3.0).shape == (1, 3)


def test_given_limits_are_black_and_white_and_an_unknown_band_is_black() -> None:
    values = np.stack([floats([0, 50, 100])] * 3)
    rgb = looks.stretched(values, ("a", "b", "c"), {"a": (0, 100), "b": (50, 60)})
    assert rgb[0, :, 0].tolist() == [0, 127, 255]
    assert rgb[0, :, 1].tolist() == [0, 0, 255]
    assert rgb[0, :, 2].tolist() == [0, 0, 0]
    assert looks.measure_limits(values, np.zeros((1, 3), bool), ("a", "b", "c")) == {}


def test_a_view_knows_the_day_of_the_scene_that_gave_most(tmp_path) -> None:
    values = field(bands=1)
    half = values.copy()
    half[:, :, 10:] = 0
    scenes = [scene(tmp_path, half, number=2), scene(tmp_path, values, number=5)]
    seen = read_sight(scenes, GRID, ("a",), GRID.bounds(Window(0, 0, SIDE, SIDE)))
    assert seen.taken is not None
    assert seen.taken.day == 5
    assert seen.missing_share == 0
    nowhere = read_sight(scenes, GRID, ("a",), GRID.bounds(Window(900, 0, 8, 8)))
    assert nowhere.taken is None
    assert nowhere.missing_share == 1.0


def test_a_view_is_a_square_and_a_band_may_be_shown_thrice(tmp_path) -> None:
    spec = scene(tmp_path, field(bands=1))
    seen = read_sight([spec], GRID, ("a", "a", "a"), GRID.bounds(Window(2, 3, 9, 12)))
    assert seen.pixels.values.shape == (3, 12, 12)
    assert (seen.pixels.values[0] == seen.pixels.values[2]).all()
    assert (seen.window.row, seen.window.col) == (2, 3)


@pytest.mark.parametrize("most_px", [48, 24, 16])
def test_a_thinned_view_is_the_mean_of_what_it_covers(tmp_path, most_px: int) -> None:
    chip = tundra(SIDE).transpose(2, 0, 1).astype("uint16") + 1
    spec = scene(tmp_path, chip)
    bounds = GRID.bounds(Window(0, 0, SIDE, SIDE))
    whole = read_sight([spec], GRID, ("a",), bounds).pixels.values[0]
    thin = read_sight([spec], GRID, ("a",), bounds, most_px=most_px).pixels.values[0]
    step = -(-SIDE // most_px)
    inside = SIDE // step
    blocks = whole[: inside * step, : inside * step].reshape(inside, step, inside, step)
    assert thin[:inside, :inside] == pytest.approx(blocks.mean(axis=(1, 3)), abs=12)


def test_a_wide_view_reads_by_overviews(tmp_path, monkeypatch) -> None:
    asked = []

    def spy(path, **how):
        dataset = open_original(path, **how)
        asked.append(dataset)
        return Spy(dataset, shapes)

    shapes: list[tuple[int, ...]] = []
    module = __import__("rtsproj.imagery.mosaic", fromlist=["open_dataset"])
    open_original = module.open_dataset
    monkeypatch.setattr(module, "open_dataset", spy)
    spec = scene(tmp_path, field(bands=3))
    read_sight([spec], GRID, ("a", "b"), GRID.bounds(Window(0, 0, SIDE, SIDE)), most_px=12)
    assert shapes == [(2, 12, 12)]


class Spy:
    """A dataset that tells how many pixels are asked of it."""

    def __init__(self, dataset, shapes) -> None:
        self._dataset, self._shapes = dataset, shapes

    def __getattr__(self, name: str):
        return getattr(self._dataset, name)

    def read(self, *args, **given):
        values = self._dataset.read(*args, **given)
        self._shapes.append(values.shape)
        return values


def test_a_scene_of_coarser_pixels_is_not_thinned_away(tmp_path) -> None:
    place = Placement(CRS, 500_000.0, 3_850_000.0, 12.0)
    spec = scene(tmp_path, field(bands=1), place=place)
    with open_raster(tmp_path / "s1.tif") as dataset:
        assert dataset.width == SIDE
    bounds = GRID.bounds(Window(0, 0, 4 * SIDE, 4 * SIDE))
    seen = read_sight([spec], GRID, ("a",), bounds, most_px=SIDE)
    assert seen.pixels.values.shape == (1, SIDE, SIDE)
    assert len(np.unique(seen.pixels.values)) > 100
