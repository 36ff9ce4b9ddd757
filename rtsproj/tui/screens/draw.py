"""Draw a slump that no model found: corners by the cursor, or grown from a point."""

from textual import work
from textual.app import ComposeResult
from textual.widgets import Static

from rtsproj.domain.derived import CUT
from rtsproj.domain.ids import slump_name
from rtsproj.domain.text import counted
from rtsproj.errors import RtsError
from rtsproj.tui.display import display_of
from rtsproj.tui.gateway.gateway import Gateway
from rtsproj.tui.keys import DRAW, bindings
from rtsproj.tui.screens.map import MapScreen
from rtsproj.tui.sketch import LEAST, Place, Sketch
from rtsproj.tui.text import content
from rtsproj.tui.widgets.head import Head
from rtsproj.tui.widgets.key_line import KeyLine
from rtsproj.tui.widgets.sketch_map import SketchMap
from rtsproj.tui.words import area_text, metres_text
from rtsproj.workflow.area_map import MapLayers
from rtsproj.workflow.drawing import GROWN, MANUAL
from rtsproj.workflow.ladder import THRESHOLDS

START = "space sets a corner, g grows an outline from here"


class DrawScreen(MapScreen, inherit_bindings=False):
    """The map, closer, with a sketch; enter saves it as a slump, escape gives it up."""

    BINDINGS = bindings(DRAW)

    def __init__(
        self,
        gateway: Gateway,
        *,
        candidate_id: int | None = None,
        at: tuple[float, float, float] | None = None,
    ) -> None:
        super().__init__(gateway, candidate_id=candidate_id)
        self._centre = at
        wanted = gateway.project.settings.infer.threshold or CUT
        self._cut = min(THRESHOLDS, key=lambda one: abs(one - wanted))

    def compose(self) -> ComposeResult:
        """The map with the sketch, and a line about it."""
        yield Head(self._gateway, place="map ▸ draw")
        yield SketchMap(id="map")
        yield Static(id="here")
        yield KeyLine()

    def on_mount(self) -> None:
        """Imagery lies under the map from the start: a slump is drawn on what is seen."""
        self._has_imagery = not display_of(self.app).is_ascii

    @property
    def map(self) -> SketchMap:
        """The map."""
        return self.query_one("#map", SketchMap)

    def action_corner(self) -> None:
        """A corner at the cursor."""
        self._take(self.map.sketch.with_corner(self.map.here()))

    def action_drop(self) -> None:
        """Without the newest corner."""
        self._take(self.map.sketch.without_last())

    def action_grow(self) -> None:
        """The outline that the newest search gives at the cursor."""
        self.grow(self.map.here(), self._cut)

    def action_cut(self, step: int) -> None:
        """Another cut; what has grown grows again from its point."""
        at = THRESHOLDS.index(self._cut) + step
        self._cut = THRESHOLDS[max(0, min(len(THRESHOLDS) - 1, at))]
        point = self.map.sketch.point
        if point is not None:
            self.grow(point, self._cut)
        self._tell()

    def action_save(self) -> None:
        """Close the outline and save it; then back."""
        sketch = self.map.sketch
        if sketch.outline() is None:
            left = LEAST - len(sketch.corners)
            self.notify(f"not closed: {left} more to set; {START}", severity="warning")
            return
        self.save(sketch)

    def action_back(self) -> None:
        """Give up; nothing is saved."""
        self.dismiss()

    @work(thread=True, exclusive=True, group="grow", exit_on_error=False)
    def grow(self, point: Place, cut: float) -> None:
        """Read the probabilities in a thread."""
        grown = self._gateway.maps.grow(point, cut)
        sketch = Sketch(self.map.sketch.corners, grown, point, cut)
        self.app.call_from_thread(self._take, sketch)

    @work(thread=True, exclusive=True, group="save", exit_on_error=False)
    def save(self, sketch: Sketch) -> None:
        """Save in a thread; what cannot be saved stays on the screen with the reason."""
        outline = sketch.outline()
        if outline is None:
            return
        source = MANUAL if sketch.grown is None else GROWN
        try:
            saved = self._gateway.maps.draw(outline, source)
        except RtsError as error:
            self.app.call_from_thread(self.say, error)
            return
        name, size = slump_name(saved.slump_id), area_text(saved.area_m2)
        self.app.call_from_thread(self._leave, f"saved: {name} drawn, {size} · u undoes")

    def _leave(self, text: str) -> None:
        self.app.notify(text, markup=False)
        self.dismiss()

    def _take(self, sketch: Sketch) -> None:
        self.map.show_sketch(sketch)
        self._tell()

    def _go_where_asked(self, layers: MapLayers) -> None:
        super()._go_where_asked(layers)
        if self._centre is not None:
            x, y, dot_m = self._centre
            self.map.centre_on(x, y, dot_m=dot_m)

    def _tell(self) -> None:
        super()._tell()
        sketch, view = self.map.sketch, self.map.view
        if view is None:
            return
        outline = sketch.outline()
        size = f" {area_text(outline.area)}" if outline is not None else ""
        if sketch.grown is not None:
            state = f"grown at {sketch.cut:g}{size}: < > changes the cut, enter saves"
        elif sketch.corners:
            state = f"{counted(len(sketch.corners), 'corner')}{size}: enter closes and saves"
        else:
            state = f"{START}, at cut {self._cut:g}"
        cell = metres_text(view.dot_m * 2)
        self.query_one("#here", Static).update(content(f"{state} · a cell = {cell}"))
