"""Searches, decisions and the stop rule over several iterations."""

from dataclasses import replace

import pytest
from desk import (
    catch_up_with,
    finished_search,
    search,
    square,
    stop_at_once,
    write_settings,
)

from rtsproj.domain.candidates import Status
from rtsproj.domain.decisions import Verdict
from rtsproj.domain.iterations import Stage
from rtsproj.errors import NeedsError, UsageError
from rtsproj.store.database import rows
from rtsproj.workflow.candidates import list_candidates, show_candidate
from rtsproj.workflow.collect import catch_up
from rtsproj.workflow.converge import converge, look, search_again
from rtsproj.workflow.decide import Word, amend, decide, decide_many
from rtsproj.workflow.decide_file import decide_from
from rtsproj.workflow.project import Project, reading
from rtsproj.workflow.queue import Wanted, read_queue
from rtsproj.workflow.status import status
from rtsproj.workflow.undo import act_text, acts, redo, undo

SEED, SMALL_SEED = square(20, 20, 20), square(100, 20, 10)
FRESH, OTHER = square(60, 80, 15), square(120, 120, 12)


def statuses(project: Project) -> dict[int, str]:
    return {one.candidate_id: one.status for one in list_candidates(project)}


def slumps(project: Project) -> list[dict[str, object]]:
    with reading(project) as connection:
        return rows(connection, "SELECT * EXCLUDE (geom) FROM inventory ORDER BY slump_id")


def test_a_seed_drawn_again_is_known_and_not_shown(project: Project) -> None:
    search(project, [SEED, FRESH])
    assert statuses(project) == {1: "accept", 2: "open"}
    assert "RTS-00001" in show_candidate(project, 1).lineage_text


def test_known_slumps_come_back_only_where_much_of_a_candidate_is_new(project: Project) -> None:
    # GIVEN a model that draws both seeds with a rim of two pixels, one of them in two parts
    search(project, [square(18, 18, 24), square(99, 19, 6), square(105, 25, 6), FRESH])
    assert statuses(project) == {1: "accept", 2: "accept", 3: "accept", 4: "open"}
    decide(project, 4, Word(Verdict.ACCEPT), analyst="ann")
    converge(project, by="ann")
    # WHEN the next models draw the first larger, the second in one piece, and then far more of it
    search(project, [square(18, 18, 24), square(99, 19, 12), FRESH])
    assert [one.status for one in list_candidates(project, iteration=2)] == ["accept"] * 3
    assert converge(project, by="ann").converged
    search_again(project, by="ann")
    search(project, [square(18, 18, 40), square(99, 19, 12), FRESH])
    grown, *others = list_candidates(project, iteration=3)
    assert [one.status for one in others] == ["accept", "accept"]
    # THEN only the last is shown, with what is new of it
    card = show_candidate(project, grown.candidate_id)
    assert (grown.status, grown.lineage) == ("open", "partial")
    assert card.growth_m2 == pytest.approx((40**2 - 23**2) * 9, rel=0.01)
    assert "RTS-00001" in card.lineage_text


def test_accepting_a_fresh_candidate_makes_a_slump_with_its_distance(project: Project) -> None:
    search(project, [FRESH])
    decide(project, 1, Word(Verdict.ACCEPT), analyst="ann")
    found = slumps(project)[-1]
    assert (found["origin"], found["first_iteration"], found["analyst"]) == ("found", 1, "ann")
    assert found["nearest_kind"] == "road"
    # the outline's upper edge lies 240 m below the top, the road 210 m
    assert found["nearest_m"] == pytest.approx(30.0, abs=0.05)


def test_undo_takes_the_slump_out_and_redo_brings_it_back_under_its_id(project: Project) -> None:
    search(project, [FRESH])
    decide(project, 1, Word(Verdict.ACCEPT), analyst="ann")
    before = slumps(project)
    assert undo(project, times=1, analyst="ann")[0].verdict is Verdict.WITHDRAW
    assert len(slumps(project)) == 2
    assert statuses(project)[1] == "open"
    assert redo(project, times=1, analyst="ann")[0].verdict is Verdict.ACCEPT
    assert [one["slump_id"] for one in slumps(project)] == [one["slump_id"] for one in before]


def test_undo_of_a_changed_mind_restores_the_earlier_word(project: Project) -> None:
    search(project, [FRESH])
    decide(project, 1, Word(Verdict.REJECT, "river"), analyst="ann")
    decide(project, 1, Word(Verdict.ACCEPT), analyst="ann")
    undo(project, times=1, analyst="ann")
    assert statuses(project)[1] == "reject"
    undo(project, times=1, analyst="ann")
    assert statuses(project)[1] == "open"
    assert undo(project, times=1, analyst="ann") == ()
    assert len(redo(project, times=5, analyst="ann")) == 2
    assert statuses(project)[1] == "accept"


def test_a_reason_added_afterwards_goes_with_one_undo(project: Project) -> None:
    search(project, [FRESH])
    saved = decide(project, 1, Word(Verdict.REJECT), analyst="ann")
    amend(project, saved, reason="water")
    assert show_candidate(project, 1).row.reason == "water"
    undo(project, times=1, analyst="ann")
    assert statuses(project)[1] == "open"


def test_analysts_undo_only_their_own_words(project: Project) -> None:
    search(project, [FRESH, OTHER])
    decide(project, 1, Word(Verdict.ACCEPT), analyst="ann")
    decide(project, 2, Word(Verdict.REJECT), analyst="bob")
    assert undo(project, times=1, analyst="ann")[0].candidate_id == 1
    assert statuses(project) == {1: "open", 2: "reject"}


def test_what_was_decided_at_once_is_undone_and_redone_at_once(project: Project) -> None:
    search(project, [FRESH, OTHER, square(150, 30, 12), square(10, 150, 8)])
    decide(project, 4, Word(Verdict.ACCEPT), analyst="ann")
    decide(project, 1, Word(Verdict.REJECT, "river"), analyst="ann")
    saved = decide_many(project, dict.fromkeys((1, 2, 3), Word(Verdict.UNSURE)), analyst="ann")
    assert {one.bulk for one in saved} == {saved[0].decision_id}
    decide(project, 2, Word(Verdict.ACCEPT), analyst="bob")
    # WHEN the act is undone, THEN each candidate has the word that stood before it, and what
    # another analyst has decided since stands
    back = undo(project, times=1, analyst="ann")
    assert [one.candidate_id for one in back] == [3, 2, 1]
    assert statuses(project) == {1: "reject", 2: "accept", 3: "open", 4: "accept"}
    assert len(acts(back)) == 1
    assert "3 decisions" in act_text(back, "undone")
    # AND redone in one step, and undone again
    again = redo(project, times=1, analyst="ann")
    assert sorted(one.candidate_id for one in again) == [1, 2, 3]
    assert statuses(project) == {1: "unsure", 2: "unsure", 3: "unsure", 4: "accept"}
    assert redo(project, times=1, analyst="ann") == ()
    # AND the acts before it are undone one by one
    steps = acts(undo(project, times=3, analyst="ann"))
    assert [len(one) for one in steps] == [3, 1, 1]
    assert act_text(steps[1], "undone") == "undone: C-00001 is open again"


def test_of_two_words_on_one_candidate_in_one_act_the_first_is_taken_back_last(
    project: Project,
) -> None:
    search(project, [FRESH, OTHER])
    path = project.folder / "decisions.csv"
    path.write_text("candidate_id,verdict\n1,reject\n2,accept\n1,unsure\n", encoding="utf-8")
    assert len(decide_from(project, path, analyst="ann").saved) == 3
    assert statuses(project) == {1: "unsure", 2: "accept"}
    assert len(undo(project, times=1, analyst="ann")) == 3
    assert statuses(project) == {1: "open", 2: "open"}
    redo(project, times=1, analyst="ann")
    assert statuses(project) == {1: "unsure", 2: "accept"}


def test_a_word_added_to_one_of_many_is_undone_alone_and_the_others_at_once(
    project: Project,
) -> None:
    search(project, [FRESH, OTHER, square(150, 30, 12)])
    saved = decide_many(project, dict.fromkeys((1, 2, 3), Word(Verdict.REJECT)), analyst="ann")
    amend(project, saved[1], reason="water")
    assert [one.candidate_id for one in undo(project, times=1, analyst="ann")] == [2]
    assert len(undo(project, times=1, analyst="ann")) == 2
    assert set(statuses(project).values()) == {"open"}


def test_an_undo_leaves_what_another_analyst_has_decided_since(project: Project) -> None:
    search(project, [FRESH])
    decide(project, 1, Word(Verdict.REJECT), analyst="ann")
    decide(project, 1, Word(Verdict.ACCEPT), analyst="bob")
    undo(project, times=1, analyst="ann")
    assert statuses(project)[1] == "accept"
    # AND a word that the other has taken back does not come back
    undo(project, times=1, analyst="bob")
    redo(project, times=1, analyst="ann")
    assert statuses(project)[1] == "reject"
    undo(project, times=1, analyst="ann")
    assert statuses(project)[1] == "open"


def test_converge_refuses_while_something_is_open(project: Project) -> None:
    search(project, [FRESH])
    with pytest.raises(NeedsError, match="1 candidate still open"):
        converge(project, by="ann")
    assert status(project).stage is Stage.TRIAGE


def test_a_new_slump_opens_the_next_iteration_and_none_stops(project: Project) -> None:
    search(project, [FRESH])
    decide(project, 1, Word(Verdict.ACCEPT), analyst="ann")
    first = converge(project, by="ann")
    assert (first.converged, first.new_slumps, first.next_iteration) == (False, 1, 2)
    search(project, [SEED, FRESH])
    assert [one.status for one in list_candidates(project, iteration=2)] == ["accept", "accept"]
    last = converge(project, by="ann")
    assert (last.converged, last.new_slumps, last.next_iteration) == (True, 0, None)
    assert "no new slump in iteration 2" in last.reason
    assert status(project).stage is Stage.DONE
    assert converge(project, by="ann").converged
    assert search_again(project, by="ann").next_iteration == 3


def test_unsure_is_told_apart_and_does_not_block(project: Project) -> None:
    stop_at_once(project)
    search(project, [FRESH])
    decide(project, 1, Word(Verdict.UNSURE), analyst="ann")
    outcome = converge(project, by="ann")
    assert outcome.converged
    assert outcome.unsure == 1


def test_a_rejected_place_stays_out_of_the_queue_until_it_changes(project: Project) -> None:
    search(project, [FRESH, OTHER])
    decide(project, 1, Word(Verdict.REJECT, "barren"), analyst="ann")
    decide(project, 2, Word(Verdict.ACCEPT), analyst="ann")
    converge(project, by="ann")
    # the first place is drawn again as it was, and in a third iteration much larger
    search(project, [FRESH])
    [again] = list_candidates(project, iteration=2)
    assert (again.status, again.lineage, again.lineage_of) == ("reject", "same", 1)
    assert len(read_queue(project, Wanted(), analyst="ann")) == 0
    converge(project, by="ann")
    search_again(project, by="ann")
    search(project, [square(60, 80, 24)])
    [grown] = list_candidates(project, iteration=3)
    assert (grown.status, grown.lineage, grown.lineage_of) == ("open", "partial", 1)
    assert "barren" in show_candidate(project, grown.candidate_id).lineage_text


def test_withdrawing_a_reject_reopens_what_inherited_it(project: Project) -> None:
    search(project, [FRESH, OTHER])
    decide(project, 1, Word(Verdict.REJECT), analyst="bob")
    decide(project, 2, Word(Verdict.ACCEPT), analyst="ann")
    converge(project, by="ann")
    search(project, [FRESH])
    undo(project, times=1, analyst="bob")
    assert statuses(project)[3] == "open"


def test_failed_tiles_block_the_stop_and_are_searched_again(project: Project) -> None:
    stop_at_once(project)
    collected = search(project, [], failed=[1])
    assert collected[0].failed_tiles == ((1, "read error in block 12"),)
    with pytest.raises(NeedsError, match="1 tile of iteration 1 failed"):
        converge(project, by="ann")
    catch_up_with(project, [])
    assert look(project).failed_tiles == 0
    assert converge(project, by="ann").converged


def test_despite_failures_says_so_in_the_reason(project: Project) -> None:
    stop_at_once(project)
    search(project, [], failed=[1])
    outcome = converge(project, by="ann", despite_failures=True)
    assert outcome.converged
    assert "1 tile not searched" in outcome.reason


def test_collecting_twice_changes_nothing(project: Project) -> None:
    search(project, [FRESH])
    finished_search(project, [OTHER])
    assert [one.candidates for one in catch_up(project)] == [1]
    assert catch_up(project) == ()
    assert len(list_candidates(project)) == 2


def test_an_unknown_candidate_or_reason_saves_nothing(project: Project) -> None:
    search(project, [FRESH])
    with pytest.raises(UsageError, match="no candidate 99"):
        decide(project, 99, Word(Verdict.ACCEPT), analyst="ann")
    with pytest.raises(UsageError, match="reason 'aliens'"):
        decide(project, 1, Word(Verdict.REJECT, "aliens"), analyst="ann")
    assert statuses(project) == {1: "open"}


def test_a_part_of_a_slump_leaves_its_outline_as_it_is(project: Project) -> None:
    part = square(22, 22, 9)
    search(project, [part])
    area = slumps(project)[0]["area_m2"]
    decide(project, 1, Word(Verdict.ACCEPT), analyst="ann")
    assert len(slumps(project)) == 2
    assert slumps(project)[0]["area_m2"] == area
    assert slumps(project)[0]["last_iteration"] == 1


def test_the_queue_has_small_outlines_last(project: Project) -> None:
    search(project, [square(60, 80, 5), FRESH, OTHER])
    assert read_queue(project, Wanted(), analyst="ann").ids[-1] == 1
    assert list_candidates(project, status=Status.OPEN)[0].candidate_id == 1


def test_the_silence_of_the_first_network_does_not_stop_the_search(project: Project) -> None:
    # GIVEN a first search that draws the seeds alone
    search(project, [SEED, SMALL_SEED])
    first = converge(project, by="ann")
    assert (first.converged, first.next_iteration) == (False, 2)
    assert first.reason == (
        "iteration 1 found no new slump: a second network searches before that counts"
    )
    # WHEN the second one's questions are all probes, and none of them is a slump
    search(project, [SEED, FRESH, OTHER])
    assert [one.raised for one in list_candidates(project, iteration=2)] == ["cut"] * 3
    for candidate_id in (4, 5):
        decide(project, candidate_id, Word(Verdict.REJECT), analyst="ann")
    last = converge(project, by="ann")
    assert last.converged
    assert last.reason == (
        "no new slump in iteration 2 of another network, which saw nothing else to ask about: "
        "the zero-new rule is met"
    )


def test_a_search_raises_its_best_and_fills_up_with_probes(project: Project) -> None:
    # GIVEN two known slumps, a budget of three questions for each, and forty outlines
    settings = project.settings
    triage = replace(settings.triage, probes=4)
    write_settings(project, replace(settings, triage=triage))
    shapes = [square(9 * n % 180, 9 * n // 180 * 9 + 60, 4) for n in range(40)]
    [one] = search(project, shapes)
    # THEN the six best are raised; the next iteration goes no lower than the last find
    assert (one.shown, one.probes, one.left) == (6, 0, 34)
    found = list_candidates(project)
    assert sorted(row.score_mean for row in found) == pytest.approx(
        [0.5 + n / 100 for n in range(34, 40)]
    )
    best = max(found, key=lambda row: row.score_mean)
    for row in found:
        verdict = Verdict.ACCEPT if row is best else Verdict.REJECT
        decide(project, row.candidate_id, Word(verdict), analyst="ann")
    converge(project, by="ann")
    [two] = search(project, shapes)
    assert (two.shown, two.probes) == (4, 4)
    later = list_candidates(project, iteration=2)
    assert {row.raised for row in later if row.status == "open"} == {"probe"}
    text = look(project).reason
    assert "4 candidates still open" in text
    for row in later:
        if row.status == "open":
            decide(project, row.candidate_id, Word(Verdict.REJECT), analyst="ann")
    assert (
        "also asked about 4 weaker outlines; 30 more were not asked about" in look(project).reason
    )


def test_an_accepted_outline_takes_in_pieces_for_as_long_as_it_is_accepted(
    project: Project,
) -> None:
    search(project, [square(60, 80, 6), square(60, 88, 6)])
    for candidate_id in (1, 2):
        decide(project, candidate_id, Word(Verdict.ACCEPT), analyst="ann")
    before = slumps(project)
    converge(project, by="ann")
    search(project, [square(58, 78, 20)])
    decide(project, 3, Word(Verdict.ACCEPT), analyst="ann")
    after = slumps(project)
    assert [one["slump_id"] for one in after] == [1, 2, 3]
    assert after[-1]["area_m2"] > before[-1]["area_m2"] * 5
    assert look(project).new_slumps == 0
    undo(project, times=1, analyst="ann")
    assert slumps(project) == before
    redo(project, times=1, analyst="ann")
    again = slumps(project)
    assert [(one["slump_id"], one["area_m2"]) for one in again] == [
        (one["slump_id"], one["area_m2"]) for one in after
    ]
