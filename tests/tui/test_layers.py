"""A screen that is covered neither works nor makes the screen in front draw itself again."""

import pytest
from desk import search, square
from driving import settle
from textual import events

from rtsproj.domain.decisions import Verdict
from rtsproj.tui.app import RtsApp
from rtsproj.tui.screens.home import HomeScreen
from rtsproj.tui.screens.questions import Confirm
from rtsproj.tui.widgets.picture import PictureView
from rtsproj.workflow.decide import Word, decide
from rtsproj.workflow.project import Project


async def test_home_rests_under_triage(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    search(project, [square(60, 80, 15), square(120, 120, 12)])
    app = RtsApp(project, analyst="ann", at="triage")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.pause(1.3)
        await settle(pilot)
        drawn: list[int] = []
        draw = PictureView.render_line
        monkeypatch.setattr(
            PictureView, "render_line", lambda self, y: drawn.append(y) or draw(self, y)
        )
        # WHEN the project changes behind the screen, and even home's look ends late
        decide(project, 2, Word(Verdict.UNSURE), analyst="bob")
        home = app.screen_stack[-2]
        assert isinstance(home, HomeScreen)
        home.look()
        await settle(pilot)
        await pilot.pause(1.3)
        # THEN not a line of the picture is drawn for it
        assert drawn == []
        assert not home.is_current
        # AND home knows when it comes to the front
        await pilot.press("q")
        for _ in range(100):
            if home.is_current:
                break
            await pilot.pause(0.1)
        await settle(pilot)
        assert home.is_current
        assert home._now.iterations[-1].unsure == 1


async def test_a_question_lets_the_screen_below_be_seen(project: Project) -> None:
    app = RtsApp(project, analyst="ann")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.press("q")
        assert isinstance(app.screen, Confirm)
        assert [type(one) for one in app._background_screens][-1] is HomeScreen


async def test_two_keys_of_one_moment_close_one_screen(project: Project) -> None:
    search(project, [square(60, 80, 15), square(120, 120, 12), square(150, 30, 12)])
    app = RtsApp(project, analyst="ann", at="triage")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        triage = app.screen
        # WHEN a second reason is pressed before the prompt has gone
        await pilot.press("n")
        for key in "rm":
            app.screen.post_message(events.Key(key, key))
        await settle(pilot)
        # THEN the first one counts and triage is still there
        assert app.screen is triage
        assert list(triage._state.reasons.values()) == ["river"]
        # AND two q leave triage once
        triage.action_back()
        triage.action_back()
        await settle(pilot)
        assert isinstance(app.screen, HomeScreen)
