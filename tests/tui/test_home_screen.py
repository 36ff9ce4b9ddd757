"""Home: the map, the headline and what was done last."""

from threading import Event

import pytest
from desk import search, square
from driving import settle, text_of
from rooms import toasts

from rtsproj.domain.decisions import Verdict
from rtsproj.tui.app import RtsApp
from rtsproj.tui.commands import obey
from rtsproj.tui.screens.converge import ConvergeScreen
from rtsproj.tui.screens.home import HomeScreen
from rtsproj.tui.screens.settings import SettingsScreen
from rtsproj.tui.screens.triage import TriageScreen
from rtsproj.tui.widgets.area_map import AreaMap
from rtsproj.workflow.create import init_project
from rtsproj.workflow.decide import Word, decide
from rtsproj.workflow.project import Project
from rtsproj.workflow.status import Status


async def test_a_wide_home_shows_the_map_the_headline_and_the_log(project: Project) -> None:
    search(project, [square(60, 80, 15), square(120, 120, 12)])
    decide(project, 1, Word(Verdict.REJECT, "river"), analyst="ann")
    app = RtsApp(project, analyst="ann")
    async with app.run_test(size=(160, 46)) as pilot:
        await settle(pilot)
        text = text_of(app)
        assert app.screen.query_one("#area").display
    assert "2 slumps · 2 within 500 m of road or railway" in text
    assert "ann: reject C-00001, river" in text
    assert "job 2 taken in" in text
    assert "● 2  ○ 1 open  ✗ 1" in text


@pytest.mark.parametrize("size", [(1, 1), (20, 5), (80, 24)])
async def test_a_narrow_home_has_no_map_and_reads_none(
    project: Project, size: tuple[int, int]
) -> None:
    search(project, [square(60, 80, 15)])
    app = RtsApp(project, analyst="ann")
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        assert app.screen.query_one("#area", AreaMap).ground is None


async def test_an_empty_project_is_told_what_to_add(tmp_path) -> None:
    app = RtsApp(init_project(tmp_path / "empty"), analyst="ann")
    async with app.run_test(size=(160, 46)) as pilot:
        await settle(pilot)
        text = text_of(app)
        assert "add images to search" in text
        assert "nothing yet" in text
        await pilot.press("a")
        await settle(pilot)
        assert "2 infer" in text_of(app)


@pytest.mark.parametrize("key", ["enter", "3"])
async def test_a_key_pressed_before_the_project_is_read_acts_once_it_is(
    project: Project, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    search(project, [square(60, 80, 15)])
    may_read = Event()
    app = RtsApp(project, analyst="ann")
    read = app.gateway.desk.status

    def slow() -> Status:
        may_read.wait(10)
        return read()

    monkeypatch.setattr(app.gateway.desk, "status", slow)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press(key)
        await pilot.pause(0.1)
        assert isinstance(app.screen, HomeScreen)
        may_read.set()
        await settle(pilot)
        assert isinstance(app.screen, TriageScreen)


async def test_enter_after_a_screen_that_changed_the_project_does_what_is_next_now(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    search(project, [square(60, 80, 15)])
    app = RtsApp(project, analyst="ann")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.press("s")
        await settle(pilot)
        decide(project, 1, Word(Verdict.REJECT), analyst="ann")
        await pilot.press("q", "enter")
        await settle(pilot)
        assert isinstance(app.screen, ConvergeScreen)


async def test_another_theme_redraws_once_after_a_pause(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    redrawn: list[int] = []
    monkeypatch.setattr(RtsApp, "action_redraw", lambda _: redrawn.append(1))
    app = RtsApp(project, analyst="ann")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        for name in ("light", "dark", "light"):
            app.take_theme(name)
        app.app_resume_signal.publish(app)
        await settle(pilot)
    assert redrawn == [1]


async def test_the_command_line_opens_the_settings_and_suggests_what_was_meant(
    project: Project,
) -> None:
    app = RtsApp(project, analyst="ann")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        obey(app, "trian")
        await settle(pilot)
        assert "trian: not a screen or a verb; did you mean train?" in toasts(app)
        obey(app, "settings")
        await settle(pilot)
        assert isinstance(app.screen, SettingsScreen)
