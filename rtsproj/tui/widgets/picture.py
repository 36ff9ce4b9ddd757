"""A picture in character cells with its frame: title, scale, resolution."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from rtsproj.tui.pictures.cells import Mode, Picture, sub_cells
from rtsproj.tui.pictures.fit import Ring, compose, fit_cells, grey_of
from rtsproj.tui.pictures.strips import strips_of

PLAIN = Style()


@dataclass(frozen=True, slots=True)
class View:
    """One picture to show.

    Attributes:
        title: date or year.
        rgb: (rows, cols, 3) uint8, square.
        rings: outlines in chip fractions.
        width_m: m across.
        missing_share: 0..1 without imagery.
    """

    title: str
    rgb: Picture
    rings: tuple[Ring, ...]
    width_m: float
    missing_share: float


class PictureView(Widget):
    """Shows one view, letterboxed; cells are encoded once per view, size and mode."""

    DEFAULT_CSS = "PictureView { height: 1fr; width: 1fr; }"

    def __init__(self, *, mode: Mode, grey: bool = False, id: str | None = None) -> None:  # noqa: A002 - textual's name
        super().__init__(id=id)
        self._mode = mode
        self._grey = grey
        self._view: View | None = None
        self._with_outline = True
        self._cache: dict[tuple[int, int, int, bool], list[Strip]] = {}
        self._known: list[View] = []

    def show(self, view: View | None, *, outline: bool) -> None:
        """Show another view; what was encoded before comes from the cache."""
        self._view = view
        self._with_outline = outline
        self.border_title = view.title if view else ""
        self.border_subtitle = self._scale_text() if view else ""
        self.refresh()

    def forget(self, views: Sequence[View]) -> None:
        """Start a new set of views, such as the years of another candidate."""
        self._known = list(views)
        self._cache.clear()

    def render_line(self, y: int) -> Strip:
        """One row of the pane."""
        width = self.size.width
        strips = self._strips()
        cols, rows = fit_cells(width, self.size.height)
        top, left = (self.size.height - rows) // 2, (width - cols) // 2
        if not strips or not 0 <= y - top < len(strips):
            text = (
                "reading the picture…" if self._view is None and y == self.size.height // 2 else ""
            )
            return Strip([Segment(text[:width].center(width), PLAIN)], width)
        pad = Segment(" " * left, PLAIN)
        rest = Segment(" " * (width - left - cols), PLAIN)
        return Strip([pad, *strips[y - top], rest], width)

    def _strips(self) -> list[Strip]:
        view = self._view
        cells = fit_cells(self.size.width, self.size.height)
        if view is None or 0 in cells:
            return []
        key = (id(view), *cells, self._with_outline)
        if key not in self._cache:
            rgb = grey_of(view.rgb) if self._grey else view.rgb
            rings = view.rings if self._with_outline else ()
            self._cache[key] = strips_of(
                compose(rgb, rings, cells=cells, mode=self._mode), self._mode
            )
        return self._cache[key]

    def _scale_text(self) -> str:
        view = self._view
        cols, _ = fit_cells(self.size.width, self.size.height)
        if view is None or cols == 0:
            return ""
        per_m = view.width_m / (cols * sub_cells(self._mode)[0])
        missing = (
            f" · NO IMAGERY {100 * view.missing_share:.0f} %" if view.missing_share > 0 else ""
        )
        return f"{view.width_m:.0f} m across · {per_m:.1f} m/sub-px · N↑{missing}"

    def on_resize(self) -> None:
        """A new size needs a new scale text."""
        self.border_subtitle = self._scale_text()
