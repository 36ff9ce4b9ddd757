"""One slump: what is known of it, and removing it with undo, redo and the journal."""

import shutil
from pathlib import Path

import pytest
from desk import geojson, search, square

from rtsproj.domain.decisions import Verdict
from rtsproj.domain.labels import Polarity
from rtsproj.errors import UsageError
from rtsproj.store.actions import last_actions
from rtsproj.store.database import rows, scalar
from rtsproj.store.labels import sync_labels, training_labels
from rtsproj.workflow.create import init_project
from rtsproj.workflow.decide import Word, decide
from rtsproj.workflow.drawing import Drawing, add_slumps
from rtsproj.workflow.inputs import InputKind
from rtsproj.workflow.project import Project, open_project, reading, writing
from rtsproj.workflow.removal import remove_input
from rtsproj.workflow.slumps import read_slump, remove_slumps
from rtsproj.workflow.sources import VectorChoice, add_labels
from rtsproj.workflow.undo import act_text, redo, undo

MISSED = square(140, 60, 12)
INVENTORY = """
SELECT slump_id, origin, nearest_m IS NOT NULL AS is_measured FROM inventory ORDER BY slump_id
"""


def inventory(project: Project) -> list[tuple]:
    with reading(project) as connection:
        return [tuple(one.values()) for one in rows(connection, INVENTORY)]


def draw(project: Project, path: Path) -> None:
    file = geojson(path / "missed.geojson", [MISSED])
    add_slumps(project, file, VectorChoice(), Drawing("ann"))


def test_a_removed_slump_leaves_inventory_and_training_and_undo_puts_it_back(
    project: Project, tmp_path: Path
) -> None:
    draw(project, tmp_path)
    before = inventory(project)
    done = remove_slumps(project, [1, 3], by="ann", note="ponds")
    assert [(one.slump_id, one.step) for one in done] == [(1, "removed"), (3, "removed")]
    assert inventory(project) == before[1:2]
    with writing(project, "labels") as connection:
        sync_labels(connection, 1, by="ann")
        assert len(training_labels(connection, 1)) == 1
        assert "removed RTS-00003" in [one["what"] for one in last_actions(connection, most=9)]
    back = undo(project, times=1, analyst="ann")
    assert act_text(back, "undone") == "undone: one act of 2 removed slumps"
    assert inventory(project) == before
    assert len(undo(project, times=1, analyst="ann")) == 1
    assert inventory(project) == before[:2]
    redo(project, times=1, analyst="ann")
    assert inventory(project) == before


def test_redo_removes_again_and_a_new_act_ends_it(project: Project) -> None:
    remove_slumps(project, [2], by="ann")
    (back,) = undo(project, times=1, analyst="ann")
    assert act_text([back], "undone") == "undone: RTS-00002 is in the inventory again"
    (again,) = redo(project, times=1, analyst="ann")
    assert act_text([again], "redone") == "redone: RTS-00002 is removed again"
    assert [one[0] for one in inventory(project)] == [1]
    undo(project, times=1, analyst="ann")
    remove_slumps(project, [1], by="ann")
    assert redo(project, times=1, analyst="ann") == ()


def test_a_slump_that_a_candidate_shows_is_not_removed(project: Project) -> None:
    search(project, [square(60, 80, 15)])
    decide(project, 1, Word(Verdict.ACCEPT), analyst="ann")
    with pytest.raises(UsageError, match="RTS-00003 is shown by C-00001") as caught:
        remove_slumps(project, [1, 3], by="ann")
    assert "rtsproj decide C-00001 reject" in caught.value.hint
    assert len(inventory(project)) == 3
    with pytest.raises(UsageError, match="RTS-00077 is not in the inventory"):
        remove_slumps(project, [1, 77], by="ann")


def test_an_accepted_candidate_brings_a_removed_slump_back(project: Project) -> None:
    search(project, [square(20, 20, 21)])
    with writing(project, "as fresh") as connection:
        connection.execute("UPDATE candidate SET lineage = 'fresh', lineage_slump = 0")
    decide(project, 1, Word(Verdict.ACCEPT), analyst="ann")
    undo(project, times=1, analyst="ann")
    remove_slumps(project, [1], by="ann")
    decide(project, 1, Word(Verdict.ACCEPT), analyst="ann")
    assert [one[0] for one in inventory(project)] == [1, 2]


def test_the_journal_alone_tells_of_a_removal(project: Project, tmp_path: Path) -> None:
    before = tmp_path / "before.duckdb"
    shutil.copy(project.folder / "project.duckdb", before)
    remove_slumps(project, [1], by="ann")
    project.database.close()
    shutil.copy(before, project.folder / "project.duckdb")
    with writing(open_project(project.folder), "what the journal holds"):
        pass
    assert [one[0] for one in inventory(project)] == [2]


def test_a_removed_and_restored_seed_leaves_with_its_file(project: Project) -> None:
    remove_slumps(project, [1], by="ann")
    undo(project, times=1, analyst="ann")
    with reading(project) as connection:
        source_id = scalar(connection, "SELECT min(source_id) FROM label")
    remove_input(project, InputKind.LABEL, source_id, by="ann")
    assert inventory(project) == []


def test_slumps_and_labels_are_removed_in_a_project_without_images(tmp_path: Path) -> None:
    project = init_project(tmp_path / "p")
    file = geojson(tmp_path / "known.geojson", [MISSED, square(20, 20, 20)])
    source_id = add_labels(
        project, file, VectorChoice(), polarity=Polarity.POSITIVE, by="ann"
    ).source_id
    remove_slumps(project, [1], by="ann")
    assert [one[0] for one in inventory(project)] == [2]
    undo(project, times=1, analyst="ann")
    remove_input(project, InputKind.LABEL, source_id, by="ann")
    assert inventory(project) == []


def test_a_slump_shows_the_fields_of_its_file(project: Project, tmp_path: Path) -> None:
    file = geojson(tmp_path / "more.geojson", [MISSED], UID="x-7", year=2017, lab="L")
    add_labels(project, file, VectorChoice(), polarity=Polarity.POSITIVE, by="ann")
    card = read_slump(project, 3)
    assert (card.facts["source_uid"], card.facts["source_date"]) == ("x-7", "2017")
    assert card.facts["source_name"] is None
    assert card.attributes == {"UID": "x-7", "year": 2017, "lab": "L"}
    assert [one["kind"] for one in card.near] == ["road"]
    assert read_slump(project, 1).attributes == {}
    with pytest.raises(UsageError, match="RTS-00009 is not in the inventory"):
        read_slump(project, 9)
