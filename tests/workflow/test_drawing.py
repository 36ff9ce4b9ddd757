"""Slumps that no model found: from a file through journal, inventory, training, report and undo."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import shapely
from desk import catch_up_with, geojson, search, square, stop_at_once
from shapely.geometry.base import BaseGeometry

from rtsproj.domain.decisions import Verdict
from rtsproj.errors import UsageError
from rtsproj.journal.lines import Mark, journal_files, read_entries
from rtsproj.reports.text import report_text
from rtsproj.store import versions
from rtsproj.store.actions import last_actions
from rtsproj.store.database import rows, scalar
from rtsproj.store.deliveries import slumps
from rtsproj.store.labels import sync_labels, training_labels
from rtsproj.workflow.candidates import list_candidates
from rtsproj.workflow.converge import converge, look, search_again
from rtsproj.workflow.decide import Word, decide
from rtsproj.workflow.drawing import Drawing, DrawnSlumps, add_slumps, draw_slump
from rtsproj.workflow.project import Project, open_project, reading, writing
from rtsproj.workflow.report import collect_report
from rtsproj.workflow.sources import VectorChoice
from rtsproj.workflow.status import status
from rtsproj.workflow.undo import act_text, acts, redo, undo

MISSED, OTHER, FRESH = square(140, 60, 12), square(20, 140, 9), square(60, 80, 15)
ONE = "SELECT ST_AsWKB(geom) AS wkb, note, decided_at FROM inventory WHERE slump_id = 3"
ANN = Drawing("ann", "seen in the field")


def add(project: Project, path: Path, *shapes: BaseGeometry) -> DrawnSlumps:
    file = geojson(path / "missed.geojson", shapes)
    return add_slumps(project, file, VectorChoice(), ANN)


def inventory(project: Project) -> dict[int, str]:
    with reading(project) as connection:
        found = rows(connection, "SELECT slump_id, origin FROM inventory ORDER BY slump_id")
    return {one["slump_id"]: one["origin"] for one in found}


def test_a_file_of_missed_slumps_joins_inventory_training_distances_and_report(
    project: Project, tmp_path: Path
) -> None:
    done = add(project, tmp_path, MISSED, OTHER)
    assert [one.slump_id for one in done.added] == [3, 4]
    assert inventory(project) == {1: "seed", 2: "seed", 3: "drawn", 4: "drawn"}
    with writing(project, "labels") as connection:
        sync_labels(connection, 1, by="ann")
        labels = training_labels(connection, 1)
        row = rows(connection, "SELECT * EXCLUDE (geom) FROM inventory WHERE slump_id = 3")[0]
        near = scalar(connection, "SELECT count(*) FROM proximity WHERE slump_id IN (3, 4)")
    assert [(one.origin, one.reason) for one in labels[2:]] == [("given", "drawn")] * 2
    assert (row["note"], row["analyst"], row["first_iteration"]) == ("seen in the field", "ann", 1)
    assert row["area_m2"] == pytest.approx(MISSED.area, rel=2e-3)
    assert near == 2
    text = report_text(collect_report(project))
    assert "2 were known before, 0 were found, 2 were drawn by hand" in text
    assert "drawn by hand: 2 in iteration 1" in text


def test_an_outline_of_a_known_place_is_named_and_not_added(
    project: Project, tmp_path: Path
) -> None:
    half_of_a_seed = square(22, 20, 20)
    done = add(project, tmp_path, half_of_a_seed, MISSED, square(141, 60, 12))
    assert [name for _, name in done.known] == ["RTS-00001", "feature 1"]
    assert [one.slump_id for one in done.added] == [3]
    assert "is RTS-00001" in Path(done.listed).read_text()
    assert add(project, tmp_path, MISSED).known == (("0", "RTS-00003"),)
    with pytest.raises(UsageError, match="this place is RTS-00003 already"):
        draw_slump(project, MISSED, ANN)


def test_outlines_beyond_the_images_are_refused_with_the_reason(
    project: Project, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="1 of 2 outlines cannot be used") as error:
        add(project, tmp_path, MISSED, square(300, 20, 10))
    assert "is outside the images by" in error.value.what
    assert "listed in" in error.value.hint
    assert inventory(project) == {1: "seed", 2: "seed"}


def test_a_drawing_comes_back_from_the_journal(project: Project, tmp_path: Path) -> None:
    before = tmp_path / "before.duckdb"
    shutil.copy(project.folder / "project.duckdb", before)
    add(project, tmp_path, MISSED)
    with reading(project) as connection:
        drawn = rows(connection, ONE)
    project.database.close()
    shutil.copy(before, project.folder / "project.duckdb")
    again = open_project(project.folder)
    with writing(again, "replay") as connection:
        found = rows(connection, ONE)
        assert scalar(connection, "SELECT count(*) FROM proximity WHERE slump_id = 3") == 1
    assert found == drawn
    assert inventory(again)[3] == "drawn"
    assert [one.slump_id for one in undo(again, times=1, analyst="ann")] == [3]


def test_undo_and_redo_walk_through_drawings_and_decisions_alike(
    project: Project, tmp_path: Path
) -> None:
    search(project, [FRESH])
    decide(project, 1, Word(Verdict.ACCEPT), analyst="ann")
    add(project, tmp_path, MISSED, OTHER)
    draw_slump(project, square(60, 130, 8), Drawing("bob"))
    steps = acts(undo(project, times=2, analyst="ann"))
    assert [act_text(one, "undone") for one in steps] == [
        "undone: one act of 2 drawn slumps",
        "undone: C-00001 is open again",
    ]
    assert inventory(project) == {1: "seed", 2: "seed", 6: "drawn"}
    assert undo(project, times=1, analyst="ann") == ()
    assert len(redo(project, times=5, analyst="ann")) == 3
    assert inventory(project) == {
        1: "seed",
        2: "seed",
        3: "found",
        4: "drawn",
        5: "drawn",
        6: "drawn",
    }
    assert act_text(undo(project, times=1, analyst="bob"), "undone") == (
        "undone: RTS-00006 is not drawn any more"
    )


def test_a_new_drawing_ends_what_can_be_redone(project: Project, tmp_path: Path) -> None:
    search(project, [FRESH])
    decide(project, 1, Word(Verdict.ACCEPT), analyst="ann")
    undo(project, times=1, analyst="ann")
    add(project, tmp_path, MISSED)
    assert redo(project, times=1, analyst="ann") == ()
    undo(project, times=1, analyst="ann")
    draw_slump(project, OTHER, ANN)
    assert redo(project, times=1, analyst="ann") == ()


def test_the_search_is_not_converged_in_the_iteration_of_a_drawing(
    project: Project, tmp_path: Path
) -> None:
    stop_at_once(project)
    search(project, [])
    assert look(project).converged
    add(project, tmp_path, MISSED)
    said = look(project)
    assert (said.new_slumps, said.drawn, said.converged) == (1, 1, False)
    assert said.reason == (
        "iteration 1 found no new slump; 1 slump that no model had found was drawn by hand in it: "
        "search again"
    )
    assert converge(project, by="ann").next_iteration == 2
    search(project, [MISSED])
    assert converge(project, by="ann").converged


def test_a_drawing_after_the_end_asks_for_another_iteration(
    project: Project, tmp_path: Path
) -> None:
    stop_at_once(project)
    search(project, [])
    assert converge(project, by="ann").converged
    add(project, tmp_path, MISSED)
    assert look(project).reason.endswith(
        "since then 1 slump that no model had found was drawn by hand"
    )
    assert status(project).next_step == "rtsproj converge --again"
    search_again(project, by="ann")
    with writing(project, "labels") as connection:
        sync_labels(connection, 2, by="ann")
        assert len(training_labels(connection, 2)) == 3


def test_a_model_outline_at_a_drawn_slump_is_matched_as_at_a_seed(
    project: Project, tmp_path: Path
) -> None:
    add(project, tmp_path, MISSED)
    # GIVEN a model that draws the drawn slump with a rim of two pixels
    search(project, [square(138, 58, 16), FRESH])
    known, fresh = list_candidates(project)
    assert (known.status, known.lineage, known.slump_id) == ("accept", "same", 3)
    assert fresh.status == "open"
    decide(project, 2, Word(Verdict.REJECT), analyst="ann")
    # THEN the drawing leaves, and the model's outline waits for a decision
    assert len(undo(project, times=2, analyst="ann")) == 2
    assert [one.status for one in list_candidates(project)] == ["open", "open"]


def test_without_its_drawing_a_slump_stays_by_an_accepted_candidate(
    project: Project, tmp_path: Path
) -> None:
    search(project, [square(139, 59, 14)])
    add(project, tmp_path, MISSED)
    decide(project, 1, Word(Verdict.ACCEPT), analyst="bob")
    assert inventory(project)[3] == "drawn"
    undo(project, times=1, analyst="ann")
    assert inventory(project) == {1: "seed", 2: "seed", 3: "found"}
    undo(project, times=1, analyst="bob")
    assert inventory(project) == {1: "seed", 2: "seed"}
    catch_up_with(project, [])
    decide(project, 1, Word(Verdict.ACCEPT), analyst="bob")
    assert inventory(project)[3] == "found"


def test_an_outline_that_crosses_itself_is_repaired(project: Project) -> None:
    left, bottom, right, top = MISSED.bounds
    bow = shapely.Polygon([(left, top), (right, bottom), (right, top), (left, bottom)])
    saved = draw_slump(project, bow, ANN)
    assert saved.area_m2 == pytest.approx(MISSED.area / 2, rel=2e-3)


def test_a_journal_line_of_an_older_program_is_replayed(project: Project, tmp_path: Path) -> None:
    add(project, tmp_path, MISSED)
    (path,) = journal_files(project.journal)
    (entry,) = read_entries(path, after=Mark())
    with project.database.writing("a line without note and bulk") as connection:
        (one,) = entry.payload["versions"]
        older = {name: one[name] for name in one if name not in {"note", "bulk"}}
        older |= {"version_id": 2, "slump_id": 9}
        versions.apply(connection, replace(entry, seq=2, payload={"versions": [older]}))
    assert inventory(project)[9] == "drawn"
    assert [one.slump_id for one in undo(project, times=1, analyst="ann")] == [9]


def test_recent_activity_and_deliveries_call_it_drawn(project: Project, tmp_path: Path) -> None:
    add(project, tmp_path, MISSED)
    undo(project, times=1, analyst="ann")
    redo(project, times=1, analyst="ann")
    with reading(project) as connection:
        done = [one["what"] for one in last_actions(connection, most=3)]
        notes = [one["notes"] for one in slumps(connection)]
    assert done == ["drew RTS-00003", "took back the drawing of RTS-00003", "drew RTS-00003"]
    assert notes == ["RTS-00001 (seed)", "RTS-00002 (seed)", "RTS-00003 (drawn)"]
