"""Sample predictions as one small file."""

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rtsproj.imagery.samples import (
    SIDE_PX,
    Sample,
    Samples,
    read_samples,
    samples_bytes,
    thinned,
    worst_and_best,
)


def sample(iou: float) -> Sample:
    values = np.arange(12, dtype=np.uint8).reshape(3, 4)
    return Sample(np.stack([values] * 3, axis=-1), values, values, iou)


def test_a_file_reads_back_and_a_torn_one_is_none() -> None:
    data = samples_bytes(Samples(30, (sample(0.2), sample(0.8))))
    again = read_samples(data)
    assert again is not None
    assert (again.step, [one.iou for one in again.chosen]) == (30, [0.2, 0.8])
    assert (again.chosen[1].rgb == sample(0.8).rgb).all()
    assert read_samples(data[:-20]) is None
    assert read_samples(b"") is None
    assert read_samples(samples_bytes(Samples(1, ()))).chosen == ()


def test_worst_and_best_come_from_either_end() -> None:
    found = [sample(iou) for iou in (0.5, 0.1, 0.9, 0.3, 0.7)]
    assert [one.iou for one in worst_and_best(found)] == [0.1, 0.3, 0.7, 0.9]
    assert [one.iou for one in worst_and_best(found[:2])] == [0.1, 0.5]


def test_large_places_are_thinned() -> None:
    assert thinned(np.zeros((300, 40), np.uint8)).shape == (100, 14)
    assert max(thinned(np.zeros((513, 512, 3), np.uint8)).shape[:2]) <= SIDE_PX
    assert thinned(np.zeros((5, 7), np.uint8)).shape == (5, 7)


@settings(max_examples=40, deadline=None)
@given(
    rows=st.one_of(st.integers(1, 9), st.integers(1, 700)),
    cols=st.one_of(st.integers(1, 9), st.integers(1, 700)),
    value=st.integers(0, 254),
)
@example(rows=1, cols=700, value=254)
def test_a_place_of_any_size_is_thinned_kept_and_read_back(
    rows: int, cols: int, value: int
) -> None:
    truth = np.full((rows, cols), 255, np.uint8)
    truth[-1, -1] = 1
    said = np.full((rows, cols), value, np.uint8)
    rgb = np.repeat(said[..., None], 3, axis=2)
    kept = Sample(thinned(rgb), thinned(truth), thinned(said), 0.5)
    assert max(kept.truth.shape) <= SIDE_PX
    assert kept.rgb.shape == (*kept.truth.shape, 3)
    [again] = read_samples(samples_bytes(Samples(1, (kept,)))).chosen
    assert (again.said == value).all()
    assert again.truth.shape == kept.truth.shape
