"""Adjoining ground that looks the same: whole surfaces from any part, and no others."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from rtsproj.imagery.alike import LEAST_SPREAD, SmoothImage, extended, meets_edge, unlikeness

SIDE = 40
Mask = NDArray[np.bool_]


def _box(top: int, left: int, rows: int, cols: int) -> Mask:
    out = np.zeros((SIDE, SIDE), bool)
    out[top : top + rows, left : left + cols] = True
    return out


def _ground(
    surface: Mask, *, contrast: float = 0.6, noise: float = 0.02, bands: int = 3
) -> SmoothImage:
    rng = np.random.default_rng(3)
    values = 0.3 + contrast * surface + rng.normal(0, noise, (bands, SIDE, SIDE))
    return SmoothImage.of(values.astype(np.float32), np.ones((SIDE, SIDE), bool))


def _iou(one: Mask, other: Mask) -> float:
    return float((one & other).sum() / (one | other).sum())


places = st.tuples(st.integers(0, 22), st.integers(0, 22), st.integers(8, 18), st.integers(8, 18))


@given(places, st.tuples(*[st.floats(0, 1)] * 4))
@settings(max_examples=60, deadline=None)
def test_a_surface_is_found_from_any_part_of_it(
    place: tuple[int, int, int, int], part: tuple[float, float, float, float]
) -> None:
    top, left, rows, cols = place
    surface = _box(*place)
    high, wide = 3 + int(part[0] * (rows - 3)), 3 + int(part[1] * (cols - 3))
    at = top + int(part[2] * (rows - high)), left + int(part[3] * (cols - wide))
    inside = _box(*at, high, wide)
    ground = _ground(surface)
    found = extended(unlikeness(ground, inside), inside, 3.0)
    assert _iou(found, surface) > 0.9


@given(places, st.floats(0.5, 6), st.floats(1, 2))
@settings(max_examples=60, deadline=None)
def test_a_larger_tolerance_never_takes_ground_away(
    place: tuple[int, int, int, int], tolerance: float, more: float
) -> None:
    inside = _box(*place)
    unlike = unlikeness(_ground(_box(5, 5, 20, 20), contrast=0.1, noise=0.1), inside)
    small, large = extended(unlike, inside, tolerance), extended(unlike, inside, tolerance * more)
    assert (large | ~small).all() or not (unlike[inside] <= tolerance).all()


@pytest.mark.parametrize(("width", "is_one"), [(1, False), (2, False), (5, True)])
def test_a_narrow_bridge_does_not_connect(width: int, is_one: bool) -> None:
    left, right = _box(10, 4, 12, 12), _box(10, 24, 12, 12)
    values = np.full((3, SIDE, SIDE), 0.3, np.float32)
    values[:, left | right | _box(15, 15, width, 10)] = 0.9
    ground = SmoothImage(
        values, np.ones((SIDE, SIDE), bool)
    )  # without the median, which removes it too
    found = extended(unlikeness(ground, left), left, 3.0)
    assert bool((found & right).any()) is is_one


def test_ground_without_imagery_is_never_added() -> None:
    surface = _box(5, 5, 20, 20)
    ground = _ground(surface)
    valid = ~_box(5, 15, 20, 3)
    inside = _box(8, 6, 6, 6)
    found = extended(unlikeness(SmoothImage(ground.values, valid), inside), inside, 3.0)
    assert _iou(found, _box(5, 5, 20, 10)) > 0.9
    assert meets_edge(found, ~valid)
    assert not meets_edge(_box(5, 5, 4, 4), ~valid)


def test_holes_are_filled() -> None:
    surface = _box(5, 5, 20, 20)
    surface[12:16, 12:16] = False
    inside = _box(6, 6, 5, 5)
    found = extended(unlikeness(_ground(surface), inside), inside, 3.0)
    assert found[12:16, 12:16].all()


def test_ground_of_one_value_has_a_spread() -> None:
    """Water of one value: a difference smaller than the least spread is no difference."""
    values = np.full((1, SIDE, SIDE), 0.5, np.float32)
    values[0, :, 20:] += LEAST_SPREAD
    ground = SmoothImage(values, np.ones((SIDE, SIDE), bool))
    unlike = unlikeness(ground, _box(5, 5, 8, 8))
    assert unlike[0, 0] == 0
    assert unlike[0, 39] == pytest.approx(1.0, rel=1e-5)


@pytest.mark.parametrize("corner", [(0, 0), (30, 30), (0, 30), (30, 0)])
def test_an_outline_on_the_border_meets_the_edge(corner: tuple[int, int]) -> None:
    nothing = np.zeros((SIDE, SIDE), bool)
    assert meets_edge(_box(*corner, 10, 10), nothing)
    assert not meets_edge(_box(10, 10, 10, 10), nothing)


@pytest.mark.parametrize("more", [1, 2])
def test_a_rim_that_looks_different_is_trimmed(more: int) -> None:
    """An outline that is wider than the surface gets its border."""
    surface = _box(10, 10, 16, 14)
    wider = _box(10 - more, 10 - more, 16 + 2 * more, 14 + 2 * more)
    found = extended(unlikeness(_ground(surface), wider), wider, 3.0)
    assert _iou(found, surface) > 0.95 > _iou(wider, surface)


def test_the_inner_part_of_an_outline_is_kept() -> None:
    """Half of the outline looks different: only its rim is in question."""
    surface, wide = _box(5, 5, 20, 12), _box(5, 5, 20, 20)
    found = extended(unlikeness(_ground(surface), wide), wide, 3.0)
    assert (found | ~_box(7, 7, 16, 16)).all()


def test_an_outline_too_narrow_for_a_surface_stays() -> None:
    surface = _box(5, 5, 20, 2)
    found = extended(unlikeness(_ground(surface), surface), surface, 3.0)
    assert (found == surface).all()
