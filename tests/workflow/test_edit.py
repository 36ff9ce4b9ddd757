"""Round trip of outlines through a GIS file: differences are shown, taken, walked back."""

from pathlib import Path

import pytest
import shapely
from desk import search, square

from rtsproj.domain.decisions import Verdict
from rtsproj.errors import UsageError
from rtsproj.store.database import rows, scalar
from rtsproj.vectors.read import read_features
from rtsproj.vectors.write import write_features
from rtsproj.workflow.decide import Word, decide
from rtsproj.workflow.edit import compare, export_outlines, take
from rtsproj.workflow.project import Project, reading

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
    assert take(project, found, analyst="ann", missing="reject") == (3, 1)
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
    assert take(project, compare(project, file), analyst="ann") == (0, 0)
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
