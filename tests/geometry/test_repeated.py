"""Outlines that stand in a file twice are found by their overlap."""

from shapely.geometry import box

from rtsproj.geometry.repair import repeated_polygons


def test_the_first_of_two_equal_outlines_stays() -> None:
    geoms = [box(0, 0, 10, 10), box(50, 0, 60, 10), box(0, 0, 10, 10.1), box(0, 0, 10, 20)]
    assert repeated_polygons(geoms, []) == {2: 0}
    assert repeated_polygons(geoms, [box(50, 0, 60, 10)]) == {1: 0, 2: 1}
    assert repeated_polygons([], []) == {}


def test_a_repeat_of_a_repeat_is_measured_against_the_one_that_stays() -> None:
    width = 100
    near, far = box(0, 0, width * 1.04, 10), box(0, 0, width * 1.08, 10)
    assert repeated_polygons([box(0, 0, width, 10), near, far], []) == {1: 0}
