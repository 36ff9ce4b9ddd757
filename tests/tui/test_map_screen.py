"""The area map: what lies where, and the way to a candidate."""

import re
import time
from threading import Event

import numpy as np
import pytest
from desk import LEFT, TOP, search, square
from driving import settle, text_of
from rooms import toasts

from rtsproj.domain.decisions import Verdict
from rtsproj.tui.app import RtsApp
from rtsproj.tui.pictures.cells import QUADRANTS
from rtsproj.tui.screens.map import MapScreen
from rtsproj.tui.screens.triage import TriageScreen
from rtsproj.tui.widgets.area_map import AreaMap, Layer, View, drawn, whole_view
from rtsproj.workflow.area_map import MapLayers, Points, Segments, nearest, segments_of
from rtsproj.workflow.decide import Word, decide
from rtsproj.workflow.map_imagery import MapPicture, read_map_picture
from rtsproj.workflow.project import Project

SIZES = [(1, 1), (20, 5), (80, 24), (120, 36), (200, 56)]
SHAPES = [square(60, 80, 15), square(120, 120, 12), square(150, 30, 12)]


def points(count: int, *, side_m: float = 1e5, state: int | None = None) -> Points:
    rng = np.random.default_rng(3)
    states = rng.integers(0, 4, count) if state is None else np.full(count, state)
    return Points(
        ids=np.arange(1, count + 1),
        x=rng.uniform(0, side_m, count),
        y=rng.uniform(0, side_m, count),
        width_m=np.full(count, 60.0),
        area_m2=np.full(count, 2500.0),
        states=states.astype(np.int8),
    )


def layers(candidates: Points, slumps: Points) -> MapLayers:
    none = segments_of([])
    box = np.array([[0, 0], [1e5, 0], [1e5, 1e5], [0, 1e5], [0, 0]], float)
    area = Segments(box[:-1], box[1:])
    return MapLayers("EPSG:32646", (0, 0, 1e5, 1e5), area, none, none, None, slumps, candidates)


@pytest.mark.parametrize("size", SIZES)
async def test_it_lives_at_any_size(project: Project, size: tuple[int, int]) -> None:
    search(project, SHAPES)
    app = RtsApp(project, analyst="ann", at="map")
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await pilot.press("equals_sign", "left", "up", "n", "c", "c", "c", "minus", "0", "N")
        await settle(pilot)
        assert isinstance(app.screen, MapScreen)


async def test_verdicts_are_told_apart_without_colour_and_counted(project: Project) -> None:
    search(project, SHAPES)
    for candidate_id, verdict in ((1, Verdict.ACCEPT), (2, Verdict.REJECT)):
        decide(project, candidate_id, Word(verdict), analyst="ann")
    app = RtsApp(project, analyst="ann", at="map")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        text = text_of(app)
    rows = text.splitlines()[2:-4]
    assert sum(row.count("●") for row in rows) == 3
    assert sum(row.count("○") for row in rows) == 1
    assert sum(row.count("✗") for row in rows) == 1
    for words in ("● 3 slumps", "○ 1 open", "✗ 1 rejected", "─ road", "N↑"):
        assert words in text
    assert re.search(r"├─+┤ \d+ m", text)


async def test_next_goes_to_what_is_open_and_enter_opens_it_in_triage(project: Project) -> None:
    search(project, SHAPES)
    decide(project, 1, Word(Verdict.REJECT), analyst="ann")
    app = RtsApp(project, analyst="ann", at="map")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.press("n")
        await settle(pilot)
        assert "C-00002 open 0.13 ha" in text_of(app)
        await pilot.press("n")
        await settle(pilot)
        assert "C-00003 open" in text_of(app)
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(app.screen, TriageScreen)


async def test_it_opens_at_a_candidate_and_says_where_nothing_is(project: Project) -> None:
    search(project, SHAPES)
    app = RtsApp(project, analyst="ann")
    async with app.run_test(size=(120, 36)) as pilot:
        app.go("map", candidate_id=3)
        await settle(pilot)
        assert "C-00003 open" in text_of(app)
        assert app.screen.query_one(AreaMap)._outlines is not None
        await pilot.press("0", *["left"] * 40)
        await pilot.press("enter")
        assert "no candidate here: n goes to the next one" in toasts(app)


def test_a_million_candidates_cost_a_frame_no_python_loop() -> None:
    many = layers(points(1_000_000), points(1000, state=4))
    view = whole_view(many, cols=118, rows=30)
    drawn(many, view, Layer.ALL, cols=118, rows=30)
    began = time.perf_counter()
    canvas = drawn(many, view, Layer.ALL, cols=118, rows=30)
    seconds = time.perf_counter() - began
    assert "○" in canvas.text()
    assert seconds < 3.0  # 0.1 s alone; the machine that tests may be busy


@pytest.mark.parametrize("layer", list(Layer))
def test_a_map_without_anything_is_drawn(layer: Layer) -> None:
    empty = layers(points(0), points(0))
    canvas = drawn(empty, View(5e4, 5e4, 1000.0), layer, cols=40, rows=12)
    assert canvas.characters().shape == (12, 40)


def test_the_nearest_candidate_counts_its_own_size() -> None:
    some = points(5)
    x, y = float(some.x[2]), float(some.y[2])
    assert nearest(some, x + 25, y, within_m=0) == 2
    assert nearest(some, x + 25 + 1e6, y, within_m=10) is None
    assert nearest(points(0), 0, 0, within_m=1e9) is None


def test_cells_and_places_agree() -> None:
    view = View(1000.0, 2000.0, 3.0)
    for col, row in ((0, 0), (7, 3), (39, 19)):
        place = view.place(col, row, cols=40, rows=20)
        dots = view.dots(np.array([place]), cols=40, rows=20)[0]
        assert (int(dots[0]) // 2, int(dots[1]) // 4) == (col, row)


def backs(app: RtsApp) -> int:
    """Cells of the map with a colour under them."""
    lines = app.screen._compositor.render_strips()
    pieces = [piece for line in lines[3:-4] for piece in line]
    return sum(
        piece.cell_length
        for piece in pieces
        if piece.style and piece.style.bgcolor and piece.text[0] in QUADRANTS[1:]
    )


async def test_imagery_lies_under_the_map_where_it_is_asked_for(project: Project) -> None:
    search(project, SHAPES)
    app = RtsApp(project, analyst="ann", at="map")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert backs(app) == 0
        await pilot.press("i")
        await pilot.pause(0.2)
        await settle(pilot)
        text = text_of(app)
        assert "map · all · imagery" in text
        assert backs(app) > 300
        # glyphs and lines stay over it
        assert sum(row.count("○") for row in text.splitlines()[2:-4]) == 3
        await pilot.press("i")
        await settle(pilot)
        assert backs(app) == 0


async def test_a_key_never_waits_for_imagery(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    search(project, SHAPES)
    may_read = Event()
    app = RtsApp(project, analyst="ann", at="map")
    read = app.gateway.maps.picture

    def slow(*given: object) -> MapPicture:
        may_read.wait(10)
        return read(*given)

    monkeypatch.setattr(app.gateway.maps, "picture", slow)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.press("i")
        await pilot.pause(0.2)
        before = app.screen.map.cursor
        await pilot.press("left", "left")
        assert app.screen.map.cursor == (before[0] - 2, before[1])
        may_read.set()
        await settle(pilot)
        assert backs(app) > 300


def test_the_picture_of_a_view_is_the_ground_of_that_view(project: Project) -> None:
    left, top = LEFT, TOP
    whole = read_map_picture(project, (left, top - 576, left + 576, top), (192, 192))
    assert whole.valid.all()
    part = read_map_picture(project, (left + 96, top - 192, left + 192, top - 96), (32, 32))
    assert (part.rgb == whole.rgb[32:64, 32:64]).all()
    beside = read_map_picture(project, (left - 192, top - 96, left - 96, top), (32, 32))
    assert not beside.valid.any()
    wide = read_map_picture(project, (left, top - 1e6, left + 1e6, top), (32, 32))
    assert not wide.valid.size


async def test_a_slump_is_removed_after_a_question_and_undone(project: Project) -> None:
    app = RtsApp(project, analyst="ann", at="map")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        app.go("map", slump_id=2)
        await settle(pilot)
        await pilot.press("x")
        await settle(pilot)
        assert "Remove RTS-00002 from the inventory?" in text_of(app)
        await pilot.press("y")
        await settle(pilot)
        assert "● 1 slump" in text_of(app)
        await pilot.press("u")
        await settle(pilot)
        assert "● 2 slumps" in text_of(app)
        assert "undone: RTS-00002 is in the inventory again" in toasts(app)


async def test_a_slump_that_a_candidate_shows_stays_with_the_reason(project: Project) -> None:
    search(project, SHAPES)
    decide(project, 1, Word(Verdict.ACCEPT), analyst="ann")
    app = RtsApp(project, analyst="ann", at="map")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        app.go("map", slump_id=3)
        await settle(pilot)
        await pilot.press("x", "y")
        await settle(pilot)
        assert any("RTS-00003 is shown by C-00001" in one for one in toasts(app))
        assert "● 3 slumps" in text_of(app)
        await pilot.press("0", *["left"] * 40, "x")
        await settle(pilot)
        assert "no slump here to remove" in toasts(app)
