"""Counts near lines and the text they are printed in."""

from hypothesis import given
from hypothesis import strategies as st

from rtsproj.reports.summary import NearRow, count_near
from rtsproj.reports.text import table

METRES = st.floats(0, 3000)
PLACES = st.lists(st.tuples(METRES, METRES), max_size=30)


def near(slump_id: int, kind: str, distance_m: float) -> NearRow:
    return NearRow(slump_id, f"RTS-{slump_id:05}", kind, None, None, distance_m)


@given(PLACES)
def test_either_counts_a_slump_once_and_grows_with_the_distance(
    places: list[tuple[float, float]],
) -> None:
    rows = [
        row
        for n, (road, railway) in enumerate(places)
        for row in (near(n, "road", road), near(n, "railway", railway))
    ]
    counts = count_near(rows, (500.0, 100.0, 500.0), slumps=len(places))
    assert [one.distance_m for one in counts] == [100.0, 500.0]
    for one in counts:
        assert one.either == sum(min(place) <= one.distance_m for place in places)
        assert max(one.road, one.railway) <= one.either <= one.road + one.railway
        assert one.low <= one.share <= one.high
    assert counts[0].either <= counts[1].either


def test_the_bound_is_inclusive() -> None:
    rows = [near(1, "road", 500.0), near(2, "road", 500.0001)]
    assert count_near(rows, (500.0,), slumps=2)[0].either == 1


def test_numbers_stand_right_and_words_left() -> None:
    assert table(("name", "m"), [("a", "5"), ("bcd ef", "1000")]) == [
        "name       m",
        "a          5",
        "bcd ef  1000",
    ]
