"""Objects at two cuts and over gaps against a search pixel by pixel, however tiles cut them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from workshop import GRID, World, infer_job

from rtsproj.domain.candidates import Outline
from rtsproj.domain.grid import Window
from rtsproj.domain.tiles import Outcome, Tile, TileOutcome
from rtsproj.geometry.groups import Groups
from rtsproj.geometry.outlines import to_pixels
from rtsproj.imagery.probability import FULL, NO_PIXEL, stored_cut
from rtsproj.inference.delineate import Cut, TileFound, parse_pieces, pieces_text, tile_pieces
from rtsproj.inference.join import OF_WHOLE, Joiner, write_joined
from rtsproj.inference.search import tile_table
from rtsproj.jobs import tables
from rtsproj.jobs.reporter import Reporter
from rtsproj.settings import InferSettings

pytestmark = [
    pytest.mark.filterwarnings("ignore:Dataset has no geotransform"),
    pytest.mark.filterwarnings("ignore:The given matrix is equal to Affine.identity"),
]

Bytes = NDArray[np.uint8]
SIDE = 12
LOW, HIGH, NONE = 80, 200, 10
"""Stored values that reach the lower cut, both cuts, and none."""
RASTERS = arrays(
    np.uint8,
    (SIDE, SIDE),
    elements=st.sampled_from([NONE, NONE, NONE, NONE, LOW, LOW + 9, HIGH, HIGH + 9, NO_PIXEL]),
)
SETTINGS = st.builds(
    InferSettings,
    threshold=st.just(0.5),
    probe_threshold=st.sampled_from([0.0, 0.2, 0.5]),
    join_px=st.sampled_from([0.0, 1.0, 1.5, 2.0, 3.0, 7.0]),
    min_px=st.sampled_from([1, 2, 3, 6]),
    whole_px=st.sampled_from([0, 8, 1000]),
)
NESTED = InferSettings(threshold=0.5, probe_threshold=0.2, join_px=2.0, min_px=3)


def pieces_of(tile: Tile, values: Bytes, cut: Cut) -> str:
    """The file of a tile."""
    window = tile.window.shared(Window(0, 0, *values.shape))
    probability = np.full((tile.core_px, tile.core_px), NO_PIXEL, np.uint8)
    probability[window.within(tile.window)] = values[window.within(Window(0, 0, *values.shape))]
    beside = np.zeros((tile.core_px + 2, tile.core_px + 2), bool)
    found = tile_pieces(tile, TileFound(probability, None, beside), cut)
    return pieces_text(found, probability_sha256="0")


def joined(
    folder: Path, world: World, values: Bytes, *, core_px: int, settings: InferSettings
) -> tuple[tuple[Outline, ...], int]:
    """Outlines of a raster that is searched in tiles of a size, and the specks."""
    job, request = infer_job(
        folder / str(core_px), world, (Path("/none"), ""), core_px=core_px, settings=settings
    )
    count = -(-max(values.shape) // core_px)
    tiles = [Tile(n, n // count, n % count, core_px) for n in range(count**2)]
    tables.write_tiles(job.tiles, tiles)
    job.tile_outputs.mkdir(exist_ok=True)
    for tile in tiles:
        tile_table(job, tile.tile_id).write_text(pieces_of(tile, values, Cut.of(settings)))
    outcomes = {one.tile_id: TileOutcome(one.tile_id, Outcome.DONE, sha256="0") for one in tiles}
    left = write_joined(job, request, outcomes, Reporter(job))
    return tables.read_outlines(job.outlines), left.specks


def without_tiles(outlines: Sequence[Outline]) -> list[Outline]:
    return [replace(one, tiles=()) for one in outlines]


def objects(mask: NDArray[np.bool_], within: float) -> list[NDArray[np.int64]]:
    """Pixels (row, column) of the objects of a mask, pair by pair."""
    at = np.argwhere(mask)
    gap = np.maximum(np.abs(at[:, None] - at[None]) - 1, 0)
    groups = Groups(len(at))
    groups.join(np.argwhere(np.sqrt((gap**2).sum(axis=2)) <= within).tolist())
    return [at[list(group)] for group in groups.found()]


def expected(values: Bytes, settings: InferSettings) -> tuple[Counter[tuple[float, ...]], int]:
    """(pixels, mean, largest, cut, stability, is low) of each outline, and the specks."""
    cut = Cut.of(settings)
    known = values != NO_PIXEL
    high = (values >= stored_cut(cut.threshold)) & known
    found: Counter[tuple[float, ...]] = Counter()
    specks = 0
    for whole in objects((values >= stored_cut(cut.lower)) & known, cut.join_px):
        inside = np.zeros_like(high)
        inside[tuple(whole.T)] = True
        parts = objects(high & inside, cut.join_px)
        large = [one for one in parts if len(one) >= cut.min_px]
        specks += len(parts) - len(large)
        drawn = [(one, cut.threshold) for one in large]
        is_little = sum(map(len, parts)) < OF_WHOLE * len(whole) and len(whole) <= cut.whole_px
        if not large or is_little:
            drawn = [(whole, cut.lower)] if len(whole) >= cut.min_px else []
        for one, level in drawn:
            chance = values[tuple(one.T)] / FULL
            stability = round(len(one) / len(whole), 6)
            mean, most = round(float(chance.mean()), 6), round(float(chance.max()), 6)
            found[len(one), mean, most, level, stability, not large] += 1
    return found, specks


@hypothesis_settings(max_examples=60, deadline=None)
@given(values=RASTERS, core_px=st.integers(2, SIDE), settings=SETTINGS)
def test_outlines_are_those_of_the_pixels_however_tiles_cut_them(
    tmp_path_factory: pytest.TempPathFactory,
    world: World,
    values: Bytes,
    core_px: int,
    settings: InferSettings,
) -> None:
    folder = tmp_path_factory.mktemp("join")
    whole, specks = joined(folder, world, values, core_px=SIDE + 1, settings=settings)
    rows = [(o.pixels, o.score_mean, o.score_max, o.cut, o.stability, o.is_low) for o in whole]
    assert (Counter(rows), specks) == expected(values, settings)
    shapes = [shapely.from_wkb(one.wkb) for one in whole]
    assert all(one.geom_type == "Polygon" and one.is_valid for one in shapes)
    found, again = joined(folder, world, values, core_px=core_px, settings=settings)
    order = sorted(without_tiles(whole), key=lambda one: one.wkb)
    rest = sorted(without_tiles(found), key=lambda one: one.wkb)
    assert [replace(one, seq=0) for one in rest] == [replace(one, seq=0) for one in order]
    assert again == specks


def raster(*boxes: tuple[int, int, int, int, int]) -> Bytes:
    """Values at (row, column, rows, columns, value) of a raster of 16 px."""
    values = np.full((16, 16), NONE, np.uint8)
    for row, col, rows, cols, value in boxes:
        values[row : row + rows, col : col + cols] = value
    return values


SEAM = raster((2, 2, 4, 5, HIGH), (2, 9, 4, 5, HIGH))
CORNER = raster((2, 2, 5, 5, HIGH), (8, 8, 5, 5, HIGH))
BESIDE = raster((2, 2, 4, 4, HIGH), (2, 8, 4, 5, HIGH))


@pytest.mark.parametrize(
    ("values", "pixels"),
    [
        (SEAM, [20, 20]),
        (SEAM.T, [20, 20]),
        (CORNER, [25, 25]),
        (np.rot90(CORNER), [25, 25]),
        (BESIDE, [16, 20]),
    ],
    ids=["seam", "lying seam", "corner", "other corner", "beside the seam"],
)
def test_a_gap_over_a_seam_or_a_corner_of_four_tiles_is_closed(
    values: Bytes, pixels: list[int], tmp_path: Path, world: World
) -> None:
    # GIVEN two squares whose gap is cut by the seams of tiles of 8 px
    settings = replace(NESTED, probe_threshold=0.0)
    (found,), _ = joined(tmp_path, world, values, core_px=8, settings=settings)
    (whole,), _ = joined(tmp_path, world, values, core_px=16, settings=settings)
    # THEN they are one polygon, which counts their pixels alone
    assert replace(found, tiles=()) == replace(whole, tiles=())
    shape = to_pixels(shapely.from_wkb(found.wkb), GRID)
    assert (shape.geom_type, found.pixels) == ("Polygon", sum(pixels))
    assert (found.cut, found.stability) == (0.5, 1.0)
    # AND without joining they are two
    apart, _ = joined(
        tmp_path / "apart", world, values, core_px=8, settings=replace(settings, join_px=0)
    )
    assert [one.pixels for one in apart] == pixels


def test_peaks_of_one_object_are_outlines_of_their_own_and_share_its_stability(
    tmp_path: Path, world: World
) -> None:
    # GIVEN an object over four tiles with two peaks, and one that has none
    values = raster(
        (1, 1, 10, 10, LOW), (1, 1, 10, 4, HIGH), (1, 8, 10, 3, HIGH), (14, 6, 2, 4, LOW)
    )
    found, _ = joined(tmp_path, world, values, core_px=8, settings=NESTED)
    assert [(one.pixels, one.cut, one.stability) for one in found] == [
        (40, 0.5, 0.4),
        (30, 0.5, 0.3),
        (8, 0.2, 1.0),
    ]
    assert [one.tiles for one in found] == [(0, 2), (1, 3), (2, 3)]
    assert found[0].score_mean == round(HIGH / FULL, 6)
    assert found[2].score_max == round(LOW / FULL, 6)
    assert [one.is_low for one in found] == [False, False, True]


def test_an_object_of_which_little_reaches_the_candidate_cut_is_drawn_whole(
    tmp_path: Path, world: World
) -> None:
    # GIVEN an object of which 48 of 100 px reach the candidate cut, in two pieces
    values = raster((1, 1, 10, 10, LOW), (2, 2, 8, 3, HIGH), (2, 8, 8, 3, HIGH))
    settings = replace(NESTED, whole_px=100)
    (found,), specks = joined(tmp_path, world, values, core_px=8, settings=settings)
    # THEN it is one outline, at the lower cut, and no probe
    assert (found.pixels, found.cut, found.stability, specks) == (100, 0.2, 1.0, 0)
    assert not found.is_low
    # AND an object larger than any slump stays in parts
    settings = replace(NESTED, whole_px=99)
    parts, _ = joined(tmp_path / "vast", world, values, core_px=8, settings=settings)
    assert [(one.pixels, one.cut, one.stability) for one in parts] == [(24, 0.5, 0.24)] * 2


def test_a_peak_that_is_a_speck_leaves_its_object_to_be_drawn_at_the_lower_cut(
    tmp_path: Path, world: World
) -> None:
    values = raster((6, 6, 4, 4, LOW), (7, 7, 1, 2, HIGH), (1, 1, 1, 2, LOW), (14, 14, 1, 2, HIGH))
    (found,), specks = joined(tmp_path, world, values, core_px=8, settings=NESTED)
    assert (found.pixels, found.cut) == (16, 0.2)
    # THEN both peaks are counted, what is too small at the lower cut alone is not
    assert specks == 2


def test_pieces_come_back_from_their_file() -> None:
    values = raster((1, 1, 6, 6, LOW), (2, 2, 2, 2, HIGH))
    text = pieces_of(Tile(3, 0, 0, 16), values, Cut.of(NESTED))
    found = parse_pieces(text)
    (one,) = found.pieces
    assert [(part.pixels, part.total, part.top) for part in one.inner] == [(4, 4 * HIGH, HIGH)]
    assert (one.pixels, one.total) == (36, 32 * LOW + 4 * HIGH)
    assert pieces_text(found, probability_sha256="0") == text


def test_an_object_is_held_until_no_row_can_come_near_it_and_no_longer() -> None:
    cut = Cut.of(NESTED)
    joiner = Joiner(cut)
    near, far = raster((2, 2, 4, 4, HIGH)), raster((1, 10, 4, 4, HIGH))
    pieces = [
        piece
        for col, values in enumerate((near, far))
        for piece in parse_pieces(pieces_of(Tile(col, 0, col, 8), values, cut)).pieces
    ]
    # WHEN one object is two px above the lower edge of a row of tiles, another three
    done = list(joiner.closed(pieces, bottom=8))
    assert [one.tile_id for members in done for one in members] == [1]
    # THEN the nearer one is closed by the row below
    assert [len(one) for one in joiner.closed([], bottom=16)] == [1]
    assert list(joiner.rest()) == []
