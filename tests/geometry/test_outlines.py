"""Outlines stay within half a pixel of the pixels, whatever they are cut into."""

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from shapely.affinity import translate

from rtsproj.domain.grid import ProjectGrid
from rtsproj.geometry.outlines import join_pieces, smooth_pixels, to_crs, to_pixels
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
