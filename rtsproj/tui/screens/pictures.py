"""Pictures: all modes side by side on the same chip; the choice is kept for this terminal."""

from dataclasses import replace
from datetime import date
from math import pi

import numpy as np
from textual import work
from textual.app import ComposeResult
from textual.containers import Grid
from textual.screen import Screen
from textual.widgets import Static

from rtsproj.domain.text import safe_text
from rtsproj.errors import RtsError
from rtsproj.tui.display import Display, display_of
from rtsproj.tui.gateway.gateway import Gateway
from rtsproj.tui.keys import PICTURES, bindings
from rtsproj.tui.pictures.cells import Mode
from rtsproj.tui.pictures.view import Ring, View
from rtsproj.tui.pictures.viewer import show_full
from rtsproj.tui.text import content
from rtsproj.tui.user import read_choices, remember
from rtsproj.tui.widgets.key_line import KeyLine
from rtsproj.tui.widgets.picture import PictureView

MODES = tuple(Mode)
QUESTION = "Which picture is clearest? In the right one the yellow outline is thin and closed."
SIDE_PX, WIDTH_M = 128, 384.0
SCAR_RADIUS = 0.26


class PicturesScreen(Screen[None]):
    """Every way to draw a picture here, with why some are not offered."""

    BINDINGS = bindings(PICTURES)
    DEFAULT_CSS = """
    PicturesScreen #modes { grid-size: 3 2; height: 1fr; }
    PicturesScreen #say { height: 1; }
    PicturesScreen PictureView { border: round $primary; border-title-color: $accent; }
    PicturesScreen PictureView.chosen { border: heavy $accent; }
    PicturesScreen PictureView.refused { color: $secondary; }
    """

    def __init__(self, gateway: Gateway) -> None:
        super().__init__()
        self._gateway = gateway
        self._view = synthetic_view()

    def compose(self) -> ComposeResult:
        """A pane per mode."""
        yield Static(content(f" {QUESTION}"), id="say")
        with Grid(id="modes"):
            for mode in MODES:
                yield ModePane(mode)
        yield KeyLine()

    def on_mount(self) -> None:
        """Show the chip at once; a candidate's own when it is read."""
        self._show()
        self.read_chip()

    @work(thread=True, exclusive=True, group="chip", exit_on_error=False)
    def read_chip(self) -> None:
        """The first open candidate's newest picture."""
        try:
            found = self._gateway.pictures.example()
        except RtsError:
            return
        if found is not None:
            self.app.call_from_thread(self._take, found)

    def action_choose(self, number: int) -> None:
        """Draw pictures so from now on, here and at later starts in this terminal."""
        display, mode = display_of(self.app), MODES[number]
        reason = display.abilities.refused.get(mode, "")
        if reason:
            self.notify(f"{mode} is not offered: {reason}", severity="warning", markup=False)
            return
        self._apply(replace(display, mode=mode))
        stored = read_choices().get("pictures", {})
        known = stored if isinstance(stored, dict) else {}
        kept = remember("pictures", {**known, display.terminal: str(mode)})
        self.notify(f"{mode}" + ("" if kept else ": not kept, the folder is read-only"))

    def action_colours(self) -> None:
        """Pictures in colour or in grey, until the screen closes."""
        display = display_of(self.app)
        self._apply(replace(display, grey=not display.grey))

    def action_full(self) -> None:
        """The same chip on the whole terminal."""
        viewer = display_of(self.app).abilities.viewer
        caption = f"full-screen test · {viewer}"
        show_full(self.app, self._view.rgb, self._view.rings, caption)  # type: ignore[arg-type]  # RtsApp is the only app here

    def action_back(self) -> None:
        """Keep what is chosen."""
        self.dismiss()

    def _apply(self, display: Display) -> None:
        self.app.display_settings = display  # type: ignore[attr-defined]  # RtsApp is the only app here
        self._show()
        for screen in self.app.screen_stack:
            screen.refresh(layout=True)

    def _take(self, view: View) -> None:
        self._view = view
        self._show()

    def _show(self) -> None:
        display = display_of(self.app)
        for pane in self.query(ModePane):
            pane.offer(self._view, display)
        name = safe_text(display.abilities.name) or "unknown"
        colours = "grey" if display.grey else display.abilities.colours
        line = f" {QUESTION}" if self.app.size.width >= 100 else " Which is clearest?"
        self.query_one("#say", Static).update(
            content(f"{line}  {name} · {colours} · v: {display.abilities.viewer}")
        )


class ModePane(PictureView):
    """One mode with its number, and whether it can be chosen."""

    def __init__(self, mode: Mode) -> None:
        super().__init__(mode=mode)
        self.drawn_as = mode

    def offer(self, view: View, display: Display) -> None:
        """Show the chip, or why it cannot be shown so."""
        reason = display.abilities.refused.get(self.drawn_as, "")
        self.set_class(display.mode is self.drawn_as, "chosen")
        self.set_class(bool(reason), "refused")
        self.note_in_place = reason
        self.show(None if reason else view, outline=True)

    def label(self) -> None:
        """The number of its key and its name; below, whether it is the default."""
        display = display_of(self.app)
        self.border_title = f"{MODES.index(self.drawn_as) + 1} {self.drawn_as}"
        reason = display.abilities.refused.get(self.drawn_as, "")
        words = ["chosen"] if display.mode is self.drawn_as else []
        words += ["default"] if display.abilities.mode is self.drawn_as else []
        self.border_subtitle = "not offered" if reason else " · ".join(words)


def synthetic_view() -> View:
    """A scar in tundra, for a project without candidates."""
    rng = np.random.default_rng(7)
    rows, cols = np.mgrid[0:SIDE_PX, 0:SIDE_PX] / SIDE_PX - 0.5
    angle, radius = np.arctan2(rows, cols), np.hypot(rows, cols)
    edge = SCAR_RADIUS * (1 + 0.15 * np.cos(2 * angle) + 0.08 * np.sin(3 * angle))
    inside = radius < edge
    coarse = rng.normal(0, 1, (16, 16)).repeat(8, 0).repeat(8, 1)
    grain = 6 * coarse + rng.normal(0, 5, (SIDE_PX, SIDE_PX))
    ground, bare = np.array([92, 98, 62]), np.array([160, 128, 98])
    shade = np.where(inside & (rows < -0.1), -35, 0)
    rgb = np.where(inside[..., None], bare, ground) + (grain + shade)[..., None]
    turn = np.linspace(0, 2 * pi, 73)
    reach = SCAR_RADIUS * (1 + 0.15 * np.cos(2 * turn) + 0.08 * np.sin(3 * turn))
    points = 0.5 + np.column_stack((reach * np.cos(turn), reach * np.sin(turn)))
    return View(
        year=2023,
        taken=date(2023, 8, 14),
        words="synthetic chip",
        rgb=np.clip(rgb, 0, 255).astype(np.uint8),
        rings=(Ring(points),),
        width_m=WIDTH_M,
    )
