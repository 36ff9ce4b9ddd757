"""The outline ladder on a project: versions on disk, undo at any depth, the inventory follows."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from desk import (
    LEFT,
    PIXEL_M,
    SIDE,
    TOP,
    add_known,
    scene_file,
    search,
    square,
    write_settings,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st
from shapely import Polygon

from rtsproj.domain.decisions import Verdict
from rtsproj.domain.grid import ProjectGrid, Window
from rtsproj.errors import NeedsError, UsageError
from rtsproj.geometry.outlines import smooth_pixels, to_crs
from rtsproj.imagery.probability import FULL, probability_bytes, stored_cut
from rtsproj.imagery.shapes import polygonise
from rtsproj.journal.lines import check, journal_files
from rtsproj.store.database import rows, scalar
from rtsproj.workflow import ladder, probabilities
from rtsproj.workflow.candidates import show_candidate
from rtsproj.workflow.create import init_project
from rtsproj.workflow.decide import Word, decide
from rtsproj.workflow.project import Project, catch_up_journal, open_project, reading
from rtsproj.workflow.scenes import SceneChoice, add_scenes
from rtsproj.workflow.undo import undo

SHAPES = [square(60, 80, 15), square(77, 80, 12)]


def inventory_area(project: Project, candidate_id: int) -> float:
    with reading(project) as connection:
        query = "SELECT area_m2 FROM inventory WHERE candidate_id = ?"
        return float(scalar(connection, query, [candidate_id]))


def write_hill(project: Project) -> None:
    """Probabilities round the first candidate: a cone, high in its middle."""
    with reading(project) as connection:
        folder = scalar(connection, "SELECT folder FROM job WHERE verb = 'infer'")
        tile = rows(connection, "SELECT tile_id, grid_row, grid_col, core_px FROM tile")[0]
    side = tile["core_px"]
    row, col = np.mgrid[0:side, 0:side]
    distance = np.hypot(row - 87, col - 67)
    values = (254 * np.clip(1 - distance / 25, 0, 1)).astype(np.uint8)
    target = project.folder / folder / "outputs" / "tiles"
    target.mkdir(parents=True)
    grid = ProjectGrid("EPSG:32646", PIXEL_M, LEFT, TOP)
    window = Window(tile["grid_row"] * side, tile["grid_col"] * side, side, side)
    path = target / f"{tile['tile_id']}.tif"
    path.write_bytes(probability_bytes(values, window, grid))


def test_each_step_is_a_version_and_undo_walks_back_to_the_model(project: Project) -> None:
    search(project, SHAPES[:1])
    areas = [ladder.history(project, 1)[-1].area_m2]
    areas += [
        ladder.take_step(project, 1, step, analyst="ann").version.area_m2
        for step in ("grow", "grow", "smooth")
    ]
    assert areas[0] < areas[1] < areas[2]
    assert show_candidate(project, 1).row.area_m2 == pytest.approx(areas[3])
    back = []
    while (kept := ladder.undo_step(project, 1, analyst="ann")) is not None:
        back.append(kept.version.area_m2)
    assert back == pytest.approx(areas[2::-1])
    # nothing was deleted: three steps and three undos lie in database and journal
    assert len(ladder.history(project, 1)) == 7
    [path] = journal_files(project.journal)
    check(path)
    assert len(path.read_text().splitlines()) == 6


def test_an_edit_after_an_undo_can_be_undone_past_it(project: Project) -> None:
    search(project, SHAPES[:1])
    ladder.take_step(project, 1, "grow", analyst="ann")
    ladder.undo_step(project, 1, analyst="ann")
    ladder.take_step(project, 1, "shrink", analyst="ann")
    steps = []
    while (kept := ladder.undo_step(project, 1, analyst="ann")) is not None:
        steps.append(kept.version.step)
    assert ladder.history(project, 1)[-1].area_m2 == pytest.approx(
        ladder.history(project, 1)[0].area_m2
    )
    assert len(steps) <= 3


def test_an_accepted_candidate_takes_its_edited_outline_into_the_inventory(
    project: Project,
) -> None:
    search(project, SHAPES[:1])
    before = ladder.take_step(project, 1, "grow", analyst="ann").version.area_m2
    decide(project, 1, Word(Verdict.ACCEPT), analyst="ann")
    assert inventory_area(project, 1) == pytest.approx(before)
    # WHEN it is edited again after the verdict, the inventory follows, distances too
    after = ladder.take_step(project, 1, "grow", analyst="ann").version.area_m2
    assert inventory_area(project, 1) == pytest.approx(after)
    with reading(project) as connection:
        near = rows(
            connection,
            "SELECT nearest_m, geom_source FROM inventory WHERE candidate_id = 1",
        )[0]
    assert near["nearest_m"] == pytest.approx(30 - 2 * PIXEL_M, abs=0.1)
    assert near["geom_source"] == "model_edited"
    # AND an undo of the verdict takes it out
    undo(project, times=1, analyst="ann")
    with reading(project) as connection:
        assert scalar(connection, "SELECT count(*) FROM inventory") == 2


def test_a_threshold_draws_the_outline_again_from_the_search(project: Project) -> None:
    search(project, SHAPES[:1])
    with pytest.raises(NeedsError, match="is gone"):
        ladder.take_threshold(project, 1, 0.5, analyst="ann")
    write_hill(project)
    wide = ladder.take_threshold(project, 1, 0.4, analyst="ann").version
    narrow = ladder.take_threshold(project, 1, 0.7, analyst="ann").version
    assert wide.geom.contains(narrow.geom)
    assert narrow.step == "threshold 0.7"
    radius_px = 25 * (1 - 0.7)
    assert narrow.geom.area == pytest.approx(np.pi * (radius_px * PIXEL_M) ** 2, rel=0.1)
    assert ladder.next_cut(project, 1, 1) == 0.8
    assert ladder.next_cut(project, 1, -1) == 0.6


def test_a_split_leaves_the_other_part_as_an_open_candidate(project: Project) -> None:
    narrow = shapely.box(LEFT + 225, TOP - 264, LEFT + 231, TOP - 258)
    search(project, [shapely.union_all([*SHAPES, narrow])])
    kept = ladder.take_step(project, 1, "split", analyst="ann")
    assert kept.new_candidates == (2,)
    cards = [show_candidate(project, one) for one in (1, 2)]
    assert cards[0].row.area_m2 > cards[1].row.area_m2
    assert cards[1].row.status == "open"
    assert cards[1].distances
    merged = ladder.take_step(project, 1, "merge", analyst="ann").version
    assert merged.area_m2 == pytest.approx(sum(one.row.area_m2 for one in cards), rel=0.02)


def test_overlaps_with_other_slumps_are_listed(project: Project) -> None:
    search(project, [square(30, 30, 20)])
    kept = ladder.take_step(project, 1, "grow", analyst="ann")
    assert [name for name, _ in kept.overlaps] == ["RTS-00001"]


def test_what_cannot_be_done_changes_nothing(project: Project) -> None:
    search(project, SHAPES[:1])
    for step in ("split", "banana"):
        with pytest.raises(UsageError):
            ladder.take_step(project, 1, step, analyst="ann")
    assert len(ladder.history(project, 1)) == 1
    with pytest.raises(UsageError, match="no candidate 99"):
        ladder.history(project, 99)


def test_edits_that_only_the_journal_has_are_replayed(project: Project, tmp_path: Path) -> None:
    search(project, SHAPES[:1])
    with project.database.folded("a copy"):
        pass
    before = project.database.path.read_bytes()
    ladder.take_step(project, 1, "grow", analyst="ann")
    decide(project, 1, Word(Verdict.ACCEPT), analyst="ann")
    wanted = inventory_area(project, 1)
    project.database.close()
    project.database.path.with_suffix(".duckdb.wal").unlink(missing_ok=True)
    project.database.path.write_bytes(before)
    again = open_project(project.folder)
    assert catch_up_journal(again) == 2
    assert inventory_area(again, 1) == pytest.approx(wanted)
    with reading(again) as connection:
        query = "SELECT nearest_m FROM inventory WHERE candidate_id = 1"
        assert scalar(connection, query) == pytest.approx(30 - PIXEL_M, abs=0.1)


CORE_PX = 32
GRID = ProjectGrid("EPSG:32646", PIXEL_M, LEFT, TOP)
EDGES = [
    (42, 42, 10),  # in the middle of a tile
    (90, 90, 12),  # on the corner of four tiles
    (0, 0, 8),  # in the corner of the image
    (100, SIDE - 4, 9),  # over its border
    (SIDE + 20, SIDE + 20, 9),  # beside it
]
"""Row, column and side of candidates, px."""


@pytest.fixture(scope="module")
def tiled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A search of 36 tiles with a candidate on every kind of edge."""
    folder = tmp_path_factory.mktemp("tiled")
    project = init_project(folder / "project", title="tiled")
    grid = replace(project.settings.grid, core_px=CORE_PX, margin_px=16)
    write_settings(project, replace(project.settings, grid=grid))
    project = open_project(project.folder)
    add_scenes(project, [scene_file(folder)], SceneChoice(), by="ann")
    add_known(project, folder)
    search(project, [square(col, row, side) for row, col, side in EDGES])
    yield project
    project.database.close()


def keep_rasters(project: Project, field: np.ndarray, *, own: list[int]) -> None:
    """Keep the rasters of tiles as a search does: where a pixel reaches 0.3."""
    with reading(project) as connection:
        folder = scalar(connection, "SELECT folder FROM job WHERE verb = 'infer'")
        tiles = rows(connection, "SELECT tile_id, grid_row, grid_col FROM tile")
    target = project.folder / folder / "outputs" / "tiles"
    target.mkdir(parents=True, exist_ok=True)
    for tile in tiles:
        row, col = tile["grid_row"] * CORE_PX, tile["grid_col"] * CORE_PX
        part = field[row : row + CORE_PX, col : col + CORE_PX]
        path = target / f"{tile['tile_id']}.tif"
        path.unlink(missing_ok=True)
        if tile["tile_id"] in own or (part >= 0.3 * FULL).any():
            path.write_bytes(probability_bytes(part, Window(row, col, CORE_PX, CORE_PX), GRID))


def objects_of(mask: np.ndarray) -> np.ndarray:
    """Numbers of the 8-connected objects of a mask, 0 outside."""
    found = np.where(mask, np.arange(1, mask.size + 1).reshape(mask.shape), 0)
    while True:
        wide = np.pad(found, 1)
        near = np.lib.stride_tricks.sliding_window_view(wide, (3, 3)).max(axis=(2, 3))
        spread = np.where(mask, near, 0)
        if np.array_equal(spread, found):
            return found
        found = spread


def outlines_of_whole(field: np.ndarray, cut: float, at: tuple[int, int, int]) -> list[Polygon]:
    """Objects of the whole image's mask that share most pixels with a square."""
    objects = objects_of(field >= stored_cut(cut))
    row, col, side = at
    numbers, shared = np.unique(objects[row : row + side, col : col + side], return_counts=True)
    shared = shared[numbers > 0]
    best = numbers[numbers > 0][shared == max(shared, default=0)]
    return [
        to_crs(smooth_pixels(shapely.union_all(polygonise(objects == one))), GRID) for one in best
    ]


HILLS = st.lists(
    st.tuples(
        st.integers(-5, SIDE + 5),
        st.integers(-5, SIDE + 5),
        st.integers(2, 60),
        st.sampled_from([1, 1, 30]),  # times as wide as high
    ),
    max_size=6,
)


@settings(max_examples=8, deadline=None)
@given(hills=HILLS, number=st.integers(0, len(EDGES) - 1), cut=st.sampled_from(ladder.THRESHOLDS))
@example(hills=[(4, 4, 500, 1)], number=2, cut=0.3)
def test_a_cut_gives_the_outline_of_the_whole_image_wherever_tiles_end(
    tiled: Project, hills: list[tuple[int, int, int, int]], number: int, cut: float
) -> None:
    row, col = np.indices((SIDE, SIDE))
    cones = [1 - np.hypot(row - y, (col - x) / wide) / radius for y, x, radius, wide in hills]
    field = (FULL * np.clip(np.max([0 * row, *cones], axis=0), 0, 1)).astype(np.uint8)
    keep_rasters(tiled, field, own=[1])  # the tile that the search names as each candidate's
    wanted = outlines_of_whole(field, cut, EDGES[number])
    if not wanted:
        with pytest.raises(UsageError, match="nothing at this place reaches"):
            ladder.outline_at(tiled, number + 1, cut)
        return
    found = ladder.outline_at(tiled, number + 1, cut)
    assert found.is_valid
    assert min(found.symmetric_difference(one).area for one in wanted) < 1e-3


def test_an_outline_that_runs_on_and_a_raster_that_is_gone_are_refused_in_words(
    tiled: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_rasters(tiled, np.full((SIDE, SIDE), 200, np.uint8), own=[])
    [raster] = tiled.folder.glob("jobs/*/outputs/tiles/1.tif")
    monkeypatch.setattr(probabilities, "MOST_REACH_PX", probabilities.REACH_PX)
    with pytest.raises(UsageError, match=r"at 0\.5 the outline reaches further than 384 m"):
        ladder.outline_at(tiled, 3, 0.5)
    raster.unlink()
    with pytest.raises(NeedsError, match=r"1\.tif is gone"):
        ladder.outline_at(tiled, 3, 0.5)
    assert len(ladder.history(tiled, 3)) == 1
