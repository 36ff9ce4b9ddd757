"""Curves with round ticks, sparklines and histograms in character cells."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10

import numpy as np
from textual.strip import Strip
from textual.widget import Widget

from rtsproj.tui.ink import ACCENT, DIM, PLAIN, inks
from rtsproj.tui.widgets.braille import ACROSS, DOWN, Canvas

EIGHTHS = " ▁▂▃▄▅▆▇█"
"""Heights of a bar within a cell."""
LEFTS = " ▏▎▍▌▋▊▉█"
"""Widths of a bar within a cell."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One line of a plot: points with ascending x, an ink, and whether points are marked."""

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    ink: int
    is_marked: bool = False


@dataclass(frozen=True, slots=True)
class Plot:
    """Curves on common axes.

    Attributes:
        curves: drawn in order.
        x_most: right end of the axis.
        y_most: upper end; None = from the curves.
        x_mark: a place on the x axis that is told apart, such as the best step.
        empty: what stands where there is no point yet.
    """

    curves: tuple[Curve, ...] = ()
    x_most: float = 1.0
    y_most: float | None = None
    x_mark: float | None = None
    empty: str = ""


def round_ticks(most: float, *, at_most: int) -> tuple[float, ...]:
    """Ticks at 0, d, 2d … up to ``most``, where d is 1, 2 or 5 times a power of ten."""
    if most <= 0 or not isfinite(most) or at_most < 1:
        return (0.0,)
    power = 10.0 ** floor(log10(most / at_most))
    step = next(s * power for s in (1, 2, 5, 10, 20) if most / (s * power) <= at_most)
    return tuple(round(n * step, 12) for n in range(floor(most / step + 1e-9) + 1))


def tick_text(value: float) -> str:
    """A tick as short as it is exact: 0.25, 50, 1.2k."""
    if value >= 10_000:
        return f"{value / 1000:g}k"
    return f"{value:g}"


def sparkline(values: Sequence[float], *, width: int) -> str:
    """Newest values as bars of eighths, one a cell, scaled to the largest."""
    shown = list(values)[-width:] if width > 0 else []
    most = max(shown, default=0.0)
    if most <= 0:
        return EIGHTHS[1] * len(shown)
    return "".join(EIGHTHS[max(1, round(8 * value / most))] for value in shown)


def bar(share: float, *, width: int) -> str:
    """A horizontal bar of a share 0..1, exact to an eighth of a cell."""
    eighths = round(8 * width * min(1.0, max(0.0, share)))
    whole, rest = divmod(eighths, 8)
    text = "█" * whole + (LEFTS[rest] if rest else "")
    return text.ljust(width, "─")[: max(0, width)]


def histogram(
    values: Sequence[float], edges: Sequence[float], *, rows: int, bar_cols: int = 3
) -> list[str]:
    """Bars of eighths over the classes between edges; the last class takes what lies beyond.

    Returns:
        ``rows`` lines, the highest first.
    """
    clipped = np.clip(np.asarray(values, float), edges[0], np.nextafter(edges[-1], edges[0]))
    counts = np.histogram(clipped, bins=np.asarray(edges, float))[0]
    most = int(counts.max()) if counts.size else 0
    lines = []
    for level in range(rows - 1, -1, -1):
        cells = []
        for count in counts:
            eighths = round(8 * rows * count / most) if most else 0
            eighths = max(1, eighths) if count else 0
            cells.append(EIGHTHS[min(8, max(0, eighths - 8 * level))] * bar_cols)
        lines.append(" ".join(cells))
    return lines


def labelled_histogram(
    values: Sequence[float], edges: Sequence[float], *, rows: int, labels: Sequence[str]
) -> list[str]:
    """A histogram over its class labels, one a bar."""
    wide = max(map(len, labels), default=1)
    bars = histogram(values, edges, rows=rows, bar_cols=wide)
    return [*bars, " ".join(one.center(wide) for one in labels)]


def smoothed(values: Sequence[float], *, weight: float) -> tuple[float, ...]:
    """Moving mean with ``weight`` of the past; 0 = as they are."""
    out: list[float] = []
    for value in values:
        out.append(value if not out else weight * out[-1] + (1 - weight) * value)
    return tuple(out)


class Curves(Widget):
    """Draws a plot; only a changed one is drawn again."""

    DEFAULT_CSS = "Curves { height: 1fr; width: 1fr; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - textual's name
        super().__init__(id=id, classes=classes)
        self._plot = Plot()
        self._strips: list[Strip] | None = None

    def show(self, plot: Plot) -> None:
        """Show a plot."""
        if plot != self._plot:
            self._plot = plot
            self._strips = None
            self.refresh()

    def on_resize(self) -> None:
        """Another size is another drawing."""
        self._strips = None

    def render_line(self, y: int) -> Strip:
        """One row."""
        if self._strips is None:
            canvas = drawn(self._plot, cols=self.size.width, rows=self.size.height)
            self._strips = canvas.strips(inks(self.app))
        styles = inks(self.app)
        blank = Strip.blank(self.size.width, styles[PLAIN])
        return self._strips[y] if y < len(self._strips) else blank


def drawn(plot: Plot, *, cols: int, rows: int) -> Canvas:
    """Axes with round ticks and the curves between them."""
    canvas = Canvas(cols, rows)
    if cols < 12 or rows < 3:
        return canvas
    points = [y for one in plot.curves for y in one.ys if isfinite(y)]
    if not points:
        canvas.write((cols - len(plot.empty)) // 2, rows // 2, plot.empty, ink=DIM)
        return canvas
    y_most = plot.y_most or _rounded_up(max(points), at_most=max(1, (rows - 1) // 3))
    ticks = round_ticks(y_most, at_most=max(1, (rows - 1) // 3))
    left = max(len(tick_text(one)) for one in ticks) + 1
    height = rows - 1
    frame = _Frame(left + 1, cols - left - 1, height, plot.x_most, y_most)
    _draw_axes(canvas, frame, ticks, left=left)
    if plot.x_mark is not None:
        x = frame.x(plot.x_mark)
        canvas.line(np.array([(x, 0.0), (x, height * DOWN - 1.0)]), ACCENT, dash=2)
    for one in plot.curves:
        _draw_curve(canvas, frame, one)
    if plot.x_mark is not None:
        canvas.write(int(frame.x(plot.x_mark)) // ACROSS, 0, "▼", ink=ACCENT)
    return canvas


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where values lie on the canvas: first column, columns, rows, right and upper end."""

    left: int
    cols: int
    rows: int
    x_most: float
    y_most: float

    def x(self, value: float) -> float:
        """Dots from the left of the canvas."""
        return self.left * ACROSS + (self.cols * ACROSS - 1) * value / max(self.x_most, 1e-9)

    def y(self, value: float) -> float:
        """Dots from the top."""
        return (self.rows * DOWN - 1) * (1 - value / max(self.y_most, 1e-9))


def _draw_axes(canvas: Canvas, frame: _Frame, ticks: Sequence[float], *, left: int) -> None:
    for row in range(frame.rows):
        canvas.write(left, row, "│", ink=DIM)
    for value in ticks:
        row = min(frame.rows - 1, int(frame.y(value)) // DOWN)
        text = tick_text(value)
        canvas.write(left - 1 - len(text), row, text, ink=DIM)
        canvas.write(left, row, "┤", ink=DIM)
    canvas.write(left, frame.rows, "└" + "─" * frame.cols, ink=DIM)
    last = -1
    for value in round_ticks(frame.x_most, at_most=max(1, frame.cols // 9)):
        text = tick_text(value)
        col = int(frame.x(value)) // ACROSS
        start = min(col, canvas.cols - len(text))
        if start > last:
            canvas.write(start, frame.rows, text, ink=DIM)
            last = start + len(text)


def _draw_curve(canvas: Canvas, frame: _Frame, one: Curve) -> None:
    points = [
        (frame.x(x), min(max(frame.y(y), 0.0), frame.rows * DOWN - 1.0))
        for x, y in zip(one.xs, one.ys, strict=True)
        if isfinite(y)
    ]
    xy = np.array(points, float).reshape(-1, 2)
    if len(xy) == 1:
        dots = np.floor(xy).astype(np.int64)
        canvas.dots(dots[:, 0], dots[:, 1], one.ink)
    canvas.line(xy, one.ink)
    if one.is_marked:
        cells = np.floor(xy).astype(np.int64)
        canvas.glyphs(cells[:, 0] // ACROSS, cells[:, 1] // DOWN, "•", ink=one.ink)


def _rounded_up(most: float, *, at_most: int) -> float:
    ticks = round_ticks(max(most, 1e-9), at_most=at_most)
    step = ticks[1] if len(ticks) > 1 else max(most, 1e-9)
    return ceil(most / step - 1e-9) * step
