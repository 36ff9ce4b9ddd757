"""Panes with pictures: letterboxed, named, held back until they settle, drawn in any mode."""

import asyncio
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from textual.app import App, ComposeResult
from textual.containers import Vertical
from textures import tundra

from rtsproj.tui import user
from rtsproj.tui.app import RtsApp
from rtsproj.tui.display import Display
from rtsproj.tui.pictures.cells import Mode
from rtsproj.tui.pictures.kitty import CELL
from rtsproj.tui.pictures.strips import EDGE
from rtsproj.tui.pictures.view import Ring, View
from rtsproj.tui.screens.pictures import MODES, ModePane, PicturesScreen, synthetic_view
from rtsproj.tui.terminal.detect import Abilities
from rtsproj.tui.widgets.blink import Blinker
from rtsproj.tui.widgets.picture import SETTLED_S, PictureView
from rtsproj.tui.widgets.year_strip import YearStrip
from rtsproj.workflow.project import Project

RING = Ring(np.array([[0.2, 0.2], [0.8, 0.2], [0.8, 0.8], [0.2, 0.8], [0.2, 0.2]]))
SIZES = [(1, 1), (20, 5), (80, 24), (120, 36), (200, 60)]


def view(year: int = 2019, *, missing: float = 0.0, level: int | None = None) -> View:
    rgb = tundra(64, year) if level is None else np.full((64, 64, 3), level, np.uint8)
    valid = np.ones((100, 100), bool)
    valid[: round(100 * missing)] = False
    return View(year, date(year, 7, 22), "colour 2-98 %", rgb, (RING,), 250.0, valid, year == 2019)


class Desk(App[None]):
    """One pane and one strip."""

    CSS = "PictureView { border: round white; }"

    def __init__(self, mode: Mode = Mode.QUADRANT, **given) -> None:
        super().__init__()
        self.display_settings = Display(mode=mode, **given)
        self.sent: list[str] = []

    def compose(self) -> ComposeResult:
        with Vertical():
            yield PictureView(id="picture")
            yield YearStrip(id="years")

    def on_mount(self) -> None:
        self._driver.write = self.sent.append

    @property
    def pane(self) -> PictureView:
        return self.query_one("#picture", PictureView)

    @property
    def years(self) -> YearStrip:
        return self.query_one("#years", YearStrip)


async def settle(pilot) -> None:
    await pilot.pause()
    await asyncio.sleep(2 * SETTLED_S)
    await pilot.pause()


def rows_of(pane: PictureView) -> list:
    return [pane.render_line(y) for y in range(pane.size.height)]


def shown_lines(app: App) -> list[str]:
    return ["".join(s.text for s in row) for row in app.screen._compositor.render_strips()]


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("size", SIZES)
async def test_a_picture_is_drawn_in_every_mode_at_any_size(mode: Mode, size) -> None:
    app = Desk(mode)
    async with app.run_test(size=size) as pilot:
        app.pane.show(view(), outline=True)
        app.years.show([view(2016), view(2018), view()], 2)
        await settle(pilot)
        strips = rows_of(app.pane)
        assert {strip.cell_length for strip in strips} <= {app.pane.size.width}
        assert all(segment.style is not None for strip in strips for segment in strip)


async def test_a_square_stays_a_square_and_is_named() -> None:
    app = Desk()
    async with app.run_test(size=(120, 36)) as pilot:
        app.pane.show(view(level=248), outline=False, note="blink 2016⇄2019")
        await settle(pilot)
        lit = [
            sum(s.cell_length for s in row if s.style.bgcolor and s.style.bgcolor.triplet)
            for row in rows_of(app.pane)
        ]
        high = [one for one in lit if one]
        assert set(high) == {2 * len(high)}
        assert app.pane.border_title.startswith("2019-07-22  250 m  ")
        assert "m/sub-px  colour 2-98 %  searched" in app.pane.border_title
        assert app.pane.border_subtitle.startswith("0├")
        assert "N↑  blink 2016⇄2019" in app.pane.border_subtitle
        assert app.pane.width_m == 250.0


async def test_nothing_is_encoded_before_the_layout_has_settled() -> None:
    app = Desk(Mode.KITTY)
    async with app.run_test(size=(120, 36)) as pilot:
        app.pane.show(view(), outline=True)
        app.pane.on_resize()
        assert CELL not in "".join(strip.text for strip in rows_of(app.pane))
        await settle(pilot)
        assert CELL in "".join(strip.text for strip in rows_of(app.pane))


async def test_kitty_sends_each_picture_once_and_again_when_asked() -> None:
    app = Desk(Mode.KITTY)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        for year in (2019, 2018, 2019, 2018):
            app.pane.show(view_of(year), outline=True)
            await settle(pilot)
        uploads = [text for text in app.sent if "U=1" in text]
        assert len(uploads) == 2
        app.display_settings.uploads.drop_all(app.sent.append)
        app.pane.refresh()
        await settle(pilot)
        assert len([text for text in app.sent if "U=1" in text]) == 3
        row = "".join(s.text for s in app.pane.render_line(3))
        assert row.count(CELL) >= 30


KNOWN = {year: view(year) for year in (2018, 2019)}


def view_of(year: int) -> View:
    return KNOWN[year]


@pytest.mark.parametrize("mode", [Mode.QUADRANT, Mode.KITTY])
async def test_a_swipe_shows_both_years_with_an_edge(mode: Mode) -> None:
    app = Desk(mode)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        for share in (0.0, 0.3, 1.0, 7.0):
            app.pane.swipe(view_of(2018), view_of(2019), share)
            await settle(pilot)
            row = app.pane.render_line(app.pane.size.height // 2)
            assert row.cell_length == app.pane.size.width
            assert row.text.count(EDGE) == 1
        assert app.pane.border_title.startswith("2018-07-22 │ 2019-07-22")


async def test_missing_imagery_is_said_in_words() -> None:
    app = Desk()
    async with app.run_test(size=(120, 36)) as pilot:
        app.pane.show(view(missing=0.34), outline=True)
        await settle(pilot)
        assert any("NO IMAGERY 34 %" in row.text for row in rows_of(app.pane))
        app.pane.show(None, outline=True)
        await settle(pilot)
        assert any("reading the picture…" in row.text for row in rows_of(app.pane))
        assert app.pane.border_title == ""


async def test_without_colour_the_outline_is_told_by_its_pattern() -> None:
    app = Desk(grey=True)
    async with app.run_test(size=(120, 36)) as pilot:
        app.pane.show(view(), outline=True)
        await settle(pilot)
        colours = {
            tuple(colour.triplet)
            for row in rows_of(app.pane)
            for s in row
            for colour in (s.style.color, s.style.bgcolor)
            if colour
        }
        assert all(max(one) == min(one) for one in colours)
        assert {0, 248} <= {one[0] for one in colours}


async def test_the_strip_shows_all_years_and_frames_the_shown_one() -> None:
    app = Desk()
    async with app.run_test(size=(120, 46)) as pilot:
        app.years.show([view(2016), view(2018, missing=0.9), view(2019)], 1)
        await settle(pilot)
        assert app.years.size.height == 46 // 4
        top = app.years.render_line(0).text
        assert "╭2016" in top
        assert "┏2018 ✗" in top
        assert "╭2019" in top
        app.years.show([view(2016)], 0)
        await settle(pilot)
        assert app.years.size.height == 0


@pytest.mark.parametrize("size", [(80, 24), (20, 40)])
async def test_the_strip_takes_no_room_where_there_is_none(size) -> None:
    app = Desk()
    async with app.run_test(size=size) as pilot:
        app.years.show([view(2016), view(2018), view(2019)], 0)
        await settle(pilot)
        assert app.years.size.height in ((0,) if size[1] < 26 or size[0] < 20 else (0, 10))


async def test_more_years_than_fit_are_shown_round_the_current_one() -> None:
    app = Desk(is_ascii=True)
    async with app.run_test(size=(42, 46)) as pilot:
        app.years.show([view(2010 + n) for n in range(10)], 9)
        await settle(pilot)
        top = app.years.render_line(0).text
        assert "#2019" in top
        assert "2010" not in top


async def test_blinking_ends_by_itself_when_nobody_sees_it() -> None:
    app = Desk()
    flips: list[int] = []
    async with app.run_test(size=(80, 24)) as pilot:
        blinker = Blinker(app.pane, lambda: flips.append(1), every_s=0.02)
        assert blinker.toggle()
        await asyncio.sleep(0.15)
        await pilot.pause()
        assert flips
        app.pane.display = False
        await asyncio.sleep(0.1)
        await pilot.pause()
        assert not blinker.is_on
        assert not blinker.toggle() or not (blinker.stop() or blinker.is_on)


@pytest.mark.parametrize("size", SIZES)
async def test_the_pictures_screen_fits_anywhere(project: Project, size) -> None:
    app = RtsApp(project, analyst="ann")
    async with app.run_test(size=size) as pilot:
        app.push_screen(PicturesScreen(app.gateway))
        await settle(pilot)
        assert len(list(app.screen.query(ModePane))) == len(MODES)
        if size == (80, 24):
            text = "\n".join(shown_lines(app))
            for number, mode in enumerate(MODES, start=1):
                assert f"{number} {mode}" in text
            assert "chosen" in text


async def test_a_choice_is_kept_and_applied_at_once(
    project: Project, monkeypatch, tmp_path
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    able = Abilities(refused={Mode.KITTY: "tmux: set -g allow-passthrough on"})
    app = RtsApp(project, analyst="ann", display=Display(abilities=able, terminal="xterm||"))
    async with app.run_test(size=(120, 36)) as pilot:
        app.push_screen(PicturesScreen(app.gateway))
        await settle(pilot)
        assert "allow-passthrough" in "\n".join(shown_lines(app))
        await pilot.press("1")
        assert app.display_settings.mode is Mode.QUADRANT
        await pilot.press("2")
        await settle(pilot)
        assert app.display_settings.mode is Mode.SEXTANT
        assert user.read_choices()["pictures"] == {"xterm||": "sextant"}
        await pilot.press("c")
        assert app.display_settings.grey
        await pilot.press("v")
        await settle(pilot)
        assert list((project.folder / "exports").glob("full-screen-test*.png"))
        await pilot.press("escape")
        await settle(pilot)
        assert not isinstance(app.screen, PicturesScreen)


async def test_no_colour_crashes_nothing(project: Project, monkeypatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = RtsApp(project, analyst="ann", display=replace(Display(), grey=True))
    async with app.run_test(size=(120, 36)) as pilot:
        app.push_screen(PicturesScreen(app.gateway))
        await settle(pilot)
        for strip in app.screen._compositor.render_strips():
            assert all(segment.style is not None for segment in strip)


def test_the_synthetic_chip_has_a_closed_outline_round_the_scar() -> None:
    chip = synthetic_view()
    [ring] = chip.rings
    assert ring.points[0] == pytest.approx(ring.points[-1], abs=1e-9)
    assert 0 < ring.points.min() < ring.points.max() < 1
