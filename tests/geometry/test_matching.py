"""Object scores of the worked examples."""

import pytest
from shapely.geometry import box

from rtsproj.geometry.matching import object_scores

TRUTHS = [box(x, 0, x + 10, 10) for x in (0, 20, 40, 60)]
MAPPED = [box(0, 0, 10, 9), box(20, 0, 30, 7), box(40, 0, 50, 3), box(80, 0, 90, 10)]


@pytest.mark.parametrize(("iou", "score"), [(0.1, 0.75), (0.3, 0.75), (0.5, 0.5)])
def test_worked_example(iou: float, score: float) -> None:
    found = object_scores(MAPPED, TRUTHS, iou=iou)
    assert (found.precision, found.recall, found.f1) == pytest.approx((score,) * 3)


@pytest.mark.parametrize("iou", [0.1, 0.3, 0.5])
def test_one_mapped_outline_over_two_truths_counts_once(iou: float) -> None:
    truths = [box(0, 0, 16, 10), box(17, 0, 22, 10)]
    found = object_scores([box(0, 0, 22, 10)], truths, iou=iou)
    assert (found.tp, found.fp, found.fn) == (1, 0, 1)


def test_nothing_mapped_scores_zero() -> None:
    found = object_scores([], TRUTHS, iou=0.3)
    assert (found.f1, found.fn) == (0.0, 4)
