"""The outline ladder on a project: versions on disk, undo at any depth, the inventory follows."""

from pathlib import Path

import numpy as np
import pytest
import shapely
from desk import LEFT, PIXEL_M, TOP, search, square

from rtsproj.domain.decisions import Verdict
from rtsproj.domain.grid import ProjectGrid, Window
from rtsproj.errors import NeedsError, UsageError
from rtsproj.imagery.probability import probability_bytes
from rtsproj.journal.lines import check, journal_files
from rtsproj.store.database import rows, scalar
from rtsproj.workflow import ladder
from rtsproj.workflow.candidates import show_candidate
from rtsproj.workflow.decide import Word, decide
from rtsproj.workflow.project import Project, catch_up_journal, open_project, reading
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
