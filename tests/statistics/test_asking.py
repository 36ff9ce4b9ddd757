"""Which outlines are asked about: bounds that hold for any scores, and worked cases."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtsproj.statistics.asking import MARGIN, AskingPlan, asked, rank_of, score_floor

scores = st.floats(0, 1, allow_nan=False)
outlines = st.lists(st.tuples(scores, st.booleans()), max_size=30)
plans = st.builds(
    AskingPlan,
    limit=st.none() | st.integers(0, 20),
    floor=scores,
    probes=st.integers(0, 20),
    far=st.integers(0, 8),
)
novelties = st.floats(0, 2) | st.just(math.nan)


@given(outlines, plans)
def test_the_best_are_asked_about_and_no_more_than_the_plan_says(found, plan) -> None:
    rank = np.array([score for score, _ in found], float)
    low = np.array([is_low for _, is_low in found], bool)
    one = asked(rank, low, plan, novelty=np.full(len(rank), math.nan))
    assert not len(one.far)
    chosen = [*one.raised.tolist(), *one.probes.tolist()]
    assert len(set(chosen)) == len(chosen)
    assert not low[one.raised].any()
    assert (np.diff(rank[one.raised]) <= 0).all()
    if plan.limit is None:
        assert sorted(one.raised.tolist()) == np.flatnonzero(~low).tolist()
        assert not len(one.probes)
        return
    assert len(one.raised) <= plan.limit
    assert (rank[one.raised] >= plan.floor).all()
    assert len(one.probes) == min(
        max(0, plan.probes - len(one.raised)), len(found) - len(one.raised)
    )
    # what lies above the cut is better than what does not
    left = set(np.flatnonzero(~low).tolist()) - set(chosen)
    assert not (left and low[one.probes].any())
    assert all(rank[one.raised].min(initial=1) >= rank[n] for n in left)


@given(st.lists(st.tuples(scores, st.booleans(), novelties), max_size=30), plans)
def test_the_most_novel_take_the_place_of_the_weakest_probes(found, plan) -> None:
    rank = np.array([score for score, _, _ in found], float)
    low = np.array([is_low for _, is_low, _ in found], bool)
    novelty = np.array([one for _, _, one in found], float)
    plain = asked(rank, low, plan, novelty=np.full(len(rank), math.nan))
    one = asked(rank, low, plan, novelty=novelty)
    # the best are the same, and there are as many questions
    assert one.raised.tolist() == plain.raised.tolist()
    assert len(one.probes) + len(one.far) == len(plain.probes)
    probes, far = set(one.probes.tolist()), set(one.far.tolist())
    assert len(probes) + len(far) == len(one.probes) + len(one.far)
    assert not (probes | far) & set(one.raised.tolist())
    # of what is not raised, no outline is more novel than those that are asked for it
    left = [n for n in range(len(rank)) if n not in one.raised and not math.isnan(novelty[n])]
    assert len(far) == min(plan.far, len(plain.probes), len(left))
    assert novelty[one.far].tolist() == sorted(novelty[left], reverse=True)[: len(far)]
    # the other probes are the best of the rest, as without them
    assert one.probes.tolist() == [n for n in plain.probes if n not in far][: len(probes)]


def test_an_outline_unlike_everything_judged_is_asked_before_a_likelier_one() -> None:
    rank = np.array([0.9, 0.6, 0.5, 0.4, 0.1])
    low = np.array([False, False, False, True, True])
    novelty = np.array([1.5, 0.1, math.nan, 0.2, 0.9])
    plan = AskingPlan(limit=1, probes=3, far=1)
    one = asked(rank, low, plan, novelty=novelty)
    assert [each.tolist() for each in (one.raised, one.probes, one.far)] == [[0], [1], [4]]
    # nothing is filled up: nothing is asked for its novelty
    full = asked(rank, low, AskingPlan(limit=3, probes=3, far=1), novelty=novelty)
    assert [each.tolist() for each in (full.raised, full.probes, full.far)] == [[0, 1, 2], [], []]


@given(st.lists(st.tuples(scores, st.booleans()), min_size=1, max_size=40), st.floats(1, 10))
def test_above_the_floor_the_budget_is_met(pairs, budget) -> None:
    ranks, found = zip(*pairs, strict=True)
    floor = score_floor(ranks, found, budget=budget)
    assert 0 <= floor <= 1
    above = [is_slump for rank, is_slump in pairs if rank >= floor]
    if 0 < floor < 1 and not all(found):
        assert (sum(above) + 1) * budget >= len(above)


CASES = [
    ("nothing was asked", [], [], 0.0),
    ("all were slumps", [0.9, 0.6], [True, True], 0.6 - MARGIN),
    ("none was", [0.9, 0.6], [False, False], 1.0),
    ("the lowest was", [0.9, 0.8, 0.5], [True, False, True], 0.5 - MARGIN),
    ("one of two of the lowest was", [0.9, 0.6, 0.5], [True, True, False], 0.6),
    ("the lower half was not", [0.9, 0.8, 0.4, 0.3, 0.2], [True, True, False, False, False], 0.8),
    ("one in three of the lower half was", [0.9, 0.5, 0.4, 0.3], [True, True, False, False], 0.5),
]


@pytest.mark.parametrize(("name", "ranks", "found", "floor"), CASES)
def test_worked_floors(name, ranks, found, floor) -> None:
    assert score_floor(ranks, found, budget=3) == pytest.approx(floor), name


def test_an_outline_that_depends_on_the_cut_ranks_lower() -> None:
    rank = rank_of(np.array([0.8, 0.9]), np.array([1.0, 0.25]))
    assert rank.tolist() == pytest.approx([0.8, 0.45])
