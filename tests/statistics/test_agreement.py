"""Agreement against worked examples (statistics reference 8)."""

from math import isnan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtsproj.statistics.agreement import agreement, table_agreement

TABLES = [
    ([[45, 5], [8, 42]], 0.87, 0.74, 0.06713950848792385, 0.7402337895893695),
    ([[90, 3], [4, 3]], 0.93, 0.42434210526315796, 0.17916068134914268, 0.9203141897660653),
    (
        [[40, 2, 3], [1, 30, 4], [2, 3, 15]],
        0.85,
        0.765625,
        0.054763577541328726,
        0.7794441993824439,
    ),
]


@pytest.mark.parametrize(("table", "raw", "kappa", "error", "ac1"), TABLES)
def test_agreement_equals_the_worked_examples(
    table: list[list[int]], raw: float, kappa: float, error: float, ac1: float
) -> None:
    found = table_agreement(np.array(table, float))
    assert found.raw == pytest.approx(raw, rel=1e-9)
    assert found.kappa == pytest.approx(kappa, rel=1e-9)
    assert found.kappa_se == pytest.approx(error, rel=1e-6)
    assert found.ac1 == pytest.approx(ac1, rel=1e-9)


def test_one_class_has_no_kappa_and_no_pairs_have_nothing() -> None:
    found = table_agreement(np.array([[50.0, 0.0], [0.0, 0.0]]))
    assert isnan(found.kappa)
    assert (found.raw, found.ac1) == (1.0, 1.0)
    assert agreement([]).n == 0


WORDS = st.sampled_from(["accept", "reject", "unsure"])


@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=60))
def test_swapping_the_analysts_changes_nothing(pairs: list[tuple[str, str]]) -> None:
    one, other = agreement(pairs), agreement([(b, a) for a, b in pairs])
    assert one.raw == pytest.approx(other.raw)
    assert one.ac1 == pytest.approx(other.ac1, nan_ok=True)
    assert one.kappa == pytest.approx(other.kappa, nan_ok=True)
    assert one.agreed == sum(a == b for a, b in pairs)
