"""Probes that are unlike everything judged: what a search compares, and what is asked about."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import shapely
from desk import add_model, finished_search, search, square, write_settings

from rtsproj.domain.candidates import Raised
from rtsproj.domain.decisions import Verdict
from rtsproj.domain.iterations import Probe
from rtsproj.jobs import tables
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.reporter import Reporter
from rtsproj.settings import preset_settings
from rtsproj.store import iterations
from rtsproj.store.database import rows
from rtsproj.workflow import infer
from rtsproj.workflow.candidates import list_candidates
from rtsproj.workflow.collect import Collected, catch_up
from rtsproj.workflow.decide import Word, decide
from rtsproj.workflow.project import Project, reading
from rtsproj.workflow.stages import latest

REJECTED = square(60, 150, 15)
LOW, HIGH = 0.2, 0.5
FOUND = [
    (square(20, 100, 12), HIGH, None),
    (square(64, 154, 30), LOW, 1.9),
    (square(100, 20, 9), LOW, 0.3),
    (square(120, 120, 12), LOW, 0.8),
    (square(150, 60, 12), LOW, 0.2),
    (square(170, 170, 6), LOW, None),
]
"""Outline, its cut, its novelty; scores rise. The second meets what was rejected, the third shows
a seed."""


def collected(project: Project, *, far: int) -> Collected:
    """A search that drew ``FOUND``, collected."""
    settings = project.settings
    triage = replace(settings.triage, probes=3, far=far)
    settings = replace(settings, triage=triage, infer=replace(settings.infer, threshold=HIGH))
    write_settings(project, settings)
    search(project, [REJECTED])
    decide(project, 1, Word(Verdict.REJECT), analyst="ann")
    job_id = finished_search(project, [shape for shape, _, _ in FOUND])
    folder = JobFolder(project.folder / "jobs" / f"{job_id}-infer")
    outlines = [
        replace(one, cut=cut, novelty=novelty, is_low=cut == LOW)
        for one, (_, cut, novelty) in zip(tables.read_outlines(folder.outlines), FOUND, strict=True)
    ]
    tables.write_outlines(folder.outlines, outlines)
    Reporter(folder).finished({"specks": 0}, outputs=[folder.outlines])
    [one] = catch_up(project)
    return one


def asked(project: Project) -> list[tuple[int, str]]:
    with reading(project) as connection:
        found = rows(connection, "FROM candidate WHERE candidate_id > 1 ORDER BY seq")
    return [(row["seq"], row["raised"]) for row in found]


def test_the_outline_unlike_everything_judged_replaces_the_weakest_probe(project: Project) -> None:
    one = collected(project, far=1)
    assert (one.shown, one.probes, one.far) == (3, 2, 1)
    # THEN the most novel one on new ground is asked about, and the best of the others
    assert asked(project) == [(0, Raised.CUT), (3, Raised.FAR), (5, Raised.PROBE)]
    texts = [row.score_text for row in list_candidates(project)[1:]]
    assert [text.partition(", asked ")[2] for text in texts] == [
        "",
        "because it is unlike everything judged",
        "as a probe",
    ]
    row = latest(project)
    with reading(project) as connection:
        probe = iterations.outcome_of(connection, row).probe
        details = [json.loads(row["detail"]) for row in rows(connection, "FROM job_collection")]
    assert (probe.asked, probe.far) == (2, 1)
    assert [one["far"] for one in details if "far" in one] == [0, 1]


def test_without_far_probes_the_best_of_what_is_left_is_asked(project: Project) -> None:
    one = collected(project, far=0)
    assert (one.shown, one.probes, one.far) == (3, 2, 0)
    assert asked(project) == [(0, Raised.CUT), (4, Raised.PROBE), (5, Raised.PROBE)]


def test_the_sentence_says_what_was_far() -> None:
    assert Probe(asked=12, far=3, left=2, is_on=True).text == (
        " of another network, which also asked about 12 weaker outlines, 3 of them unlike "
        "everything judged; 2 more were not asked about"
    )


def test_the_sentence_does_not_count_where_all_are_far() -> None:
    assert Probe(asked=1, far=1, is_on=True).text == (
        " of another network, which also asked about 1 weaker outline, unlike everything judged"
    )


def test_the_sentence_does_not_boast_of_no_probe() -> None:
    assert Probe(left=23, is_on=True).text == (
        " of another network; 23 weaker outlines were not asked about"
    )


def compared(project: Project, monkeypatch: pytest.MonkeyPatch) -> Sequence[shapely.Geometry]:
    """What a search that is started now compares its outlines with."""
    folders: list[JobFolder] = []
    monkeypatch.setattr(
        infer, "start_job", lambda _, folder, *given, **named: folders.append(folder)
    )
    infer.start_search(project, by="ann")
    return [shapely.from_wkb(one) for one in tables.read_places(folders[0].judged)]


def test_a_search_compares_with_seeds_and_with_what_was_decided(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(infer, "sha256_of", lambda path: f"{int(Path(path).stem):064}")
    add_model(project)
    seeds = compared(project, monkeypatch)
    assert len(seeds) > 0
    search(project, [REJECTED], failed=[1])
    decide(project, 1, Word(Verdict.REJECT), analyst="ann")
    assert compared(project, monkeypatch) == [REJECTED, *seeds]
    # WHEN nothing is asked for its novelty
    settings = project.settings
    write_settings(project, replace(settings, triage=replace(settings.triage, far=0)))
    assert compared(project, monkeypatch) == []


def test_the_published_method_asks_for_no_novelty() -> None:
    assert preset_settings("xia2022").triage.far == 0
