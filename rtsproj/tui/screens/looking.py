"""A screen with a picture pane: everything that only changes how the ground is looked at."""

from typing import TYPE_CHECKING, Any

from textual import work

from rtsproj.errors import RtsError
from rtsproj.tui.gateway.gateway import Gateway
from rtsproj.tui.pictures.viewer import show_full
from rtsproj.tui.screens.working import WorkingScreen
from rtsproj.tui.widgets.picture_pane import PicturePane
from rtsproj.workflow.candidates import CandidateCard

if TYPE_CHECKING:
    from rtsproj.tui.gateway.pictures import Sheet


class LookingScreen(WorkingScreen):
    """Actions of years, blink, swipe, zoom, bands, full screen; the pane is named ``middle``."""

    def __init__(self, gateway: Gateway) -> None:
        super().__init__()
        self._gateway = gateway
        self._sheet: Sheet | None = None

    @property
    def _pane(self) -> PicturePane:
        return self.query_one("#middle", PicturePane)

    @property
    def _card(self) -> CandidateCard | None:
        return self._sheet.card if self._sheet else None

    def action_year(self, step: int) -> None:
        """Another year."""
        self._pane.step_year(step)

    def action_blink(self) -> None:
        """Between the searched year and the compared one."""
        self._pane.blink()

    def action_blink_auto(self) -> None:
        """Blink without keys."""
        self._pane.toggle_blinking()

    def action_outline(self) -> None:
        """Outlines on or off."""
        self._pane.toggle_outline()

    def action_frame(self) -> None:
        """Tight or wide view."""
        self._pane.toggle_frame()

    def action_zoom(self, steps: int) -> None:
        """Out or in."""
        self._pane.zoom(steps)

    def action_pan(self, east: int, north: int) -> None:
        """Move the view."""
        self._pane.pan(east, north)

    def action_swipe(self) -> None:
        """Two years with a moving edge."""
        self._pane.toggle_swipe()

    def action_swipe_to(self, steps: int) -> None:
        """Move the edge."""
        self._pane.move_edge(steps)

    def action_stretch(self) -> None:
        """Another stretch."""
        self._pane.take_look(self._pane.look.stretched())

    @work(thread=True, exclusive=True, group="bands", exit_on_error=False)
    def action_bands(self) -> None:
        """The next bands that this project has."""
        look, why = self._gateway.pictures.next_look(self._pane.look)
        if why:
            self.app.call_from_thread(self.notify, why, markup=False, timeout=3)
        self.app.call_from_thread(self._pane.take_look, look)

    def action_full(self) -> None:
        """The picture as large as the terminal can draw it."""
        view = self._pane.view
        if view is None:
            return
        app: Any = self.app  # the viewer asks for an app with a display and a gateway
        rings = view.rings if self._pane.outline_shown else ()
        card = self._card
        name = f"C-{card.row.candidate_id:05} · " if card is not None else ""
        show_full(app, view.rgb, rings, name + view.title)

    @work(thread=True, exclusive=True, group="png", exit_on_error=False)
    def action_png(self) -> None:
        """Save the evidence picture."""
        if self._sheet is None:
            return
        try:
            path = self._gateway.pictures.png(self._sheet.card)
        except RtsError as error:
            self.app.call_from_thread(self.say, error)
            return
        self.app.call_from_thread(self.notify, f"saved {path}", markup=False)
