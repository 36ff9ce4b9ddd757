"""The area in braille: outline, lines, tiles, slumps and candidates, with scale and north.

Points are binned into cells by numpy: a frame costs the same Python work for one as for a million.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from rich.style import Style
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from rtsproj.domain.text import counted
from rtsproj.tui.ink import (
    ACCENT,
    BRIGHT,
    DIM,
    ERROR,
    PLAIN,
    PRIMARY,
    SECONDARY,
    SUCCESS,
    WARNING,
    inks,
)
from rtsproj.tui.pictures.strips import strips_under
from rtsproj.tui.widgets.braille import ACROSS, DOWN, Canvas
from rtsproj.workflow.area_map import (
    OPEN,
    REJECTED,
    SLUMP,
    UNSURE,
    MapLayers,
    Points,
    Segments,
)
from rtsproj.workflow.map_imagery import MapPicture

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
ZOOM = 2.0
FINEST_M = 0.5
"""m per dot at the closest zoom."""
MARKS = {
    REJECTED: ("✗", DIM),
    SLUMP: ("●", SUCCESS),
    UNSURE: ("?", WARNING),
    OPEN: ("○", ACCENT),
}
"""Glyph and ink by state, in drawing order: what waits for a person lies on top."""
TILE_MARKS = {0: ("░", DIM), 2: ("▒", PRIMARY), 3: ("▓", SUCCESS), 4: ("✗", ERROR)}


class Layer(StrEnum):
    """What the map shows over area and lines."""

    ALL = "all"
    OPEN = "open candidates"
    SLUMPS = "slumps"
    TILES = "tiles"


@dataclass(frozen=True, slots=True)
class View:
    """A window on the map: centre in m of the project CRS, and m per dot."""

    x: float
    y: float
    dot_m: float

    def dots(self, xy: Floats, *, cols: int, rows: int) -> Floats:
        """Places (n, 2) in m as dots from the upper left."""
        across, down = cols * ACROSS / 2, rows * DOWN / 2
        out = np.empty_like(xy)
        out[:, 0] = (xy[:, 0] - self.x) / self.dot_m + across
        out[:, 1] = (self.y - xy[:, 1]) / self.dot_m + down
        return out

    def place(self, col: int, row: int, *, cols: int, rows: int) -> tuple[float, float]:
        """Centre of a cell in m."""
        across = (col + 0.5 - cols / 2) * ACROSS
        down = (row + 0.5 - rows / 2) * DOWN
        return self.x + across * self.dot_m, self.y - down * self.dot_m

    def bounds(self, *, cols: int, rows: int) -> tuple[float, float, float, float]:
        """Left, bottom, right, top in m."""
        across, down = cols * ACROSS / 2 * self.dot_m, rows * DOWN / 2 * self.dot_m
        return self.x - across, self.y - down, self.x + across, self.y + down


def whole_view(layers: MapLayers, *, cols: int, rows: int) -> View:
    """The view that shows the whole area with a cell of margin."""
    left, bottom, right, top = layers.bounds
    wide = (right - left) / max(1, (cols - 2) * ACROSS)
    high = (top - bottom) / max(1, (rows - 2) * DOWN)
    return View((left + right) / 2, (bottom + top) / 2, max(wide, high, FINEST_M))


class AreaMap(Widget, can_focus=True):
    """Zoom, pan and a cursor over the layers of a project."""

    DEFAULT_CSS = "AreaMap { height: 1fr; width: 1fr; }"

    class Moved(Message):
        """Cursor or view stand elsewhere."""

    def __init__(self, *, has_cursor: bool, id: str | None = None) -> None:  # noqa: A002 - textual's name
        super().__init__(id=id, classes="pane")
        self.can_focus = has_cursor
        self._has_cursor = has_cursor
        self.ground: MapLayers | None = None
        self.shown = Layer.ALL
        self._view: View | None = None
        self._cursor: tuple[int, int] | None = None
        self._outlines: Segments | None = None
        self._chosen: tuple[float, float] | None = None
        self._picture: MapPicture | None = None
        self._pictured: View | None = None
        self._strips: list[Strip] | None = None

    def show(self, layers: MapLayers) -> None:
        """Show newer layers; the view stays."""
        self.ground = layers
        self.redraw()

    def show_outlines(self, outlines: Segments | None) -> None:
        """Draw outlines too, where the view is close enough."""
        self._outlines = outlines
        self.redraw()

    def show_picture(self, picture: MapPicture | None, view: View | None = None) -> None:
        """Lay imagery under this view, two elements a cell each way; None takes it away."""
        self._picture = picture
        self._pictured = view
        self.redraw()

    def choose(self, x: float, y: float) -> None:
        """Mark one place."""
        self._chosen = (x, y)
        self.redraw()

    def centre_on(self, x: float, y: float, *, dot_m: float | None = None) -> None:
        """Look at a place; the cursor goes there."""
        view = self.view
        if view is not None:
            self._view = View(x, y, max(FINEST_M, dot_m or view.dot_m))
            self._cursor = (self.size.width // 2, self.size.height // 2)
            self._moved()

    def zoom(self, step: int) -> None:
        """Look closer (-1) or from farther (1); the place under the cursor stays under it."""
        view = self.view
        if view is None or self.ground is None:
            return
        most = whole_view(self.ground, cols=self.size.width, rows=self.size.height).dot_m
        dot_m = min(max(FINEST_M, view.dot_m * ZOOM**step), 2 * most)
        x, y = self.here()
        share = dot_m / view.dot_m
        self._view = View(x + (view.x - x) * share, y + (view.y - y) * share, dot_m)
        self._moved()

    def whole(self) -> None:
        """The whole area."""
        self._view, self._cursor = None, None
        self._moved()

    def move(self, cols: int, rows: int) -> None:
        """Move the cursor by cells; at the border the map goes along."""
        view = self.view
        if view is None:
            return
        width, height = self.size.width, self.size.height
        col, row = self.cursor
        col, row = col + cols, row + rows
        if not (0 <= col < width and 0 <= row < height):
            shift_x = cols * max(1, width // 4) if not 0 <= col < width else 0
            shift_y = rows * max(1, height // 4) if not 0 <= row < height else 0
            x = view.x + shift_x * ACROSS * view.dot_m
            self._view = replace(view, x=x, y=view.y - shift_y * DOWN * view.dot_m)
            col, row = col - shift_x, row - shift_y
            self.redraw()
        before = self.cursor[1]
        self._cursor = (max(0, min(width - 1, col)), max(0, min(height - 1, row)))
        for line in {before, self._cursor[1]}:
            self.refresh(Region(0, line, width, 1))
        self.post_message(self.Moved())

    @property
    def cursor(self) -> tuple[int, int]:
        """Column and row of the cursor."""
        if self._cursor is None:
            return self.size.width // 2, self.size.height // 2
        return self._cursor

    @property
    def view(self) -> View | None:
        """What is seen; the whole area until somebody moves."""
        if self.ground is None or 0 in (self.size.width, self.size.height):
            return None
        if self._view is None:
            return whole_view(self.ground, cols=self.size.width, rows=self.size.height)
        return self._view

    def here(self) -> tuple[float, float]:
        """The place under the cursor, m."""
        view = self.view
        if view is None:
            return (0.0, 0.0)
        return view.place(*self.cursor, cols=self.size.width, rows=self.size.height)

    def redraw(self) -> None:
        """Draw again before the next frame."""
        self._strips = None
        self.refresh()

    def on_resize(self) -> None:
        """Another size is another drawing; the cursor stays inside."""
        if self._cursor is not None:
            col, row = self._cursor
            width, height = self.size.width, self.size.height
            self._cursor = (min(col, max(0, width - 1)), min(row, max(0, height - 1)))
        self.redraw()

    def render_line(self, y: int) -> Strip:
        """One row."""
        if self._strips is None:
            self._strips = self._drawn()
        if y >= len(self._strips):
            return Strip.blank(self.size.width, inks(self.app)[PLAIN])
        has_cursor = self._has_cursor and y == self.cursor[1] and self.ground is not None
        return self._with_cursor(self._strips[y]) if has_cursor else self._strips[y]

    def _moved(self) -> None:
        self.redraw()
        self.post_message(self.Moved())

    def _drawn(self) -> list[Strip]:
        cols, rows = self.size.width, self.size.height
        view, styles = self.view, inks(self.app)
        if view is None or self.ground is None:
            return Canvas(cols, rows).strips(styles)
        canvas = drawn(self.ground, view, self.shown, cols=cols, rows=rows)
        if self._outlines is not None:
            _segments(canvas, view, self._outlines, ink=ACCENT)
        if self._chosen is not None:
            at = view.dots(np.array([self._chosen]), cols=cols, rows=rows).astype(np.int64)
            canvas.glyphs(at[:, 0] // ACROSS, at[:, 1] // DOWN, "◆", ink=BRIGHT)
        draw_scale(canvas, view)
        return self._under(canvas, view, styles)

    def _under(self, canvas: Canvas, view: View, styles: Sequence[Style]) -> list[Strip]:
        """The canvas over imagery, where this view has been read."""
        picture = self._picture
        wanted = (2 * canvas.rows, 2 * canvas.cols)
        if picture is None or view != self._pictured or picture.valid.shape != wanted:
            return canvas.strips(styles)
        cells = [[styles[ink] for ink in row] for row in canvas.inks.tolist()]
        over = canvas.characters()
        return strips_under(picture.rgb, picture.valid, over=over, styles=cells)

    def _with_cursor(self, strip: Strip) -> Strip:
        col = self.cursor[0]
        before, cell, after = strip.divide([col, col + 1, strip.cell_length])
        return Strip.join([before, cell.apply_style(Style(reverse=True)), after])


def drawn(layers: MapLayers, view: View, layer: Layer, *, cols: int, rows: int) -> Canvas:
    """The layers of a view on a canvas."""
    canvas = Canvas(cols, rows)
    if layer is Layer.TILES:
        _draw_tiles(canvas, view, layers)
    _segments(canvas, view, layers.area, ink=PRIMARY)
    _segments(canvas, view, layers.roads, ink=SECONDARY)
    _segments(canvas, view, layers.railways, ink=SECONDARY, dash=3)
    _segments(canvas, view, layers.sites, ink=BRIGHT)
    slumps = _binned(canvas, view, layers.slumps) if layer in (Layer.ALL, Layer.SLUMPS) else None
    found = _binned(canvas, view, layers.candidates) if layer in (Layer.ALL, Layer.OPEN) else None
    if found is not None and layer is Layer.ALL:
        _mark(canvas, found, REJECTED)
    if slumps is not None:
        _mark(canvas, slumps, SLUMP)
    if found is not None:
        if layer is Layer.ALL:
            _mark(canvas, found, UNSURE)
        _mark(canvas, found, OPEN)
    return canvas


def draw_scale(canvas: Canvas, view: View) -> None:
    """A bar of a round length and the way north."""
    if canvas.cols < 24 or canvas.rows < 4:
        return
    cell_m = view.dot_m * ACROSS
    target = cell_m * canvas.cols / 4
    power = 10.0 ** np.floor(np.log10(target))
    metres = float(max(step * power for step in (1, 2, 5) if step * power <= target))
    length = max(2, round(metres / cell_m))
    text = f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"
    bar = "├" + "─" * (length - 2) + "┤"
    canvas.write(0, canvas.rows - 1, f"{bar} {text} ", ink=BRIGHT)
    canvas.write(canvas.cols - 2, 0, "N↑", ink=BRIGHT)


def legend(layers: MapLayers, layer: Layer) -> str:
    """What the glyphs mean, with counts."""
    states = layers.candidates.states
    counts = {one: int((states == one).sum()) for one in (OPEN, UNSURE, REJECTED)}
    if layer is Layer.TILES:
        return "░ not searched  ▒ searched  ▓ found  ✗ failed"
    lines = "─ road" * bool(len(layers.roads.start)), "╌ railway" * bool(len(layers.railways.start))
    return "  ".join(
        one
        for one in (
            f"● {counted(layers.slumps.ids.size, 'slump')}",
            f"○ {counts[OPEN]:,} open",
            f"? {counts[UNSURE]:,} unsure",
            f"✗ {counts[REJECTED]:,} rejected",
            *lines,
        )
        if one
    )


def short_legend(layers: MapLayers) -> str:
    """The glyphs with their counts, for a small map."""
    states = layers.candidates.states
    waiting, rejected = int((states == OPEN).sum()), int((states == REJECTED).sum())
    return f"● {layers.slumps.ids.size:,}  ○ {waiting:,} open  ✗ {rejected:,}"


def _segments(canvas: Canvas, view: View, lines: Segments, *, ink: int, dash: int = 0) -> None:
    size = {"cols": canvas.cols, "rows": canvas.rows}
    canvas.segments(view.dots(lines.start, **size), view.dots(lines.end, **size), ink, dash=dash)


def _binned(canvas: Canvas, view: View, points: Points) -> tuple[Ints, npt.NDArray[np.int8]]:
    """Cell number and state of each point in sight."""
    across, down = view.dot_m * ACROSS, view.dot_m * DOWN
    cols = (points.x - (view.x - canvas.cols / 2 * across)) / across
    rows = ((view.y + canvas.rows / 2 * down) - points.y) / down
    inside = (cols >= 0) & (cols < canvas.cols) & (rows >= 0) & (rows < canvas.rows)
    flat = rows[inside].astype(np.int64) * canvas.cols + cols[inside].astype(np.int64)
    return flat, points.states[inside]


def _mark(canvas: Canvas, binned: tuple[Ints, npt.NDArray[np.int8]], state: int) -> None:
    flat, states = binned
    cells = np.flatnonzero(np.bincount(flat[states == state], minlength=1))
    glyph, ink = MARKS[state]
    canvas.glyphs(cells % max(1, canvas.cols), cells // max(1, canvas.cols), glyph, ink=ink)


def _draw_tiles(canvas: Canvas, view: View, layers: MapLayers) -> None:
    """Each cell shows the tile at its centre; a failed tile shows wherever it lies."""
    tiles = layers.tiles
    if tiles is None:
        return
    rows, cols = np.indices((canvas.rows, canvas.cols)).reshape(2, -1)
    x = view.x + (cols + 0.5 - canvas.cols / 2) * ACROSS * view.dot_m
    y = view.y - (rows + 0.5 - canvas.rows / 2) * DOWN * view.dot_m
    down = np.floor((tiles.top - y) / tiles.side_m).astype(np.int64)
    across = np.floor((x - tiles.left) / tiles.side_m).astype(np.int64)
    high, wide = tiles.states.shape
    inside = (down >= 0) & (down < high) & (across >= 0) & (across < wide)
    states = np.full(rows.size, -1)
    states[inside] = tiles.states[down[inside], across[inside]]
    for state, (glyph, ink) in TILE_MARKS.items():
        canvas.ground(cols[states == state], rows[states == state], glyph, ink=ink)
    failed = np.argwhere(tiles.states == 4) + 0.5
    at = np.stack(
        [tiles.left + failed[:, 1] * tiles.side_m, tiles.top - failed[:, 0] * tiles.side_m], axis=1
    )
    dots = np.floor(view.dots(at, cols=canvas.cols, rows=canvas.rows)).astype(np.int64)
    canvas.glyphs(dots[:, 0] // ACROSS, dots[:, 1] // DOWN, *TILE_MARKS[4][:1], ink=ERROR)
