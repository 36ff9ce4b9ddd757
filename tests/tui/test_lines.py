"""Curves, bars and braille: pure functions of what they are given."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtsproj.domain.text import counted
from rtsproj.tui.widgets.braille import Canvas, clipped
from rtsproj.tui.widgets.key_line import fitting
from rtsproj.tui.widgets.lines import (
    Curve,
    Plot,
    bar,
    drawn,
    histogram,
    labelled_histogram,
    round_ticks,
    smoothed,
    sparkline,
    tick_text,
)
from rtsproj.tui.widgets.samples import layout
from rtsproj.tui.words import area_text, clock_text, duration_text, metres_text, place_text

TICKS = [
    (1.0, 5, (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)),
    (0.62, 3, (0.0, 0.5)),
    (90, 4, (0.0, 50.0)),
    (100, 4, (0.0, 50.0, 100.0)),
    (7, 10, (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0)),
    (0, 4, (0.0,)),
    (float("nan"), 4, (0.0,)),
]
DURATIONS = [
    (None, "-"), (45, "45 s"), (720, "12 min"), (12_060, "3 h 21 min"), (187_200, "2 d 4 h"),
]  # fmt: skip


@pytest.mark.parametrize(("most", "at_most", "expected"), TICKS)
def test_ticks_are_round(most: float, at_most: int, expected: tuple[float, ...]) -> None:
    assert round_ticks(most, at_most=at_most) == expected


@given(most=st.floats(1e-6, 1e9), at_most=st.integers(1, 20))
def test_ticks_are_few_even_and_within(most: float, at_most: int) -> None:
    ticks = round_ticks(most, at_most=at_most)
    assert 1 <= len(ticks) <= at_most + 1
    assert ticks[0] == 0
    assert ticks[-1] <= most * (1 + 1e-9)


@pytest.mark.parametrize(("seconds", "expected"), DURATIONS)
def test_durations_read_well(seconds: float | None, expected: str) -> None:
    assert duration_text(seconds) == expected


def test_sizes_and_places_read_well() -> None:
    assert area_text(19_400) == "1.94 ha"
    assert area_text(17e6) == "17.00 km²"
    assert metres_text(312.4) == "312 m"
    assert metres_text(12_400) == "12.4 km"
    assert place_text(-92.95103, -34.84612) == "34.84612 S 92.95103 W"
    assert clock_text("no time") == ""
    assert tick_text(12_000) == "12k"


def test_a_sparkline_shows_the_newest_values_scaled_to_the_largest() -> None:
    assert sparkline([9, 1, 2, 4], width=3) == "▂▄█"
    assert sparkline([0, 0], width=5) == "▁▁"
    assert sparkline([1, 2], width=0) == ""


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0, "────"), (0.5, "██──"), (0.6, "██▍─"), (1, "████"), (7, "████"), (-1, "────")],
)
def test_a_bar_is_exact_to_an_eighth(share: float, expected: str) -> None:
    assert bar(share, width=4) == expected


def test_a_histogram_counts_each_value_once_and_the_last_class_takes_the_rest() -> None:
    lines = histogram([0.5, 1.5, 1.6, 99], [0, 1, 2, 3], rows=2, bar_cols=1)
    assert lines == ["  █  ", "█ █ █"]
    assert histogram([], [0, 1], rows=1, bar_cols=2) == ["  "]
    assert labelled_histogram([0.5], [0, 1], rows=1, labels=["<1"]) == ["██", "<1"]


def test_smoothing_keeps_the_first_value_and_forgets_slowly() -> None:
    assert smoothed([1, 0], weight=0.9) == (1, 0.9)
    assert smoothed([3, 5], weight=0.0) == (3, 5)


def test_dots_of_a_cell_are_the_braille_pattern() -> None:
    canvas = Canvas(1, 1)
    canvas.dots(np.array([0, 1]), np.array([0, 3]), 1)
    assert canvas.text() == "⢁"


def test_glyphs_lie_over_dots_and_ground_lies_under_them() -> None:
    canvas = Canvas(3, 1)
    canvas.ground(np.array([0, 1, 2]), np.array([0, 0, 0]), "░", ink=1)
    canvas.dots(np.array([2]), np.array([0]), 2)
    canvas.glyphs(np.array([2, 9]), np.array([0, 0]), "●", ink=3)
    assert canvas.text() == "░⠁●"


@given(
    points=st.lists(st.tuples(st.floats(-1e7, 1e7), st.floats(-1e7, 1e7)), min_size=2, max_size=12),
    cols=st.integers(0, 40),
    rows=st.integers(0, 20),
)
def test_any_line_fits_any_canvas(points, cols: int, rows: int) -> None:
    canvas = Canvas(cols, rows)
    canvas.line(np.array(points), 1)
    assert canvas.characters().shape == (rows, cols)
    assert len(canvas.text()) == max(0, rows * (cols + 1) - 1)


def test_a_segment_is_cut_where_it_leaves() -> None:
    start, end = clipped(np.array([[-10.0, 5.0]]), np.array([[30.0, 5.0]]), (20, 10))
    assert (start.tolist(), end.tolist()) == ([[0.0, 5.0]], [[20.0, 5.0]])
    gone, _ = clipped(np.array([[-10.0, 50.0]]), np.array([[30.0, 50.0]]), (20, 10))
    assert len(gone) == 0


@pytest.mark.parametrize(("cols", "rows"), [(0, 0), (1, 1), (11, 3), (12, 2), (60, 14)])
def test_a_plot_fits_any_pane(cols: int, rows: int) -> None:
    curve = Curve((1.0, 5.0), (0.2, 0.8), 3, is_marked=True)
    canvas = drawn(Plot((curve,), x_most=10, x_mark=5.0), cols=cols, rows=rows)
    assert canvas.characters().shape == (rows, cols)


def test_a_plot_has_round_ticks_a_marked_best_and_words_where_it_is_empty() -> None:
    curve = Curve((1.0, 5.0, 10.0), (0.2, 0.8, 0.6), 3, is_marked=True)
    text = drawn(Plot((curve,), x_most=10, y_most=1.0, x_mark=5.0), cols=60, rows=16).text()
    assert "0.4 ┤" in text
    assert text.count("•") == 3
    assert "▼" in text
    assert "nothing yet" in drawn(Plot(empty="nothing yet"), cols=60, rows=16).text()


@given(cols=st.integers(0, 200), rows=st.integers(0, 60))
def test_sample_pictures_fit_their_pane(cols: int, rows: int) -> None:
    across, down, side = layout(cols, rows)
    assert side == 0 or (across * 6 * side + 2 * (across - 1) <= cols)
    assert side == 0 or down * (side + 1) <= rows


@given(
    st.lists(st.tuples(st.integers(3, 20), st.sampled_from(["say", "go", "back"])), max_size=20),
    st.integers(1, 300),
)
def test_keys_give_way_from_the_last_but_never_the_way_out_nor_help(
    keys: list[tuple[int, str]], room: int
) -> None:
    widths = [width for width, _ in keys] + [9]
    actions = [action for _, action in keys] + ["app.help"]
    kept = fitting(widths, actions, room)
    assert kept == sorted(kept)
    assert {n for n, action in enumerate(actions) if action in ("back", "app.help")} <= set(kept)
    # what was left out stands after every key that stayed and could have given way
    others = [n for n in range(len(widths)) if actions[n] in ("say", "go")]
    assert [n for n in kept if n in others] == others[: sum(n in others for n in kept)]
    if len(kept) == len(widths):
        assert sum(widths) <= room or not others
    else:
        assert sum(widths) > room


def test_one_is_not_many() -> None:
    assert [counted(n, "slump") for n in (0, 1, 2, 12_345)] == [
        "0 slumps",
        "1 slump",
        "2 slumps",
        "12,345 slumps",
    ]
