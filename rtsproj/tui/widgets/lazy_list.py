"""A list that draws only the rows in sight, whatever its length."""

from collections.abc import Callable
from typing import Any

from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

PLAIN = Style()
HERE = Style(reverse=True)


class LazyList(ScrollView, can_focus=True, inherit_bindings=False):
    """Rows come from a function of their number; the cursor is a row number.

    Keys are the screen's: those of a scroll view would scroll away from the cursor.
    """

    DEFAULT_CSS = (
        "LazyList { height: 1fr; width: 1fr; overflow-x: hidden; scrollbar-size-vertical: 1; }"
    )
    cursor = reactive(0, repaint=False)

    class Moved(Message):
        """The cursor stands on another row."""

        def __init__(self, row: int) -> None:
            super().__init__()
            self.row = row

    def __init__(self, read_row: Callable[[int], str], **given: Any) -> None:
        super().__init__(**given)
        self._read_row = read_row
        self._total = 0

    def set_total(self, total: int) -> None:
        """Tell how many rows there are."""
        self._total = total
        self.virtual_size = Size(self.size.width, total)
        self.cursor = max(0, min(self.cursor, total - 1))
        self.refresh()

    def on_resize(self) -> None:
        """Rows are as wide as the list."""
        self.virtual_size = Size(self.size.width, self._total)

    def move(self, step: int) -> None:
        """Move the cursor by rows, within the list."""
        if self._total:
            self.cursor = max(0, min(self._total - 1, self.cursor + step))

    def refresh_row(self, row: int) -> None:
        """Draw one row again."""
        self.refresh(Region(0, row - self.scroll_offset.y, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        """One row in sight."""
        width, row = self.size.width, self.scroll_offset.y + y
        if not 0 <= row < self._total:
            return Strip.blank(width, PLAIN)
        text = set_cell_size(self._read_row(row), width)
        return Strip([Segment(text, HERE if row == self.cursor else PLAIN)], width)

    def watch_cursor(self, old: int, new: int) -> None:
        """Keep the cursor in sight; repaint two rows only."""
        top = self.scroll_offset.y
        if not top <= new < top + self.size.height:
            self.scroll_to_region(Region(0, new, self.size.width, 1), animate=False, force=True)
        for row in (old, new):
            self.refresh_row(row)
        self.post_message(self.Moved(new))
