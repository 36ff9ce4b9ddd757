"""Draw a slump on the map: corners or a point, saved, taken back, given up."""

import pytest
from desk import PIXEL_M, search, square
from driving import settle, text_of
from rooms import toasts
from textual.pilot import Pilot

from rtsproj.store.database import rows
from rtsproj.tui.app import RtsApp
from rtsproj.tui.screens.draw import DrawScreen
from rtsproj.tui.screens.map import MapScreen
from rtsproj.tui.screens.triage import TriageScreen
from rtsproj.tui.sketch import Sketch
from rtsproj.workflow.project import Project, reading

SHAPES = [square(60, 80, 15), square(120, 120, 12)]
SIZES = [(20, 6), (80, 24), (160, 46)]


def drawn(project: Project) -> list[dict]:
    query = "SELECT slump_id, area_m2, geom_source, analyst FROM inventory WHERE origin = 'drawn'"
    with reading(project) as connection:
        return rows(connection, query)


async def set_corners(pilot: Pilot) -> None:
    """A rectangle of 16 by 8 cells whose last corner is where the cursor stays."""
    await pilot.press("space", *["shift+right"] * 2, "space", *["shift+down"] * 2, "space")
    await pilot.press(*["shift+left"] * 2, "space")
    await settle(pilot)


async def test_corners_are_shown_saved_and_taken_back(project: Project) -> None:
    search(project, SHAPES)
    app = RtsApp(project, analyst="ann", at="map")
    async with app.run_test(size=(160, 46)) as pilot:
        await settle(pilot)
        await pilot.press("d")
        await settle(pilot)
        assert isinstance(app.screen, DrawScreen)
        dot_m = app.screen.map.view.dot_m
        await set_corners(pilot)
        text = text_of(app)
        assert "4 corners" in text
        assert "enter closes and saves" in text
        assert "+" in "".join(text.splitlines()[2:-4])
        await pilot.press("enter")
        await settle(pilot)
        assert type(app.screen) is MapScreen
        (one,) = drawn(project)
        assert (one["slump_id"], one["geom_source"], one["analyst"]) == (3, "manual", "ann")
        assert one["area_m2"] == pytest.approx(16 * 2 * 8 * 4 * dot_m**2, rel=0.01)
        assert any("saved: RTS-00003 drawn" in toast for toast in toasts(app))
        assert "● 3 slumps" in text_of(app)
        await pilot.press("u")
        await settle(pilot)
        assert drawn(project) == []
        await pilot.press("ctrl+r")
        await settle(pilot)
        assert len(drawn(project)) == 1


async def test_too_few_corners_a_dropped_one_and_giving_up(project: Project) -> None:
    search(project, SHAPES)
    app = RtsApp(project, analyst="ann", at="map")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("d")
        await settle(pilot)
        await pilot.press("space", "right", "space", "enter")
        assert any("1 more to set" in toast for toast in toasts(app))
        await pilot.press("backspace")
        await settle(pilot)
        assert "1 corner:" in text_of(app)
        await pilot.press("escape")
        await settle(pilot)
        assert type(app.screen) is MapScreen
    assert drawn(project) == []


async def test_a_known_place_is_named_and_the_sketch_stays(project: Project) -> None:
    search(project, SHAPES)
    app = RtsApp(project, analyst="ann")
    async with app.run_test(size=(160, 46)) as pilot:
        left, bottom, right, top = square(20, 20, 20).bounds
        at = ((left + right) / 2, (bottom + top) / 2, 20 * PIXEL_M / 64)
        app.go("draw", at=at)
        await settle(pilot)
        await set_corners(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert any("this place is RTS-00001 already" in toast for toast in toasts(app))
        assert isinstance(app.screen, DrawScreen)
        assert len(app.screen.map.sketch.corners) == 4


async def test_triage_opens_it_at_the_candidate_and_is_come_back_to(project: Project) -> None:
    search(project, SHAPES)
    app = RtsApp(project, analyst="ann", at="triage")
    async with app.run_test(size=(160, 46)) as pilot:
        await settle(pilot)
        await pilot.press("D")
        await settle(pilot)
        assert isinstance(app.screen, DrawScreen)
        assert app.screen.map._picture is not None  # imagery lies under it
        await pilot.press("g")
        await settle(pilot)
        assert any("has kept no probability" in toast for toast in toasts(app))
        await pilot.press(*["up"] * 20)
        await set_corners(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(app.screen, TriageScreen)
        assert len(drawn(project)) == 1
        await pilot.press("u")
        await settle(pilot)
    assert drawn(project) == []


@pytest.mark.parametrize("size", SIZES)
async def test_it_lives_at_any_size(project: Project, size: tuple[int, int]) -> None:
    search(project, SHAPES)
    app = RtsApp(project, analyst="ann", at="map")
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await pilot.press("d", "space", "i", "equals_sign", "left", "space", "less_than_sign")
        await pilot.press("minus", "up", "space", "g")
        await settle(pilot)
        assert isinstance(app.screen, DrawScreen)


def test_a_corner_at_the_same_place_is_one_corner() -> None:
    sketch = Sketch().with_corner((1.0, 1.0)).with_corner((1.0, 1.0))
    assert sketch.corners == ((1.0, 1.0),)
    assert sketch.outline() is None
    assert len(sketch.lines((2.0, 2.0)).start) == 2
    assert sketch.without_last().corners == ()
