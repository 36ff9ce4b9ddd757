"""SQL on the screen: completion, history, export, and a query that runs away."""

import json
import time
from pathlib import Path

import pytest
from desk import search, square
from driving import settle, text_of
from rooms import toasts

from rtsproj.tui.app import RtsApp
from rtsproj.tui.queries import COMMON, Memory
from rtsproj.tui.screens.map import MapScreen
from rtsproj.tui.screens.sql import SqlScreen
from rtsproj.tui.screens.triage import TriageScreen
from rtsproj.tui.widgets.lazy_list import LazyList
from rtsproj.tui.widgets.sql_editor import SqlEditor, matches, shared_start
from rtsproj.tui.widgets.table import Layout, value_text
from rtsproj.workflow import sql
from rtsproj.workflow.project import Project
from rtsproj.workflow.sql import query

SIZES = [(1, 1), (20, 5), (80, 24), (120, 36)]
RUNAWAY = "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range * b.range = 7"
VIEWS = {"inventory": ("slump_id", "name", "area_m2"), "iterations": ("iteration", "area_km2")}


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def write(app: RtsApp, text: str) -> SqlEditor:
    editor = app.screen.query_one(SqlEditor)
    editor.text = text
    editor.move_cursor(editor.document.end)
    return editor


@pytest.mark.parametrize("size", SIZES)
async def test_it_lives_at_any_size(project: Project, size: tuple[int, int]) -> None:
    app = RtsApp(project, analyst="ann", at="sql")
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await pilot.press("f5", "f2", "down", "f2", "tab")
        await settle(pilot)
        assert isinstance(app.screen, SqlScreen)


async def test_rows_stand_in_columns_and_enter_opens_their_slump(project: Project) -> None:
    app = RtsApp(project, analyst="ann", at="sql")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        write(app, "SELECT slump_id, name, '[/b]' AS hostile FROM inventory;")
        await pilot.press("f5")
        await settle(pilot)
        text = text_of(app)
        assert "2 rows" in text
        assert "at most 50,000 rows are fetched" in text
        assert "slump_id  name       hostile" in text
        assert "       1  RTS-00001  [/b]" in text
        app.screen.query_one("#rows").focus()
        await pilot.press("down", "enter")
        await settle(pilot)
        assert isinstance(app.screen, MapScreen)


async def test_a_row_of_a_candidate_opens_triage(project: Project) -> None:
    search(project, [square(60, 80, 15)])
    app = RtsApp(project, analyst="ann", at="sql")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        write(app, "SELECT candidate_id FROM candidates")
        await pilot.press("f5")
        await settle(pilot)
        app.screen.query_one("#rows").focus()
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(app.screen, TriageScreen)


async def test_tab_completes_and_history_comes_back_in_a_later_session(project: Project) -> None:
    app = RtsApp(project, analyst="ann", at="sql")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        editor = write(app, "SELECT perim")
        await pilot.press("tab")
        assert editor.text == "SELECT perimeter_m"
        write(app, "SELECT 41 + 1 AS answer")
        await pilot.press("f5")
        await settle(pilot)
        assert "answer" in text_of(app)
    again = RtsApp(project, analyst="ann", at="sql")
    async with again.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.press("up")
        assert again.screen.query_one(SqlEditor).text == "SELECT 41 + 1 AS answer"
        await pilot.press("down")
        assert again.screen.query_one(SqlEditor).text == "SELECT * FROM inventory"


async def test_esc_stops_a_query_that_runs_away_within_two_seconds(project: Project) -> None:
    app = RtsApp(project, analyst="ann", at="sql")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        write(app, RUNAWAY)
        await pilot.press("f5")
        while app.gateway.sql._console._running is None:
            await pilot.pause(0.05)
        began = time.monotonic()
        await pilot.press("escape")
        while app.screen._is_asking:
            await pilot.pause(0.05)
        took = time.monotonic() - began
        assert isinstance(app.screen, SqlScreen)
        assert "the query was stopped: nothing was changed" in toasts(app)
        await pilot.press("escape")
        assert not isinstance(app.screen, SqlScreen)
    assert took < 2.0


async def test_what_writes_is_refused_and_the_screen_goes_on(project: Project) -> None:
    app = RtsApp(project, analyst="ann", at="sql")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        for text in ("DROP TABLE decision", "SELECT 1; SELECT 2", "SELECT * FROM 'x.csv'", "nix"):
            write(app, text)
            await pilot.press("f5")
            await settle(pilot)
        assert len(toasts(app)) == 4
        assert app.screen._answer is None


async def test_all_rows_are_exported_and_own_queries_kept(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql, "LIMIT", 10)
    app = RtsApp(project, analyst="ann", at="sql")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        write(app, "SELECT range AS n FROM range(100)")
        await pilot.press("f5")
        await settle(pilot)
        assert app.screen.query_one("#rows", LazyList)._total == 10
        await pilot.press("f6", *["backspace"] * 3, *"json", "enter")
        await settle(pilot)
        assert len(json.loads((project.folder / "exports" / "query.json").read_text())) == 100
        await pilot.press("f3", *"mine", "enter")
        await settle(pilot)
    assert Memory().saved()["mine"] == "SELECT range AS n FROM range(100)"


@pytest.mark.parametrize("name", COMMON)
def test_every_saved_query_runs(project: Project, name: str) -> None:
    assert query(project, COMMON[name], limit=10).columns


def test_names_of_the_views_in_sight_come_first() -> None:
    assert matches("ar", VIEWS, "FROM iterations")[:2] == ("area_km2", "area_m2")
    assert matches("inventory.s", VIEWS, "") == ("inventory.slump_id",)
    assert matches("sel", VIEWS, "") == ("SELECT",)
    assert shared_start(["area_m2", "area_km2"]) == "area_"


def test_widths_come_from_the_first_page_and_wide_values_are_cut() -> None:
    layout = Layout(("n", "text"), [(1, "a"), (12, None)])
    assert layout.header() == " n  text"
    assert layout.row((7, "b" * 90)) == " 7  bbb…"
    assert layout.row((7, "b"), first=1) == "b   "
    assert value_text(1234.5) == "1,234.50"
    assert value_text("\x1b[2J") == "\\u001b[2J"
    assert value_text(b"ab") == "2 bytes"


def test_a_memory_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    memory = Memory(tmp_path / "file" / "below")
    assert not memory.save("a", "SELECT 1")
    assert memory.history() == []
