"""Inputs in use: what each is, what depends on it, and taking it back."""

from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

from rtsproj.domain.places import place_of
from rtsproj.domain.text import counted, safe_text
from rtsproj.errors import RtsError
from rtsproj.tui.gateway.gateway import Gateway
from rtsproj.tui.keys import INPUTS, bindings
from rtsproj.tui.screens.questions import Confirm
from rtsproj.tui.screens.working import WorkingScreen
from rtsproj.tui.text import content
from rtsproj.tui.widgets.head import Head
from rtsproj.tui.widgets.key_line import KeyLine
from rtsproj.tui.widgets.lazy_list import LazyList
from rtsproj.workflow.inputs import Input
from rtsproj.workflow.removal import Removal, Removed, removal_lines, removed_text

TITLE = "what depends on it"


class InputsScreen(WorkingScreen):
    """Images, area, labels, lines and terrain that the project uses."""

    BINDINGS = bindings(INPUTS)
    DEFAULT_CSS = """
    InputsScreen {
        #inputs { width: 1fr; height: 1fr; }
        #depends { width: 1fr; height: 1fr; }
    }
    """

    def __init__(self, gateway: Gateway) -> None:
        super().__init__()
        self._gateway = gateway
        self._inputs: tuple[Input, ...] = ()

    def compose(self) -> ComposeResult:
        """Inputs on the left, what depends on the chosen one on the right."""
        yield Head(self._gateway, place="inputs")
        with Horizontal():
            yield LazyList(self._row, id="inputs", classes="pane")
            yield Static(id="depends", classes="pane")
        yield KeyLine()

    def on_mount(self) -> None:
        """Read the list."""
        self.query_one("#inputs").border_title = "in use"
        self._title(TITLE)
        self.query_one("#inputs").focus()
        self.look()

    @work(thread=True, exclusive=True, group="list", exit_on_error=False)
    def look(self) -> None:
        """Read what is in use."""
        self.app.call_from_thread(self._show, self._gateway.data.inputs())

    @work(thread=True, exclusive=True, group="preview", exit_on_error=False)
    def preview(self, wanted: Input) -> None:
        """Count what depends on an input."""
        found = self._gateway.data.preview_removal(wanted)
        self.app.call_from_thread(self._show_removal, found)

    @work(thread=True, exclusive=True, group="ask", exit_on_error=False)
    def ask(self, wanted: Input) -> None:
        """Count what depends on an input as it is now, then ask."""
        found = self._gateway.data.preview_removal(wanted)
        self.app.call_from_thread(self._ask, found)

    @work(thread=True, exclusive=True, group="remove", exit_on_error=False)
    def take_back(self, wanted: Input) -> None:
        """Take an input back."""
        try:
            done = self._gateway.data.remove(wanted, self._progress)
        except RtsError as error:
            self.app.call_from_thread(self.say, error)
        else:
            self.app.call_from_thread(self._removed, done)
        self.app.call_from_thread(self._title, TITLE)

    def on_lazy_list_moved(self) -> None:
        """What depends on the input at the cursor."""
        here = self._here()
        if here is not None:
            self.preview(here)

    def action_move(self, step: int) -> None:
        """Move in the list."""
        self.query_one("#inputs", LazyList).move(step)

    def action_remove(self) -> None:
        """Show what depends on the input, ask, remove it."""
        here = self._here()
        if here is None:
            self.notify("nothing is in use yet", severity="warning")
        else:
            self.ask(here)

    def action_back(self) -> None:
        """Back."""
        self.dismiss()

    def _ask(self, found: Removal) -> None:
        question = "\n".join(["Remove this input?", "", *removal_lines(found)])

        def remove(is_wanted: bool | None) -> None:  # noqa: FBT001 - textual's callback
            if is_wanted:
                self.take_back(found.input)

        self.app.push_screen(Confirm(question), remove)

    def _removed(self, done: Removed) -> None:
        self.notify(removed_text(done), markup=False)
        self.look()

    def _show(self, found: tuple[Input, ...]) -> None:
        self._inputs = found
        inputs = self.query_one("#inputs", LazyList)
        inputs.set_total(len(found))
        self.query_one(Head).tell(counted(len(found), "input"))
        if found:
            self.on_lazy_list_moved()
        else:
            self.query_one("#depends", Static).update(content("nothing is in use yet"))

    def _show_removal(self, found: Removal) -> None:
        if found.input != self._here():
            return
        one = found.input
        facts = [f"added {one.added_at:%Y-%m-%d} by {one.added_by}"]
        facts += [f"layer {one.layer}"] if one.layer else []
        facts += [f"where {one.where_expr}"] if one.where_expr else []
        title, *follows = removal_lines(found)
        lines = [title, *map(safe_text, facts), "", "if it is removed:", *follows]
        self.query_one("#depends", Static).update(content(*lines))

    def _here(self) -> Input | None:
        row = self.query_one("#inputs", LazyList).cursor
        return self._inputs[row] if row < len(self._inputs) else None

    def _progress(self, done: int, of: int, what: str) -> None:
        if done % 20 == 0:
            self.app.call_from_thread(self._title, f"computing anew: {done} of {of} {what}")

    def _title(self, text: str) -> None:
        self.query_one("#depends").border_title = text

    def _row(self, row: int) -> str:
        if row >= len(self._inputs):
            return ""
        one = self._inputs[row]
        name = safe_text(place_of(one.uri).name)
        return f"{one.kind:<8}{one.id:>4}  {one.detail:<9} {name}"
