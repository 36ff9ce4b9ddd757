"""The monitor of a search: tiles by state, failures with reasons, what was found."""

import numpy as np
import pytest
from desk import add_model, finished_search, square
from driving import settle, text_of
from rooms import at_work, give_tiles, launches, tell_tile

from rtsproj.domain.tiles import Outcome, TileOutcome
from rtsproj.jobs import tables
from rtsproj.jobs.curves import SpeedPoint, append_point
from rtsproj.jobs.folder import JobFolder
from rtsproj.tui.app import RtsApp
from rtsproj.tui.screens.infer import InferScreen
from rtsproj.tui.screens.questions import TextPage
from rtsproj.tui.widgets.tile_map import TileMap, scale_of
from rtsproj.workflow.project import Project
from rtsproj.workflow.search_monitor import SearchWatch, TileGrid, pace_of

SIZES = [(1, 1), (20, 5), (80, 24), (120, 36), (160, 46)]


@pytest.fixture
def folder(project: Project) -> JobFolder:
    """A search with two outlines whose done.json is taken away: its worker is to come."""
    add_model(project)
    job_id = finished_search(project, [square(60, 80, 15), square(120, 120, 40)])
    folder = JobFolder(project.folder / "jobs" / f"{job_id}-infer")
    folder.done.unlink()
    folder.outcomes.unlink()
    folder.events.unlink()
    give_tiles(project, folder)
    return folder


@pytest.mark.parametrize("size", SIZES)
async def test_it_lives_at_any_size(
    project: Project, folder: JobFolder, size: tuple[int, int]
) -> None:
    app = RtsApp(project, analyst="ann", at="infer")
    with at_work(folder) as reporter:
        reporter.started("worker started")
        tell_tile(folder, 1, Outcome.FAILED, "read error in block 12")
        async with app.run_test(size=size) as pilot:
            await settle(pilot)
            await pilot.press("down", "right", "left", "up", "l")
            await settle(pilot)
            await pilot.press("q")
            assert isinstance(app.screen, InferScreen)


async def test_failures_stand_with_their_reason_and_pace_is_drawn(
    project: Project, folder: JobFolder
) -> None:
    app = RtsApp(project, analyst="ann", at="infer")
    with at_work(folder) as reporter:
        reporter.started("worker started")
        for n, mpx in enumerate((0.0, 2.0, 8.0)):
            append_point(folder.speed, SpeedPoint(n, mpx, 100.0 + 2 * n))
        tell_tile(folder, 1, Outcome.FAILED, "[/b] read error in block 12")
        async with app.run_test(size=(120, 36)) as pilot:
            await settle(pilot)
            text = text_of(app)
            assert "✗ 1 failed" in text
            assert "T0001 [/b] read error in block 12" in text
            assert "3.00 Mpx/s" in text
            await pilot.press("enter")
            await settle(pilot)
            assert isinstance(app.screen, TextPage)
            assert "reason    [/b] read error in block 12" in text_of(app)


async def test_failed_tiles_are_tried_again_by_one_key(
    project: Project, folder: JobFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with at_work(folder) as reporter:
        reporter.started("worker started")
        tell_tile(folder, 1, Outcome.FAILED, "read error")
        reporter.interrupted("stopped after 1 of 1 tiles")
    started = launches(monkeypatch)
    app = RtsApp(project, analyst="ann", at="infer")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert "job 2 paused" in text_of(app)
        await pilot.press("F")
        await settle(pilot)
    assert started == ["2-infer"]


async def test_a_finished_search_is_taken_in_and_tells_its_areas(project: Project) -> None:
    add_model(project)
    job_id = finished_search(project, [square(60, 80, 15), square(120, 120, 40)])
    give_tiles(project, JobFolder(project.folder / "jobs" / f"{job_id}-infer"))
    app = RtsApp(project, analyst="ann")
    async with app.run_test(size=(120, 36)) as pilot:
        app.go("infer", job_id=job_id)
        await settle(pilot)
        text = text_of(app)
        assert "2 outlines" in text
        assert "largest 1.44 ha" in text
        assert app.gateway.jobs.list()[-1].collected


def test_outcomes_are_read_once(project: Project, folder: JobFolder) -> None:
    watch = SearchWatch(folder.path)
    tell_tile(folder, 1, Outcome.FAILED, "torn")
    assert [why for _, why in watch.look().failures] == ["torn"]
    [tail] = watch._outcomes.values()
    read = tail.offset
    # WHEN a second outcome of the tile comes
    tell_tile(folder, 1, Outcome.DONE)
    look = watch.look()
    # THEN only that line was read, and it is the one that counts
    assert tail.offset > read
    assert look.failures == ()
    assert look.pieces == 1
    assert watch.tile(1).state == "done"
    assert watch.tile(99) is None


def test_outcomes_of_every_shard_are_seen(project: Project, folder: JobFolder) -> None:
    watch = SearchWatch(folder.path)
    tell_tile(folder, 1, Outcome.FAILED, "torn")
    folder.shards.mkdir()
    stamp = watch.stamp()
    told = TileOutcome(1, Outcome.DONE, outlines=1)
    tables.append_outcomes(folder.shard(3), [told])
    assert watch.stamp() != stamp
    assert watch.look().failures == ()
    assert watch.tile(1).state == "done"


def test_pace_counts_each_start_by_itself_and_five_minutes_only() -> None:
    told = [(0, 0.0, 0.0), (1, 9.0, 10.0), (2, 1.0, 700.0), (3, 3.0, 701.0)]
    assert pace_of(SpeedPoint(*one) for one in told) == ((0.0, 2.0),)


@pytest.mark.parametrize(("side", "tiles"), [(1, 1), (5, 1), (20, 1), (30, 2), (1000, 1250)])
def test_any_grid_fits_its_pane(side: int, tiles: int) -> None:
    rows, cols = np.mgrid[:side, :side].reshape(2, -1)
    grid = TileGrid(np.arange(side * side), rows, cols, np.zeros(side * side, np.int8))
    scale = scale_of(grid, cols=40, rows=20)
    assert scale.tiles == tiles
    assert -(-side // scale.cols) * scale.cells_wide <= 40
    assert -(-side // scale.rows) * scale.cells_high <= 20


async def test_the_cursor_stays_on_the_map(project: Project, folder: JobFolder) -> None:
    app = RtsApp(project, analyst="ann", at="infer")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press(*["left"] * 3, *["up"] * 3)
        assert app.screen.query_one(TileMap).tile_here() == 1
