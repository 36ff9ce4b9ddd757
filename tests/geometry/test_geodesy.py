"""Areas and distances are geodesic, to the oracles' digits."""

import csv
from pathlib import Path

import numpy as np
import pytest
import shapely
from shapely.affinity import translate
from shapely.geometry import LineString, Point, Polygon, box

from rtsproj.errors import UsageError
from rtsproj.geometry.crs import check_project_crs, crs_name, transform, utm_crs
from rtsproj.geometry.distances import LineIndex
from rtsproj.geometry.measures import GEOD, measure
from rtsproj.vectors.read import read_features

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "svalbard"
UTM46 = "EPSG:32646"
AEQD = "+proj=aeqd +lat_0=34.8 +lon_0=92.9 +datum=WGS84 +units=m"


def test_a_cell_of_a_hundredth_of_a_degree() -> None:
    found = measure(box(92.9, 34.8, 92.91, 34.81), "EPSG:4326")
    assert found.area_m2 == pytest.approx(1015120.2984118462, rel=1e-9)
    assert found.perimeter_m == pytest.approx(4048.824303144197, rel=1e-9)


def test_a_square_kilometre() -> None:
    found = measure(box(-500, -500, 500, 500), AEQD)
    assert found.area_m2 == pytest.approx(1_000_000.0020503363, rel=1e-9)


def test_holes_are_left_out_and_the_point_lies_on_the_surface() -> None:
    ring = Polygon([(0, 0), (30, 0), (30, 30), (0, 30)], [[(5, 5), (25, 5), (25, 25), (5, 25)]])
    moved = translate(ring, 500_000, 3_850_000)
    found = measure(moved, UTM46)
    assert found.area_m2 == pytest.approx(500, rel=2e-3)
    assert moved.contains(transform(Point(found.lon, found.lat), "EPSG:4326", UTM46))


def test_projected_coordinates_of_the_oracle() -> None:
    point = transform(Point(92.9, 34.8), "EPSG:4326", UTM46)
    assert (point.x, point.y) == pytest.approx((490852.68549522373, 3850868.7463803403))


def test_five_hundred_metres_are_in_and_a_millimetre_more_is_out() -> None:
    line = shapely.segmentize(LineString([(92.9, 34.7), (92.9, 34.9)]), 0.001)
    index = LineIndex([4], [transform(line, "EPSG:4326", UTM46)], UTM46)
    for metres, expected in ((500.0, True), (500.001, False)):
        lon, lat, _ = GEOD.fwd(92.9, 34.8, 90, metres)
        corner = transform(Point(lon, lat), "EPSG:4326", UTM46)
        slump = Polygon([corner, (corner.x + 40, corner.y + 9), (corner.x + 40, corner.y - 9)])
        [line_id], [found] = (one.tolist() for one in index.nearest([slump]))
        assert line_id == 4
        assert found == pytest.approx(metres, abs=2e-4)
        assert (round(found, 3) <= 500.0) is expected


def test_crossing_is_zero_and_the_lowest_id_wins_a_tie() -> None:
    line = translate(LineString([(0, 0), (0, 100)]), 490_000, 3_850_000)
    index = LineIndex([9, 3], [line, line], UTM46)
    crossing = box(489_990, 3_850_040, 490_010, 3_850_060)
    line_ids, metres = index.nearest([crossing])
    assert (line_ids.tolist(), metres.tolist()) == ([3], [0.0])
    assert [len(one) for one in index.nearest([])] == [0, 0]


def test_no_line_and_no_outline_are_errors_never_zero_near() -> None:
    with pytest.raises(UsageError, match="no line"):
        LineIndex([], [], UTM46)
    index = LineIndex([1], [LineString([(0, 0), (1, 1)])], UTM46)
    with pytest.raises(UsageError, match="empty outline"):
        index.nearest([Polygon()])


def test_the_zone_at_its_edge_does_not_matter() -> None:
    line = shapely.segmentize(LineString([(90.0, 34.7), (90.0, 34.9)]), 0.001)
    lon, lat, _ = GEOD.fwd(90.0, 34.8, 90, 450)
    found = []
    for crs in ("EPSG:32645", UTM46):
        corner = transform(Point(lon, lat), "EPSG:4326", crs)
        slump = Polygon([corner, (corner.x + 30, corner.y + 9), (corner.x + 30, corner.y - 9)])
        road = transform(line, "EPSG:4326", crs)
        found.append(LineIndex([1], [road], crs).nearest([slump])[1][0])
    assert found == pytest.approx([450, 450], abs=0.05)


def test_a_project_crs_is_projected_in_metres_and_true_to_scale() -> None:
    check_project_crs(UTM46, (400_000, 3_700_000, 600_000, 3_900_000))
    for crs, bounds in (
        ("EPSG:4326", None),
        ("EPSG:2263", None),
        ("EPSG:3857", (10_000_000, 4_000_000, 10_100_000, 4_100_000)),
        ("EPSG:0", None),
    ):
        with pytest.raises(UsageError):
            check_project_crs(crs, bounds)
    assert (utm_crs(92.9, 34.8), utm_crs(15.6, -78.2)) == ("EPSG:32646", "EPSG:32733")
    assert crs_name("EPSG:32646") == "EPSG:32646"
    with pytest.raises(UsageError, match="no longitude, latitude") as caught:
        utm_crs(34.8, 92.9)
    assert "axes swapped" in caught.value.hint


@pytest.mark.skipif(not DATA.is_dir(), reason=f"no real data in {DATA}")
def test_svalbard_distances_equal_the_expected_ones() -> None:
    slides = read_features(DATA / "thaw_slides_nordenskiold_2009_2011.gpkg")
    ways = read_features(next(DATA.glob("osm_ways*.geojson")))
    crs = "EPSG:32633"
    lines = [
        transform(geom, ways.crs or "", crs) for _, geom, _ in ways.features if geom is not None
    ]
    _, found = LineIndex(range(len(lines)), lines, crs).nearest(
        [transform(g, slides.crs or "", crs) for _, g, _ in slides.features if g is not None]
    )
    with next(DATA.glob("expected_distances*.csv")).open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    expected = {row["slide_id"]: float(row["m_to_all_ways"]) for row in rows}
    asked = [expected[str(props["slide_id"])] for _, _, props in slides.features]
    assert np.allclose(found, asked, rtol=1e-3)
    assert sum(found <= 500) == 0
    assert sum(found <= 10_000) == 14
