"""A search of images in a store finds what it finds in files, and survives the store."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from ranges import Ranges, allow, serving
from workshop import World, infer_job, make_world

from rtsproj.domain.candidates import Outline
from rtsproj.domain.requests import InferRequest
from rtsproj.domain.tiles import Outcome
from rtsproj.errors import ExitCode
from rtsproj.imagery.objects import reader as reader_module
from rtsproj.imagery.objects import store as store_module
from rtsproj.imagery.objects.allowed import NotAllowedError
from rtsproj.inference.shards import search
from rtsproj.jobs import tables
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.reporter import Reporter
from rtsproj.jobs.state import status_of
from rtsproj.settings import InferSettings
from rtsproj.worker.run import run_folder

pytestmark = [
    pytest.mark.usefixtures("brightness"),
    pytest.mark.filterwarnings("ignore:Dataset has no geotransform"),
    pytest.mark.filterwarnings("ignore:The given matrix is equal to Affine.identity"),
]
MODEL = (Path("/none"), "")
SETTINGS = InferSettings(threshold=0.5, span=1)
TILES = 64


@pytest.fixture(scope="module")
def near(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Four blocks of 256 px in a file."""
    return make_world(tmp_path_factory.mktemp("near"), side=512)


@pytest.fixture
def expected(tmp_path: Path, near: World) -> tuple[Outline, ...]:
    return run(infer_job(tmp_path / "a", near, MODEL, settings=SETTINGS))


@pytest.fixture
def server(tmp_path: Path, near: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ranges]:
    monkeypatch.setattr(store_module, "PAUSE_S", 0.01)
    monkeypatch.setattr(store_module, "RETRIES", 1)
    reader_module._quiet_of.cache_clear()
    with serving(Path(near.source.scenes[0].path).parent) as state:
        allow(monkeypatch, tmp_path / "config", state.url(""))
        yield state


@pytest.fixture
def far(server: Ranges, near: World) -> World:
    """The same file in a store."""
    (scene,) = near.source.scenes
    there = replace(scene, path=server.url(scene.name))
    return replace(near, source=replace(near.source, scenes=(there,)))


def run(job: tuple[JobFolder, InferRequest]) -> tuple[Outline, ...]:
    search(*job, Reporter(job[0]))
    return tables.read_outlines(job[0].outlines)


def failed(folder: JobFolder) -> list[str]:
    """Messages of the tiles that could not be read."""
    found = tables.read_outcomes(folder.outcomes).values()
    return [one.message for one in found if one.outcome is Outcome.FAILED]


def test_a_search_of_an_object_is_that_of_its_file(
    tmp_path: Path, far: World, server: Ranges, expected: tuple[Outline, ...]
) -> None:
    assert run(infer_job(tmp_path / "b", far, MODEL, settings=SETTINGS)) == expected
    size = (server.folder / far.source.scenes[0].name).stat().st_size
    assert size <= server.sent <= 1.5 * size  # each block is fetched once


def test_a_store_that_goes_away_costs_the_tiles_it_held_until_the_job_is_resumed(
    tmp_path: Path, far: World, server: Ranges, expected: tuple[Outline, ...]
) -> None:
    job = infer_job(tmp_path / "b", far, MODEL, settings=SETTINGS)
    server.ways, server.always = ["", "", ""], "drop"
    run(job)
    messages = failed(job[0])
    assert 0 < len(messages) < TILES
    assert all("cannot be read: no answer" in one for one in messages)
    assert json.loads(job[0].done.read_text())["summary"]["failed_tiles"]
    asked = len(server.asked)
    assert asked <= 3 + 3  # then the store is left alone

    server.always = ""
    reader_module._quiet_of.cache_clear()  # as in the process that goes on
    assert run(job) == expected
    assert failed(job[0]) == []


def test_a_worker_on_a_machine_that_was_not_opted_in_asks_nothing(
    tmp_path: Path, far: World, server: Ranges, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "another machine"))
    job = infer_job(tmp_path / "b", far, MODEL, settings=SETTINGS)
    with pytest.raises(NotAllowedError, match="not where this machine may read"):
        run(job)
    with (tmp_path / "log").open("w") as log:
        assert run_folder(job[0].path, {}, log) is ExitCode.FAILED
    status = status_of(job[0])
    assert "not where this machine may read images from" in status.error
    assert "object_stores" in status.hint
    assert not server.connections


def test_an_object_that_changed_since_it_was_registered_stops_the_job(
    tmp_path: Path, far: World
) -> None:
    scene = replace(far.source.scenes[0], fingerprint="0" * 64)
    changed = replace(far, source=replace(far.source, scenes=(scene,)))
    job, _ = infer_job(tmp_path / "b", changed, MODEL, settings=SETTINGS)
    with (tmp_path / "log").open("w") as log:
        assert run_folder(job.path, {}, log) is ExitCode.FAILED
    assert "scene scene.tif has changed" in status_of(job).error
