"""Changes of chips keep image and target together."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtsproj.learning.augment import (
    Change,
    changed_image,
    changed_target,
    drawn_change,
    resized_image,
    resized_target,
)
from rtsproj.settings import TrainSettings

CHANGES = st.builds(
    Change, flip_rows=st.booleans(), flip_cols=st.booleans(), quarter_turns=st.integers(0, 3)
)


@given(change=CHANGES)
def test_image_and_target_move_alike(change: Change) -> None:
    target = np.arange(36, dtype=np.uint8).reshape(6, 6)
    image = target[None].astype(np.float32)
    assert np.array_equal(changed_image(image, change)[0], changed_target(target, change))


def test_no_change_gives_the_same_chip() -> None:
    image = np.random.default_rng(1).random((3, 8, 8), np.float32)
    assert np.array_equal(changed_image(image, Change()), image)


@given(sigma=st.sampled_from([1.0, 2.0]), value=st.floats(0, 1, width=32))
def test_blur_keeps_a_constant(sigma: float, value: float) -> None:
    image = np.full((2, 16, 16), value, np.float32)
    assert np.allclose(changed_image(image, Change(blur_px=sigma)), value, atol=1e-6)


def test_blur_spreads_a_point_with_the_gaussian_of_its_sigma() -> None:
    image = np.zeros((1, 41, 41), np.float32)
    image[0, 20, 20] = 1.0
    out = changed_image(image, Change(blur_px=2.0))[0]
    at = np.arange(-20, 21)
    assert out.sum() == pytest.approx(1.0, abs=1e-5)
    assert (out.sum(axis=0) * at**2).sum() == pytest.approx(4.0, rel=0.05)


def test_gain_and_offset_work_round_the_middle() -> None:
    image = np.array([[[0.5, 0.7]]], np.float32)
    out = changed_image(image, Change(gain=1.5, offset=0.1))
    assert np.allclose(out, [[[0.6, 0.9]]])


@given(side=st.integers(4, 40), wanted=st.integers(4, 40))
def test_resizing_keeps_a_constant_and_the_values_of_a_target(side: int, wanted: int) -> None:
    image = np.full((2, side, side), 0.25, np.float32)
    assert np.allclose(resized_image(image, wanted), 0.25)
    target = np.random.default_rng(side).choice([0, 1, 255], (side, side)).astype(np.uint8)
    assert resized_image(image, wanted).shape == (2, wanted, wanted)
    assert set(np.unique(resized_target(target, wanted))) <= {0, 1, 255}


def test_resizing_a_ramp_keeps_it_a_ramp() -> None:
    ramp = np.broadcast_to(np.arange(16, dtype=np.float32), (1, 16, 16))
    wide = resized_image(ramp, 32)[0, 0]
    assert np.allclose(np.diff(wide)[2:-2], 0.5, atol=1e-5)


def test_settings_switch_changes_off_without_shifting_the_others() -> None:
    every = TrainSettings(rotate=True)
    none = replace(every, flip=False, rotate=False, blur=False, scale=False, brightness=0.0)
    for seed in range(20):
        assert drawn_change(np.random.default_rng(seed), none) == Change()
        full = drawn_change(np.random.default_rng(seed), every)
        only = drawn_change(np.random.default_rng(seed), replace(none, blur=True))
        assert only.blur_px == full.blur_px
        assert 0.75 <= full.zoom <= 1.25
