"""Labels from the command line: taken whole, with their area, or not at all."""

from pathlib import Path

from desk import geojson, square

from rtsproj.store.database import rows
from rtsproj.workflow.project import Project, reading

QUERY = "SELECT polarity, reason FROM labels ORDER BY label_id"


def labels(project: Project) -> list[tuple[str, str]]:
    with reading(project) as connection:
        return [(row["polarity"], row["reason"]) for row in rows(connection, QUERY)]


def test_labels_come_with_the_area_that_they_cover(run, project: Project, tmp_path: Path) -> None:
    before = labels(project)
    known = geojson(tmp_path / "known.geojson", [square(60, 80, 12)])
    area = geojson(tmp_path / "area.geojson", [square(50, 70, 40)])
    at = ("-C", project.folder, "label", "add", known)
    # an area that cannot be read leaves the project as it was
    refused = run(*at, "--exhaustive-area", tmp_path / "missing.geojson")
    assert refused.code == 2
    assert "missing.geojson" in refused.err
    assert labels(project) == before
    # and so do labels that cannot, beside an area that can
    bad = run("-C", project.folder, "label", "add", tmp_path / "no.gpkg", "--exhaustive-area", area)
    assert bad.code == 2
    assert labels(project) == before
    assert run(*at, "--exhaustive-area", area).code == 0
    assert labels(project) == [*before, ("positive", ""), ("negative", "exhaustive")]
