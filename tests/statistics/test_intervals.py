"""Intervals solve the equation that defines them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtsproj.statistics.intervals import Z95, wilson

CASES = st.integers(1, 5000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of)))


@pytest.mark.parametrize(("hits", "of"), [(57, 877), (38, 875), (1, 3)])
def test_both_ends_solve_wilsons_equation(hits: int, of: int) -> None:
    for end in wilson(hits, of):
        assert (hits / of - end) ** 2 == pytest.approx(Z95**2 * end * (1 - end) / of)


def test_a_worked_answer() -> None:
    assert wilson(3, 500) == pytest.approx((0.002042596271960238, 0.017490252104053382))


def test_nothing_found_and_nothing_tried() -> None:
    assert wilson(0, 120) == pytest.approx((0.0, Z95**2 / (120 + Z95**2)))
    assert wilson(0, 0) == (0.0, 1.0)


@given(CASES)
def test_an_interval_holds_the_share_and_mirrors(case: tuple[int, int]) -> None:
    hits, of = case
    low, high = wilson(hits, of)
    assert -1e-12 <= low - 1e-12 <= hits / of <= high + 1e-12 <= 1 + 1e-11
    mirrored = wilson(of - hits, of)
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=1e-12)
