"""Lines and points: distances to them, and what is refused."""

from pathlib import Path

import pytest
from desk import CRS, LEFT, TOP, geojson, square
from shapely import LineString, MultiPoint, Point

from rtsproj.errors import UsageError
from rtsproj.geometry.crs import WGS84, transform
from rtsproj.geometry.distances import GEOD
from rtsproj.reports.page import report_page
from rtsproj.reports.text import report_text
from rtsproj.store.database import rows
from rtsproj.workflow.area_map import read_layers
from rtsproj.workflow.overview import read_overview
from rtsproj.workflow.project import Project, reading, writing
from rtsproj.workflow.report import collect_drawing, collect_report
from rtsproj.workflow.sources import VectorChoice, add_lines

STATION = Point(LEFT + 300, TOP - 400)


def near(project: Project, kind: str) -> list[dict]:
    with reading(project) as connection:
        query = "SELECT * FROM proximity WHERE kind = ? ORDER BY slump_id"
        return rows(connection, query, [kind])


def metres(corner: Point, place: Point) -> float:
    """Geodesic distance of two points of the project CRS."""
    one, two = (transform(point, CRS, WGS84) for point in (corner, place))
    return GEOD.inv(one.x, one.y, two.x, two.y)[2]


def test_the_distance_to_a_point_is_geodesic_from_the_outline(
    project: Project, tmp_path: Path
) -> None:
    file = geojson(tmp_path / "stations.geojson", [STATION, Point(LEFT + 9000, TOP)], name="Wuli")
    assert add_lines(project, file, VectorChoice(), kind="station", by="ann").features == 2
    found = near(project, "station")
    corners = [
        min(map(Point, square(*seed).exterior.coords), key=STATION.distance)
        for seed in ((20, 20, 20), (100, 20, 10))
    ]
    # The second seed is nearest by an edge: the point stands below it.
    corners[1] = Point(STATION.x, corners[1].y)
    assert [one["distance_m"] for one in found] == pytest.approx(
        [metres(corner, STATION) for corner in corners], abs=1e-3
    )
    assert {one["line_name"] for one in found} == {"Wuli"}


def test_an_airstrip_is_a_line_or_a_point_and_points_may_come_together(
    project: Project, tmp_path: Path
) -> None:
    strip = LineString([(LEFT, TOP - 500), (LEFT + 400, TOP - 500)])
    both = MultiPoint([STATION, Point(LEFT, TOP)])
    file = geojson(tmp_path / "strips.geojson", [strip, both])
    add_lines(project, file, VectorChoice(), kind="airstrip", by="ann")
    assert len(near(project, "airstrip")) == 2


def test_a_point_is_no_road_and_the_hint_says_what_it_may_be(
    project: Project, tmp_path: Path
) -> None:
    file = geojson(tmp_path / "p.geojson", [STATION])
    with pytest.raises(UsageError, match="Point, not a line") as caught:
        add_lines(project, file, VectorChoice(), kind="road", by="ann")
    assert "--kind" in caught.value.hint
    assert "airstrip or a station" in caught.value.hint
    with pytest.raises(UsageError, match="Polygon, not a line or point"):
        add_lines(
            project, geojson(tmp_path / "q.geojson", [square(0, 0, 9)]), VectorChoice(),
            kind="station", by="ann",
        )  # fmt: skip
    with pytest.raises(UsageError, match="'rode' is no kind of lines"):
        add_lines(project, file, VectorChoice(), kind="rode", by="ann")


def test_a_station_is_counted_for_itself_and_drawn(project: Project, tmp_path: Path) -> None:
    file = geojson(tmp_path / "stations.geojson", [STATION, Point(LEFT + 100_000, TOP)])
    add_lines(project, file, VectorChoice(), kind="station", by="ann")
    report = collect_report(project)
    assert report.line_kinds == ("road", "railway", "station")
    count = next(one for one in report.counts if one.distance_m == report.headline_m)
    assert (count.road, count.station, count.either) == (2, 2, 2)
    assert "railway  station" in report_text(report)
    assert "<pre>" in report_page(report, collect_drawing(project).layers)
    sites = read_layers(project).sites
    assert sites.start.tolist() == sites.end.tolist()
    assert sites.start[1] == pytest.approx((LEFT + 100_000, TOP), abs=0.01)


def test_a_station_changes_no_count_of_roads_and_railways(project: Project, tmp_path: Path) -> None:
    with writing(project, "no road") as connection:
        connection.execute("UPDATE source SET withdrawn_at = now() WHERE role = 'line'")
    file = geojson(tmp_path / "stations.geojson", [STATION])
    add_lines(project, file, VectorChoice(), kind="station", by="ann")
    assert read_overview(project).within == 0
    assert {one.either for one in collect_report(project).counts} == {0}
