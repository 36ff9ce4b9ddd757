"""The queue: orders, filters, claims, blind repeats, adjudication."""

from dataclasses import replace

import numpy as np
import pytest
from desk import search, square, write_settings

from rtsproj.domain.decisions import Purpose, Verdict
from rtsproj.errors import UsageError
from rtsproj.store.database import Database, rows
from rtsproj.store.lock import shared_lock
from rtsproj.workflow.decide import Word, decide
from rtsproj.workflow.opinions import collect_opinions
from rtsproj.workflow.project import Project, reading
from rtsproj.workflow.queue import (
    ORDERS,
    Queue,
    Wanted,
    bookmark,
    claim_ahead,
    open_queue,
    read_queue,
    release,
    shuffled,
    sit_down,
)
from rtsproj.workflow.undo import undo

SHAPES = [square(60, 80, 15), square(120, 120, 12), square(150, 30, 12), square(10, 150, 8)]


def queue_of(project: Project, analyst: str = "ann", **wanted: object) -> Queue:
    return read_queue(project, Wanted(**wanted), analyst=analyst)


def with_setting(project: Project, **triage: object) -> Project:
    settings = replace(project.settings, triage=replace(project.settings.triage, **triage))
    write_settings(project, settings)
    return project


def test_every_order_holds_the_same_candidates(project: Project) -> None:
    search(project, SHAPES)
    everything = sorted(queue_of(project).ids.tolist())
    for order in ORDERS:
        found = queue_of(project, order=order)
        assert sorted(found.ids.tolist()) == everything
        assert found.order == order
    by_area = queue_of(project, order="area")
    assert (np.diff(by_area.area_m2) <= 0).all()
    # the road runs 30 m above the first square
    assert queue_of(project, order="lines").ids.tolist() == [1, 3, 2, 4]


def test_the_first_batch_is_the_beginning_of_the_whole_queue(project: Project) -> None:
    settings = project.settings
    everything = replace(settings.triage, budget=0.0)
    write_settings(project, replace(settings, triage=everything))
    search(project, [square(3 * n % 180, 3 * n // 180 * 9 + 60, 2) for n in range(240)])
    first = read_queue(project, Wanted(), analyst="ann", whole=False)
    whole = queue_of(project)
    assert len(first) == 200
    assert len(whole) == 240
    assert first.ids.tolist() == whole.ids[:200].tolist()
    assert not first.whole


def test_decided_ones_leave_and_come_back_with_undo(project: Project) -> None:
    search(project, SHAPES)
    decide(project, 1, Word(Verdict.REJECT, "river"), analyst="ann")
    assert 1 not in queue_of(project).ids
    undo(project, times=1, analyst="ann")
    assert 1 in queue_of(project).ids


FILTERS = [("C-00002", [2]), ("<0.1ha", [4]), (">0.1ha it=1", [1, 2, 3]), ("road<100", [1, 3])]


@pytest.mark.parametrize(("text", "expected"), FILTERS)
def test_filters_keep_what_answers_to_all_words(
    project: Project, text: str, expected: list[int]
) -> None:
    search(project, SHAPES)
    assert sorted(queue_of(project, filter=text).ids.tolist()) == expected


@pytest.mark.parametrize("text", ["banana", ">ha", "near<x", "it=", "1;DROP TABLE candidate"])
def test_an_unknown_filter_word_is_named(project: Project, text: str) -> None:
    search(project, SHAPES)
    with pytest.raises(UsageError, match="filter word") as caught:
        queue_of(project, filter=text)
    assert "near<500" in caught.value.hint


def test_claims_keep_candidates_out_of_another_queue_until_they_are_given_back(
    project: Project,
) -> None:
    search(project, SHAPES)
    assert claim_ahead(project, [1, 2], Wanted(), analyst="ann") == {}
    assert sorted(queue_of(project, "bob").ids.tolist()) == [3, 4]
    assert sorted(queue_of(project, "ann").ids.tolist()) == [1, 2, 3, 4]
    # WHEN bob asks for one that ann holds
    assert claim_ahead(project, [2, 3], Wanted(), analyst="bob") == {2: "ann"}
    assert release(project, analyst="ann") == 2
    assert sorted(queue_of(project, "bob").ids.tolist()) == [1, 2, 3, 4]


def test_two_analysts_who_open_the_queue_are_shown_different_candidates(project: Project) -> None:
    search(project, SHAPES)
    near = with_setting(project, claim_ahead=2)
    first = open_queue(near, Wanted(), analyst="ann")
    second = open_queue(near, Wanted(), analyst="bob")
    assert len(first) == 4
    assert set(second.ids.tolist()).isdisjoint(first.ids[:2].tolist())
    # WHEN ann comes back to a certain one THEN that one and what follows it are hers
    last = int(first.ids[3])
    release(near, analyst="bob")
    assert open_queue(near, Wanted(), analyst="ann", at=last).place_of(last) == 3
    assert last not in open_queue(near, Wanted(), analyst="bob").ids.tolist()
    # WHEN that one is not in the batch THEN the place that was remembered stays
    open_queue(near, Wanted(), analyst="ann", at=999)
    kept = bookmark(near, analyst="ann")
    assert kept is not None
    assert kept.candidate_id == last


def test_a_project_that_is_busy_is_shown_without_claims(project: Project) -> None:
    search(project, SHAPES)
    quick = Database(project.folder, wait_s=0.1)
    with shared_lock(quick.lock_path, wait_s=1):
        assert len(open_queue(replace(project, database=quick), Wanted(), analyst="ann")) == 4
    assert len(queue_of(project, "bob")) == 4


def test_the_folder_of_a_sitting_is_one_file_after_it(project: Project) -> None:
    search(project, SHAPES)
    sit_down(project)
    decide(project, 1, Word(Verdict.ACCEPT), analyst="ann")
    assert project.database.log_path.exists()
    release(project, analyst="ann")
    assert not project.database.log_path.exists()
    with reading(project) as connection:
        assert [row["verdict"] for row in rows(connection, "FROM decisions")] == ["accept"]


def test_a_claim_that_has_expired_counts_for_nothing(project: Project) -> None:
    search(project, SHAPES)
    gone = with_setting(project, claim_days=0.0)
    claim_ahead(gone, [1, 2], Wanted(), analyst="ann")
    assert len(queue_of(gone, "bob")) == 4


def test_the_place_is_remembered_with_order_and_filter(project: Project) -> None:
    search(project, SHAPES)
    assert bookmark(project, analyst="ann") is None
    claim_ahead(project, [3, 4], Wanted("triage", "map", ">0.1ha"), analyst="ann")
    found = bookmark(project, analyst="ann")
    assert found is not None
    assert (found.candidate_id, found.wanted.order, found.wanted.filter) == (3, "map", ">0.1ha")


def test_blind_repeats_are_mixed_in_and_never_change_the_verdict(project: Project) -> None:
    search(project, SHAPES)
    decide(project, 1, Word(Verdict.ACCEPT), analyst="ann")
    decide(project, 2, Word(Verdict.REJECT, "river"), analyst="ann")
    blind = with_setting(project, replicate_share=1.0, replicate_after_h=24.0)
    # ann is not shown her own before a day has passed
    assert not queue_of(blind, "ann").blind.any()
    found = queue_of(blind, "bob")
    repeated = found.ids[found.blind].tolist()
    assert sorted(repeated) == [1, 2]
    assert found.purpose(int(np.flatnonzero(found.blind)[0])) is Purpose.REPLICATE
    # WHEN bob says the contrary
    decide(blind, 1, Word(Verdict.REJECT, purpose=Purpose.REPLICATE), analyst="bob")
    decide(blind, 2, Word(Verdict.REJECT, purpose=Purpose.REPLICATE), analyst="bob")
    with reading(blind) as connection:
        stand = rows(connection, "SELECT candidate_id, verdict FROM verdict ORDER BY 1")
        slumps = rows(connection, "SELECT count(*) AS n FROM inventory")
    assert [one["verdict"] for one in stand] == ["accept", "reject"]
    assert slumps == [{"n": 3}]
    # THEN both opinions are kept, compared, and the dispute waits for adjudication
    said = collect_opinions(blind)
    assert (said.between.n, said.between.agreed, said.disputed) == (2, 1, 1)
    assert queue_of(blind, kind="adjudication").ids.tolist() == [1]
    assert not queue_of(blind, "bob").blind.any()


def test_adjudication_settles_unsure_and_disputed_ones(project: Project) -> None:
    search(project, SHAPES)
    decide(project, 1, Word(Verdict.ACCEPT), analyst="ann")
    decide(project, 1, Word(Verdict.REJECT), analyst="bob")
    decide(project, 3, Word(Verdict.UNSURE), analyst="ann")
    disputed = queue_of(project, kind="adjudication")
    assert disputed.ids.tolist() == [1, 3]
    assert disputed.purpose(0) is Purpose.ADJUDICATION
    for one in (1, 3):
        word = Word(Verdict.ACCEPT, purpose=Purpose.ADJUDICATION)
        decide(project, one, word, analyst="cleo")
    assert len(queue_of(project, kind="adjudication")) == 0
    with reading(project) as connection:
        said = rows(connection, "SELECT count(*) AS n FROM decision WHERE candidate_id = 1")
    assert said == [{"n": 3}]


def test_the_shuffle_is_repeatable_and_without_order() -> None:
    ids = np.arange(10_000)
    mixed = shuffled(ids)
    assert (mixed == shuffled(ids)).all()
    assert len(np.unique(mixed)) == len(ids)
    assert abs(np.corrcoef(ids, mixed.astype(float))[0, 1]) < 0.05
