"""The area map with an outline that is being drawn on top."""

from collections.abc import Sequence

import numpy as np
from rich.style import Style
from textual.strip import Strip

from rtsproj.tui.ink import WARNING
from rtsproj.tui.sketch import Sketch
from rtsproj.tui.widgets.area_map import AreaMap, View
from rtsproj.tui.widgets.braille import ACROSS, DOWN, Canvas


class SketchMap(AreaMap):
    """Draws the sketch over layers and imagery; its last line follows the cursor."""

    DEFAULT_CSS = "SketchMap { height: 1fr; width: 1fr; }"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - textual's name
        super().__init__(has_cursor=True, id=id)
        self.sketch = Sketch()

    def show_sketch(self, sketch: Sketch) -> None:
        """Show what is drawn now."""
        self.sketch = sketch
        self.redraw()

    def move(self, cols: int, rows: int) -> None:
        """Move the cursor, and the line to it."""
        super().move(cols, rows)
        if self.sketch.corners:
            self.redraw()

    def _under(self, canvas: Canvas, view: View, styles: Sequence[Style]) -> list[Strip]:
        size = {"cols": canvas.cols, "rows": canvas.rows}
        lines = self.sketch.lines(self.here())
        canvas.segments(view.dots(lines.start, **size), view.dots(lines.end, **size), WARNING)
        if self.sketch.corners and self.sketch.grown is None:
            at = np.floor(view.dots(np.array(self.sketch.corners), **size)).astype(np.int64)
            canvas.glyphs(at[:, 0] // ACROSS, at[:, 1] // DOWN, "+", ink=WARNING)
        return super()._under(canvas, view, styles)
