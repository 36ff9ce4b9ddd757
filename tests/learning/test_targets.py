"""Target rasters say 1, 0 and 255 where the method says so."""

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st
from workshop import GRID, wkb

from rtsproj.domain.grid import Window
from rtsproj.domain.labels import Polarity, Subset, TrainingLabel
from rtsproj.domain.requests import Split
from rtsproj.learning.targets import LabelIndex, in_validation
from rtsproj.settings import TrainSettings

WIDE = TrainSettings(collar_px=1, background_m=1000.0)
NEAR = TrainSettings(collar_px=1, background_m=2 * GRID.pixel_m)


def label(
    left: int, top: int, side: int, polarity: str = "positive", origin: str = "seed"
) -> TrainingLabel:
    outline = wkb(shapely.box(left, top, left + side, top + side))
    return TrainingLabel(1, Polarity(polarity), origin, "", outline)


def index(*labels: TrainingLabel) -> LabelIndex:
    return LabelIndex(labels, GRID, WIDE)


def test_pixels_inside_a_seed_are_one_without_a_collar() -> None:
    target = index(label(2, 3, 4)).target(Window(0, 0, 10, 10))
    expected = np.zeros((10, 10), np.uint8)
    expected[3:7, 2:6] = 1
    assert np.array_equal(target, expected)


def test_a_mined_outline_has_a_collar_and_leaves_the_ground_round_it_unlabelled() -> None:
    target = index(label(3, 3, 6, origin="accepted")).target(Window(0, 0, 12, 12))
    assert set(np.unique(target[4:8, 4:8])) == {1}
    assert (target[3, 3:9] == 255).all()
    assert (target[2, 3:9] == 255).all()
    assert (target[1] == 254).all()


def test_ignored_places_are_255_and_slumps_win_over_them() -> None:
    target = index(label(0, 0, 6, "ignore", "unsure"), label(4, 4, 4)).target(Window(0, 0, 10, 10))
    assert (target[0, 0], target[4, 4], target[9, 9]) == (255, 1, 0)


def test_negatives_are_background() -> None:
    target = index(label(2, 2, 4, "negative")).target(Window(0, 0, 10, 10))
    assert not target[2:6, 2:6].any()
    target[2:6, 2:6] = 254
    assert (target == 254).all()


@given(row=st.integers(-6, 8), col=st.integers(-6, 8), size=st.integers(1, 12))
def test_a_part_of_the_raster_equals_the_raster_s_part(row: int, col: int, size: int) -> None:
    labels = (label(1, 2, 5, origin="accepted"), label(3, 5, 4, "ignore"))
    made = LabelIndex(labels, GRID, NEAR)
    whole = made.target(Window(-8, -8, 32, 32))
    part = made.target(Window(row, col, size, size))
    assert np.array_equal(part, whole[row + 8 : row + 8 + size, col + 8 : col + 8 + size])


def test_a_label_belongs_to_the_block_of_its_point() -> None:
    split = Split(10, ((0, 1),))
    made = index(label(2, 2, 4), label(12, 2, 4))
    assert [made.subset(i, split) for i in (0, 1)] == [Subset.TRAIN, Subset.VALIDATION]
    assert made.pixel(1) == (4, 14)


@given(row=st.integers(-30, 30), col=st.integers(-30, 30))
def test_pixels_of_validation_blocks_are_told_by_their_own_block(row: int, col: int) -> None:
    split = Split(7, ((0, 0), (-1, 2), (1, 1)))
    mask = in_validation(Window(row, col, 16, 20), split)
    for r in range(16):
        for c in range(20):
            assert mask[r, c] == (((row + r) // 7, (col + c) // 7) in split.validation)


def test_ground_without_any_label_is_unlabelled() -> None:
    assert (index().target(Window(0, 0, 4, 4)) == 254).all()


def test_ground_is_background_only_near_a_label() -> None:
    target = LabelIndex((label(4, 4, 4),), GRID, NEAR).target(Window(0, 0, 16, 16))
    assert (target[4:8, 4:8] == 1).all()
    assert (target[4:8, 2:4] == 0).all()
    assert (target[4:8, 8:10] == 0).all()
    assert (target[:, :2] == 254).all()
    assert (target[11:] == 254).all()


def test_an_open_candidate_makes_no_ground_known() -> None:
    target = LabelIndex((label(4, 4, 4, "ignore", "open"),), GRID, NEAR).target(
        Window(0, 0, 12, 12)
    )
    assert set(np.unique(target)) == {254, 255}


def test_a_vast_rejected_outline_is_denied_and_a_given_negative_is_background() -> None:
    # GIVEN a slump of 4 px by 4, and an outline of 6 px by 6, more than twice as large
    for origin, value in (("rejected", 253), ("given", 0)):
        vast = label(8, 8, 6, "negative", origin)
        target = LabelIndex((label(0, 0, 4), vast), GRID, NEAR).target(Window(0, 0, 16, 16))
        assert (target[8:14, 8:14] == value).all()
    small = label(8, 8, 5, "negative", "rejected")
    target = LabelIndex((label(0, 0, 4), small), GRID, NEAR).target(Window(0, 0, 16, 16))
    assert (target[8:13, 8:13] == 0).all()
