"""Round trip of outlines through a GIS file: differences are shown, taken, walked back."""

from pathlib import Path

import pytest
import shapely
from desk import search, square

from rtsproj.domain.decisions import Verdict
from rtsproj.errors import UsageError
from rtsproj.geometry.measures import measure
from rtsproj.store.database import rows, scalar
from rtsproj.vectors.read import read_features
from rtsproj.vectors.write import write_features
from rtsproj.workflow.decide import Word, decide
from rtsproj.workflow.edit import Taken, compare, export_outlines, take
from rtsproj.workflow.project import Project, reading
from rtsproj.workflow.slumps import remove_slumps

SHAPES = [square(60, 80, 15), square(120, 120, 12), square(150, 30, 12)]
CRS = "EPSG:32646"


@pytest.fixture
def file(project: Project, tmp_path: Path) -> Path:
    search(project, SHAPES)
    decide(project, 1, Word(Verdict.ACCEPT), analyst="ann")
    path = tmp_path / "outlines.gpkg"
    assert export_outlines(project, path) == 5
    return path


def features(path: Path) -> list[dict]:
    return [{**props, "geometry": geom} for _, geom, props in read_features(path).features]


def test_a_file_that_nobody_edited_has_no_difference(project: Project, file: Path) -> None:
    found = compare(project, file)
    assert found.changes == ()
    assert found.same == 5


def test_changed_added_and_deleted_outlines_are_told_apart_and_taken(
    project: Project, file: Path
) -> None:
    edited = features(file)
    assert {one["name"] for one in edited} == {
        "RTS-00001",
        "RTS-00002",
        "C-00001",
        "C-00002",
        "C-00003",
    }
    by_name = {one["name"]: one for one in edited}
    by_name["C-00001"]["geometry"] = by_name["C-00001"]["geometry"].buffer(6)
    by_name["RTS-00002"]["geometry"] = by_name["RTS-00002"]["geometry"].buffer(3)
    edited.remove(by_name["C-00003"])
    drawn = {"candidate_id": None, "slump_id": None, "name": "", "status": ""}
    edited.append({**drawn, "geometry": square(10, 150, 9)})
    write_features(file, edited, crs=CRS, layer="outlines")
    found = compare(project, file)
    assert [one.what for one in found.changes] == ["changed", "changed", "added", "deleted"]
    assert [one.name for one in found.changes][:2] == ["C-00001", "RTS-00002"]
    assert found.warnings == ()
    taken = take(project, found, analyst="ann", missing="reject")
    assert taken == Taken(3, 1, slumps=(("feature 5", 4),))
    with reading(project) as connection:
        slumps = rows(
            connection,
            "SELECT slump_id, origin, geom_source, area_m2, nearest_m FROM inventory ORDER BY 1",
        )
        status = rows(connection, "SELECT candidate_id, status FROM candidates ORDER BY 1")
        versions = scalar(connection, "SELECT count(*) FROM outline_version")
    assert [one["geom_source"] for one in slumps] == ["manual", "import", "import", "manual"]
    assert slumps[3]["origin"] == "drawn"  # by a person in a GIS: no model found it
    assert all(one["nearest_m"] is not None for one in slumps)
    assert slumps[1]["area_m2"] > 30 * 30
    assert [one["status"] for one in status] == ["accept", "open", "reject"]
    assert versions == 3


def test_deleted_ones_are_kept_unless_a_rejection_is_asked_for(
    project: Project, file: Path
) -> None:
    kept = [one for one in features(file) if one["name"] != "C-00003"]
    write_features(file, kept, crs=CRS, layer="outlines")
    assert take(project, compare(project, file), analyst="ann") == Taken(0)
    with reading(project) as connection:
        query = "SELECT status FROM candidates WHERE candidate_id = 3"
        assert scalar(connection, query) == "open"


def test_unknown_and_doubled_ids_are_refused(project: Project, file: Path) -> None:
    edited = features(file)
    edited[0]["slump_id"] = 77
    edited[0]["candidate_id"] = None
    write_features(file, edited, crs=CRS, layer="outlines")
    with pytest.raises(UsageError, match="RTS-00077 is not among"):
        compare(project, file)
    edited = features(file)[1:]
    edited.append(edited[-1])
    write_features(file, edited, crs=CRS, layer="outlines")
    with pytest.raises(UsageError, match="more than once"):
        compare(project, file)


def test_a_file_of_something_else_is_refused(project: Project, file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.gpkg"
    write_features(other, [{"a": 1, "geometry": shapely.box(0, 0, 1, 1)}], crs=CRS, layer="x")
    with pytest.raises(UsageError, match="no columns candidate_id"):
        compare(project, other)
    with pytest.raises(UsageError, match="needs a GeoPackage"):
        export_outlines(project, tmp_path / "out.geojson")


def rewritten(path: Path, edited: list[dict]) -> Path:
    write_features(path, edited, crs=CRS, layer="outlines")
    return path


def test_a_split_slump_gives_its_further_parts_new_ids(project: Project, file: Path) -> None:
    edited = features(file)
    left, right = square(20, 20, 8), square(30, 20, 8)
    for one in edited:
        if one["name"] == "RTS-00001":
            one["geometry"] = left
            part = {**one, "geometry": right}
        if one["name"] == "C-00001":  # an accepted candidate
            one["geometry"] = square(60, 80, 6)
            other = {**one, "geometry": square(68, 80, 6)}
    found = compare(project, rewritten(file, [*edited, part, other]))
    assert [(one.what, one.name) for one in found.changes] == [
        ("changed", "C-00001"),
        ("changed", "RTS-00001"),
        ("split", "part of RTS-00001"),
        ("split", "part of RTS-00003"),
    ]
    taken = take(project, found, analyst="ann")
    assert dict(taken.slumps) == {"part of RTS-00001": 4, "part of RTS-00003": 5}
    with reading(project) as connection:
        query = "SELECT slump_id, ST_AsWKB(geom) AS wkb, area_m2 FROM inventory ORDER BY 1"
        found_rows = rows(connection, query)
    assert [one["slump_id"] for one in found_rows] == [1, 2, 3, 4, 5]
    shapes = {one["slump_id"]: shapely.from_wkb(bytes(one["wkb"])) for one in found_rows}
    assert shapes[1].equals(left)
    assert shapes[4].equals(right)
    assert found_rows[3]["area_m2"] == pytest.approx(measure(right, CRS).area_m2)


def test_a_split_candidate_gives_a_candidate_even_where_the_first_part_is_as_it_was(
    project: Project, file: Path
) -> None:
    edited = features(file)
    one = next(one for one in edited if one["name"] == "C-00002")
    part = {**one, "geometry": square(140, 120, 5)}
    taken = take(project, compare(project, rewritten(file, [*edited, part])), analyst="ann")
    assert taken == Taken(2, candidates=(("part of C-00002", 4),))
    with reading(project) as connection:
        query = "SELECT candidate_id, status FROM candidates ORDER BY 1"
        status = [tuple(row.values()) for row in rows(connection, query)]
        near = scalar(connection, "SELECT count(*) FROM candidate_distance WHERE candidate_id = 4")
    assert status[3] == (4, "open")
    assert near == 1


def test_an_outline_that_covers_a_neighbour_is_a_warning_with_both_ids(
    project: Project, file: Path
) -> None:
    edited = features(file)
    for one in edited:
        if one["name"] == "RTS-00001":
            one["geometry"] = shapely.union(one["geometry"], square(95, 18, 20))
    drawn = {"candidate_id": None, "slump_id": None, "name": "", "status": ""}
    edited.append({**drawn, "geometry": square(60, 80, 16)})
    warnings = compare(project, rewritten(file, edited)).warnings
    assert "RTS-00001 covers 100 % of RTS-00002" in warnings
    assert "feature 6 covers 100 % of RTS-00003" in warnings
    assert len(warnings) == 2


def test_every_wrong_id_is_named_with_file_and_feature(project: Project, file: Path) -> None:
    edited = [{**one, "slump_id": str(one["slump_id"] or "")} for one in features(file)]
    by_name = {one["name"]: one for one in edited}
    by_name["RTS-00002"]["slump_id"] = "slump two"
    by_name["C-00001"]["slump_id"] = "2"
    by_name["C-00003"]["candidate_id"] = 33
    with pytest.raises(UsageError) as caught:
        compare(project, rewritten(file, edited))
    for part in (
        str(file),
        "feature 2: 'slump two' is no slump id",
        "feature 3: C-00001 is not the outline of RTS-00002",
        "C-00033 is not among the outlines that can be edited",
    ):
        assert part in caught.value.what
    with reading(project) as connection:
        assert scalar(connection, "SELECT count(*) FROM outline_version") == 0


def test_a_slump_that_was_added_in_a_gis_can_be_removed(project: Project, file: Path) -> None:
    drawn = {"candidate_id": None, "slump_id": None, "name": "", "status": ""}
    edited = [*features(file), {**drawn, "geometry": square(10, 150, 9)}]
    taken = take(project, compare(project, rewritten(file, edited)), analyst="ann")
    ((_, slump_id),) = taken.slumps
    remove_slumps(project, [slump_id], by="ann")
    with reading(project) as connection:
        assert scalar(connection, "SELECT max(slump_id) FROM inventory") == slump_id - 1
