"""Rules of the domain: the stop, negatives, reading order, windows, safe text."""

import unicodedata
from collections import Counter
from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtsproj.domain.grid import ProjectGrid, Window
from rtsproj.domain.iterations import IterationOutcome, has_converged, stop_reason
from rtsproj.domain.labels import (
    NegativeRule,
    Polarity,
    TrainingLabel,
    capped_negatives,
    seeded_hash,
)
from rtsproj.domain.scenes import Role, SceneSpec, reading_order
from rtsproj.domain.text import HIDDEN, safe_text

COUNT = st.integers(0, 3)
SPAN = st.integers(1, 30)
PLACE = st.integers(-40, 40)
WINDOWS = st.builds(Window, PLACE, PLACE, SPAN, SPAN)


@given(st.builds(IterationOutcome, COUNT, COUNT, COUNT, COUNT, COUNT, COUNT))
def test_the_stop_needs_nothing_open_nothing_new_nothing_failed(one: IterationOutcome) -> None:
    blocked = one.open_candidates or one.new_slumps or one.failed_tiles
    assert has_converged(one) == (not blocked)
    assert ("zero-new rule is met" in stop_reason(one)) == (not blocked)
    assert ("unsure" in stop_reason(one)) == (one.unsure > 0)
    assert "complete" not in stop_reason(one)


def negative(number: int, reason: str) -> TrainingLabel:
    origin = "rejected" if reason else "given"
    return TrainingLabel(number, Polarity.NEGATIVE, origin, reason, b"")


@given(
    st.lists(st.sampled_from(["", "river", "mining", "water"]), max_size=60),
    st.integers(0, 9),
    st.floats(0.1, 4),
)
def test_negatives_are_capped_and_no_reason_fills_the_cap(
    reasons: list[str], positives: int, per_positive: float
) -> None:
    labels = [negative(n, reason) for n, reason in enumerate(reasons)]
    rule = NegativeRule(per_positive, 1.0, seed=1)
    chosen = capped_negatives(labels, positives=positives, rule=rule)
    cap = max(1, round(positives * per_positive))
    assert len(chosen) == min(cap, len(labels))
    assert [one.label_id for one in chosen] == sorted(one.label_id for one in chosen)
    taken = Counter(one.reason for one in chosen)
    spare = {r for r in reasons if taken[r] < reasons.count(r)}
    assert all(taken[r] >= max(taken.values()) - 1 for r in spare)


@given(
    st.lists(st.sampled_from(["", "river", "mining", "water"]), max_size=60),
    st.integers(1, 20),
    st.floats(0, 1),
    st.randoms(use_true_random=False),
)
def test_a_reason_keeps_to_its_quota_and_leaves_the_rest_to_the_others(
    reasons: list[str], positives: int, quota: float, rng: Random
) -> None:
    # GIVEN negatives in any order
    labels = [negative(n, reason) for n, reason in enumerate(reasons)]
    rule = NegativeRule(2.7, quota, seed=1)
    chosen = capped_negatives(labels, positives=positives, rule=rule)
    rng.shuffle(labels)
    # THEN the choice does not depend on the order
    assert capped_negatives(labels, positives=positives, rule=rule) == chosen
    # AND no reason has more than its quota, unless that is less than one label
    taken = Counter(one.reason for one in chosen)
    most = max(1, int(rule.cap(positives) * quota))
    assert all(taken[reason] <= most for reason in taken if reason)
    # AND while the cap is not full, a group is used up or at its quota
    if len(chosen) < rule.cap(positives):
        for reason in set(reasons):
            assert taken[reason] == (
                min(most, reasons.count(reason)) if reason else reasons.count("")
            )


def test_one_common_reason_does_not_fill_the_cap() -> None:
    labels = [negative(n, "barren") for n in range(100)]
    labels += [negative(100 + n, "river") for n in range(3)]
    chosen = capped_negatives(labels, positives=10, rule=NegativeRule(2.0, 0.5, seed=1))
    assert Counter(one.reason for one in chosen) == {"barren": 10, "river": 3}


def test_the_hash_is_the_same_on_every_machine() -> None:
    assert seeded_hash(1, 2, "a") == 17394232269991650709


def scene(number: int, day: date, clear: float) -> SceneSpec:
    return SceneSpec(
        number, f"/{number}.tif", Role.MAP, day, ("red",), "uint8", None, None, clear, ""
    )


def test_the_newest_year_wins_then_the_clearest_then_the_newest_day() -> None:
    scenes = [
        scene(1, date(2018, 7, 1), 1.0),
        scene(2, date(2019, 6, 1), 0.8),
        scene(3, date(2019, 8, 1), 0.8),
        scene(4, date(2019, 7, 1), 0.9),
        scene(5, date(2019, 8, 1), 0.8),
    ]
    assert [one.scene_id for one in reading_order(scenes)] == [4, 3, 5, 2, 1]


@given(WINDOWS, WINDOWS)
def test_windows_meet_where_they_share_a_pixel(one: Window, other: Window) -> None:
    def pixels(window: Window) -> set[tuple[int, int]]:
        return {
            (row, col)
            for row in range(window.row, window.row + window.rows)
            for col in range(window.col, window.col + window.cols)
        }

    assert one.meets(other) == other.meets(one) == bool(pixels(one) & pixels(other))


def test_bounds_of_a_window_are_metres() -> None:
    grid = ProjectGrid("EPSG:32646", 3.0, 500_000.0, 3_850_000.0)
    assert grid.bounds(Window(10, 20, 5, 4)) == (500_060.0, 3_849_955.0, 500_072.0, 3_849_970.0)
    assert Window(10, 20, 5, 4).grown(2) == Window(8, 18, 9, 8)


@given(st.text())
def test_text_of_a_file_never_steers_the_terminal(text: str) -> None:
    shown = safe_text(text)
    assert all(unicodedata.category(c) not in HIDDEN for c in shown)


@pytest.mark.parametrize(
    ("text", "shown"),
    [("G109 青藏公路", "G109 青藏公路"), ("\x1b[2J", "\\u001b[2J"), ("a\u202eb", "a\\u202eb")],
)
def test_text_stays_readable(text: str, shown: str) -> None:
    assert safe_text(text) == shown
    assert safe_text("x" * 300) == "x" * 200 + "…"
