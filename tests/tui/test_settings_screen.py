"""Settings on the screen: shown with range and source, changed in project.toml."""

import pytest
from driving import settle, text_of
from rooms import toasts
from textual.widgets import Input

from rtsproj.tui.app import RtsApp
from rtsproj.tui.screens.settings import SettingsScreen
from rtsproj.tui.widgets.lazy_list import LazyList
from rtsproj.workflow.project import Project

SIZES = [(1, 1), (20, 5), (80, 24), (160, 46)]


def stand_on(app: RtsApp, key: str) -> None:
    screen = app.screen
    assert isinstance(screen, SettingsScreen)
    row = [one.key for one in screen._shown].index(key)
    screen.query_one(LazyList).cursor = row


@pytest.mark.parametrize("size", SIZES)
async def test_it_lives_at_any_size(project: Project, size: tuple[int, int]) -> None:
    app = RtsApp(project, analyst="ann", at="settings")
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await pilot.press("j", "k", "G", "c", "c", "enter")
        await settle(pilot)
        await pilot.press("escape")
        await settle(pilot)
        assert isinstance(app.screen, SettingsScreen)


async def test_a_key_is_shown_with_range_unit_and_source_and_changed(project: Project) -> None:
    app = RtsApp(project, analyst="ann")
    async with app.run_test(size=(160, 46)) as pilot:
        await settle(pilot)
        await pilot.press("s")
        await settle(pilot)
        stand_on(app, "train.patience")
        await settle(pilot)
        text = text_of(app)
        for words in (
            "1..1,000,000 validations",
            "source    ",
            "without gain before an early stop",
        ):
            assert words in text
        # a value out of range is asked for again, with the range
        await pilot.press("enter")
        await settle(pilot)
        app.screen.query_one(Input).value = "-5"
        await pilot.press("enter")
        await settle(pilot)
        assert "patience = -5 is not accepted" in text_of(app)
        app.screen.query_one(Input).value = "7"
        await pilot.press("enter")
        await settle(pilot)
        assert project.settings.train.patience == 7
        assert any("saved: train.patience = 7" in one for one in toasts(app))
        await pilot.press("d")
        await settle(pilot)
        assert project.settings.train.patience == 3


async def test_one_of_a_few_is_chosen_by_its_digit(project: Project) -> None:
    app = RtsApp(project, analyst="ann", at="settings")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        stand_on(app, "train.output_stride")
        await pilot.press("enter")
        await settle(pilot)
        await pilot.press("1")
        await settle(pilot)
        assert project.settings.train.output_stride == 8
        await pilot.press("c")
        await settle(pilot)
        assert "train.output_stride" in text_of(app)
