"""The outline ladder: change a candidate's outline step by step; every step is saved at once."""

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

from rtsproj.errors import RtsError
from rtsproj.tui.gateway.gateway import Gateway
from rtsproj.tui.gateway.pictures import Sheet
from rtsproj.tui.keys import OUTLINE, bindings
from rtsproj.tui.screens.looking import LookingScreen
from rtsproj.tui.text import content
from rtsproj.tui.widgets.head import Head
from rtsproj.tui.widgets.key_line import KeyLine
from rtsproj.tui.widgets.picture_pane import PicturePane
from rtsproj.tui.words import area_text
from rtsproj.workflow.ladder import Kept, Version


class OutlineScreen(LookingScreen):
    """Picture on the left, versions on the right."""

    BINDINGS = bindings(OUTLINE)

    def __init__(self, gateway: Gateway, *, candidate_id: int) -> None:
        super().__init__(gateway)
        self._candidate_id = candidate_id

    def compose(self) -> ComposeResult:
        """Picture and versions."""
        yield Head(self._gateway, place="triage ▸ outline")
        with Horizontal(id="workbench"):
            yield PicturePane(id="middle")
            yield Static(id="evidence", classes="pane")
        yield KeyLine()

    def on_mount(self) -> None:
        """Read what stands."""
        self.query_one("#evidence").border_title = "versions"
        self.query_one(Head).tell(f"C-{self._candidate_id:05}")
        self.read()

    @on(PicturePane.Wanted)
    def read(self) -> None:
        """Picture and versions again."""
        self.read_sheet()

    @work(thread=True, exclusive=True, group="sheet", exit_on_error=False)
    def read_sheet(self) -> None:
        """Read in a thread."""
        pane = self._pane
        try:
            sheet = self._gateway.pictures.sheet(self._candidate_id, pane.frame, pane.look)
            made = self._gateway.review.outlines(self._candidate_id)
        except RtsError as error:
            self.app.call_from_thread(self.say, error)
            return
        self.app.call_from_thread(self._show, sheet, made)

    @work(thread=True, exclusive=True, group="step", exit_on_error=False)
    def take(self, step: str, direction: int = 0) -> None:
        """Do one step and save it."""
        review = self._gateway.review
        try:
            if step == "threshold":
                kept: Kept | None = review.threshold(self._candidate_id, direction)
            elif step == "undo":
                kept = review.undo_step(self._candidate_id)
            else:
                kept = review.step(self._candidate_id, step)
        except RtsError as error:
            self.app.call_from_thread(self.say, error)
            return
        self._gateway.pictures.forget(self._candidate_id)
        self.app.call_from_thread(self._tell, kept)
        self.app.call_from_thread(self.read)

    def action_threshold(self, direction: int) -> None:
        """The outline at another cut."""
        self.take("threshold", direction)

    def action_step(self, step: str) -> None:
        """Grow, shrink, smooth, holes, split, merge."""
        self.take(step)

    def action_undo(self) -> None:
        """Back to the outline before."""
        self.take("undo")

    def action_leave(self) -> None:
        """Back to triage; what was changed is saved."""
        self.dismiss()

    def _tell(self, kept: Kept | None) -> None:
        if kept is None:
            self.notify("this is the outline that the model drew", severity="warning")
            return
        version = kept.version
        text = (
            f"saved #{version.version_id} {version.step}, {area_text(version.area_m2)} · u undoes"
        )
        self.notify(text, timeout=3, markup=False)
        if kept.new_candidates:
            names = ", ".join(f"C-{one:05}" for one in kept.new_candidates)
            self.notify(f"cut off: {names}; open in the queue", markup=False)
        if kept.overlaps:
            names = ", ".join(f"{name} by {m2:.0f} m²" for name, m2 in kept.overlaps)
            self.notify(f"overlaps {names}", severity="warning", markup=False)

    def _show(self, sheet: Sheet, made: tuple[Version, ...]) -> None:
        self._sheet = sheet
        self._pane.show(sheet)
        self.query_one("#evidence", Static).update(content(*_lines(made)))


def _lines(made: tuple[Version, ...]) -> list[str]:
    first = made[0].area_m2
    lines = []
    for one in made:
        here = "▌" if one is made[-1] else " "
        name = f"#{one.version_id}" if one.version_id else "model"
        change = f"{100 * (one.area_m2 / first - 1):+.0f} %"
        lines.append(f"{here}{name:7} {area_text(one.area_m2):>9} {change:>6}")
        lines.append(f"  {one.step if one.version_id else ''}")
    return lines
