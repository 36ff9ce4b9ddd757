"""Turns a view into the strips of a pane; encoded once per view, size and mode."""

from collections import OrderedDict
from dataclasses import dataclass
from threading import RLock

from textual.strip import Strip
from textual.widget import Widget

from rtsproj.tui.display import Display, display_of, writer_of
from rtsproj.tui.pictures.cells import Mode, Picture, sub_cells
from rtsproj.tui.pictures.fit import compose, drawn, drawn_without_colour
from rtsproj.tui.pictures.strips import placeholder_strip, strips_of
from rtsproj.tui.pictures.view import Cut, View, cut_for, cut_picture, cut_rings

KEPT = 48
SENT_PX = (256, 512)
"""A picture is sent at its own size, but not smaller (the outline would be coarse) nor larger."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is painted: a view in cells (cols, rows), in a mode, with its outlines or without."""

    view: View
    cells: tuple[int, int]
    mode: Mode
    has_rings: bool = True
    grey: bool = False

    @property
    def elements(self) -> int:
        """Picture elements across."""
        return self.cells[0] * sub_cells(self.mode)[0]

    @property
    def cut(self) -> Cut:
        """The part of the view that is shown."""
        return cut_for(self.view, self.elements)

    @property
    def width_m(self) -> float:
        """Shown ground, m across."""
        return self.view.width_m * self.cut.side

    @property
    def element_m(self) -> float:
        """Ground of one picture element, m; 0 where there is none."""
        return self.width_m / self.elements if self.elements else 0.0


class Painter:
    """Strips of one widget."""

    def __init__(self, widget: Widget, mode: Mode | None = None) -> None:
        self._widget = widget
        self._mode = mode
        self._strips: OrderedDict[Plan, list[Strip]] = OrderedDict()
        self._guard = RLock()

    def plan(self, view: View, cells: tuple[int, int], *, has_rings: bool) -> Plan:
        """What would be painted now, in the mode that is chosen now."""
        display = display_of(self._widget.app)
        mode = self._mode or display.mode
        return Plan(view, cells, mode, has_rings, display.grey)

    def row(self, plan: Plan, number: int, first: int, last: int) -> Strip:
        """Cells ``first`` to ``last - 1`` of a row of the picture."""
        if last <= first:
            return Strip([], 0)
        if plan.mode is Mode.KITTY:
            return placeholder_strip(self._sent(plan), number, first, last - first)
        strips = self._encoded(plan)
        return strips[number].crop(first, last) if number < len(strips) else Strip([], 0)

    def warm(self, plan: Plan) -> None:
        """Encode or send now what will be painted; a thread may do it."""
        if plan.mode is Mode.KITTY:
            self._sent(plan)
        else:
            self._encoded(plan)

    def _encoded(self, plan: Plan) -> list[Strip]:
        with self._guard:
            if plan in self._strips:
                self._strips.move_to_end(plan)
                return self._strips[plan]
        strips = strips_of(_pixels(plan), plan.mode)
        with self._guard:
            self._strips[plan] = strips
            while len(self._strips) > KEPT:
                self._strips.popitem(last=False)
        return strips

    def _sent(self, plan: Plan) -> int:
        display: Display = display_of(self._widget.app)
        return display.uploads.send(
            plan,
            lambda: _pixels(plan),
            cells=plan.cells,
            write=writer_of(self._widget.app),
        )


def _pixels(plan: Plan) -> Picture:
    """The picture with its lines, of as many pixels as are shown."""
    rgb = cut_picture(plan.view.rgb, plan.cut)
    rings = cut_rings(plan.view.rings, plan.cut) if plan.has_rings else ()
    across, down = sub_cells(plan.mode)
    size = (plan.cells[0] * across, plan.cells[1] * down)
    if plan.mode is Mode.KITTY:
        side = min(max(len(rgb), SENT_PX[0]), SENT_PX[1])
        size = (side, side)
    if plan.grey:
        return drawn_without_colour(rgb, rings, size=size)
    if plan.mode is Mode.KITTY:
        return drawn(rgb, rings, size=size)
    return compose(rgb, rings, cells=plan.cells, mode=plan.mode)
