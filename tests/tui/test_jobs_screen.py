"""The list of all jobs, of every session."""

import pytest
from desk import search, square
from driving import settle, text_of
from rooms import at_work, tell_course, training

from rtsproj.jobs.folder import JobFolder
from rtsproj.tui.app import RtsApp
from rtsproj.tui.screens.infer import InferScreen
from rtsproj.tui.screens.jobs import JobsScreen
from rtsproj.tui.screens.train import TrainScreen
from rtsproj.workflow.project import Project

SIZES = [(1, 1), (20, 5), (80, 24), (120, 36)]


@pytest.mark.parametrize("size", SIZES)
async def test_it_lives_at_any_size(project: Project, size: tuple[int, int]) -> None:
    search(project, [square(60, 80, 15)])
    app = RtsApp(project, analyst="ann", at="jobs")
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await pilot.press("down", "j", "k", "x", "l")
        await settle(pilot)
        await pilot.press("q")
        assert isinstance(app.screen, JobsScreen)


async def test_an_empty_project_says_so(project: Project) -> None:
    app = RtsApp(project, analyst="ann", at="jobs")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert "no job yet" in text_of(app)


async def test_a_job_is_listed_and_enter_opens_its_monitor(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = JobFolder(training(project, monkeypatch).folder)
    app = RtsApp(project, analyst="ben", at="jobs")
    with at_work(folder):
        tell_course(folder)
        async with app.run_test(size=(120, 36)) as pilot:
            await settle(pilot)
            text = text_of(app)
            assert "train it.1   running" in text
            assert "15 %" in text
            assert "ann" in text
            assert "worker started" in text
            await pilot.press("enter")
            await settle(pilot)
            assert isinstance(app.screen, TrainScreen)


async def test_a_search_opens_in_its_own_monitor_and_stop_wants_a_running_job(
    project: Project,
) -> None:
    search(project, [square(60, 80, 15)])
    app = RtsApp(project, analyst="ann", at="jobs")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.press("x")
        assert isinstance(app.screen, JobsScreen)
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(app.screen, InferScreen)


async def test_stop_asks_and_leaves_the_wish_in_the_folder(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = JobFolder(training(project, monkeypatch).folder)
    app = RtsApp(project, analyst="ann", at="jobs")
    with at_work(folder) as reporter:
        reporter.started("worker started")
        async with app.run_test(size=(120, 36)) as pilot:
            await settle(pilot)
            await pilot.press("x", "n")
            assert not folder.stop.exists()
            await pilot.press("x", "y")
            await settle(pilot)
    assert folder.stop.exists()
