"""Python access for notebooks: tables as frames, verbs as methods, nothing loaded before."""

import subprocess
import sys

import pytest
import shapely
from desk import make_project, search, square

import rtsproj as rts
from rtsproj.errors import NeedsError, UsageError
from rtsproj.notebook.frames import FORMS
from rtsproj.notebook.opened import OpenProject
from rtsproj.workflow.sql import arrow

geopandas = pytest.importorskip("geopandas", reason="extra notebook is not installed")
polars = pytest.importorskip("polars", reason="extra notebook is not installed")

FRESH = square(60, 80, 15)


@pytest.fixture
def opened(tmp_path) -> OpenProject:
    project = make_project(tmp_path)
    search(project, [square(20, 20, 20), FRESH])
    return rts.open(project.folder, analyst="ann")


def test_the_inventory_is_a_geodataframe_in_the_project_crs(opened: OpenProject) -> None:
    found = opened.inventory()
    assert isinstance(found, geopandas.GeoDataFrame)
    assert found.crs.to_string() == "EPSG:32646"
    assert list(found["name"]) == ["RTS-00001", "RTS-00002"]
    # planar and geodesic area of a 60 m square differ by the scale of the projection alone
    assert found.geometry.area.to_numpy() == pytest.approx(found["area_m2"].to_numpy(), rel=2e-3)


def test_each_form_holds_the_same_rows(opened: OpenProject) -> None:
    query = "SELECT slump_id, geom FROM inventory ORDER BY slump_id"
    forms = {form: opened.query(query, form) for form in FORMS}
    expected = list(forms["auto"].geometry)
    for form, frame in forms.items():
        assert len(frame) == 2, form
        column = frame["geom"]
        shapes = column.to_pylist() if form == "arrow" else list(column)
        read = [shapely.from_wkb(one) if isinstance(one, bytes) else one for one in shapes]
        assert read == expected, form


def test_tables_without_geometry_are_plain_frames(opened: OpenProject) -> None:
    assert not isinstance(opened.iterations(), geopandas.GeoDataFrame)
    assert opened.iterations()["candidates"].tolist() == [2]
    assert opened.query("SELECT 1 AS one", "polars")["one"].to_list() == [1]
    assert opened.proximity(within_m=1.0).empty
    assert len(opened.proximity()) == 2
    assert len(opened.table("scenes")) == 1
    with pytest.raises(UsageError, match="no geometry column"):
        opened.query("SELECT 1", "geopandas")


def test_the_loop_by_methods(opened: OpenProject) -> None:
    waiting = opened.candidates().query("status == 'open'")
    [candidate] = waiting["candidate_id"]
    assert opened.status().next_step == "rtsproj triage"
    saved = opened.decide(candidate, "accept")
    assert (saved.analyst, saved.verdict.value) == ("ann", "accept")
    assert len(opened.undo()) == 1
    assert len(opened.redo()) == 1
    assert opened.decisions()["act"].tolist() == ["say", "undo", "redo"]
    assert opened.converge(dry_run=True).new_slumps == 1
    assert opened.converge().next_iteration == 2
    assert "iteration 2 has not been trained" in repr(opened)
    assert "3 slumps" in opened.report()
    assert opened.picture(candidate).read_bytes().startswith(b"\x89PNG")
    assert opened.export(opened.project.folder / "exports" / "slumps.gpkg") == 3


@pytest.mark.parametrize("query", ["SELECT 1; SELECT 2", "SELEC 1", "DELETE FROM slump", "FROM no"])
def test_a_bad_query_is_refused_in_words(opened: OpenProject, query: str) -> None:
    with pytest.raises(UsageError):
        opened.query(query)


def test_a_missing_library_is_named_with_what_to_install(
    opened: OpenProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(UsageError, match="polars is not installed") as caught:
        opened.query("SELECT 1", "polars")
    assert "rtsproj[notebook]" in caught.value.hint
    monkeypatch.setattr("rtsproj.workflow.sql.find_spec", lambda _: None)
    with pytest.raises(UsageError, match="pyarrow is not installed"):
        arrow(opened.project, "SELECT 1")


def test_opening_finds_the_nearest_project_or_says_so(opened: OpenProject, tmp_path) -> None:
    assert rts.open(opened.project.folder / "jobs").project.folder == opened.project.folder
    with pytest.raises(NeedsError):
        rts.open(tmp_path)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        rts.nothing  # noqa: B018 - the access is the test


def test_importing_the_package_loads_nothing_of_it() -> None:
    code = "import rtsproj, sys; print([m for m in sys.modules if m.startswith('rtsproj.')])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
