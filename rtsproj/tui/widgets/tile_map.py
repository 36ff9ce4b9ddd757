"""Tiles by state as characters: one cell stands for one tile or for a block of them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from rich.style import Style
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from rtsproj.tui.ink import ACCENT, DIM, ERROR, PLAIN, PRIMARY, SUCCESS, inks
from rtsproj.tui.widgets.braille import Canvas
from rtsproj.workflow.search_monitor import DONE, FAILED, FOUND, RUNNING, TODO, TileGrid

GLYPHS = {TODO: "░", RUNNING: "▒", DONE: "█", FOUND: "●", FAILED: "✗"}
INKS = {TODO: DIM, RUNNING: ACCENT, DONE: PRIMARY, FOUND: SUCCESS, FAILED: ERROR}
ORDER = (DONE, TODO, FOUND, RUNNING, FAILED)
"""What a cell of several tiles shows: the last of these that any of them is in."""
LARGEST = 4
"""Rows of cells that one tile fills at most."""
LEGEND = "░ todo ▒ now █ done ● found ✗ failed"
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Scale:
    """How tiles lie on cells: ``cols`` x ``rows`` tiles a cell, or a block of cells a tile."""

    cols: int
    rows: int
    cells_wide: int
    cells_high: int

    @property
    def tiles(self) -> int:
        """Tiles a cell stands for."""
        return self.cols * self.rows


def scale_of(grid: TileGrid, *, cols: int, rows: int) -> Scale:
    """The largest scale at which the grid fits; a tile is square, a cell is twice as high."""
    if not grid.ids.size or cols < 1 or rows < 1:
        return Scale(1, 1, 2, 1)
    wide, high = int(np.ptp(grid.cols)) + 1, int(np.ptp(grid.rows)) + 1
    if 2 * wide <= cols and high <= rows:
        n = min(LARGEST, cols // (2 * wide), rows // high)
        return Scale(1, 1, 2 * n, n)
    n = max(1, -(-wide // cols), -(-high // (2 * rows)))
    return Scale(n, 2 * n, 1, 1)


class TileMap(Widget, can_focus=True):
    """The map of a search with a cursor."""

    DEFAULT_CSS = "TileMap { height: 1fr; width: 1fr; }"

    class Moved(Message):
        """The cursor stands elsewhere."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - textual's name
        super().__init__(id=id, classes="pane")
        self._grid: TileGrid | None = None
        self._scale = Scale(1, 1, 2, 1)
        self._cursor = (0, 0)
        self._strips: list[Strip] | None = None

    def show(self, grid: TileGrid) -> None:
        """Show newer states."""
        is_same = self._grid is not None and np.array_equal(self._grid.states, grid.states)
        self._grid = grid
        if not is_same:
            self._redraw()

    def move(self, rows: int, cols: int) -> None:
        """Move the cursor by cells, within the map."""
        high, wide = self._extent()
        row = max(0, min(high - 1, self._cursor[0] + rows))
        col = max(0, min(wide - 1, self._cursor[1] + cols))
        self._cursor = (row, col)
        self._redraw()
        self.post_message(self.Moved())

    def tile_here(self) -> int | None:
        """The tile under the cursor; of several the most notable one."""
        grid = self._grid
        if grid is None or not grid.ids.size:
            return None
        rows, cols = self._cells(grid)
        here = np.flatnonzero((rows == self._cursor[0]) & (cols == self._cursor[1]))
        if not here.size:
            return None
        rank = np.array([ORDER.index(int(one)) for one in grid.states[here]])
        return int(grid.ids[here[int(rank.argmax())]])

    def on_resize(self) -> None:
        """Another size is another scale."""
        self._redraw()

    def render_line(self, y: int) -> Strip:
        """One row."""
        if self._strips is None:
            self._strips = self._drawn()
        blank = Strip.blank(self.size.width, inks(self.app)[PLAIN])
        return self._strips[y] if y < len(self._strips) else blank

    def _redraw(self) -> None:
        self._strips = None
        self.refresh()

    def _extent(self) -> tuple[int, int]:
        grid = self._grid
        if grid is None or not grid.ids.size:
            return (1, 1)
        rows, cols = self._cells(grid)
        return int(rows.max()) + 1, int(cols.max()) + 1

    def _cells(self, grid: TileGrid) -> tuple[Ints, Ints]:
        rows = (grid.rows - grid.rows.min()) // self._scale.rows
        return rows, (grid.cols - grid.cols.min()) // self._scale.cols

    def _drawn(self) -> list[Strip]:
        width, height = self.size.width, self.size.height
        canvas, styles = Canvas(width, height), inks(self.app)
        grid = self._grid
        if grid is None or not grid.ids.size or width < 2 or height < 1:
            return canvas.strips(styles)
        self._scale = scale_of(grid, cols=width, rows=height)
        rows, cols = self._cells(grid)
        wide, high = self._scale.cells_wide, self._scale.cells_high
        for state in ORDER:
            chosen = grid.states == state
            for n in range(wide * high):
                at = cols[chosen] * wide + n % wide, rows[chosen] * high + n // wide
                canvas.glyphs(*at, GLYPHS[state], ink=INKS[state])
        self.border_title = "tiles" if wide > 1 else f"tiles · a cell is {self._scale.tiles}"
        self.border_subtitle = LEGEND
        return self._with_cursor(canvas.strips(styles))

    def _with_cursor(self, strips: list[Strip]) -> list[Strip]:
        wide, high = self._scale.cells_wide, self._scale.cells_high
        left, top = self._cursor[1] * wide, self._cursor[0] * high
        for row in range(top, min(top + high, len(strips))):
            before, here, after = strips[row].divide([left, left + wide, self.size.width])
            strips[row] = Strip.join([before, here.apply_style(Style(reverse=True)), after])
        return strips
