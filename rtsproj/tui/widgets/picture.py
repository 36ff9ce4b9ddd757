"""A picture in its frame: letterboxed, with date, scale bar, north and metres per element."""

from dataclasses import dataclass
from textwrap import wrap

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from rtsproj.tui.pictures.cells import Mode
from rtsproj.tui.pictures.fit import fit_cells
from rtsproj.tui.pictures.strips import EDGE, EDGE_STYLE
from rtsproj.tui.pictures.view import View, scale_bar
from rtsproj.tui.widgets.painter import Painter, Plan

PLAIN = Style()
WORDS = Style(bold=True, reverse=True)
SETTLED_S = 0.05
"""s without a new size after which a picture is encoded: textual lays out several times at the
start, and three times the bytes would go over the line."""


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """What a pane shows: one view, or two that a swipe joins.

    Attributes:
        view: the view, or the left one of two.
        right: the right one; None = no swipe.
        share: 0..1, where the edge of the swipe stands.
        has_rings: outlines are drawn.
        note: more words for the lower border, such as "blink 2018⇄2023".
    """

    view: View
    right: View | None = None
    share: float = 1.0
    has_rings: bool = True
    note: str = ""


class PictureView(Widget):
    """Shows one view, or two with an edge between them; never stretched."""

    DEFAULT_CSS = "PictureView { height: 1fr; width: 1fr; }"
    _settling: Timer | None = None

    def __init__(
        self,
        *,
        mode: Mode | None = None,
        id: str | None = None,  # noqa: A002 - textual's name
        classes: str | None = None,
    ) -> None:
        """Make the pane.

        Args:
            mode: how it is drawn; None = as chosen for this terminal, also when that changes.
            id: of the widget.
            classes: of the widget.
        """
        super().__init__(id=id, classes=classes)
        self._painter = Painter(self, mode)
        self._shown: Shown | None = None
        self._is_settled = False
        self.note_in_place = ""
        """Said in the middle instead of "reading the picture…" where there is no picture."""

    def show(self, view: View | None, *, outline: bool, note: str = "") -> None:
        """Show a view; what was encoded before comes from memory.

        Args:
            view: None = it is still being read.
            outline: draw the outlines.
            note: more words for the lower border.
        """
        self._take(Shown(view, has_rings=outline, note=note) if view else None)

    def swipe(self, left: View, right: View, share: float, *, outline: bool = True) -> None:
        """Show two views of the same ground side by side.

        Args:
            left: left of the edge.
            right: right of it.
            share: 0..1 of the picture's columns that the left one gets.
            outline: draw the outlines.
        """
        self._take(Shown(left, right, min(max(share, 0.0), 1.0), outline))

    @property
    def width_m(self) -> float:
        """Ground that is shown, m across; 0 while nothing is."""
        plan = self._plan(self._shown.view) if self._shown else None
        return plan.width_m if plan else 0.0

    def warm(self, view: View, *, outline: bool = True) -> None:
        """Encode a view that will be shown soon, such as the other one of a blink.

        A thread may do it: the next candidate then costs the loop its output alone.
        """
        cells = fit_cells(self.size.width, self.size.height)
        if self._is_settled and 0 not in cells:
            self._painter.warm(self._painter.plan(view, cells, has_rings=outline))

    def on_resize(self) -> None:
        """Wait until the size stays as it is."""
        self._is_settled = False
        if self._settling is not None:
            self._settling.stop()
        self._settling = self.set_timer(SETTLED_S, self._settle)

    def render_line(self, y: int) -> Strip:
        """One row of the pane."""
        width, height = self.size.width, self.size.height
        cols, rows = fit_cells(width, height)
        top, left = (height - rows) // 2, (width - cols) // 2
        if self._shown is None or not self._is_settled or not 0 <= y - top < rows:
            text = self._instead(y) if self._shown is None else ""
            return Strip([Segment(text[:width].center(width), PLAIN)], width)
        return Strip.join(
            [
                Strip([Segment(" " * left, PLAIN)], left),
                self._picture_row(self._shown, y - top, (cols, rows)),
                Strip([Segment(" " * (width - left - cols), PLAIN)], width - left - cols),
            ]
        )

    def _instead(self, y: int) -> str:
        """A line of what is said where there is no picture, in the middle of the pane."""
        lines = wrap(self.note_in_place or "reading the picture…", max(1, self.size.width))
        number = y - (self.size.height - len(lines)) // 2
        return lines[number] if 0 <= number < len(lines) else ""

    def _picture_row(self, shown: Shown, row: int, cells: tuple[int, int]) -> Strip:
        cols = cells[0]
        left = self._painter.plan(shown.view, cells, has_rings=shown.has_rings)
        said = shown.view.missing_words(left.cut) if row == 0 else ""
        words = f" {said} "[:cols] if said else ""
        start = len(words)
        over = Strip([Segment(words, WORDS)], start)
        if shown.right is None:
            return Strip.join([over, self._painter.row(left, row, start, cols)])
        right = self._painter.plan(shown.right, cells, has_rings=shown.has_rings)
        edge = min(max(round(shown.share * cols), start), cols - 1)
        return Strip.join(
            [
                over,
                self._painter.row(left, row, start, edge),
                Strip([Segment(EDGE, EDGE_STYLE)], 1),
                self._painter.row(right, row, edge + 1, cols),
            ]
        )

    def _take(self, shown: Shown | None) -> None:
        self._shown = shown
        self.label()
        self.refresh()

    def _settle(self) -> None:
        self._is_settled = True
        self.label()
        self.refresh()

    def _plan(self, view: View) -> Plan | None:
        cells = fit_cells(self.size.width, self.size.height)
        return None if 0 in cells else self._painter.plan(view, cells, has_rings=True)

    def label(self) -> None:
        """Upper border: what and how fine; lower border: how large, where north is, the note."""
        shown = self._shown
        plan = self._plan(shown.view) if shown else None
        if shown is None or plan is None:
            self.border_title = self.border_subtitle = ""
            return
        view = shown.view
        days = view.day if shown.right is None else f"{view.day} │ {shown.right.day}"
        unit = "px" if plan.mode is Mode.KITTY else "sub-px"
        size = f"{plan.width_m:.0f} m  {plan.element_m:.1f} m/{unit}"
        searched = "searched" if view.is_searched and shown.right is None else ""
        self.border_title = "  ".join(one for one in (days, size, view.words, searched) if one)
        bar = scale_bar(plan.width_m, plan.cells[0])
        self.border_subtitle = "  ".join(one for one in (bar, "N↑", shown.note) if one)
