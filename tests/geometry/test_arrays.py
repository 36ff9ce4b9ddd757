"""Many outlines at once measure, lie and meet exactly as one by one."""

from dataclasses import replace

import numpy as np
import one_by_one
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from one_by_one import Judged
from shapely.geometry import MultiPolygon, Polygon, box
from shapely.geometry.base import BaseGeometry

from rtsproj.errors import RefusedError
from rtsproj.geometry.distances import LineIndex
from rtsproj.geometry.lineage import PlaceIndex, SlumpIndex, relations
from rtsproj.geometry.measures import measure_all, shape_columns
from rtsproj.geometry.repair import POLYGONS, SAME_IOU, checked_polygons, repeated_polygons
from rtsproj.settings import LineageSettings
from rtsproj.settings.presets import preset_settings
from rtsproj.workflow.ladder import shape_row

UTM46 = "EPSG:32646"
EAST, NORTH = 490_000, 3_851_000
PIXEL_M = 3.0
EXAMPLES = 60


def placed(geom: BaseGeometry) -> BaseGeometry:
    """A shape drawn in pixels, as m of the project CRS."""
    return shapely.transform(geom, lambda xy: xy * PIXEL_M + (EAST, NORTH))


@st.composite
def outlines(draw: st.DrawFn) -> BaseGeometry:
    """Boxes with and without a hole, rings of corners, two parts; on a lattice: they touch."""
    x, y, w, h = (
        draw(st.integers(low, high)) for low, high in ((0, 24), (0, 24), (2, 14), (2, 14))
    )
    kind = draw(st.sampled_from(("box", "hole", "corners", "parts")))
    if kind == "hole" and min(w, h) >= 4:
        ring = box(x + 1, y + 1, x + w - 1, y + h - 1).exterior
        return placed(Polygon(box(x, y, x + w, y + h).exterior, [ring]))
    if kind == "parts":
        return placed(MultiPolygon([box(x, y, x + w, y + h), box(x + w + 1, y, x + w + 3, y + 2)]))
    if kind == "corners":
        radii = draw(st.lists(st.floats(1, 8), min_size=5, max_size=9))
        turn = np.linspace(0, 2 * np.pi, len(radii), endpoint=False)
        corners = np.column_stack((np.cos(turn), np.sin(turn))) * np.array(radii)[:, None] + (x, y)
        return placed(Polygon(corners))
    return placed(box(x, y, x + w, y + h))


def some(least: int = 0) -> st.SearchStrategy[list[BaseGeometry]]:
    return st.lists(outlines(), min_size=least, max_size=6)


def arrays(geoms: list[BaseGeometry]) -> np.ndarray:
    return np.array(geoms, dtype=object)


@settings(max_examples=EXAMPLES)
@given(some())
def test_measures(geoms: list[BaseGeometry]) -> None:
    found = measure_all(geoms, UTM46)
    columns = zip(found.area_m2, found.perimeter_m, found.lon, found.lat, strict=True)
    assert list(columns) == [one_by_one.measure(one, UTM46) for one in geoms]


ENDS = st.tuples(*[st.integers(-5, 40)] * 4).filter(lambda e: e[:2] != e[2:])


@settings(max_examples=EXAMPLES)
@given(some(1), st.lists(ENDS, min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_nearest_lines(geoms: list[BaseGeometry], ends: list[tuple[int, ...]], rng) -> None:
    geometries = [placed(shapely.LineString([e[:2], e[2:]])) for e in ends]
    ids = rng.sample(range(100), len(ends))
    line_ids, metres = LineIndex(ids, geometries, UTM46).nearest(geoms)
    lines = list(zip(ids, geometries, strict=True))
    expected = [one_by_one.nearest(one, lines, UTM46) for one in geoms]
    assert list(zip(line_ids, metres, strict=True)) == expected


RULES = (
    LineageSettings(),
    preset_settings("xia2022").lineage,
    replace(LineageSettings(), inside=0.3, iou=0.4, growth_px=1.0, growth_share=0.1),
)


@settings(max_examples=EXAMPLES)
@given(some(), some(), st.sampled_from(RULES))
def test_lineage(
    geoms: list[BaseGeometry], places: list[BaseGeometry], rule: LineageSettings
) -> None:
    judged = [
        Judged(0, one, n) if n % 3 == 0 else Judged(n, one, n % 2 * n)
        for n, one in enumerate(places, 1)
    ]
    index = PlaceIndex(
        np.array([one.candidate_id for one in judged], np.int64),
        np.array([one.slump_id for one in judged], np.int64),
        arrays(places),
    )
    found = index.classify(arrays(geoms), pixel_m=PIXEL_M, settings=rule)
    columns = zip(found.case, found.of, found.slump_id, found.iou, found.growth_m2, strict=True)
    assert list(columns) == [
        one_by_one.classify(one, judged, pixel_m=PIXEL_M, settings=rule) for one in geoms
    ]


@settings(max_examples=EXAMPLES)
@given(some(), some())
def test_relations(geoms: list[BaseGeometry], outlines: list[BaseGeometry]) -> None:
    ids = np.arange(3, 3 + len(outlines))
    met = SlumpIndex(ids, np.zeros_like(ids), arrays(outlines)).overlaps(arrays(geoms))
    found = relations(len(geoms), (met.number, met.slump_id))
    slumps = list(zip(ids.tolist(), outlines, strict=True))
    assert list(zip(*found, strict=True)) == one_by_one.relations(geoms, slumps)


@settings(max_examples=EXAMPLES)
@given(some(), some(), st.sampled_from((0.0, 0.02, 0.1)))
def test_repeats(geoms: list[BaseGeometry], known: list[BaseGeometry], grown: float) -> None:
    again = [one.buffer(PIXEL_M * grown, join_style="mitre") for one in [*known, *geoms]]
    everything = [*geoms, *again]
    expected = one_by_one.repeats(everything, known, SAME_IOU)
    assert repeated_polygons(everything, known) == expected


BOW = Polygon([(0, 0), (9, 9), (9, 0), (0, 9)])
ODD = (
    None,
    Polygon(),
    BOW,
    MultiPolygon([BOW, box(20, 20, 22, 22)]),
    Polygon([(0, 0), (1, 1), (0, 0)]),
    shapely.LineString([(0, 0), (1, 1)]),
    shapely.Point(3, 4),
    Polygon([(0, 0), (np.inf, 1), (1, 0)]),
    shapely.force_3d(box(0, 0, 4, 4), 7.0),
)


@settings(max_examples=EXAMPLES)
@given(st.lists(st.one_of(outlines(), st.sampled_from(ODD)), max_size=9))
def test_checks_and_repairs(given: list[BaseGeometry | None]) -> None:
    single = [one_by_one.usable(one, POLYGONS, "polygon") for one in given]
    features = [(str(number), one) for number, one in enumerate(given)]
    bad = tuple((str(number), reason) for number, (_, reason) in enumerate(single) if reason)
    if bad:
        with pytest.raises(RefusedError) as caught:
            checked_polygons(features)
        assert caught.value.refused == bad
        return
    found = checked_polygons(features)
    assert [one.wkb for one in found.geoms] == [geom.wkb for geom, _ in single]
    broken = [str(n) for n, one in enumerate(given) if not shapely.is_valid(one)]
    assert list(found.repaired) == broken


@settings(max_examples=EXAMPLES)
@given(some(1))
def test_columns_of_shapes(geoms: list[BaseGeometry]) -> None:
    columns = shape_columns(geoms, UTM46)
    for number, one in enumerate(geoms):
        row = {name: float(values[number]) for name, values in columns.items()}
        single = {name: value for name, value in shape_row(one, UTM46).items() if name != "wkb"}
        assert row == single
