"""slump, edit import: JSON on stdout, messages on stderr, refusals with reasons, one undo."""

import json
from pathlib import Path

from desk import CRS, geojson, search, square

from rtsproj.vectors.read import read_features
from rtsproj.vectors.write import write_features
from rtsproj.workflow.project import Project

MISSED = [square(140, 60, 12), square(20, 140, 9)]


def test_a_file_is_added_reported_and_undone_at_once(run, project: Project, tmp_path: Path) -> None:
    search(project, [])
    file = geojson(tmp_path / "missed.geojson", [*MISSED, square(22, 20, 20)])
    added = run("-C", project.folder, "slump", "add", file, "--as", "ann", "--note", "field")
    assert (added.code, added.out) == (0, "")
    for words in ("2 drawn slumps in iteration 1", "RTS-00003", "1 known already (2 is RTS-00001)"):
        assert words in added.err
    again = json.loads(run("-C", project.folder, "slump", "add", file, "--json").out)
    assert again["added"] == []
    assert [one["same_as"] for one in again["known"]] == ["RTS-00003", "RTS-00004", "RTS-00001"]
    said = json.loads(run("-C", project.folder, "converge", "--json", "--as", "ann").out)
    assert (said["new_slumps"], said["drawn"], said["converged"]) == (2, 2, False)
    assert "2 slumps that no model had found were drawn by hand" in said["reason"]
    report = json.loads(run("-C", project.folder, "report", "--format", "json").out)
    assert (report["slumps"], report["seeds"], report["drawn"]) == (4, 2, 2)
    undone = run("-C", project.folder, "undo", "--as", "ann")
    assert "undone: one act of 2 drawn slumps" in undone.err
    redone = json.loads(run("-C", project.folder, "redo", "--as", "ann", "--json").out)
    assert [one["step"] for one in redone] == ["drawn", "drawn"]


def test_what_is_outside_or_no_polygon_is_refused_and_nothing_is_added(
    run, project: Project, tmp_path: Path
) -> None:
    far = geojson(tmp_path / "far.geojson", [MISSED[0], square(3000, 20, 9)])
    refused = run("-C", project.folder, "slump", "add", far)
    assert refused.code == 2
    assert "1 of 2 outlines cannot be used: 1 is outside the images by" in refused.err
    lines = geojson(tmp_path / "lines.geojson", [MISSED[0].boundary])
    assert "LineString, not a polygon" in run("-C", project.folder, "slump", "add", lines).err
    counts = json.loads(run("-C", project.folder, "status", "--json").out)["counts"]
    assert counts["slumps"] == 2


def test_a_slump_is_shown_removed_and_put_back(run, project: Project) -> None:
    shown = run("-C", project.folder, "slump", "show", "rts-1")
    assert "to road" in shown.out
    card = json.loads(run("-C", project.folder, "slump", "show", "1", "--json").out)
    assert card["facts"]["name"] == "RTS-00001"
    removed = run("-C", project.folder, "slump", "remove", "RTS-00001", "2", "--as", "ann")
    assert (removed.code, removed.out) == (0, "")
    assert "removed: RTS-00001, RTS-00002" in removed.err
    gone = run("-C", project.folder, "slump", "show", "1")
    assert (gone.code, "RTS-00001 is not in the inventory" in gone.err) == (2, True)
    undone = run("-C", project.folder, "undo", "--as", "ann")
    assert "undone: one act of 2 removed slumps" in undone.err


def test_an_edited_file_names_new_slumps_and_warnings(
    run, project: Project, tmp_path: Path
) -> None:
    file = tmp_path / "o.gpkg"
    run("-C", project.folder, "edit", "export", file)
    (first, second) = [
        {**props, "geometry": geom} for _, geom, props in read_features(file).features
    ]
    wide = {**first, "geometry": square(20, 20, 100)}
    part = {**second, "geometry": square(150, 150, 9)}
    write_features(file, [wide, second, part], crs=CRS, layer="outlines")
    said = run("-C", project.folder, "edit", "import", file, "--yes", "--as", "ann")
    assert "split    part of RTS-00002" in said.out
    for words in ("warning: RTS-00001 covers 100 % of RTS-00002", "part of RTS-00002 is RTS-00003"):
        assert words in said.err
    again = json.loads(run("-C", project.folder, "edit", "import", file, "--json").out)
    assert (again["changes"], again["same"]) == ([], 3)


def test_a_point_is_a_station_and_no_road(run, project: Project, tmp_path: Path) -> None:
    file = geojson(tmp_path / "p.geojson", [square(20, 60, 4).centroid], name="Wuli")
    refused = run("-C", project.folder, "line", "add", file, "--kind", "road")
    assert (refused.code, "an airstrip or a station" in refused.err) == (2, True)
    assert run("-C", project.folder, "line", "add", file, "--kind", "station").code == 0
    assert "station" in run("-C", project.folder, "slump", "show", "1").out
