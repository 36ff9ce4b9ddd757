"""Home: the map, the headline and what was done last."""

import pytest
from desk import search, square
from driving import settle, text_of

from rtsproj.domain.decisions import Verdict
from rtsproj.tui.app import RtsApp
from rtsproj.tui.widgets.area_map import AreaMap
from rtsproj.workflow.create import init_project
from rtsproj.workflow.decide import Word, decide
from rtsproj.workflow.project import Project


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
