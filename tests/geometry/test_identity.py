"""Which place an outline shows: the array form agrees with the rule, one outline at a time."""

from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

from rtsproj.geometry.identity import KnownSlump, identify, same_places

whole = st.integers(0, 12)
side = st.integers(1, 6)
boxes = st.builds(lambda x, y, w, h: box(x, y, x + w, y + h), whole, whole, side, side)


@given(outlines=st.lists(boxes, max_size=6), known=st.lists(boxes, max_size=4))
def test_each_outline_is_compared_with_what_is_known_and_with_those_kept_before(
    outlines: list[BaseGeometry], known: list[BaseGeometry]
) -> None:
    wanted: dict[int, int] = {}
    places = dict(enumerate(known))
    for number, outline in enumerate(outlines):
        identity = identify(outline, [KnownSlump(n, one) for n, one in places.items()])
        if identity.relation == "new":
            places[len(known) + number] = outline
        else:
            wanted[number] = identity.slump_id
    assert same_places(outlines, known) == wanted


def test_half_of_either_outline_is_the_same_place_and_less_is_another() -> None:
    known = [box(0, 0, 10, 10)]
    assert same_places([box(5, 0, 15, 10)], known) == {0: 0}
    assert same_places([box(6, 0, 16, 10)], known) == {}
    assert same_places([box(9, 9, 11, 11), box(2, 2, 3, 3), box(9, 9, 11, 11)], known) == {
        1: 0,
        2: 1,
    }
