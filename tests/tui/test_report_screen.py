"""The report: the headline with its definition, the table behind it, the file it exports."""

import pytest
from desk import search, square
from driving import settle, text_of
from rooms import toasts

from rtsproj.tui.app import RtsApp
from rtsproj.tui.screens.map import MapScreen
from rtsproj.tui.screens.report import ReportScreen
from rtsproj.vectors.read import read_features
from rtsproj.workflow.project import Project

SIZES = [(1, 1), (20, 5), (80, 24), (120, 36), (160, 46)]


@pytest.mark.parametrize("size", SIZES)
async def test_it_lives_at_any_size(project: Project, size: tuple[int, int]) -> None:
    search(project, [square(60, 80, 15)])
    app = RtsApp(project, analyst="ann", at="report")
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await pilot.press("j", "k", "s", "f", "v")
        await settle(pilot)
        await pilot.press("q")
        assert isinstance(app.screen, ReportScreen)


async def test_the_headline_stands_with_its_definition_and_the_table(project: Project) -> None:
    search(project, [square(60, 80, 15)])
    app = RtsApp(project, analyst="ann", at="report")
    async with app.run_test(size=(160, 46)) as pilot:
        await settle(pilot)
        text = text_of(app)
        assert "2 of 2 (100.0 %) within 500 m of road or railway" in text
        assert "edge to line, geodesic, inclusive" in text
        first = next(row for row in text.splitlines() if "RTS-00001" in row)
        assert first.index("G109") < first.index("road") < first.index("known")
        assert "877 in about 45,000 km2" in text
        for word in ("complete", "all found"):
            assert word not in text
        await pilot.press("s")
        assert "by area" in text_of(app)
        await pilot.press("f", "f", "f")
        assert "1 of 2 (50.0 %) within 100 m" in text_of(app)
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(app.screen, MapScreen)
        assert "RTS-0000" in text_of(app)


async def test_export_writes_what_it_says_and_a_bad_name_is_refused(project: Project) -> None:
    app = RtsApp(project, analyst="ann", at="report")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.press("x", "enter")
        await settle(pilot)
        target = project.folder / "exports" / "inventory.gpkg"
        assert f"2 slumps in {target}" in toasts(app)
        assert len(read_features(target).features) == 2
        await pilot.press("x", *["backspace"] * 4, "x", "y", "z", "enter")
        await settle(pilot)
        assert "suffix '.xyz' is not known" in "".join(toasts(app))
        await pilot.press("x", "escape")
        assert isinstance(app.screen, ReportScreen)
