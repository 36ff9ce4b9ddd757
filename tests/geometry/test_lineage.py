"""The re-raise rule and the identity of accepted candidates."""

import numpy as np
import pytest
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

from rtsproj.domain.candidates import Lineage, Relation
from rtsproj.geometry.identity import KnownSlump, identify
from rtsproj.geometry.lineage import (
    LineageColumns,
    PlaceIndex,
    SlumpIndex,
    opened,
    relations,
    with_joins,
)
from rtsproj.settings import LineageSettings
from rtsproj.settings.presets import preset_settings

J = box(0, 0, 60, 60)
JUDGED = [(7, 0, J)]
BY_IOU = preset_settings("xia2022").lineage
"""The published rule, which the worked examples of method 7 are for."""
SETTINGS = LineageSettings()
CASES = [
    (box(0, 0, 60, 60), 1.0, 0, Lineage.SAME),
    (box(0, 0, 60, 63), 0.9523809523809523, 0, Lineage.SAME),
    (box(0, 0, 60, 70), 0.8571428571428571, 600, Lineage.GROWN),
    (box(20, 0, 80, 60), 0.5, 1200, Lineage.GROWN),
    (box(0, 0, 40, 40), 0.4444444444444444, 0, Lineage.PARTIAL),
    (box(57, 0, 117, 60), 0.02564102564102564, 3420, Lineage.PARTIAL),
    (box(60, 0, 120, 60), 0.0, None, Lineage.TOUCHING),
    (box(60, 60, 90, 90), 0.0, None, Lineage.TOUCHING),
    (box(61, 0, 100, 60), 0.0, None, Lineage.FRESH),
]
OPENED = [
    (box(0, 0, 60, 63), 0),
    (box(0, 0, 60, 66), 0),
    (box(0, 0, 60, 66.5), 390),
    (box(0, 0, 60, 72), 720),
]


def classify(
    candidate: BaseGeometry,
    judged: list[tuple[int, int, BaseGeometry]],
    settings: LineageSettings = SETTINGS,
) -> LineageColumns:
    """The case of one candidate against (candidate_id, slump_id, outline)."""
    ids = np.array([one[:2] for one in judged]).T
    index = PlaceIndex(*ids, np.array([one[2] for one in judged], dtype=object))
    return index.classify(np.array([candidate], dtype=object), pixel_m=3.0, settings=settings)


@pytest.mark.parametrize(("candidate", "iou", "growth", "case"), CASES)
def test_worked_examples_of_the_rule(candidate, iou, growth, case) -> None:
    found = classify(candidate, JUDGED, BY_IOU)
    assert found.case.tolist() == [case]
    assert found.iou.tolist() == pytest.approx([iou])
    assert found.of.tolist() == [0 if case is Lineage.FRESH else 7]
    if growth is not None:
        assert found.growth_m2.tolist() == pytest.approx([growth], abs=1e-6)


@pytest.mark.parametrize(("later", "area"), OPENED)
def test_worked_examples_of_the_opening(later, area) -> None:
    new = np.array([later.difference(J)], dtype=object)
    assert opened(new, r=3.0)[0].area == pytest.approx(area, abs=1e-6)


def test_the_largest_overlap_decides_and_the_newest_of_equals() -> None:
    found = classify(J, [(1, 3, box(0, 0, 60, 30)), (2, 0, J), (3, 4, J)])
    assert (found.of[0], found.slump_id[0], found.case[0]) == (3, 4, Lineage.SAME)


SEED, REJECT = (0, 5, J), (7, 0, box(60, 0, 120, 60))
GROUND = [
    ("the same outline", J, Lineage.SAME, 5),
    ("a rim of 6 m, by another hand", box(-6, -6, 66, 66), Lineage.SAME, 5),
    ("a part of it alone", box(0, 0, 20, 20), Lineage.SAME, 5),
    ("a third more", box(0, 0, 60, 86), Lineage.SAME, 5),
    ("most of it, and half as much beside", box(0, 20, 60, 84), Lineage.SAME, 5),
    ("two thirds more", box(0, 0, 60, 100), Lineage.GROWN, 5),
    ("mostly other ground", box(0, 0, 60, 140), Lineage.PARTIAL, 5),
    ("in the rim, without a pixel inside", box(0, 61, 12, 63), Lineage.SAME, 5),
    ("apart, as far as the rim", box(0, 62, 60, 120), Lineage.TOUCHING, 5),
    ("beyond the rim", box(0, 64, 60, 120), Lineage.FRESH, 0),
    ("most of what was rejected", box(66, 6, 120, 54), Lineage.SAME, 0),
    ("a small part of what was rejected", box(80, 20, 110, 50), Lineage.PARTIAL, 0),
    ("what was rejected and half as much", box(66, 0, 120, 90), Lineage.GROWN, 0),
    ("what was rejected and a third more", box(66, 0, 120, 80), Lineage.SAME, 0),
    ("mostly beside what was rejected", box(70, 0, 120, 130), Lineage.PARTIAL, 0),
    ("over both", box(10, 0, 100, 60), Lineage.SAME, 5),
]


@pytest.mark.parametrize(("name", "candidate", "case", "slump_id"), GROUND)
def test_a_place_is_asked_again_for_new_ground_alone(name, candidate, case, slump_id) -> None:
    found = classify(candidate, [SEED, REJECT])
    assert found.case.tolist() == [case], name
    assert found.slump_id.tolist() == [slump_id]
    assert found.of.tolist() == [0 if slump_id or case is Lineage.FRESH else 7]


def test_one_outline_over_two_known_slumps_shows_nothing_new() -> None:
    both = [(0, 5, J), (0, 6, box(64, 0, 120, 60))]
    found = classify(box(0, 0, 120, 60), both)
    assert (found.case[0], found.slump_id[0], found.growth_m2[0]) == (Lineage.SAME, 5, 0.0)


def test_the_largest_of_several_outlines_of_a_slump_is_named() -> None:
    judged = [(3, 5, box(0, 0, 60, 50)), (0, 5, box(0, 0, 60, 80))]
    found = classify(box(0, 0, 60, 70), judged)
    assert (found.of[0], found.slump_id[0], found.case[0]) == (0, 5, Lineage.SAME)
    found = classify(box(0, 0, 60, 45), judged)
    assert (found.of[0], found.slump_id[0], found.case[0]) == (3, 5, Lineage.SAME)


def related(
    candidates: list[BaseGeometry], slumps: list[tuple[int, BaseGeometry]]
) -> list[tuple[str, int]]:
    ids, outlines = zip(*slumps, strict=True) if slumps else ((), ())
    index = SlumpIndex(
        np.array(ids, np.int64), np.zeros(len(ids), np.int64), np.array(outlines, dtype=object)
    )
    found = index.overlaps(np.array(candidates, dtype=object))
    found = relations(found.count, (found.number, found.slump_id))
    return list(zip(*(one.tolist() for one in found), strict=True))


def test_relations_to_the_inventory() -> None:
    slumps = [(1, box(0, 0, 10, 10)), (2, box(20, 0, 30, 10)), (3, box(40, 0, 60, 10))]
    candidates = [
        box(0, 0, 9, 9),
        box(9, 2, 22, 8),
        box(41, 0, 45, 9),
        box(50, 0, 55, 9),
        box(100, 0, 101, 1),
        box(10, 20, 20, 30),
    ]
    assert related(candidates, slumps) == [
        (Relation.SPLIT, 1),
        (Relation.MERGE, 1),
        (Relation.SPLIT, 3),
        (Relation.SPLIT, 3),
        (Relation.NEW, 0),
        (Relation.NEW, 0),
    ]
    assert related([box(0, 0, 9, 9)], slumps) == [(Relation.SAME, 1)]
    assert related([box(0, 0, 9, 9)], []) == [(Relation.NEW, 0)]


def known(slump_id: int, outline: BaseGeometry, *, drawn: bool = False) -> KnownSlump:
    return KnownSlump(slump_id, outline, is_drawn=drawn)


PIECES = [known(1, box(0, 0, 9, 9)), known(2, box(15, 0, 29, 9))]
IDENTITY = [
    ("nothing near", box(0, 0, 10, 10), [], ("new", 0, ())),
    ("a sliver shared", box(0, 0, 10, 10), [known(1, box(9, 0, 19, 10))], ("new", 0, ())),
    ("the same place", box(0, 0, 10, 10), [known(1, box(1, 0, 11, 10))], ("same", 1, ())),
    ("it has grown", box(0, 0, 30, 30), [known(1, box(5, 5, 10, 10))], ("same", 1, ())),
    ("a part of it", box(1, 1, 3, 3), [known(1, box(0, 0, 10, 10))], ("part", 1, ())),
    ("pieces become one", box(0, 0, 30, 10), PIECES, ("same", 2, (1,))),
    (
        "a drawn slump takes in pieces",
        box(0, 0, 30, 10),
        [PIECES[1], known(3, box(0, 0, 9, 9), drawn=True)],
        ("same", 3, (2,)),
    ),
    (
        "two that a person drew stay two",
        box(0, 0, 30, 10),
        [known(1, box(0, 0, 9, 9), drawn=True), known(2, box(15, 0, 29, 9), drawn=True)],
        ("part", 2, ()),
    ),
    (
        "a piece that it swallows beside a part of another",
        box(0, 0, 30, 10),
        [known(1, box(0, 0, 9, 9)), known(2, box(14, 0, 60, 10))],
        ("part", 1, ()),
    ),
]


@pytest.mark.parametrize(("name", "candidate", "slumps", "expected"), IDENTITY)
def test_who_an_accepted_candidate_is(name, candidate, slumps, expected) -> None:
    found = identify(candidate, slumps)
    assert (found.relation, found.slump_id, found.absorbed) == expected, name


@pytest.mark.parametrize(
    ("drawn", "candidate", "joins"),
    [
        pytest.param((0, 0), box(0, 0, 24, 10), True, id="holds two pieces"),
        pytest.param((1, 0), box(0, 0, 24, 10), True, id="one of them by a person"),
        pytest.param((1, 1), box(0, 0, 24, 10), False, id="both by a person"),
        pytest.param((0, 0), box(0, 0, 22, 10), True, id="half of the second"),
        pytest.param((0, 0), box(0, 0, 21, 10), False, id="less than half of it"),
        pytest.param((0, 0), box(0, 0, 20, 10), False, id="one piece"),
        pytest.param((0, 0), box(50, 0, 60, 10), False, id="elsewhere"),
    ],
)
def test_an_outline_joins_slumps_that_it_holds(
    drawn: tuple[int, int], candidate: BaseGeometry, joins: bool
) -> None:
    pieces = np.array([box(0, 0, 20, 10), box(20, 0, 24, 10)], object)
    index = SlumpIndex(np.array([3, 4]), np.array(drawn), pieces)
    assert index.overlaps(np.array([candidate], object)).joins.tolist() == [joins]
    # as ``identify`` names it, where the outline meets both
    known = [KnownSlump(n + 3, one, is_drawn=bool(drawn[n])) for n, one in enumerate(pieces)]
    assert bool(identify(candidate, known).absorbed) == joins


@pytest.mark.parametrize(
    ("lengths", "joins"),
    [
        ((20, 8), True),
        ((20, 10), False),
        ((20, 20), False),
        ((20, 8, 8), True),
        ((20, 8, 9), False),
    ],
)
def test_slumps_of_like_size_are_not_asked_about_as_one(
    lengths: tuple[int, ...], joins: bool
) -> None:
    """Two of like size lie side by side; a large one and pieces may be one."""
    ends = np.cumsum(lengths)
    pieces = np.array([box(e - n, 0, e, 10) for e, n in zip(ends, lengths, strict=True)], object)
    order = np.random.default_rng(0).permutation(len(pieces))
    index = SlumpIndex(np.arange(len(pieces)) + 1, np.zeros(len(pieces), int), pieces[order])
    whole = np.array([box(0, 0, ends[-1], 10)], object)
    assert index.overlaps(whole).joins.tolist() == [joins]


def test_only_an_outline_of_an_accepted_place_is_asked_about_as_a_join() -> None:
    case = np.array(["same", "same", "same", "partial", "fresh"], object)
    zeros = np.zeros(5)
    match = LineageColumns(case, np.array([1, 2, 3, 4, 0]), np.array([5, 0, 5, 5, 0]), zeros, zeros)
    asks = np.array([True, True, False, True, True])
    assert with_joins(match, asks).case.tolist() == ["grown", "same", "same", "partial", "fresh"]
