"""Converge: what blocks the stop, the yield per iteration, one key to close."""

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import Screen
from textual.widgets import Footer, Static

from rtsproj.errors import RtsError
from rtsproj.tui.gateway.gateway import Gateway
from rtsproj.tui.keys import CONVERGE, bindings
from rtsproj.tui.text import content
from rtsproj.workflow.converge import Convergence
from rtsproj.workflow.status import Status

WIDEST = 40
"""Cells of the longest bar."""


class ConvergeScreen(Screen[None]):
    """The stop rule, before and after."""

    BINDINGS = bindings(CONVERGE)

    def __init__(self, gateway: Gateway) -> None:
        super().__init__()
        self._gateway = gateway

    def compose(self) -> ComposeResult:
        """Rule and yield."""
        with Vertical():
            yield Static(id="rule", classes="pane")
            yield Static(id="yield", classes="pane")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Name the panes, then look."""
        self.query_one("#rule").border_title = "stop rule"
        self.query_one("#yield").border_title = "new slumps per iteration"
        self.look()

    @work(thread=True, exclusive=True)
    def look(self) -> None:
        """What the rule would say now."""
        said, now = self._gateway.desk.look(), self._gateway.desk.status()
        self.app.call_from_thread(self._show, said, now)

    @work(thread=True, exclusive=True)
    def close_iteration(self) -> None:
        """Close by the rule."""
        try:
            said = self._gateway.desk.converge()
        except RtsError as error:
            self.app.call_from_thread(
                self.notify, f"{error.what}: {error.hint}", severity="warning", markup=False
            )
            return
        self.app.call_from_thread(self._show, said, self._gateway.desk.status())

    def action_close(self) -> None:
        """Enter closes."""
        self.close_iteration()

    def action_back(self) -> None:
        """Back to home."""
        self.dismiss()

    def _show(self, said: Convergence, now: Status) -> None:
        state = "stopped" if said.converged else "not stopped"
        lines = [
            f"iteration {said.iteration}: {said.reason}",
            "",
            (
                f"{said.open} open   {said.accepted} accepted   {said.new_slumps} new slumps   "
                f"{said.failed_tiles} failed tiles"
            ),
            f"{said.unsure} unsure, told apart: they do not block",
        ]
        if said.next_iteration:
            lines.append(f"iteration {said.next_iteration} is open: train it from home")
        elif said.closed:
            lines.append(f"the search has {state}")
        self.query_one("#rule", Static).update(content(*lines))
        most = max((one.new_slumps for one in now.iterations), default=0) or 1
        bars = [
            f"{one.iteration:3} {'█' * round(WIDEST * one.new_slumps / most)} {one.new_slumps}"
            for one in now.iterations
        ]
        self.query_one("#yield", Static).update(content(*bars))
