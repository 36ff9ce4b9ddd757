"""Inputs in use: what depends on one is shown before it is removed."""

import pytest
from driving import settle, text_of
from rooms import toasts

from rtsproj.tui.app import RtsApp
from rtsproj.workflow.inputs import InputKind, list_inputs
from rtsproj.workflow.project import Project
from rtsproj.workflow.status import status

SIZES = [(1, 1), (20, 5), (80, 24), (120, 36)]


async def test_an_input_is_removed_after_its_dependents_were_shown(project: Project) -> None:
    app = RtsApp(project, analyst="eva", at="data")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.press("i")
        await settle(pilot)
        text = text_of(app)
        assert "scene      1  map" in text
        assert "if it is removed:" in text
        await pilot.press("j")
        await settle(pilot)
        assert "seed slumps that leave the inventory: 2" in text_of(app)
        await pilot.press("j")
        await settle(pilot)
        assert "to these lines" in text_of(app)
        # WHEN it is asked for and refused, THEN it stays
        await pilot.press("x")
        await settle(pilot)
        assert "Remove this input?" in text_of(app)
        await pilot.press("n")
        assert len(list_inputs(project, InputKind.LINE)) == 1
        # WHEN it is confirmed
        await pilot.press("x")
        await settle(pilot)
        await pilot.press("y")
        await settle(pilot)
        # THEN it is gone from the list and from the project
        assert list_inputs(project, InputKind.LINE) == ()
        assert "line 2 removed" in " ".join(toasts(app))
        assert "road.geojson" not in text_of(app)
        await pilot.press("q")
        await settle(pilot)
        assert "0 lines" in text_of(app)
    assert status(project).counts["slumps"] == 2


@pytest.mark.parametrize("size", SIZES)
async def test_any_size(project: Project, size: tuple[int, int]) -> None:
    app = RtsApp(project, analyst="eva", at="inputs")
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        assert app.is_running
