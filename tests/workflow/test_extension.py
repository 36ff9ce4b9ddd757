"""What a search reports of extended outlines, and what a person sees of one."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import shapely
from desk import add_model, finished_search, search, square

from rtsproj.cli.cards import card_lines
from rtsproj.domain.decisions import Verdict
from rtsproj.domain.extension import Extension, Trial
from rtsproj.jobs import tables
from rtsproj.store import jobs
from rtsproj.tui.widgets.evidence import Shown, evidence_lines
from rtsproj.workflow import infer
from rtsproj.workflow.candidates import show_candidate
from rtsproj.workflow.collect import catch_up
from rtsproj.workflow.converge import converge, search_again
from rtsproj.workflow.decide import Word, decide
from rtsproj.workflow.ladder import take_step
from rtsproj.workflow.project import Project, reading

if TYPE_CHECKING:
    from rtsproj.jobs.folder import JobFolder

RIGHT, WRONG = Trial(3.0, 0.25, 0.8, 0.05, 24), Trial(2.0, 0.25, 0.2, 0.4, 24)
PART, WHOLE = square(120, 120, 12), square(120, 120, 13)
ELSEWHERE = [square(10 + 30 * n, 165, 8) for n in range(4)]


def test_a_search_reports_what_it_extended(project: Project) -> None:
    add_model(project)
    made = Extension(RIGHT, extended=7, joined=2)
    job_id = finished_search(project, [PART], extension=made)
    [collected] = catch_up(project)
    assert collected.extension == made
    [text] = collected.notes
    assert "7 outlines extended" in text
    assert "24 parts of digitised slumps: mean IoU 0.25 before, 0.80 extended" in text
    with reading(project) as connection:
        detail = jobs.collection_detail(connection, job_id)
    assert Extension.of(detail["extension"]) == made


def test_a_search_reports_why_it_extended_nothing(project: Project) -> None:
    add_model(project)
    finished_search(project, [PART], extension=Extension(WRONG))
    [collected] = catch_up(project)
    assert "outlines not extended" in collected.notes[0]


def test_a_search_of_an_older_program_reports_nothing(project: Project) -> None:
    [collected] = search(project, [PART])
    assert collected.notes == ()


@pytest.mark.parametrize(("detected", "is_told"), [(0.05, True), (0.79, True), (0.9, False)])
def test_an_extended_outline_says_how_much_of_it_was_detected(
    project: Project,
    detected: float,
    is_told: bool,
) -> None:
    add_model(project)
    finished_search(project, [square(120, 120, 40)], detected=detected)
    catch_up(project)
    card = show_candidate(project, 1)
    shown = Shown(card, own=(), hide_score=True, is_blind=True, said="")
    texts = "\n".join(card_lines(card, hide_score=True)), "\n".join(evidence_lines(shown))
    for text in texts:
        assert (f"{100 * detected:.0f} % detected; the rest" in text) is is_told


def test_an_edited_outline_is_no_longer_the_networks(project: Project) -> None:
    add_model(project)
    finished_search(project, [square(120, 120, 40)], detected=0.1)
    catch_up(project)
    assert show_candidate(project, 1).extension_text
    take_step(project, 1, "grow", analyst="ann")
    assert show_candidate(project, 1).extension_text == ""


@pytest.mark.parametrize(
    ("extension", "better"),
    [(None, 1), (Extension(WRONG), 1), (Extension(RIGHT, extended=3), 0)],
    ids=["not tried", "not applied", "applied"],
)
def test_extended_outlines_are_not_replaced_unasked(
    project: Project, extension: Extension | None, better: int
) -> None:
    """Two later searches agree on a larger outline of higher probability."""
    search(project, [PART])
    decide(project, 1, Word(Verdict.ACCEPT), analyst="ann")
    for _ in range(2):
        if converge(project, by="ann").converged:
            search_again(project, by="ann")
        add_model(project)
        finished_search(project, [*ELSEWHERE, WHOLE], extension=extension)
        [collected] = catch_up(project)
        with reading(project) as connection:
            found = connection.execute(
                "SELECT candidate_id FROM candidates WHERE status = 'open'"
            ).fetchall()
        for (candidate_id,) in found:
            decide(project, candidate_id, Word(Verdict.REJECT), analyst="ann")
    assert collected.better == better


def test_a_search_tries_extension_on_digitised_slumps_alone(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(infer, "sha256_of", lambda path: f"{int(Path(path).stem):064}")
    folders: list[JobFolder] = []
    monkeypatch.setattr(
        infer, "start_job", lambda _, folder, *given, **named: folders.append(folder)
    )
    search(project, [PART, ELSEWHERE[0]], failed=[1])
    decide(project, 1, Word(Verdict.ACCEPT), analyst="ann")
    decide(project, 2, Word(Verdict.REJECT), analyst="ann")
    infer.start_search(project, by="ann")
    known = [shapely.from_wkb(one) for one in tables.read_places(folders[0].known)]
    assert len(known) == 2
    assert not any(one.intersects(PART) for one in known)
    # AND known slumps are not extended to ask again; what was rejected is none
    slumps = [shapely.from_wkb(one) for one in tables.read_places(folders[0].slumps)]
    assert len(slumps) == 3
    assert any(one.equals(PART) for one in slumps)
    assert not any(one.equals(ELSEWHERE[0]) for one in slumps)
