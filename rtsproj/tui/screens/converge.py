"""Converge: what blocks the stop, the yield per iteration, one key to close."""

from collections.abc import Callable

from textual import work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from rtsproj.domain.iterations import Stage, yield_text
from rtsproj.domain.text import counted
from rtsproj.errors import RtsError
from rtsproj.tui.gateway.gateway import Gateway
from rtsproj.tui.keys import CONVERGE, bindings
from rtsproj.tui.screens.questions import Confirm
from rtsproj.tui.screens.working import WorkingScreen
from rtsproj.tui.text import content
from rtsproj.tui.widgets.head import Head
from rtsproj.tui.widgets.key_line import KeyLine
from rtsproj.workflow.converge import Convergence
from rtsproj.workflow.opinions import Opinions, agreement_text
from rtsproj.workflow.status import Status

WIDEST = 24
"""Cells of the longest bar."""


class ConvergeScreen(WorkingScreen):
    """The stop rule, before and after."""

    BINDINGS = bindings(CONVERGE)

    def __init__(self, gateway: Gateway) -> None:
        super().__init__()
        self._gateway = gateway
        self._is_over = False

    def compose(self) -> ComposeResult:
        """Rule, yield, agreement."""
        yield Head(self._gateway, place="converge")
        with VerticalScroll():
            yield Static(id="rule", classes="pane")
            yield Static(id="yield", classes="pane")
            yield Static(id="opinions", classes="pane")
        yield KeyLine()

    def on_mount(self) -> None:
        """Name the panes, then look."""
        self.query_one("#rule").border_title = "stop rule"
        self.query_one("#yield").border_title = "new slumps per iteration"
        self.query_one("#opinions").border_title = "agreement of analysts"
        self.look()

    def on_screen_resume(self) -> None:
        """Adjudication may have changed what the rule says."""
        self.look()

    @work(thread=True, exclusive=True, group="look", exit_on_error=False)
    def look(self) -> None:
        """What the rule would say now."""
        self._read(self._gateway.desk.look)

    @work(thread=True, exclusive=True, group="act", exit_on_error=False)
    def close_iteration(self) -> None:
        """Close by the rule."""
        self._read(self._gateway.desk.converge)

    @work(thread=True, exclusive=True, group="act", exit_on_error=False)
    def search_again(self) -> None:
        """Open another iteration although the rule was met."""
        self._read(self._gateway.desk.search_again)

    def _read(self, ask: Callable[[], Convergence]) -> None:
        try:
            said = ask()
            now, found = self._gateway.desk.status(), self._gateway.review.opinions()
        except RtsError as error:
            self.app.call_from_thread(self.say, error)
            return
        self.app.call_from_thread(self._show, said, now)
        self.app.call_from_thread(self._show_opinions, found)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A search that has ended has nothing to close; ``again`` opens another iteration."""
        del parameters
        return not (action == "close" and self._is_over)

    def action_close(self) -> None:
        """Enter closes."""
        self.close_iteration()

    def action_adjudicate(self) -> None:
        """Unsure ones and those on which analysts differ."""
        self.app.go("triage", kind="adjudication")  # type: ignore[attr-defined]

    def action_again(self) -> None:
        """Search once more, after a question."""
        question = "Open another iteration although the rule was met, as after new images?"
        self.app.push_screen(Confirm(question), self._take_again)

    def _take_again(self, answer: bool | None) -> None:  # noqa: FBT001 - textual's callback
        if answer:
            self.search_again()

    def action_back(self) -> None:
        """Back to home."""
        self.dismiss()

    def _show(self, said: Convergence, now: Status) -> None:
        lines = [
            f"iteration {said.iteration}: {said.reason}",
            "",
            (
                f"{said.open} open   {said.accepted} accepted   "
                f"{counted(said.new_slumps, 'new slump')}   "
                f"{counted(said.failed_tiles, 'failed tile')}"
            ),
            f"{said.unsure} unsure (not blocking; d reviews them)",
        ]
        if said.next_iteration:
            lines.append(f"iteration {said.next_iteration} is open: train it from home")
        elif said.closed:
            state = "stopped" if said.converged else "not stopped"
            lines.append(f"the search has {state}; r on home reads the report")
        else:
            lines.append(_offer(said, now))
        self.query_one("#rule", Static).update(content(*lines))
        self.query_one("#yield", Static).update(content(*_bars(now)))
        self.query_one(Head).tell(_state(said))
        self._is_over = now.stage is Stage.DONE
        self.refresh_bindings()

    def _show_opinions(self, found: Opinions) -> None:
        self.query_one("#opinions", Static).update(
            content(
                f"between analysts  {agreement_text(found.between)}",
                f"blind repeats     {agreement_text(found.within)}",
                f"{counted(found.disputed, 'candidate')} in dispute"
                + (": d" if found.disputed else ""),
            )
        )


def _state(said: Convergence) -> str:
    if said.closed:
        return "closed"
    return f"{said.open} open, {counted(said.new_slumps, 'new slump')}"


def _offer(said: Convergence, now: Status) -> str:
    if now.stage not in (Stage.TRIAGE, Stage.CONVERGE):
        return f"the stop rule cannot be applied yet: this iteration is at stage {now.stage}"
    if said.open:
        return f"decide the {said.open} open ones first: triage"
    if said.new_slumps:
        return "enter closes it and opens the next iteration, with the new slumps"
    return "enter closes it: the search stops"


def _bars(now: Status) -> list[str]:
    most = max((one.new_slumps for one in now.iterations), default=0) or 1
    return [
        f"{one.iteration:3}  {'█' * round(WIDEST * one.new_slumps / most):{WIDEST}} "
        f"{yield_text(one.stage, one.new_slumps):>4} new {one.accepted:5} yes "
        f"{one.rejected:5} no {one.unsure:4} unsure"
        for one in now.iterations
    ]
