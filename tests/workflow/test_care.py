"""doctor: what workers that were killed have left behind, damaged journals, open candidates."""

from pathlib import Path

import pytest
from desk import finished_search, make_project, search, square, stop_at_once

from rtsproj.domain.decisions import Verdict
from rtsproj.errors import NeedsError
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.lock import held_lock
from rtsproj.journal.lines import journal_path
from rtsproj.workflow.care import examine
from rtsproj.workflow.converge import converge, search_again
from rtsproj.workflow.decide import Word, decide
from rtsproj.workflow.queue import Wanted, read_queue
from rtsproj.workflow.reopened import reopened_by
from rtsproj.workflow.status import status
from rtsproj.workflow.undo import undo


def test_unfinished_files_of_a_job_are_found_and_removed_when_nobody_is_at_it(tmp_path) -> None:
    project = make_project(tmp_path)
    number = finished_search(project, [square(60, 80, 15)])
    folder = JobFolder(project.folder / "jobs" / f"{number}-infer")
    left = [folder.outputs / ".outlines.spool", folder.outputs / ".5.tif.part"]
    for path in left:
        path.write_bytes(b"half")

    def said(*, fix: bool) -> str:
        checks = examine(project, deep=False, fix=fix)
        return next(one.state for one in checks if one.name == "temporary files")

    assert said(fix=False) == "warning"
    folder.done.unlink()
    with held_lock(folder):
        assert said(fix=True) == "ok"
    assert all(path.exists() for path in left)
    assert said(fix=True) == "mended"
    assert not any(path.exists() for path in left)


@pytest.mark.parametrize("analyst", ["ann", "Jörg Ångström", "Иван", "a/b", "50 %"])
def test_an_emptied_changed_or_lost_journal_is_damage_whatever_the_name(
    tmp_path: Path, analyst: str
) -> None:
    project = make_project(tmp_path)
    search(project, [square(60, 80, 15), square(120, 120, 12)])
    decide(project, 1, Word(Verdict.ACCEPT), analyst=analyst)

    def state() -> str:
        path = journal_path(project.journal, analyst)
        found = [one for one in examine(project, deep=False, fix=False) if one.name == path.name]
        return "damaged" if any(one.state == "damaged" for one in found) else found[0].state

    path = journal_path(project.journal, analyst)
    whole = path.read_bytes()
    assert state() == "ok"
    path.write_bytes(b"")
    assert state() == "damaged"
    path.write_bytes(whole.replace(b"accept", b"reject"))
    assert state() == "damaged"
    path.unlink()
    assert state() == "damaged"
    path.write_bytes(whole)
    assert state() == "ok"


def test_an_undo_after_the_close_is_told_with_what_happens_next(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    search(project, [square(60, 80, 15)])
    saved = decide(project, 1, Word(Verdict.ACCEPT), analyst="ann")
    assert reopened_by(project, [saved]) == ""
    converge(project, by="ann")
    assert (status(project).iteration, status(project).reopened) == (2, "")
    # WHEN the decision is undone after its iteration was closed
    undone = undo(project, times=1, analyst="ann")
    # THEN the undo, status and doctor say where the candidate is asked
    text = reopened_by(project, undone)
    assert "1 candidate" in text
    assert "iteration 2 cannot close before a decision" in text
    assert status(project).reopened == text
    checks = examine(project, deep=False, fix=False)
    assert [one.detail for one in checks if one.state == "warning"] == [text]
    # AND it is in the queue, and blocks the close
    assert read_queue(project, Wanted(), analyst="ann").ids.tolist() == [1]
    search(project, [])
    with pytest.raises(NeedsError, match="1 candidate"):
        converge(project, by="ann")
    decide(project, 1, Word(Verdict.REJECT, "barren"), analyst="ann")
    assert status(project).reopened == ""
    assert converge(project, by="ann").converged


def test_an_undo_after_the_end_says_what_reopens_the_project(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    stop_at_once(project)
    search(project, [square(60, 80, 15)])
    decide(project, 1, Word(Verdict.REJECT, "barren"), analyst="ann")
    assert converge(project, by="ann").converged
    text = reopened_by(project, undo(project, times=1, analyst="ann"))
    assert "iteration 1 stays closed" in text
    assert "converge --again opens iteration 2" in text
    decide(project, 1, Word(Verdict.ACCEPT), analyst="ann")
    assert status(project).reopened == ""
    assert search_again(project, by="ann").next_iteration == 2
