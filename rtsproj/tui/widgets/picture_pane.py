"""The middle of triage: one big picture, the strip of all years, and how they are looked at."""

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from rtsproj.domain.views import Frame, Look
from rtsproj.tui.gateway.pictures import Sheet
from rtsproj.tui.pictures.view import View
from rtsproj.tui.widgets.blink import Blinker
from rtsproj.tui.widgets.picture import PictureView
from rtsproj.tui.widgets.year_strip import YearStrip

SWIPE_STEP = 0.08
"""Share of the width that one key moves the edge of a swipe."""


class PicturePane(Vertical):
    """Shows a sheet; year, outline, blink and swipe are its own affair.

    What needs other pixels (frame, bands, stretch) is asked for by ``Wanted``.
    """

    class Wanted(Message):
        """Another frame or look was chosen: the sheet must be read again."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - textual's name
        super().__init__(id=id)
        self.frame = Frame()
        self.look = Look()
        self._picture = PictureView(id="picture", classes="pane")
        self._sheet: Sheet | None = None
        self._year = 0
        self._other = 0
        self._with_outline = True
        self._edge: float | None = None
        self._blinker = Blinker(self, self.blink)

    def compose(self) -> ComposeResult:
        """Picture and strip."""
        yield self._picture
        yield YearStrip(id="years")

    def show(self, sheet: Sheet) -> None:
        """Another candidate, or the same one in another frame; the year stays where it can."""
        same = self._sheet is not None and (
            self._sheet.card.row.candidate_id == sheet.card.row.candidate_id
        )
        self._sheet = sheet
        if not same or self._year >= len(sheet.views):
            self._year, self._other = sheet.newest, 0
        self._draw()

    def clear(self) -> None:
        """Nothing to show."""
        self._sheet = None
        self._picture.show(None, outline=False)
        self.query_one(YearStrip).show((), 0)

    @property
    def view(self) -> View | None:
        """The picture in front."""
        return self._sheet.views[self._year] if self._sheet else None

    @property
    def outline_shown(self) -> bool:
        """True while outlines are drawn."""
        return self._with_outline

    def step_year(self, step: int) -> None:
        """Another year."""
        if self._sheet:
            self._year = max(0, min(len(self._sheet.views) - 1, self._year + step))
            self._draw()

    def blink(self) -> None:
        """Between the searched year and the compared one, at first the oldest."""
        if self._sheet is None or len(self._sheet.views) < 2:
            return
        newest = self._sheet.newest
        if self._year == newest:
            self._year = self._other if self._other != newest else _beside(newest)
        else:
            self._other, self._year = self._year, newest
        self._draw()

    def toggle_blinking(self) -> bool:
        """Blink by itself, or stop; returns whether it blinks now."""
        return self._blinker.toggle()

    def warm(self, sheet: Sheet) -> None:
        """Encode a sheet that will be shown soon; a thread may do it."""
        self._picture.warm(sheet.views[sheet.newest], outline=self._with_outline)
        self.query_one(YearStrip).warm(sheet.views)

    def toggle_outline(self) -> None:
        """Outlines on or off; stays as set."""
        self._with_outline = not self._with_outline
        self._draw()

    def toggle_swipe(self) -> None:
        """Searched year and compared year side by side, with an edge that moves."""
        self._edge = 0.5 if self._edge is None else None
        self._draw()

    def move_edge(self, steps: int) -> None:
        """Move the edge of the swipe."""
        if self._edge is not None:
            self._edge = max(0.0, min(1.0, self._edge + steps * SWIPE_STEP))
            self._draw()

    def toggle_frame(self) -> None:
        """Tight or wide."""
        self._ask(self.frame.toggled(), self.look)

    def zoom(self, steps: int) -> None:
        """Further out (positive) or in (negative)."""
        self._ask(self.frame.zoomed(steps), self.look)

    def pan(self, east: int, north: int) -> None:
        """Move by a quarter of what is seen."""
        if self.view is not None:
            self._ask(self.frame.panned(east, north, width_m=self.view.width_m), self.look)

    def take_look(self, look: Look) -> None:
        """Other bands or another stretch."""
        self._ask(self.frame, look)

    def reset_frame(self) -> None:
        """Back round the outline; tight or wide stays."""
        self.frame = Frame(self.frame.is_wide)

    def _ask(self, frame: Frame, look: Look) -> None:
        self.frame, self.look = frame, look
        self.post_message(self.Wanted())

    def _draw(self) -> None:
        sheet = self._sheet
        if sheet is None:
            return
        picture = self._picture
        if self._edge is None or len(sheet.views) < 2:
            picture.show(sheet.views[self._year], outline=self._with_outline)
        else:
            other = self._other if self._other != sheet.newest else _beside(sheet.newest)
            left, right = sheet.views[other], sheet.views[sheet.newest]
            picture.swipe(left, right, self._edge, outline=self._with_outline)
        self.query_one(YearStrip).show(sheet.views, self._year)


def _beside(newest: int) -> int:
    """A year to compare with: the oldest, unless that is the searched one."""
    return 0 if newest != 0 else 1
