"""Screens driven by keys: what is on disk afterwards is what counts."""

import pytest
from desk import search, square
from driving import settle, text_of

from rtsproj.store.database import rows
from rtsproj.tui.app import RtsApp
from rtsproj.tui.screens.converge import ConvergeScreen
from rtsproj.tui.screens.dialogs import ReasonPrompt
from rtsproj.tui.screens.home import HomeScreen
from rtsproj.tui.screens.triage import TriageScreen
from rtsproj.tui.screens.working import WorkingScreen
from rtsproj.workflow.project import Project, open_project, reading

SHAPES = [square(60, 80, 15), square(120, 120, 12), square(150, 30, 12)]
SIZES = [(80, 24), (120, 36), (160, 46), (20, 5), (1, 1)]


def decisions(project: Project) -> list[tuple[int, str, str, str]]:
    with reading(project) as connection:
        found = rows(connection, "FROM decision ORDER BY decision_id")
    return [(r["candidate_id"], r["verdict"], r["reason"], r["act"]) for r in found]


@pytest.mark.parametrize("size", SIZES)
async def test_home_and_triage_live_at_any_size(project: Project, size: tuple[int, int]) -> None:
    search(project, SHAPES)
    app = RtsApp(project, analyst="ann", at="triage")
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await pilot.press("j", "b", "o", "z", "right_square_bracket")
        await settle(pilot)
        assert isinstance(app.screen, TriageScreen)
    assert decisions(project) == []


async def test_home_says_where_one_is_and_what_is_next(project: Project) -> None:
    search(project, SHAPES)
    app = RtsApp(project, analyst="ann")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        text = text_of(app)
        assert "3 triage ◀ here" in text
        assert "enter: review 3 candidates" in text
        assert "blocked by: 3 candidates to decide" in text
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(app.screen, TriageScreen)
        assert "C-0000" in text_of(app)


async def test_keys_decide_and_each_word_is_on_disk_before_the_screen_says_so(
    project: Project,
) -> None:
    search(project, SHAPES)
    app = RtsApp(project, analyst="ann", at="triage")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        order = app.screen._state.queue.ids.tolist()
        await pilot.press("y")
        assert decisions(project) == [(order[0], "accept", "", "say")]
        assert "saved #1" in text_of(app)
        await pilot.press("n")
        assert isinstance(app.screen, ReasonPrompt)
        # THEN keys of the screen below decide nothing while the prompt is open
        await pilot.press("y", "j", "x", "q")
        assert len(decisions(project)) == 2
        await pilot.press("r")
        await settle(pilot)
        assert decisions(project)[-1] == (order[1], "reject", "river", "amend")
        await pilot.press("m")
        await settle(pilot)
        assert decisions(project)[-1] == (order[2], "unsure", "", "say")
        assert "3/3 decided" in text_of(app)
        await pilot.press("u", "u", "u")
        await settle(pilot)
        assert "0/3 decided" in text_of(app)
        await pilot.press("ctrl+r")
        await settle(pilot)
        assert decisions(project)[-1][3] == "redo"


async def test_a_decided_candidate_is_not_decided_twice_by_a_held_key(project: Project) -> None:
    search(project, SHAPES)
    app = RtsApp(project, analyst="ann", at="triage")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.press("y", "y", "y", "y", "y", "y")
        await settle(pilot)
    assert [one[1] for one in decisions(project)] == ["accept"] * 3
    assert len({one[0] for one in decisions(project)}) == 3


async def test_the_score_is_hidden_until_the_verdict(project: Project) -> None:
    search(project, SHAPES)
    app = RtsApp(project, analyst="ann", at="triage")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert "score after the verdict" in text_of(app)
        assert "score 0." not in text_of(app)
        await pilot.press("y", "k")
        await settle(pilot)
        assert "score 0." in text_of(app)


async def test_converge_closes_on_enter_and_refuses_while_open(project: Project) -> None:
    search(project, SHAPES[:1])
    app = RtsApp(project, analyst="ann")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.press("4")
        await settle(pilot)
        assert isinstance(app.screen, ConvergeScreen)
        assert "1 candidate still open" in text_of(app)
        await pilot.press("enter")
        await settle(pilot)
        with reading(project) as connection:
            assert rows(connection, "FROM iteration_close") == []
        await pilot.press("q")
        assert isinstance(app.screen, HomeScreen)


async def test_report_and_help_open_and_close(project: Project) -> None:
    search(project, SHAPES)
    app = RtsApp(project, analyst="ann")
    async with app.run_test(size=(120, 60)) as pilot:
        await settle(pilot)
        await pilot.press("r")
        await settle(pilot)
        assert "slumps" in text_of(app)
        await pilot.press("q", "question_mark")
        await settle(pilot)
        text = text_of(app)
        assert "home.next" in text
        assert "headwall that casts a shadow" in text


async def test_hostile_names_are_shown_not_obeyed(project: Project) -> None:
    path = project.folder / "project.toml"
    hostile = "[/b] [@click=app.quit]x[/] \\u001b]52;c;aGk= \\u202e"
    lines = path.read_text().replace('name = "desk"', f'name = "{hostile}"')
    path.write_text(lines)
    again = open_project(project.folder)
    search(again, SHAPES)
    app = RtsApp(again, analyst="ann")
    async with app.run_test(size=(160, 46)) as pilot:
        await settle(pilot)
        text = text_of(app)
    assert "\x1b" not in text
    assert "\\u001b]52" in text
    assert "[@click=app.quit]" in text


async def test_help_over_triage_lists_its_keys_by_id(project: Project) -> None:
    search(project, SHAPES)
    app = RtsApp(project, analyst="ann", at="triage")
    async with app.run_test(size=(120, 100)) as pilot:
        await settle(pilot)
        await pilot.press("question_mark")
        await settle(pilot)
        text = text_of(app)
        assert "verdict.accept" in text
        assert "headwall that casts a shadow" in text


async def test_a_screen_that_a_closing_app_leaves_empty_does_not_begin(project: Project) -> None:
    class Empty(WorkingScreen):
        def on_mount(self) -> None:
            self.query_one("#next")

    app = RtsApp(project, analyst="ann")
    async with app.run_test() as pilot:
        await settle(pilot)
        app.push_screen(Empty())
        await settle(pilot)
        assert isinstance(app.screen, Empty)
