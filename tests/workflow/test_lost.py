"""A project that has lost its database is named, and a backup brings it back."""

from pathlib import Path

import pytest
from desk import geojson, make_project, search, square

from rtsproj.domain.decisions import Verdict
from rtsproj.domain.labels import Polarity
from rtsproj.errors import DamagedError
from rtsproj.workflow.care import back_up, restore_from
from rtsproj.workflow.create import init_project
from rtsproj.workflow.decide import Word, decide
from rtsproj.workflow.project import find_project
from rtsproj.workflow.sources import VectorChoice, add_labels
from rtsproj.workflow.status import status


def test_a_lost_database_is_named_and_the_project_above_is_not_meant(tmp_path: Path) -> None:
    above = init_project(tmp_path / "above", title="above")
    (above.folder / "inner").mkdir()
    project = make_project(above.folder / "inner")
    search(project, [square(60, 80, 15)])
    back_up(project)
    decide(project, 1, Word(Verdict.ACCEPT), analyst="ann")
    project.database.close()
    project.database.path.unlink()
    with pytest.raises(DamagedError, match=r"project\.duckdb is missing") as caught:
        find_project(project.folder / "jobs")
    assert "restore" in caught.value.hint
    # WHEN the newest backup is put back, the decision comes from the journal
    again, replayed = restore_from(project.folder, None)
    assert replayed == 1
    assert status(again).counts["slumps"] == 3


def test_a_copy_from_before_a_migration_is_the_last_resort(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    project.database.close()
    project.database.path.unlink()
    again, _ = restore_from(project.folder, None)
    now = status(again)
    assert (now.iteration, now.counts["scenes"]) == (0, 0)
    assert "scene add" in now.next_step


def test_the_same_outline_twice_is_one_slump(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    twice = geojson(tmp_path / "twice.geojson", [square(60, 80, 15), square(60, 80, 15)])
    added = add_labels(project, twice, VectorChoice(), polarity=Polarity.POSITIVE, by="ann")
    assert (added.features, len(added.repeated)) == (1, 1)
    other = geojson(tmp_path / "other.geojson", [square(60, 80, 15), square(120, 120, 9)])
    again = add_labels(project, other, VectorChoice(), polarity=Polarity.POSITIVE, by="ann")
    assert (again.features, len(again.repeated)) == (1, 1)
    assert status(project).counts["slumps"] == 4
