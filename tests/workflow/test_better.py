"""A later search's better outline counts unasked; one that joins slumps is asked about."""

from dataclasses import replace

import pytest
import shapely
from desk import catch_up_with, search, square, write_settings
from shapely.geometry.base import BaseGeometry

from rtsproj.domain.decisions import Verdict
from rtsproj.domain.labels import Polarity
from rtsproj.store import labels
from rtsproj.store.actions import last_actions
from rtsproj.store.database import rows
from rtsproj.workflow.candidates import CandidateRow, list_candidates, show_candidate
from rtsproj.workflow.collect import Collected
from rtsproj.workflow.converge import converge, search_again
from rtsproj.workflow.decide import Word, decide
from rtsproj.workflow.ladder import take_step
from rtsproj.workflow.project import Project, reading, writing
from rtsproj.workflow.undo import redo, undo

PART, WHOLE, LARGER = square(120, 120, 12), square(120, 120, 13), square(120, 120, 14)
PIECE, OTHER_PIECE = square(60, 60, 20), square(80, 60, 12)
BOTH = shapely.union_all([PIECE, OTHER_PIECE])
ELSEWHERE = [square(10 + 30 * n, 165, 8) for n in range(4)]
"""The later an outline in a search of the desk, the higher its mean probability: here .04."""


def inventory(project: Project) -> dict[int, dict[str, object]]:
    with reading(project) as connection:
        found = rows(connection, "SELECT *, ST_AsWKB(geom) AS wkb FROM inventory")
    return {one["slump_id"]: {**one, "shape": shapely.from_wkb(bytes(one["wkb"]))} for one in found}


def outline(project: Project, slump_id: int = 3) -> BaseGeometry:
    return inventory(project)[slump_id]["shape"]


def next_search(project: Project, shapes: list[BaseGeometry]) -> Collected:
    """Another iteration, whose search draws these."""
    if converge(project, by="ann").converged:
        search_again(project, by="ann")
    [found] = search(project, shapes)
    for one in list_candidates(project):
        if one.status == "open":
            decide(project, one.candidate_id, Word(Verdict.REJECT), analyst="ann")
    return found


@pytest.fixture
def known(project: Project) -> Project:
    """Slump 3 was accepted as a part, and drawn whole and surer by one later search."""
    search(project, [PART])
    decide(project, 1, Word(Verdict.ACCEPT), analyst="ann")
    assert next_search(project, [*ELSEWHERE, WHOLE]).better == 0
    assert outline(project) == PART  # one network alone does not replace it
    return project


def test_what_two_searches_drew_surer_counts_and_is_trained_on(known: Project) -> None:
    # WHEN the next search agrees with it
    assert next_search(known, [*ELSEWHERE, WHOLE]).better == 1
    # THEN the inventory holds the new outline, and who accepted what stays
    after = inventory(known)[3]
    assert after["shape"] == WHOLE
    assert (after["first_iteration"], after["last_iteration"]) == (1, 3)
    assert (after["analyst"], after["accepted_candidate_id"]) == ("ann", 1)
    assert after["area_m2"] == pytest.approx(13**2 * 9, rel=1e-3)
    assert after["nearest_kind"] == "road"
    assert [one.status for one in list_candidates(known) if one.candidate_id == 1] == ["accept"]
    # AND the next training sees it in place of the first
    with writing(known, "labels") as connection:
        labels.sync_labels(connection, 4, by="ann")
        live = labels.training_labels(connection, 4)
    found = [shapely.from_wkb(one.wkb) for one in live if one.polarity is Polarity.POSITIVE]
    assert WHOLE in found
    assert PART not in found
    # AND the last actions say so
    with reading(known) as connection:
        done = [one["what"] for one in last_actions(connection, most=50)]
    assert any("1 accepted outline replaced by a better one" in one for one in done)
    # AND nobody was asked about the place again
    again = [one for one in list_candidates(known) if one.lineage in ("grown", "partial")]
    assert again == []


def test_without_the_decision_the_better_outline_does_not_count_either(known: Project) -> None:
    next_search(known, [*ELSEWHERE, WHOLE])
    decide(known, 1, Word(Verdict.REJECT), analyst="eva")
    assert set(inventory(known)) == {1, 2}
    undo(known, times=1, analyst="eva")
    assert outline(known) == WHOLE
    redo(known, times=1, analyst="eva")
    assert set(inventory(known)) == {1, 2}


def test_a_better_outline_that_a_person_rejects_gives_way_to_the_accepted_one(
    known: Project,
) -> None:
    next_search(known, [*ELSEWHERE, WHOLE])
    better = int(inventory(known)[3]["candidate_id"])
    decide(known, better, Word(Verdict.REJECT), analyst="eva")
    assert outline(known) == PART
    undo(known, times=1, analyst="eva")
    assert outline(known) == WHOLE


def test_a_better_outline_is_replaced_by_a_still_better_one_under_the_same_decision(
    known: Project,
) -> None:
    next_search(known, [*ELSEWHERE, WHOLE])
    more = [square(10 + 20 * n, 140, 6) for n in range(4)]
    assert next_search(known, [*ELSEWHERE, *more, LARGER]).better == 1  # the last one's IoU is .86
    after = inventory(known)[3]
    assert after["shape"] == LARGER
    assert after["accepted_candidate_id"] == 1
    decide(known, 1, Word(Verdict.UNSURE), analyst="ann")
    assert set(inventory(known)) == {1, 2}


def test_an_outline_that_a_person_edited_stays(known: Project) -> None:
    take_step(known, 1, "smooth", analyst="ann")
    edited = outline(known)
    assert edited != PART
    assert next_search(known, [*ELSEWHERE, WHOLE]).better == 0
    assert outline(known) == edited


def test_a_better_outline_may_be_edited(known: Project) -> None:
    next_search(known, [*ELSEWHERE, WHOLE])
    better = int(inventory(known)[3]["candidate_id"])
    take_step(known, better, "smooth", analyst="ann")
    edited = outline(known)
    assert edited != WHOLE
    assert shapely.intersection(edited, WHOLE).area > 0.9 * WHOLE.area
    decide(known, 1, Word(Verdict.REJECT), analyst="ann")
    assert set(inventory(known)) == {1, 2}


def test_seeds_and_projects_that_do_not_want_it_are_left_alone(known: Project) -> None:
    settings = known.settings
    write_settings(known, replace(settings, lineage=replace(settings.lineage, better=False)))
    seed = square(99, 19, 11)
    assert next_search(known, [seed, *ELSEWHERE, WHOLE, seed]).better == 0
    assert outline(known) == PART
    write_settings(known, settings)
    assert next_search(known, [seed, *ELSEWHERE, WHOLE, seed]).better == 1
    assert outline(known, 2).area == pytest.approx(10**2 * 9)


def test_a_search_taken_in_twice_replaces_once(known: Project) -> None:
    next_search(known, [*ELSEWHERE, WHOLE])
    [again] = catch_up_with(known, [*ELSEWHERE, WHOLE])
    assert again.better == 0
    assert outline(known) == WHOLE


def two_parts(project: Project) -> None:
    """Two pieces of one slump, both accepted: slumps 3 and 4."""
    search(project, [PIECE, OTHER_PIECE])
    for candidate_id in (1, 2):
        decide(project, candidate_id, Word(Verdict.ACCEPT), analyst="ann")
    converge(project, by="ann")


def waiting(project: Project) -> list[CandidateRow]:
    return [one for one in list_candidates(project) if one.status == "open"]


def test_an_outline_that_holds_two_slumps_is_asked_about_and_makes_them_one(
    project: Project,
) -> None:
    two_parts(project)
    search(project, [BOTH])
    [one] = waiting(project)
    assert (one.lineage, one.relation) == ("grown", "merge")
    card = show_candidate(project, one.candidate_id)
    assert "accept it if they are one slump" in card.lineage_text
    decide(project, one.candidate_id, Word(Verdict.ACCEPT), analyst="ann")
    found = inventory(project)
    assert {one["origin"] for one in found.values()} == {"seed", "found"}
    assert [one["shape"] for one in found.values() if one["origin"] == "found"] == [BOTH]
    # undoing it makes them two again
    undo(project, times=1, analyst="ann")
    assert set(inventory(project)) == {1, 2, 3, 4}


def test_two_slumps_that_are_not_one_are_asked_about_once(project: Project) -> None:
    two_parts(project)
    search(project, [BOTH])
    [one] = waiting(project)
    decide(project, one.candidate_id, Word(Verdict.REJECT), analyst="ann")
    if converge(project, by="ann").converged:
        search_again(project, by="ann")
    search(project, [BOTH])
    assert waiting(project) == []
    assert set(inventory(project)) == {1, 2, 3, 4}


def test_a_project_may_leave_joins_out(project: Project) -> None:
    settings = project.settings
    write_settings(project, replace(settings, lineage=replace(settings.lineage, joins=False)))
    two_parts(project)
    search(project, [BOTH])
    assert waiting(project) == []
