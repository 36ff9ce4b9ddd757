"""Prefetching keeps the order and never hangs."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtsproj.learning.prefetch import prefetched


@given(count=st.integers(0, 30), workers=st.integers(1, 4))
def test_results_come_in_the_order_of_what_was_given(count: int, workers: int) -> None:
    with prefetched(lambda n: n * n, range(count), workers=workers) as made:
        assert list(made) == [n * n for n in range(count)]


def test_an_error_in_a_thread_is_raised_where_its_result_is_awaited() -> None:
    def make(n: int) -> int:
        return 1 // (3 - n)

    with prefetched(make, range(100), workers=2) as made:
        assert [next(made) for _ in range(3)] == [0, 0, 1]
        with pytest.raises(ZeroDivisionError):
            next(made)


def test_leaving_early_ends_the_threads() -> None:
    with prefetched(lambda n: n, range(1000), workers=3) as made:
        next(made)
    assert not [one for one in threading.enumerate() if one.name.startswith("prefetch")]
