"""A project whose images lie in a store: taken in, tiled and watched like files."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from desk import CRS, LEFT, PIXEL_M, SIDE, TOP, make_project, scene_file, square
from ranges import Ranges, allow, serving

from rtsproj.domain.places import place_of
from rtsproj.domain.views import Bands, Look
from rtsproj.errors import UsageError
from rtsproj.imagery.objects import reader as reader_module
from rtsproj.imagery.objects import store as store_module
from rtsproj.imagery.probe import look_at
from rtsproj.imagery.rasters import Placement, write_geotiff
from rtsproj.workflow.care import examine
from rtsproj.workflow.pictures import Wish, box_of, picture_source, year_view
from rtsproj.workflow.project import Project, open_project
from rtsproj.workflow.scenes import check_scenes, relink_scene
from rtsproj.workflow.sources import add_terrain
from rtsproj.workflow.tiles import lay_tiles, read_source


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ranges]:
    monkeypatch.setattr(store_module, "PAUSE_S", 0.01)
    monkeypatch.setattr(store_module, "RETRIES", 1)
    reader_module._quiet_of.cache_clear()
    folder = tmp_path / "served"
    folder.mkdir()
    scene_file(folder)
    with serving(folder) as state:
        allow(monkeypatch, tmp_path / "config", state.url(""))
        yield state


@pytest.fixture
def url(server: Ranges) -> str:
    return server.url(next(server.folder.iterdir()).name)


@pytest.fixture
def near(tmp_path: Path) -> Project:
    """The same image as a file."""
    return make_project(tmp_path / "near")


@pytest.fixture
def project(tmp_path: Path, url: str) -> Project:
    """A tiled project that was made of the object."""
    made = make_project(tmp_path / "far")
    with made.database.writing("as if it was taken in from there") as connection:
        told = [url, look_at(place_of(url)).fingerprint]
        connection.execute("UPDATE scene SET uri = ?, fingerprint = ?", told)
    return made


def test_pictures_of_an_object_are_those_of_its_file(project: Project, near: Project) -> None:
    wish = Wish(box_of(square(20, 20, 20)))
    far, here = (
        year_view(source, source.imagery.epochs[0], wish)
        for source in map(picture_source, (project, near))
    )
    assert (far.chip.rgb == here.chip.rgb).all()


def test_a_changed_object_stops_the_work_and_is_named(
    project: Project, server: Ranges, url: str
) -> None:
    assert [one.state for one in check_scenes(project)] == ["ok"]
    (file,) = server.folder.iterdir()
    file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(UsageError, match=r"\.tif is changed"):
        lay_tiles(project)
    server.always = 503
    with pytest.raises(UsageError, match="the store answers 503"):
        lay_tiles(project)
    deep = examine(project, deep=True, fix=False)
    assert any(url in one.detail and "503" in one.detail for one in deep)


def test_doctor_says_what_this_machine_allows(
    near: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told() -> tuple[str, str]:
        found = {one.name: one for one in examine(near, deep=False, fix=False)}
        return found["object stores"].state, found["object stores"].detail

    file = allow(monkeypatch, tmp_path / "config", "s3://bucket/2019/", "https://host")
    listed = "s3://bucket/2019, https://host/ allowed on this machine"
    assert told() == ("ok", f"{listed} ({file})")
    file.unlink()
    assert told() == ("ok", f"none allowed on this machine ({file})")
    for text, expected in [
        (
            "[imagery]\nobject_stores = 's3://bucket'",
            "object_stores = 's3://bucket' is not accepted",
        ),
        ("[imagery]\nobject_stores = ['s3://']", "no host or bucket is called so"),
        ("[imagery]\nstores = []", "stores = [] is not accepted"),
        ("[train]\nsteps = 1", "train is not a table of it"),
        ("object_stores = []", "object_stores is not a table of it"),
        ("[imagery", "is not valid TOML"),
    ]:
        file.write_text(text)
        state, detail = told()
        assert (state, str(file) in detail, expected in detail) == ("warning", True, True), detail


def test_an_object_that_was_moved_is_found_again(project: Project, server: Ranges) -> None:
    (file,) = server.folder.iterdir()
    moved = server.folder / "moved.tif"
    file.rename(moved)
    assert [one.state for one in check_scenes(project)] == ["missing"]
    found = relink_scene(project, 1, place_of(server.url("moved.tif")))
    assert found.path == server.url("moved.tif")
    assert [one.state for one in check_scenes(project)] == ["ok"]
    with pytest.raises(UsageError, match="is not the image"):
        relink_scene(project, 1, moved)


def terrain_file(folder: Path) -> Path:
    values = np.linspace(4600, 4700, SIDE * SIDE, dtype=np.float32).reshape(1, SIDE, SIDE)
    write_geotiff(folder / "dem.tif", values, Placement(CRS, LEFT, TOP, PIXEL_M))
    return folder / "dem.tif"


def test_terrain_may_lie_in_a_store(project: Project, server: Ranges) -> None:
    name = terrain_file(server.folder).name
    add_terrain(project, place_of(server.url(name)), by="ann")
    source = picture_source(project)
    assert [one.path for one in source.terrain] == [server.url(name)]
    wish = Wish(box_of(square(20, 20, 20)), look=Look(Bands.HILLSHADE))
    assert year_view(source, source.imagery.epochs[0], wish).chip.rgb.any()


def test_a_project_is_made_of_an_object_once_its_place_is_allowed(
    server: Ranges, url: str, near: Project, tmp_path: Path, run, monkeypatch
) -> None:
    folder = tmp_path / "project"
    run("init", folder)
    file = allow(monkeypatch, tmp_path / "other", "s3://elsewhere/")
    said = run("-C", folder, "scene", "add", url)
    assert said.code == 2
    assert "is not where this machine may read images from" in said.err
    assert str(file) in said.err
    assert not server.connections
    said = run("-C", folder, "scene", "add", f"{url}?sig=hunter2")
    assert said.code == 2
    assert "hunter2" not in said.err
    allow(monkeypatch, tmp_path / "other", server.url(""))
    assert run("-C", folder, "scene", "add", url).code == 0
    listed = json.loads(run("-C", folder, "scene", "list", "--json").out)
    assert [one["path"] for one in listed] == [url]
    assert run("-C", folder, "tile").code == 0
    far = open_project(folder)
    assert replace(lay_tiles(far), added=0) == lay_tiles(near)
    assert read_source(far).scaling == read_source(near).scaling
    server.always = 403
    said = run("-C", folder, "scene", "check")
    assert (said.code, "not read" in said.out) == (2, True)
    assert "refused by the store" in said.err


def test_a_project_cannot_allow_a_store(project: Project) -> None:
    file = project.folder / "project.toml"
    own = '[imagery]\nobject_stores = ["s3://evil/"]'
    file.write_text(file.read_text().replace("[imagery]", own))
    with pytest.raises(UsageError, match="object_stores"):
        open_project(project.folder)
