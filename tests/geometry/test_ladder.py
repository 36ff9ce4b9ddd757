"""Outline steps: what they add or take, and that they never leave an empty outline."""

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from shapely.geometry import Polygon, box

from rtsproj.errors import UsageError
from rtsproj.geometry.ladder import (
    BRIDGE_PX,
    STEPS,
    Change,
    drop_holes,
    grow,
    merge,
    shrink,
    smooth,
    split,
)
from rtsproj.geometry.outlines import join_pieces, smooth_pixels
from rtsproj.imagery.shapes import polygonise

PX = 3.0
HOURGLASS = shapely.union_all([box(0, 0, 60, 60), box(60, 27, 90, 33), box(90, 0, 140, 60)])


def test_grow_and_shrink_move_the_edge_by_one_pixel() -> None:
    square = box(0, 0, 60, 60)
    assert grow(square, PX).outline.equals(box(-3, -3, 63, 63))
    assert shrink(square, PX).outline.equals(box(3, 3, 57, 57))
    with pytest.raises(UsageError, match="nothing would be left"):
        shrink(box(0, 0, 6, 6), PX)


def test_holes_are_filled_and_corners_rounded() -> None:
    ring = Polygon(box(0, 0, 60, 60).exterior.coords, [box(20, 20, 40, 40).exterior.coords])
    assert drop_holes(ring, PX).outline.area == pytest.approx(3600)
    rounded = smooth(box(0, 0, 60, 60), PX).outline
    assert 3500 < rounded.area < 3600
    assert rounded.difference(box(0, 0, 60, 60).buffer(0.01)).is_empty


def test_a_neck_is_cut_and_nothing_is_lost() -> None:
    change = split(HOURGLASS, PX)
    assert len(change.cut_off) == 1
    assert change.outline.area > change.cut_off[0].area
    whole = change.outline.union(change.cut_off[0])
    assert whole.symmetric_difference(HOURGLASS).area < 1.0
    assert change.outline.intersection(change.cut_off[0]).area < 1e-6
    with pytest.raises(UsageError, match="no neck"):
        split(box(0, 0, 100, 100), PX)


def test_a_merge_bridges_two_pixels_and_no_more() -> None:
    one = box(0, 0, 30, 30)
    joined = merge(one, box(33, 0, 60, 30), PX).outline
    assert joined.geom_type == "Polygon"
    assert joined.contains(box(1, 1, 29, 29))
    assert joined.contains(box(34, 1, 59, 29))
    with pytest.raises(UsageError, match="20 m away"):
        merge(one, box(50, 0, 60, 30), PX)


def attempted(step: str, outline: Polygon) -> Change | UsageError:
    try:
        return STEPS[step](outline, PX)
    except UsageError as error:
        return error


@given(
    step=st.sampled_from(sorted(STEPS)),
    width=st.integers(4, 40),
    height=st.integers(4, 40),
    bite=st.integers(0, 3),
)
def test_every_step_gives_one_valid_polygon_or_says_why_not(
    step: str, width: int, height: int, bite: int
) -> None:
    outline = box(0, 0, width * PX, height * PX).difference(box(0, 0, bite * PX, bite * PX))
    change = attempted(step, outline)
    if isinstance(change, UsageError):
        assert change.hint
        return
    assert change.outline.is_valid
    assert change.outline.geom_type == "Polygon"
    assert change.outline.area > 0


def objects_of(mask: np.ndarray) -> list[Polygon]:
    """Outlines of a mask as a search gives them, m."""
    pieces = polygonise(mask)
    wholes = [shapely.union_all([pieces[n] for n in group]) for group in join_pieces(pieces)]
    return [shapely.transform(smooth_pixels(one), lambda xy: xy * PX) for one in wholes]


MASKS = arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12)))


@settings(max_examples=60, deadline=None)
@given(mask=MASKS, steps=st.lists(st.sampled_from(sorted(STEPS)), min_size=1, max_size=3))
@example(mask=np.eye(3, dtype=bool), steps=["split"])
@example(mask=np.ones((1, 1), bool), steps=["smooth"])
def test_any_steps_on_any_object_of_a_search_give_whole_outlines(
    mask: np.ndarray, steps: list[str]
) -> None:
    for outline in objects_of(mask):
        now = outline
        for step in steps:
            change = attempted(step, now)
            if isinstance(change, UsageError):
                assert change.hint
                continue
            for part in (change.outline, *change.cut_off):
                assert part.is_valid
                assert part.geom_type == "Polygon"
                assert part.area > 0
            now = change.outline


@settings(max_examples=60, deadline=None)
@given(mask=MASKS)
def test_a_merge_of_any_two_objects_is_one_outline_that_holds_both(mask: np.ndarray) -> None:
    objects = objects_of(mask)[:4]
    for one in objects:
        for other in objects:
            if one.distance(other) > BRIDGE_PX * PX:
                with pytest.raises(UsageError, match="m away"):
                    merge(one, other, PX)
                continue
            joined = merge(one, other, PX).outline
            assert joined.is_valid
            assert joined.geom_type == "Polygon"
            assert shapely.union(one, other).difference(joined).area < 1e-6
