"""Map: slumps and candidates where they lie, with the way from one to the next."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from textual import work
from textual.app import ComposeResult
from textual.widgets import Static

from rtsproj.domain.ids import slump_name
from rtsproj.domain.text import counted
from rtsproj.errors import RtsError
from rtsproj.tui.display import display_of
from rtsproj.tui.gateway.gateway import Gateway
from rtsproj.tui.keys import MAP, bindings
from rtsproj.tui.screens.questions import Confirm
from rtsproj.tui.screens.working import WorkingScreen
from rtsproj.tui.text import content
from rtsproj.tui.widgets.area_map import AreaMap, Layer, View, legend
from rtsproj.tui.widgets.braille import ACROSS
from rtsproj.tui.widgets.head import Head
from rtsproj.tui.widgets.key_line import KeyLine
from rtsproj.tui.words import area_text, metres_text, place_text
from rtsproj.workflow.area_map import OPEN, SLUMP, MapLayers, Points, Segments, nearest
from rtsproj.workflow.map_imagery import MapPicture
from rtsproj.workflow.undo import act_text

if TYPE_CHECKING:
    from textual.timer import Timer

NEAR_CELLS = 2
"""Cells round the cursor in which a candidate counts as meant."""
OUTLINES_BELOW_M = 20.0
"""m per dot from which outlines are drawn."""
REST_S = 0.08
"""s that the view rests before its imagery is read."""
STATES = ("open", "unsure", "accepted", "rejected", "slump")


class MapScreen(WorkingScreen):
    """The area with a cursor; enter opens what is under it."""

    BINDINGS = bindings(MAP)
    DEFAULT_CSS = """
    MapScreen { #here { height: 1; padding: 0 1; } }
    """

    def __init__(
        self,
        gateway: Gateway,
        *,
        candidate_id: int | None = None,
        slump_id: int | None = None,
    ) -> None:
        super().__init__()
        self._gateway = gateway
        self._candidate_id = candidate_id
        self._slump_id = slump_id
        self._order: np.ndarray = np.zeros(0, np.int64)
        self._at = -1
        self._outlined: object = None
        self._has_imagery = False
        self._pictured: object = None
        self._rest: Timer | None = None

    def compose(self) -> ComposeResult:
        """The map, and a line about the place under the cursor."""
        yield Head(self._gateway, place="map")
        yield AreaMap(has_cursor=True, id="map")
        yield Static(id="here")
        yield KeyLine()

    def on_mount(self) -> None:
        """Read the layers."""
        self.query_one("#map").focus()
        self.read()

    def on_screen_resume(self) -> None:
        """Another screen may have changed a verdict."""
        if self.map.ground is not None:
            self.read()

    @property
    def map(self) -> AreaMap:
        """The map."""
        return self.query_one("#map", AreaMap)

    @work(thread=True, exclusive=True, group="read", exit_on_error=False)
    def read(self) -> None:
        """Read all layers in a thread."""
        try:
            layers = self._gateway.maps.layers()
        except RtsError as error:
            self.app.call_from_thread(self.say, error)
            return
        self.app.call_from_thread(self._show, layers)

    @work(thread=True, exclusive=True, group="outlines", exit_on_error=False)
    def read_outlines(self, bounds: tuple[float, float, float, float]) -> None:
        """Read the outlines of the view."""
        try:
            found = self._gateway.maps.outlines(bounds)
        except RtsError:
            return  # the map stands without them
        self.app.call_from_thread(self._take_outlines, found)

    @work(thread=True, exclusive=True, group="imagery", exit_on_error=False)
    def read_picture(self, view: View, cols: int, rows: int) -> None:
        """Read the imagery of the view."""
        try:
            bounds = view.bounds(cols=cols, rows=rows)
            found = self._gateway.maps.picture(bounds, (2 * cols, 2 * rows))
        except RtsError as error:
            self.app.call_from_thread(self.say, error)
            return
        self.app.call_from_thread(self._take_picture, view, found)

    def on_area_map_moved(self) -> None:
        """Tell of the place; read outlines where the view is close, and imagery where wanted."""
        self._tell()
        self._picture_soon()
        view = self.map.view
        if view is None:
            return
        is_close = view.dot_m <= OUTLINES_BELOW_M
        wanted = (view, self.map.size) if is_close else None
        if wanted != self._outlined:
            self._outlined = wanted
            if is_close:
                size = self.map.size
                self.read_outlines(view.bounds(cols=size.width, rows=size.height))
            else:
                self.map.show_outlines(None)

    def action_move(self, cols: int, rows: int) -> None:
        """Move the cursor."""
        self.map.move(cols, rows)

    def action_zoom(self, step: int) -> None:
        """Closer or farther."""
        self.map.zoom(step)

    def action_whole(self) -> None:
        """The whole area."""
        self.map.whole()

    def action_layer(self) -> None:
        """The next choice of layers."""
        order = tuple(Layer)
        self.map.shown = order[(order.index(self.map.shown) + 1) % len(order)]
        self.map.redraw()
        self._title()

    def action_imagery(self) -> None:
        """The searched images under the map, or not."""
        if display_of(self.app).is_ascii:
            self.notify("imagery needs more than ASCII", severity="warning")
            return
        self._has_imagery = not self._has_imagery
        self._pictured = None
        if self._has_imagery:
            self._picture_soon()
        else:
            self.map.show_picture(None)
            self._title()

    def on_resize(self) -> None:
        """Another size is another picture."""
        self.call_after_refresh(self._picture_soon)

    def _picture_soon(self) -> None:
        """Read imagery once the view rests, so that a held key stays light."""
        wanted = (self.map.view, self.map.size)
        if not self._has_imagery or wanted == self._pictured:
            return
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(REST_S, self._read_imagery)

    def _read_imagery(self) -> None:
        view, size = self.map.view, self.map.size
        if view is not None and self._has_imagery:
            self._pictured = (view, size)
            self.read_picture(view, size.width, size.height)

    def _take_picture(self, view: View, found: MapPicture) -> None:
        if not self._has_imagery or view != self.map.view:
            return
        if display_of(self.app).grey:
            grey = found.rgb.mean(axis=2, keepdims=True).astype(np.uint8)
            found = replace(found, rgb=np.repeat(grey, 3, axis=2))
        self.map.show_picture(found, view)
        closer = f"imagery of views up to {metres_text(found.widest_m)}: = goes closer"
        self._title("" if found.valid.size else closer)

    def action_jump(self, step: int) -> None:
        """Go to the next candidate: open ones first, else all of them."""
        layers = self.map.ground
        if layers is None or not self._order.size:
            self.notify("no candidate to go to")
            return
        self._at = (self._at + step) % self._order.size
        self._go(layers.candidates, int(self._order[self._at]))

    def action_open(self) -> None:
        """Open the candidate here in triage."""
        layers = self.map.ground
        at = self._near(layers.candidates) if layers is not None else None
        if layers is None or at is None:
            self.notify("no candidate here: n goes to the next one")
            return
        self.app.go("triage", candidate_id=int(layers.candidates.ids[at]))  # type: ignore[attr-defined]

    def action_draw(self) -> None:
        """Draw a slump that no model found."""
        view = self.map.view
        if view is not None:
            self.app.go("draw", at=(*self.map.here(), view.dot_m))  # type: ignore[attr-defined]

    def action_remove(self) -> None:
        """Remove the slump here, if no accepted candidate shows it."""
        layers = self.map.ground
        at = self._near(layers.slumps) if layers is not None else None
        if layers is None or at is None:
            self.notify("no slump here to remove")
            return
        slump_id = int(layers.slumps.ids[at])

        def remove(is_wanted: bool | None) -> None:  # noqa: FBT001 - textual's callback
            if is_wanted:
                self.remove_slump(slump_id)

        question = f"Remove {slump_name(slump_id)} from the inventory?"
        self.app.push_screen(Confirm(question), remove)

    @work(thread=True, exclusive=True, group="repeat", exit_on_error=False)
    def remove_slump(self, slump_id: int) -> None:
        """Remove a slump in a thread, and read the map again."""
        try:
            self._gateway.maps.remove(slump_id)
        except RtsError as error:
            self.app.call_from_thread(self.say, error)
            return
        self.note_from_thread(f"removed: {slump_name(slump_id)} · u undoes")
        self.app.call_from_thread(self.read)

    def action_undo(self) -> None:
        """Take back the newest act: a drawn slump, or a decision."""
        self.repeat("undone")

    def action_redo(self) -> None:
        """Repeat what undo took back."""
        self.repeat("redone")

    @work(thread=True, exclusive=True, group="repeat", exit_on_error=False)
    def repeat(self, what: str) -> None:
        """Undo or redo one act in a thread, and read the map again."""
        review = self._gateway.review
        saved = review.undo() if what == "undone" else review.redo()
        none = f"nothing is {what}: no decision or drawing of yours stands there"
        reopened = review.reopened_by(saved)
        for text in filter(None, (act_text(saved, what) if saved else none, reopened)):
            self.note_from_thread(text)
        self.app.call_from_thread(self.read)

    def action_back(self) -> None:
        """Back."""
        self.dismiss()

    def _near(self, points: Points) -> int | None:
        view = self.map.view
        if view is None:
            return None
        within_m = NEAR_CELLS * ACROSS * view.dot_m
        return nearest(points, *self.map.here(), within_m=within_m)

    def _go(self, points: Points, at: int) -> None:
        size = max(1, min(self.map.size.width * ACROSS, self.map.size.height * 4))
        dot_m = max(2.0, 6 * float(points.width_m[at]) / size)
        view = self.map.view
        close = min(dot_m, view.dot_m) if view is not None else dot_m
        self.map.choose(float(points.x[at]), float(points.y[at]))
        self.map.centre_on(float(points.x[at]), float(points.y[at]), dot_m=close)

    def _show(self, layers: MapLayers) -> None:
        is_first = self.map.ground is None
        self.map.show(layers)
        waiting = np.flatnonzero(layers.candidates.states == OPEN)
        self._order = waiting if waiting.size else np.arange(layers.candidates.ids.size)
        self._title()
        if is_first:
            self._go_where_asked(layers)
        self._tell()

    def _go_where_asked(self, layers: MapLayers) -> None:
        for points, wanted in (
            (layers.candidates, self._candidate_id),
            (layers.slumps, self._slump_id),
        ):
            if wanted is not None:
                found = np.flatnonzero(points.ids == wanted)
                if found.size:
                    self._go(points, int(found[0]))
                else:
                    self.notify("that place is not on the map", severity="warning")

    def _title(self, about_imagery: str = "") -> None:
        layers = self.map.ground
        if layers is not None:
            more = about_imagery or ("imagery" if self._has_imagery else "")
            self.map.border_title = f"map · {self.map.shown}" + (f" · {more}" if more else "")
            self.map.border_subtitle = legend(layers, self.map.shown)

    def _tell(self) -> None:
        layers, view = self.map.ground, self.map.view
        if layers is None or view is None:
            return
        lon, lat = layers.lonlat(*self.map.here())
        parts = [place_text(lon, lat), f"a cell = {metres_text(view.dot_m * ACROSS)}"]
        for points in (layers.slumps, layers.candidates):
            at = self._near(points)
            if at is not None:
                parts.append(_named(points, at))
        self.query_one("#here", Static).update(content(" · ".join(parts)))
        self.query_one(Head).tell(f"{counted(layers.slumps.ids.size, 'slump')}")

    def _take_outlines(self, found: Segments) -> None:
        if self._outlined is not None:
            self.map.show_outlines(found)


def _named(points: Points, at: int) -> str:
    state = int(points.states[at])
    name = "RTS" if state == SLUMP else "C"
    told = "" if state == SLUMP else f" {STATES[state]}"
    return f"{name}-{int(points.ids[at]):05}{told} {area_text(float(points.area_m2[at]))}"
