"""Outlines that stand in a file twice are found by their overlap."""

from shapely.geometry import box

from rtsproj.geometry.repair import repeated_polygons


def test_the_first_of_two_equal_outlines_stays() -> None:
    geoms = [box(0, 0, 10, 10), box(50, 0, 60, 10), box(0, 0, 10, 10.1), box(0, 0, 10, 20)]
    assert repeated_polygons(geoms, []) == (2,)
    assert repeated_polygons(geoms, [box(50, 0, 60, 10)]) == (1, 2)
    assert repeated_polygons([], []) == ()
