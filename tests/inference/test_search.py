"""A search finds the same outlines however it is cut into tiles, stopped, killed or repaired."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
import torch
from searches import MODEL, run, summary
from torch import nn
from workshop import GRID, World, infer_job, make_world, shifted

from rtsproj.domain.candidates import Outline
from rtsproj.domain.grid import Window
from rtsproj.domain.tiles import Outcome, Tile
from rtsproj.errors import DamagedError, InterruptedJobError, RtsError
from rtsproj.geometry.matching import object_scores
from rtsproj.geometry.outlines import to_pixels
from rtsproj.imagery.mosaic import Mosaic
from rtsproj.imagery.probability import read_probability
from rtsproj.inference import shards as shards_module
from rtsproj.inference.search import Search, tile_raster, tile_table
from rtsproj.inference.shards import search
from rtsproj.jobs import tables
from rtsproj.jobs.curves import speed_points
from rtsproj.jobs.reporter import Reporter
from rtsproj.settings import InferSettings
from rtsproj.workflow.search_monitor import FOUND, SearchWatch

# rasterio silences these by a filter that threads share; between them one slips through
pytestmark = [
    pytest.mark.filterwarnings("ignore:Dataset has no geotransform"),
    pytest.mark.filterwarnings("ignore:The given matrix is equal to Affine.identity"),
]


class Kill(BaseException):
    """Ends a search at once, like SIGKILL."""


def shapes(outlines: tuple[Outline, ...]) -> list[shapely.Geometry]:
    return [shapely.from_wkb(one.wkb) for one in outlines]


@pytest.mark.usefixtures("brightness")
def test_every_slump_is_found_once(tmp_path: Path, world: World) -> None:
    job = infer_job(tmp_path / "2-infer", world, MODEL)
    found = run(job)
    assert len(found) == len(world.slumps)
    outlines = [to_pixels(one, GRID) for one in shapes(found)]
    assert object_scores(outlines, world.slumps, iou=0.8).f1 == 1.0
    assert [one.seq for one in found] == list(range(len(found)))
    assert sum(one.pixels for one in found) == pytest.approx(int(world.truth.sum()), rel=0.05)
    assert all(0.5 <= one.score_mean <= one.score_max <= 1 for one in found)
    outcomes = tables.read_outcomes(job[0].outcomes)
    assert sorted(outcomes) == list(range(1, 17))
    assert sum(one.valid_px for one in outcomes.values()) == 256 * 256
    assert summary(job)["tiles"] == {"done": 16, "empty": 0, "failed": 0, "skipped": 0}


@pytest.mark.usefixtures("brightness")
def test_a_monitor_sees_tiles_pace_and_areas_in_the_folder(tmp_path: Path, world: World) -> None:
    job = infer_job(tmp_path / "2-infer", world, MODEL)
    watch = SearchWatch(job[0].path)
    assert (watch.look().grid.states == 0).sum() == 16
    found = run(job)
    look = watch.look()
    assert (look.grid.states == FOUND).all()
    assert len(look.areas_m2) == len(found)
    (last,) = speed_points(job[0].speed.read_text().splitlines())[-1:]
    assert (last.done, last.mpx) == (16, pytest.approx(256 * 256 / 1e6))
    # THEN pieces are counted while outlines are not joined yet
    job[0].done.unlink()
    assert sum(watch.look().areas_m2) == pytest.approx(sum(one.pixels for one in found) * 9)


@pytest.mark.usefixtures("brightness")
@pytest.mark.parametrize("core_px", [32, 36, 37, 64, 100, 512])
def test_outlines_do_not_depend_on_where_tiles_meet(
    core_px: int, tmp_path: Path, world: World
) -> None:
    # GIVEN a search in one tile that holds everything
    whole = run(infer_job(tmp_path / "whole", world, MODEL, core_px=256))
    # WHEN the same imagery is searched in tiles that cut slumps in two and four
    found = run(infer_job(tmp_path / "tiles", world, MODEL, core_px=core_px))
    # THEN the outlines are the same, corner by corner
    assert [replace(one, tiles=()) for one in found] == [replace(one, tiles=()) for one in whole]
    if core_px in (36, 37):
        assert max(len(one.tiles) for one in found) == 4


@pytest.mark.usefixtures("brightness")
def test_moving_the_grid_by_half_a_tile_keeps_the_outlines(tmp_path: Path, world: World) -> None:
    whole = run(infer_job(tmp_path / "a", world, MODEL))
    job, request = infer_job(tmp_path / "b", world, MODEL)
    moved = shifted(request, -32, -32)
    job.request.unlink()
    job.write_request(moved)
    tiles = [Tile(n + 1, n // 5, n % 5, 64) for n in range(25)]
    tables.write_tiles(job.tiles, tiles)
    found = run((job, moved))
    assert len(found) == len(whole)
    for one, other in zip(shapes(found), shapes(whole), strict=True):
        assert shapely.hausdorff_distance(one, other) < 1e-6


@pytest.mark.usefixtures("brightness")
def test_pixels_that_touch_at_a_corner_over_a_tile_corner_are_one_object(
    tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN two squares that meet only in the corner of four tiles
    def read_into(self: Mosaic, window: Window, values: np.ndarray, valid: np.ndarray) -> None:
        rows = np.arange(window.row, window.row + window.rows)[:, None]
        cols = np.arange(window.col, window.col + window.cols)[None]
        one = (rows >= 54) & (rows < 64) & (cols >= 54) & (cols < 64)
        two = (rows >= 64) & (rows < 74) & (cols >= 64) & (cols < 74)
        values[:] = np.where(one | two, 1800, 300)
        valid[:] = True

    monkeypatch.setattr(Mosaic, "read_into", read_into)
    found = run(infer_job(tmp_path / "2-infer", world, MODEL))
    assert [(one.pixels, len(one.tiles)) for one in found] == [(200, 2)]
    whole = run(infer_job(tmp_path / "3-infer", world, MODEL, core_px=256))
    assert found[0].wkb == whole[0].wkb


@pytest.mark.usefixtures("brightness")
@pytest.mark.parametrize(("after", "span"), [(1, 1), (4, 1), (9, 1), (2, 2)])
def test_a_killed_search_redoes_only_unfinished_windows(
    after: int, span: int, tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = InferSettings(threshold=0.5, span=span)
    whole = run(infer_job(tmp_path / "a", world, MODEL, settings=settings))
    job = infer_job(tmp_path / "b", world, MODEL, settings=settings)
    append, count = tables.append_outcomes, [0]

    def counted(path: Path, outcomes: list[object]) -> None:
        if count[0] == after:
            raise Kill
        count[0] += 1
        append(path, outcomes)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(shards_module, "append_outcomes", counted)
        with pytest.raises(Kill):
            run(job)
    known = tables.known_outcomes(job[0])
    assert len(known) == min(16, after * span**2)
    done = {tile: tile_table(job[0], tile).stat().st_mtime_ns for tile in known}
    assert run(job) == whole
    assert {tile: tile_table(job[0], tile).stat().st_mtime_ns for tile in done} == done
    assert len(job[0].outcomes.read_text().splitlines()) == 16


@pytest.mark.usefixtures("brightness")
@pytest.mark.parametrize(("span", "tiles"), [(1, 3), (2, 12)])
def test_a_stopped_search_goes_on_with_the_next_window(
    span: int, tiles: int, tmp_path: Path, world: World
) -> None:
    settings = InferSettings(threshold=0.5, span=span)
    whole = run(infer_job(tmp_path / "a", world, MODEL, settings=settings))
    job = infer_job(tmp_path / "b", world, MODEL, settings=settings)
    asked = iter([False, False, True])
    with pytest.raises(InterruptedJobError, match=f"stopped after {tiles} of 16 tiles"):
        search(*job, Reporter(job[0], stopping=lambda: next(asked)))
    assert run(job) == whole


@pytest.mark.usefixtures("brightness")
@pytest.mark.parametrize("suffix", ["raster", "table"])
def test_a_tile_whose_file_changed_is_searched_again(
    suffix: str, tmp_path: Path, world: World
) -> None:
    job = infer_job(tmp_path / "2-infer", world, MODEL)
    whole = run(job)
    path = (tile_raster if suffix == "raster" else tile_table)(job[0], 6)
    before = path.read_bytes()
    path.write_bytes(before[:-9])
    job[0].done.unlink()
    assert run(job) == whole
    assert path.read_bytes() == before


@pytest.mark.usefixtures("brightness")
def test_a_tile_that_cannot_be_read_is_recorded_and_tried_again(
    tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = InferSettings(threshold=0.5, span=1)
    whole = run(infer_job(tmp_path / "a", world, MODEL, settings=settings))
    job = infer_job(tmp_path / "b", world, MODEL, settings=settings)
    read_into = Mosaic.read_into

    def broken(self: Mosaic, window: Window, values: np.ndarray, valid: np.ndarray) -> object:
        if window.meets(Window(100, 100, 8, 8)):
            raise RtsError("block 3 cannot be decoded", hint="copy the file again")
        return read_into(self, window, values, valid)

    with monkeypatch.context() as patched:
        patched.setattr(Mosaic, "read_into", broken)
        run(job)
    assert summary(job)["failed_tiles"] == [
        {"tile_id": 6, "message": "not read: block 3 cannot be decoded"}
    ]
    outcomes = tables.read_outcomes(job[0].outcomes)
    assert [one.tile_id for one in outcomes.values() if one.outcome is Outcome.FAILED] == [6]
    assert run(job) == whole
    assert summary(job)["failed_tiles"] == []


def test_a_network_that_raises_ends_the_search_with_its_reason_and_leaves_no_thread(
    tmp_path: Path, world: World, use_network: Callable[[nn.Module], None]
) -> None:
    calls: list[int] = []

    class Raising(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            calls.append(1)
            if len(calls) == 3:
                raise RuntimeError("no kernel image is available")
            return x[:, :1]

    use_network(Raising())
    with pytest.raises(RuntimeError, match="no kernel image"):
        run(infer_job(tmp_path / "2-infer", world, MODEL))
    assert not [one for one in threading.enumerate() if one.name.startswith("prefetch")]


def test_batches_give_the_outlines_of_single_tiles(
    tmp_path: Path, world: World, use_network: Callable[[nn.Module], None]
) -> None:
    torch.manual_seed(1)
    use_network(nn.Sequential(nn.Conv2d(4, 6, 5, padding=2), nn.ReLU(), nn.Conv2d(6, 1, 1)))
    settings = InferSettings(threshold=0.5, batch=1)
    one = run(infer_job(tmp_path / "a", world, MODEL, settings=settings))
    batched = infer_job(tmp_path / "b", world, MODEL, settings=replace(settings, batch=5))
    three = run(batched)
    assert [x.wkb for x in three] == [x.wkb for x in one]
    # and a search that lacks one tile of a batch computes the same bits again
    path = tile_table(batched[0], 7)
    before = path.read_bytes()
    path.unlink()
    assert run(batched) == three
    assert path.read_bytes() == before


@pytest.mark.usefixtures("brightness")
def test_missing_imagery_is_neither_searched_nor_guessed(tmp_path: Path) -> None:
    # GIVEN a hole that covers tile 6 whole and reaches a slump beside it
    folder = tmp_path / "w"
    folder.mkdir()
    world = make_world(folder, hole=Window(60, 60, 80, 108))
    job = infer_job(tmp_path / "2-infer", world, MODEL)
    found = run(job)
    outcomes = tables.read_outcomes(job[0].outcomes)
    assert (outcomes[6].outcome, outcomes[6].message) == (Outcome.SKIPPED, "no valid pixel")
    assert sum(one.valid_px for one in outcomes.values()) == 256 * 256 - 80 * 108
    values = read_probability(tile_raster(job[0], 7))
    assert (values[:, :40] == 255).all()
    assert (values[:, 40:] != 255).all()
    cut = {
        one.at_edge for one in found if to_pixels(shapely.from_wkb(one.wkb), GRID).bounds[0] == 168
    }
    assert cut == {True}
    assert not all(one.at_edge for one in found)


@pytest.mark.usefixtures("brightness")
def test_nothing_outside_the_area_is_mapped(tmp_path: Path, world: World) -> None:
    job = infer_job(tmp_path / "2-infer", world, MODEL)
    area = shapely.box(*GRID.bounds(Window(0, 0, 256, 120)))
    job[0].area.write_bytes(shapely.to_wkb(area))
    found = run(job)
    assert all(shapely.within(one, area) for one in shapes(found))
    outcomes = tables.read_outcomes(job[0].outcomes)
    assert sum(one.valid_px for one in outcomes.values()) == 256 * 120
    assert {outcomes[n].outcome for n in (3, 4, 7, 8)} == {Outcome.SKIPPED}
    assert [one.at_edge for one in found].count(True) >= 4


@pytest.mark.usefixtures("brightness")
@pytest.mark.parametrize("side", [1, 95, 96, 97])
def test_rasters_of_any_size_against_the_window_are_searched(side: int, tmp_path: Path) -> None:
    world = make_world(tmp_path, side=side)
    job = infer_job(tmp_path / "2-infer", world, MODEL)
    run(job)
    outcomes = tables.read_outcomes(job[0].outcomes)
    assert sum(one.valid_px for one in outcomes.values()) == side * side
    assert summary(job)["failed_tiles"] == []


@pytest.mark.usefixtures("brightness")
def test_specks_are_counted_and_not_raised_however_tiles_cut_them(
    tmp_path: Path, world: World
) -> None:
    settings = InferSettings(threshold=0.5, min_px=180)
    whole = infer_job(tmp_path / "a", world, MODEL, core_px=256, settings=settings)
    cut = infer_job(tmp_path / "b", world, MODEL, core_px=32, settings=settings)
    found = run(whole)
    assert [one.wkb for one in run(cut)] == [one.wkb for one in found]
    assert min(one.pixels for one in found) >= 180
    assert summary(whole)["specks"] == summary(cut)["specks"]
    assert len(found) + int(str(summary(whole)["specks"])) >= len(world.slumps)


def test_a_tile_without_any_likely_pixel_leaves_no_file(
    tmp_path: Path, world: World, use_network: Callable[[nn.Module], None]
) -> None:
    class Nothing(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x[:, :1] * 0 - 9

    use_network(Nothing())
    job = infer_job(tmp_path / "2-infer", world, MODEL)
    assert run(job) == ()
    assert list(job[0].tile_outputs.iterdir()) == []
    assert {one.outcome for one in tables.read_outcomes(job[0].outcomes).values()} == {
        Outcome.EMPTY
    }


@pytest.mark.usefixtures("brightness")
def test_bf16_is_compared_with_fp32_once(tmp_path: Path, world: World) -> None:
    settings = InferSettings(threshold=0.5, precision="bf16")
    job = infer_job(tmp_path / "2-infer", world, MODEL, settings=settings)
    run(job)
    backend = summary(job)["backend"]
    assert isinstance(backend, dict)
    assert backend["precision"] == "bf16"
    assert 0 <= backend["flips"] < 0.01


@pytest.mark.usefixtures("brightness")
def test_a_model_for_other_bands_is_refused(tmp_path: Path, world: World) -> None:
    job, request = infer_job(tmp_path / "2-infer", world, MODEL)
    other = replace(request, source=replace(request.source, bands=("red",)))
    with pytest.raises(DamagedError, match="the model reads red, green, blue, nir, the imagery"):
        Search(job, other, Reporter(job))


@pytest.mark.usefixtures("brightness")
def test_a_job_without_an_area_is_damaged(tmp_path: Path, world: World) -> None:
    job = infer_job(tmp_path / "2-infer", world, MODEL)
    job[0].area.unlink()
    with pytest.raises(DamagedError, match=r"area\.wkb is missing"):
        run(job)
