"""Views of images of any size at any place, in every look: they are pictures, striped outside."""

import tempfile
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from rtsproj.domain.grid import ProjectGrid
from rtsproj.domain.scenes import Role, SceneSpec
from rtsproj.domain.views import Bands, Box, Frame, Look, Stretch
from rtsproj.imagery.evidence import SIDE_PX, Evidence, Panel, draw_evidence
from rtsproj.imagery.looks import STRIPE_DARK, STRIPE_LIGHT
from rtsproj.imagery.rasters import Placement, write_geotiff
from rtsproj.workflow.candidates import Imagery
from rtsproj.workflow.epochs import Epoch
from rtsproj.workflow.pictures import ELEVATION, PictureSource, Wish, year_view

CRS, PIXEL_M = "EPSG:32646", 3.0
LEFT, TOP = 500_000.0, 3_850_000.0
GRID = ProjectGrid(CRS, PIXEL_M, LEFT, TOP)
BANDS = ("red", "green", "blue", "nir")
SIDES = st.one_of(st.integers(2, 90), st.just(1))


@dataclass(frozen=True)
class Image:
    """An image of random ground.

    Attributes:
        rows: px.
        cols: px.
        shift_px: px that it lies to the right and down of the grid's origin; parts of a pixel are
            resampled.
        has_split: True = a strip without data down the middle, as wide as a third.
    """

    rows: int
    cols: int
    shift_px: float
    has_split: bool


IMAGES = st.builds(Image, SIDES, SIDES, st.sampled_from([0.0, 0.4, 7.0, 400.0]), st.booleans())


def box_at(col: int, row: int, side: int) -> shapely.Polygon:
    """A square outline, px of the grid."""
    left, top = LEFT + col * PIXEL_M, TOP - row * PIXEL_M
    return shapely.box(left, top - side * PIXEL_M, left + side * PIXEL_M, top)


PLACES = st.integers(-100, 100)
FRAMES = st.builds(
    Frame,
    st.booleans(),
    st.integers(-8, 8),
    st.sampled_from([0.0, 130.0, -5e4]),
    st.sampled_from([0.0, -130.0, 5e4]),
)
LOOKS = st.builds(Look, st.sampled_from(Bands), st.sampled_from(Stretch))


def scene(folder: Path, number: int, image: Image, *, bands: tuple[str, ...] = BANDS) -> SceneSpec:
    values = np.random.default_rng(number).integers(500, 2500, (len(bands), image.rows, image.cols))
    if image.has_split:
        values[:, :, image.cols // 3 : 2 * image.cols // 3] = 0
    shift = image.shift_px * PIXEL_M
    path = folder / f"{number}.tif"
    place = Placement(CRS, LEFT + shift, TOP - shift, PIXEL_M)
    write_geotiff(path, values.astype(np.uint16), place, nodata=0)
    day = date(2010 + number, 7, 1)
    return SceneSpec(number, str(path), Role.MAP, day, bands, "uint16", 0, None, 1.0, "")


def source(folder: Path, images: list[Image], terrain: Image) -> PictureSource:
    """One picture a year, the last one searched; the terrain is one more raster."""
    epochs = tuple(
        Epoch(2011 + n, (scene(folder, n + 1, one),), n + 1 == len(images), f"{2011 + n}")
        for n, one in enumerate(images)
    )
    ground = scene(folder, 0, terrain, bands=(ELEVATION,))
    fixed = {"red": (500.0, 2500.0), "green": (500.0, 2500.0)}
    return PictureSource(Imagery(GRID, epochs, BANDS[:3]), (ground,), fixed, "")


def box_of(outline: shapely.Polygon) -> Box:
    left, bottom, right, top = outline.bounds
    return (left, bottom, right, top)


def pixels_inside(image: Image, view: Box) -> bool:
    """True where the view may hold a pixel of an image."""
    left, top = LEFT + image.shift_px * PIXEL_M, TOP - image.shift_px * PIXEL_M
    ground = shapely.box(left, top - image.rows * PIXEL_M, left + image.cols * PIXEL_M, top)
    return bool(shapely.box(*view).buffer(2 * PIXEL_M).intersects(ground))


@settings(max_examples=40, deadline=None)
@given(
    images=st.lists(IMAGES, min_size=2, max_size=2),
    terrain=IMAGES,
    outline=st.builds(box_at, PLACES, PLACES, st.sampled_from([1, 9, 300])),
    frame=FRAMES,
    look=LOOKS,
)
def test_any_view_of_any_image_is_a_picture_that_is_striped_outside(
    images: list[Image], terrain: Image, outline: shapely.Polygon, frame: Frame, look: Look
) -> None:
    with tempfile.TemporaryDirectory() as name:
        read = source(Path(name), images, terrain)
        views = [
            year_view(read, epoch, Wish(box_of(outline), frame, look), most_px=64)
            for epoch in read.imagery.epochs
        ]
    for view, image in zip(views, images, strict=True):
        chip = view.chip
        assert chip.rgb.shape == (*chip.valid.shape, 3)
        assert chip.rgb.dtype == np.uint8
        assert chip.rgb.shape[0] == chip.rgb.shape[1] <= 64
        assert chip.missing_share == 1 - chip.valid.mean()
        assert set(np.unique(chip.rgb[~chip.valid])) <= {STRIPE_DARK, STRIPE_LIGHT}
        ground = terrain if look.bands is Bands.HILLSHADE else image
        if not pixels_inside(ground, GRID.bounds(chip.window)):
            assert not chip.valid.any()
        left, bottom, right, top = frame.bounds(box_of(outline))
        held = shapely.box(*GRID.bounds(chip.window)).buffer(1e-3)
        assert held.covers(shapely.box(left, bottom, right, top))
    _sheet_is_drawn([Panel(view.words, view.chip) for view in views], outline)


def _sheet_is_drawn(panels: list[Panel], outline: shapely.Polygon) -> None:
    evidence = Evidence(GRID, outline, (outline.buffer(400),), ("C-00001",))
    sheet = draw_evidence(panels, evidence)
    assert sheet.width > len(panels) * SIDE_PX


@settings(max_examples=25, deadline=None)
@given(
    terrain=IMAGES,
    outline=st.builds(box_at, PLACES, PLACES, st.just(9)),
    slope=st.sampled_from([0.0, 0.1, -0.6]),
)
@example(terrain=Image(20, 30, 0.0, has_split=True), outline=box_at(0, 0, 10), slope=0.1)
@example(terrain=Image(2, 6, 0.0, has_split=True), outline=box_at(39, 0, 9), slope=0.1)
def test_the_light_on_a_slope_is_the_same_to_the_last_pixel_of_the_terrain(
    terrain: Image, outline: shapely.Polygon, slope: float
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        down, across = np.indices((terrain.rows, terrain.cols), np.float32)
        values = 4800 + slope * PIXEL_M * (down + across)
        if terrain.has_split:
            values[:, terrain.cols // 3 : 2 * terrain.cols // 3] = -9999
        place = Placement(CRS, LEFT, TOP, PIXEL_M)
        write_geotiff(folder / "dem.tif", values[None], place, nodata=-9999.0)
        read = source(folder, [terrain], terrain)
        [spec] = read.terrain
        spec = replace(spec, path=str(folder / "dem.tif"), dtype="float32", nodata=-9999.0)
        wish = Wish(box_of(outline), Frame(), Look(Bands.HILLSHADE))
        chip = year_view(replace(read, terrain=(spec,)), read.imagery.epochs[0], wish).chip
    # a strip that is one pixel wide, or of which the view holds one, shows no slope across it
    lit = chip.rgb[chip.valid & _has_neighbour(chip.valid) & _has_neighbour(chip.valid.T).T]
    if lit.size:
        assert np.ptp(lit.astype(int)) <= 1


def _has_neighbour(valid: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """True where the pixel to the left or to the right is valid, too."""
    padded = np.pad(valid, ((0, 0), (1, 1)))
    return padded[:, :-2] | padded[:, 2:]
