"""Thumbnails of all pictures next to each other; the shown one has the heavy frame."""

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from rtsproj.tui.display import display_of
from rtsproj.tui.pictures.fit import fit_cells
from rtsproj.tui.pictures.view import View
from rtsproj.tui.widgets.painter import Painter, Plan
from rtsproj.tui.widgets.picture import SETTLED_S

PLAIN = Style()
HEAVY = Style(bold=True)
HEIGHTS = (9, 14)
"""Rows of the strip with its frames: at least, at most; between them a quarter of the pane."""
LEAST_PANE = 26
"""Rows of the pane round it, below which the strip takes no room."""
LEAST_WIDTH = 10
"""Columns of a thumbnail with its frame."""
LIGHT_FRAME = "╭─╮│╰╯"
HEAVY_FRAME = "┏━┓┃┗┛"
ASCII_FRAMES = ("+-+|++", "#=#|##")


class YearStrip(Widget):
    """All years of a candidate, small; hides itself where there is no room for them."""

    DEFAULT_CSS = "YearStrip { height: auto; width: 1fr; }"
    _settling: Timer | None = None

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - textual's name
        super().__init__(id=id)
        self._painter = Painter(self)
        self._views: tuple[View, ...] = ()
        self._current = 0
        self._is_settled = False

    def show(self, views: Sequence[View], current: int) -> None:
        """Show the years.

        Args:
            views: one per year, oldest first.
            current: index of the shown year.
        """
        changes_room = len(views) != len(self._views)
        self._views = tuple(views)
        self._current = current
        self.refresh(layout=changes_room)

    def warm(self, views: Sequence[View]) -> None:
        """Encode thumbnails that will be shown soon; a thread may do it."""
        width, height = self.size.width, self.size.height
        if not self._is_settled or height < 3 or len(views) != len(self._views):
            return
        inner = width // max(1, len(self._first(width))) - 2
        for number in self._first(width):
            self._painter.warm(self._thumb_plan(views[number], (inner, height - 2)))

    def get_content_height(self, container: Size, _viewport: Size, width: int) -> int:
        """No row where the pane is low, narrow, or there is one year only."""
        if container.height < LEAST_PANE or len(self._first(width)) < 2:
            return 0
        return min(max(container.height // 4, HEIGHTS[0]), HEIGHTS[1])

    def on_resize(self) -> None:
        """Wait until the size stays as it is."""
        self._is_settled = False
        if self._settling is not None:
            self._settling.stop()
        self._settling = self.set_timer(SETTLED_S, self._settle)

    def render_line(self, y: int) -> Strip:
        """One row of all frames."""
        width, height = self.size.width, self.size.height
        numbers = self._first(width)
        if not numbers or height < 3 or not self._is_settled:
            return Strip([Segment(" " * width, PLAIN)], width)
        each = width // len(numbers)
        parts = [self._frame_row(number, y, (each, height)) for number in numbers]
        rest = width - each * len(numbers)
        return Strip.join([*parts, Strip([Segment(" " * rest, PLAIN)], rest)])

    def _first(self, width: int) -> range:
        """Indices of the years that fit; the shown one is always among them."""
        count = min(len(self._views), width // LEAST_WIDTH)
        start = min(max(0, self._current - count // 2), max(0, len(self._views) - count))
        return range(start, start + count)

    def _frame_row(self, number: int, y: int, size: tuple[int, int]) -> Strip:
        view, is_current = self._views[number], number == self._current
        style = HEAVY if is_current else PLAIN
        frame = HEAVY_FRAME if is_current else LIGHT_FRAME
        if display_of(self.app).is_ascii:
            frame = ASCII_FRAMES[is_current]
        width, height = size
        inner = width - 2
        if y == 0:
            mark = " ✗" if view.missing_share > 0.5 else ""
            name = view.name(inner - len(mark)) + mark
            text = frame[0] + name[:inner].ljust(inner, frame[1]) + frame[2]
            return Strip([Segment(text, style)], width)
        if y == height - 1:
            return Strip([Segment(frame[4] + frame[1] * inner + frame[5], style)], width)
        side = Strip([Segment(frame[3], style)], 1)
        return Strip.join([side, self._thumb_row(view, y - 1, (inner, height - 2)), side])

    def _thumb_row(self, view: View, y: int, size: tuple[int, int]) -> Strip:
        width, height = size
        cols, rows = fit_cells(width, height)
        top, left = (height - rows) // 2, (width - cols) // 2
        if not 0 <= y - top < rows:
            return Strip([Segment(" " * width, PLAIN)], width)
        plan = self._thumb_plan(view, size)
        right = width - left - cols
        return Strip.join(
            [
                Strip([Segment(" " * left, PLAIN)], left),
                self._painter.row(plan, y - top, 0, cols),
                Strip([Segment(" " * right, PLAIN)], right),
            ]
        )

    def _thumb_plan(self, view: View, size: tuple[int, int]) -> Plan:
        return self._painter.plan(view, fit_cells(*size), has_rings=True)

    def _settle(self) -> None:
        self._is_settled = True
        self.refresh()
