"""Which accepted outlines a later search has drawn better."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

from rtsproj.geometry.better import (
    AGREES,
    KEEPS,
    SURER,
    DetectedOutlines,
    ForeignOutlines,
    better_outlines,
)

PART, WHOLE = box(0, 0, 60, 60), box(0, 0, 60, 80)


def drawn(*given: tuple[BaseGeometry, float, float]) -> DetectedOutlines:
    geoms = np.array([one[0] for one in given], object)
    score, stability = (np.array([one[n] for one in given], float) for n in (1, 2))
    return DetectedOutlines(geoms, score, stability)


def shapes(*geoms: BaseGeometry) -> np.ndarray:
    return np.array(geoms, object)


ACCEPTED, IDS = drawn((PART, 0.8, 0.7)), np.array([5])
NONE_TAKEN = ForeignOutlines(np.array([5]), shapes(PART))


@pytest.mark.parametrize(
    ("now", "before", "taken", "place"),
    [
        pytest.param((WHOLE, 0.9, 0.7), [WHOLE], [], 0, id="surer, agreed, holds it"),
        pytest.param((WHOLE, 0.82, 0.7), [WHOLE], [], -1, id="hardly surer"),
        pytest.param((WHOLE, 0.9, 0.6), [WHOLE], [], -1, id="less stable"),
        pytest.param((WHOLE, 0.9, 0.7), [], [], -1, id="nothing drawn before"),
        pytest.param((WHOLE, 0.9, 0.7), [PART], [], -1, id="the search before drew less"),
        pytest.param((WHOLE, 0.9, 0.7), [box(90, 0, 99, 9)], [], -1, id="drawn elsewhere"),
        pytest.param((box(6, 0, 60, 90), 0.9, 0.9), [box(6, 0, 60, 90)], [], -1, id="loses some"),
        pytest.param((WHOLE, 0.9, 0.7), [WHOLE], [(7, box(0, 62, 60, 80))], -1, id="takes a slump"),
        pytest.param((WHOLE, 0.9, 0.7), [WHOLE], [(0, box(0, 62, 60, 80))], -1, id="was rejected"),
        pytest.param((WHOLE, 0.9, 0.7), [WHOLE], [(7, box(0, 75, 60, 95))], 0, id="touches one"),
        pytest.param((box(90, 0, 99, 9), 0.9, 0.9), [WHOLE], [], -1, id="another place"),
    ],
)
def test_each_condition_is_asked(
    now: tuple[BaseGeometry, float, float],
    before: list[BaseGeometry],
    taken: list[tuple[int, BaseGeometry]],
    place: int,
) -> None:
    ids = np.array([5, *(one[0] for one in taken)])
    ground = ForeignOutlines(ids, shapes(PART, *(one[1] for one in taken)))
    found = better_outlines(ACCEPTED, IDS, drawn(now), shapes(*before), ground)
    assert found.tolist() == [place]


def test_nothing_known_or_nothing_drawn_is_nothing_better() -> None:
    nothing, empty = drawn(), ForeignOutlines(np.zeros(0, np.int64), shapes())
    assert better_outlines(nothing, np.zeros(0, np.int64), drawn(), shapes(), empty).tolist() == []
    assert better_outlines(ACCEPTED, IDS, nothing, shapes(), NONE_TAKEN).tolist() == [-1]


boxes = st.builds(
    lambda x, y, w, h: box(x, y, x + w, y + h),
    *(st.integers(0, 30) for _ in range(2)),
    *(st.integers(1, 25) for _ in range(2)),
)
networks = st.lists(st.tuples(boxes, st.floats(0, 1), st.floats(0, 1)), max_size=6)


@given(accepted=networks, now=networks, before=st.lists(boxes, max_size=6))
def test_what_is_found_meets_every_condition_in_any_order(
    accepted: list, now: list, before: list
) -> None:
    known, ids = drawn(*accepted), np.arange(1, len(accepted) + 1)
    ground = ForeignOutlines(ids, known.geoms)
    found = better_outlines(known, ids, drawn(*now), shapes(*before), ground)
    for place, (geom, score, stability) in zip(found.tolist(), accepted, strict=True):
        if place < 0:
            continue
        better, surer, steadier = now[place]
        assert better.intersection(geom).area >= KEEPS * geom.area
        assert surer >= score + SURER
        assert steadier >= stability
        ious = [one.intersection(better).area / one.union(better).area for one in before]
        assert max(ious) >= AGREES - 1e-9
    chosen = [place for place in found.tolist() if place >= 0]
    assert len(set(chosen)) == len(chosen)  # no outline becomes that of two slumps
    # the order of the accepted ones does not matter
    turned = replace(
        known, geoms=known.geoms[::-1], score=known.score[::-1], stability=known.stability[::-1]
    )
    again = better_outlines(turned, ids[::-1], drawn(*now), shapes(*before), ground)
    assert again[::-1].tolist() == found.tolist()
