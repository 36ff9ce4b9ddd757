"""Outlines stay within half a pixel of the pixels, whatever they are cut into."""

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from shapely.affinity import translate

from rtsproj.domain.grid import ProjectGrid
from rtsproj.geometry.outlines import close_gaps, join_pieces, smooth_pixels, to_crs, to_pixels
from rtsproj.imagery.shapes import polygonise

MASKS = arrays(bool, st.tuples(st.integers(1, 14), st.integers(1, 14)), elements=st.booleans())


def outlines(pieces: list[shapely.Geometry]) -> list[shapely.Geometry]:
    groups = join_pieces(pieces)
    smooth = [smooth_pixels(shapely.union_all([pieces[n] for n in group])) for group in groups]
    return sorted(smooth, key=lambda one: one.bounds)


def quarters(mask: np.ndarray) -> list[shapely.Geometry]:
    row, col = mask.shape[0] // 2, mask.shape[1] // 2
    pieces = []
    for rows in (slice(0, row), slice(row, None)):
        for cols in (slice(0, col), slice(col, None)):
            part = np.ascontiguousarray(mask[rows, cols])
            if part.size:
                found = polygonise(part)
                pieces += [translate(one, cols.start or 0, rows.start or 0) for one in found]
    return pieces


@settings(max_examples=150, deadline=None)
@given(MASKS)
def test_an_object_cut_by_seams_gives_the_outline_of_the_whole(mask: np.ndarray) -> None:
    whole, cut = outlines(polygonise(mask)), outlines(quarters(mask))
    assert len(whole) == len(cut)
    for one, other in zip(whole, cut, strict=True):
        assert one.symmetric_difference(other).area < 1e-6


@settings(max_examples=150, deadline=None)
@given(MASKS)
def test_each_outline_is_one_valid_polygon_near_its_pixels(mask: np.ndarray) -> None:
    pieces = polygonise(mask)
    for group in join_pieces(pieces):
        pixels = shapely.union_all([pieces[n] for n in group])
        smooth = smooth_pixels(pixels)
        assert smooth.geom_type == "Polygon"
        assert smooth.is_valid
        assert shapely.hausdorff_distance(smooth.boundary, pixels.boundary) <= 0.5 + 1e-9


GAPS = st.sampled_from([1.0, 1.5, 2.0, 3.0, 5.0])


@settings(max_examples=150, deadline=None)
@given(MASKS, GAPS)
def test_gaps_are_closed_by_whole_pixels_into_one_polygon_that_loses_nothing(
    mask: np.ndarray, within: float
) -> None:
    pieces = polygonise(mask)
    parts = [shapely.union_all([pieces[n] for n in group]) for group in join_pieces(pieces)]
    for group in join_pieces(pieces, within=within):
        pixels = shapely.union_all([pieces[n] for n in group])
        closed = close_gaps(pixels, within=within)
        corners = shapely.get_coordinates(closed)
        assert np.array_equal(corners, np.rint(corners))
        assert shapely.difference(pixels, closed).is_empty
        smooth = smooth_pixels(closed)
        assert smooth.geom_type == "Polygon"
        assert smooth.is_valid
        own = [part for part in parts if pixels.intersects(part.representative_point())]
        before = shapely.union_all([smooth_pixels(part) for part in own])
        assert before.difference(smooth).area < 1e-9
        # THEN only ground between parts is filled, and nothing where there is one
        assert shapely.hausdorff_distance(closed, pixels) <= within
        if len(own) == 1:
            assert closed is pixels


@settings(max_examples=100, deadline=None)
@given(MASKS, GAPS, st.sampled_from([0, -9, 70_000]))
def test_a_closed_gap_depends_neither_on_seams_nor_on_the_place(
    mask: np.ndarray, within: float, by: int
) -> None:
    def closed(pieces: list[shapely.Geometry]) -> list[shapely.Geometry]:
        groups = join_pieces(pieces, within=within)
        wholes = [shapely.union_all([pieces[n] for n in group]) for group in groups]
        return [close_gaps(one, within=within) for one in wholes]

    whole = closed(polygonise(mask))
    cut = closed([translate(one, by, -by) for one in quarters(mask)])
    assert sum(one.area for one in whole) == sum(one.area for one in cut)
    both = shapely.union_all([translate(one, -by, by) for one in cut])
    assert shapely.union_all(whole).equals(both)


def test_two_squares_are_joined_by_the_ground_between_them_alone() -> None:
    # GIVEN squares a gap of two pixels apart, and two that are apart over a corner
    beside = shapely.union_all([shapely.box(0, 0, 5, 5), shapely.box(7, 1, 12, 6)])
    corner = shapely.union_all([shapely.box(0, 0, 5, 5), shapely.box(6, 6, 9, 9)])
    # THEN the rows that face each other are filled, or the pixel between the corners
    filled = close_gaps(beside, within=2).difference(beside)
    assert filled.equals(shapely.box(5, 1, 7, 5))
    filled = close_gaps(corner, within=2).difference(corner)
    assert filled.equals(shapely.box(5, 5, 6, 6))
    assert smooth_pixels(close_gaps(corner, within=2)).geom_type == "Polygon"


def test_pieces_are_one_object_up_to_the_widest_gap() -> None:
    pieces = [shapely.box(0, 0, 2, 2), shapely.box(4, 0, 6, 2), shapely.box(7, 3, 9, 5)]
    assert join_pieces(pieces) == [(0,), (1,), (2,)]
    assert join_pieces(pieces, within=1.41) == [(0,), (1,), (2,)]
    assert join_pieces(pieces, within=1.42) == [(0,), (1, 2)]
    assert join_pieces(pieces, within=2.0) == [(0, 1, 2)]


def test_a_hole_is_kept_and_stairs_become_straight() -> None:
    ring = np.ones((5, 5), bool)
    ring[1:4, 1:4] = False
    [found] = outlines(polygonise(ring))
    assert len(found.interiors) == 1
    stairs = np.tril(np.ones((12, 12), bool))
    [found] = outlines(polygonise(stairs))
    assert len(found.exterior.coords) - 1 <= 8


def test_diagonal_pixels_are_one_object() -> None:
    [found] = outlines(polygonise(np.eye(4, dtype=bool)))
    assert found.is_valid
    assert found.area > 3


def test_pixels_and_metres_are_inverse() -> None:
    grid = ProjectGrid("EPSG:32646", 3.0, 500_000.0, 3_850_000.0)
    there = to_crs(shapely.box(2, 3, 10, 20), grid)
    assert there.bounds == (500_006.0, 3_849_940.0, 500_030.0, 3_849_991.0)
    assert to_pixels(there, grid).equals(shapely.box(2, 3, 10, 20))
