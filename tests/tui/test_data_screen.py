"""Adding data: recognised before anything is added, from an empty project to the grid."""

from pathlib import Path

import numpy as np
import pytest
import shapely
from desk import CRS, LEFT, TOP, geojson, scene_file, square
from driving import settle, text_of
from ranges import allow, serving
from rooms import launches, toasts

from rtsproj.domain.iterations import Stage
from rtsproj.domain.places import place_of
from rtsproj.errors import UsageError
from rtsproj.imagery.rasters import Placement, write_geotiff
from rtsproj.tui.app import RtsApp
from rtsproj.tui.gateway.data import Mark, given_text, parse_given, with_day
from rtsproj.tui.screens.data import DataScreen
from rtsproj.tui.screens.train import TrainScreen
from rtsproj.workflow.create import init_project
from rtsproj.workflow.project import Project
from rtsproj.workflow.recognise import Given, Kind, recognise, take_in
from rtsproj.workflow.status import status

SIZES = [(1, 1), (20, 5), (80, 24), (120, 36)]


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def empty(tmp_path: Path) -> Project:
    return init_project(tmp_path / "empty", title="empty")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with a scene, known slumps, a road and something else."""
    folder = tmp_path / "files"
    folder.mkdir()
    scene_file(folder)
    geojson(folder / "known.geojson", [square(20, 20, 20), square(100, 20, 10)])
    road = shapely.LineString([(LEFT - 50, TOP - 210), (LEFT + 700, TOP - 210)])
    geojson(folder / "road.geojson", [road], highway="trunk")
    (folder / "notes.docx").write_text("x")
    return folder


def undated(path: Path) -> Path:
    values = np.ones((4, 32, 32), np.uint16)
    place = Placement(CRS, LEFT, TOP, 3.0)
    write_geotiff(path, values, place, nodata=0, band_names=("blue", "green", "red", "nir"))
    return path


def shows(app: RtsApp, *words: str) -> None:
    text = text_of(app)
    for one in words:
        assert one in text


async def go_to(pilot, folder: Path) -> None:
    pilot.app.screen._open(folder)
    await settle(pilot)


@pytest.mark.parametrize("size", SIZES)
async def test_it_lives_at_any_size(empty: Project, files: Path, size: tuple[int, int]) -> None:
    app = RtsApp(empty, analyst="ann", at="data")
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await go_to(pilot, files)
        await pilot.press("j", "k", "space", "space", "left", "enter")
        await settle(pilot)
        assert isinstance(app.screen, DataScreen)


async def test_from_an_empty_project_to_the_first_training(
    empty: Project, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = launches(monkeypatch)
    app = RtsApp(empty, analyst="ann")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.press("i")
        await settle(pilot)
        await go_to(pilot, files)
        shows(app, "1 other files", "2019-07-15", "blue, green, red, nir", "EPSG:32646")
        assert status(empty).counts["scenes"] == 0
        for _ in range(3):
            await pilot.press("space", "j")
            await settle(pilot)
        shows(app, "← map scene", "← positive labels", "← road", "3 marked: a adds them")
        await pilot.press("a", "y")
        await settle(pilot)
        now = status(empty)
        assert (now.counts["scenes"], now.counts["labels"], now.counts["lines"]) == (1, 2, 1)
        await pilot.press("g")
        await settle(pilot)
        assert status(empty).stage is Stage.TRAIN
        await pilot.press("q", "1")
        await settle(pilot)
        assert isinstance(app.screen, TrainScreen)
        await pilot.press("enter")
        await settle(pilot)
    assert started == ["1-train"]


async def test_what_a_file_does_not_say_can_be_said(empty: Project, tmp_path: Path) -> None:
    folder = tmp_path / "undated"
    folder.mkdir()
    undated(folder / "scene.tif")
    app = RtsApp(empty, analyst="ann", at="data")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await go_to(pilot, folder)
        text = text_of(app)
        assert "✗ no date in its name or metadata" in text
        assert "e says what is missing" in text
        await pilot.press("e", *"date=2020-08-01", "enter")
        await settle(pilot)
        assert "date      2020-08-01" in text_of(app)
        await pilot.press("t", "2", "a", "y")
        await settle(pilot)
    assert status(empty).counts["scenes"] == 1


async def test_a_file_that_is_refused_leaves_the_project_as_it_is(
    empty: Project, tmp_path: Path
) -> None:
    folder = tmp_path / "bad"
    folder.mkdir()
    undated(folder / "scene.tif")
    app = RtsApp(empty, analyst="ann", at="data")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await go_to(pilot, folder)
        await pilot.press("g")
        await settle(pilot)
        assert any("is empty" in one for one in toasts(app))
        await pilot.press("space", "a", "y")
        await settle(pilot)
        assert any("no date" in one for one in toasts(app))
    assert status(empty).counts["scenes"] == 0


async def test_an_image_in_a_store_is_looked_at_and_added(
    empty: Project, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = next(files.glob("*.tif")).name
    app = RtsApp(empty, analyst="ann", at="data")
    with serving(files) as server:
        async with app.run_test(size=(150, 40)) as pilot:
            await settle(pilot)
            await go_to(pilot, files)
            app.screen._go(f"{server.url(name)}?signature=hunter2")
            await settle(pilot)
            assert "hunter2" not in text_of(app)
            app.screen._go(server.url(name))
            await settle(pilot)
            shows(app, "is not where this machine may read", "object_stores")
            assert not server.connections
            allow(monkeypatch, tmp_path / "config", server.url(""))
            await pilot.press("slash", *server.url(name), "enter")
            await settle(pilot)
            shows(app, "2019-07-15", "can be added as map scene")
            await pilot.press("space", "a")
            await settle(pilot)
            await pilot.press("y")
            await settle(pilot)
            shows(app, "1 scene")
            await pilot.press("left")
            await settle(pilot)
            shows(app, "known.geojson")


def test_what_a_store_does_not_give_is_told(
    empty: Project, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(files) as server:
        allow(monkeypatch, tmp_path / "config", server.url(""))
        known = place_of(server.url("known.geojson"))
        assert recognise(empty, known, Given()).kinds == ()
        with pytest.raises(UsageError, match="is not read from a store"):
            take_in(empty, known, Kind.POSITIVE, Given(), by="ann")
        server.always = 403
        found = recognise(empty, place_of(server.url("20190715_x.tif")), Given())
        assert "refused by the store" in found.problems[0].what
    assert len(server.asked) == 1


def test_files_are_recognised_for_what_they_are(empty: Project, files: Path) -> None:
    found = recognise(empty, files / "known.geojson", Given())
    assert found.kinds[0] is Kind.POSITIVE
    assert ("features", "2 Polygon") in found.facts
    assert found.problems == ()
    sites = (Kind.STATION, Kind.AIRSTRIP)
    lines = (Kind.ROAD, Kind.RAILWAY, *sites)
    assert recognise(empty, files / "road.geojson", Given()).kinds == lines
    points = geojson(files / "points.geojson", [square(20, 20, 9).centroid])
    assert recognise(empty, points, Given()).kinds == sites
    assert "1 feature" in take_in(empty, points, Kind.STATION, Given(), by="ann")
    assert recognise(empty, files / "notes.docx", Given()).kinds == ()
    (files / "broken.tif").write_bytes(b"no image")
    broken = recognise(empty, files / "broken.tif", Given())
    assert broken.kinds == ()
    assert broken.problems[0].remedy == "copy or download it again"
    (files / "broken.geojson").write_text("{")
    assert recognise(empty, files / "broken.geojson", Given()).problems


def test_one_band_of_heights_is_terrain(empty: Project, tmp_path: Path) -> None:
    path = tmp_path / "dem.tif"
    heights = np.full((1, 32, 32), 4600, np.int16)
    write_geotiff(path, heights, Placement(CRS, LEFT, TOP, 30.0), nodata=-1)
    found = recognise(empty, path, Given())
    assert found.kinds[0] is Kind.TERRAIN
    assert found.problems == ()


def test_what_is_said_reads_back() -> None:
    text = "date=2020-08-01 bands=red,green crs=EPSG:4326 layer=a where='x = 1'"
    given = parse_given(text)
    assert given.bands == ("red", "green")
    assert parse_given(given_text(given)) == given
    for bad in ("date=soon", "colour=red", "date"):
        with pytest.raises(UsageError):
            parse_given(bad)


async def test_bands_of_unknown_meaning_are_shown_with_their_figures(
    empty: Project, tmp_path: Path
) -> None:
    folder = tmp_path / "unknown"
    folder.mkdir()
    values = np.stack([np.full((32, 32), 100 * n, np.uint16) for n in range(1, 8)])
    write_geotiff(folder / "x_20200721.tif", values, Placement(CRS, LEFT, TOP, 3.0), nodata=0)
    app = RtsApp(empty, analyst="ann", at="data")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        app.screen._open(folder)
        await settle(pilot)
        shows(app, "meaning of its 7 bands", "band 7: min 700,", "e says what is missing")


def test_a_day_without_a_year_serves_all_marked_files_without_one() -> None:
    given = parse_given("date=07-15")
    assert parse_given(given_text(given)) == given
    whole = Mark(Kind.HISTORY, parse_given("date=2016-07-01"))
    marks = {Path("a_2016.tif"): whole, Path("b_2018.tif"): Mark(Kind.HISTORY, Given())}
    found = with_day(marks, given.acquired)
    assert found == {Path("b_2018.tif"): Mark(Kind.HISTORY, given)}


async def test_a_mark_that_is_set_before_the_file_is_read_is_kept(
    empty: Project, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = RtsApp(empty, analyst="ann", at="data")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        app.screen._open(files)
        # no pause between the keys: no file has been read when it is marked
        await pilot.press("space", "j", "space", "j", "space", "space")
        await settle(pilot)
        shows(app, "← map scene", "← positive labels", "2 marked: a adds them")
