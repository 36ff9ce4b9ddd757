"""The `:` line: places by name, and every verb of the command line."""

from typing import TYPE_CHECKING

from textual import work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.screen import ModalScreen, Screen
from textual.suggester import SuggestFromList
from textual.widgets import Input, Static

from rtsproj.domain.text import safe_text, suggestion
from rtsproj.domain.verbs import VERBS
from rtsproj.errors import RtsError
from rtsproj.tui.keys import CLOSE, bindings
from rtsproj.tui.places import PLACES
from rtsproj.tui.text import content
from rtsproj.tui.theme import NAMES
from rtsproj.tui.widgets.key_line import KeyLine
from rtsproj.workflow.verbs import Said, run_verb

if TYPE_CHECKING:
    from rtsproj.tui.app import RtsApp

LEAVE = ("q", "quit", "exit")


class CommandLine(ModalScreen[str | None]):
    """One line at the foot of the screen; enter runs it, esc leaves."""

    DEFAULT_CSS = """
    CommandLine { align: left bottom; background: transparent; }
    CommandLine Input { width: 100%; height: 1; border: none; background: $panel; }
    """
    BINDINGS = [("escape", "leave", "Leave")]

    def compose(self) -> ComposeResult:
        """The line, with the words it knows."""
        words = sorted({*PLACES, *VERBS, *(f"theme {name}" for name in NAMES), "quit"})
        yield Input(
            placeholder=": a screen or a verb, such as triage, sql, scene list, job stop 3",
            suggester=SuggestFromList(words),
        )

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Run it."""
        self.dismiss(event.value.strip().removeprefix(":").strip())

    def action_leave(self) -> None:
        """Esc leaves."""
        self.dismiss(None)


class AnswerPage(Screen[None]):
    """What a verb printed."""

    BINDINGS = bindings(CLOSE)

    def __init__(self, line: str) -> None:
        super().__init__()
        self._line = line

    def compose(self) -> ComposeResult:
        """The text and the footer."""
        yield Static(content(f" rtsproj {safe_text(self._line)}"), id="head")
        with VerticalScroll():
            yield Static(content("running…"), id="text")
        yield KeyLine()

    def on_mount(self) -> None:
        """Run the verb in a thread."""
        self.run_line()

    @work(thread=True, exit_on_error=False)
    def run_line(self) -> None:
        """Run the verb as its own process."""
        project = self.app.gateway.project  # type: ignore[attr-defined]
        try:
            said = run_verb(project, self._line)
        except RtsError as error:
            said = Said(int(error.exit_code), "", f"{error.what}\n{error.hint}")
        self.app.call_from_thread(self._show, said)

    def _show(self, said: Said) -> None:
        lines = [safe_text(one) for one in (*said.err.splitlines(), *said.out.splitlines())]
        self.query_one("#text", Static).update(content(*lines, f"[exit code {said.code}]"))

    def action_back(self) -> None:
        """Close the page."""
        self.dismiss()


def obey(app: "RtsApp", line: str) -> None:
    """Do what a line says: open a place, change the theme, leave, or run a verb."""
    word, _, rest = line.partition(" ")
    if word in LEAVE:
        app.exit()
    elif word in PLACES and not rest:
        app.go(word)
    elif word == "theme" and rest in NAMES:
        app.take_theme(rest)
    elif word in VERBS:
        app.push_screen(AnswerPage(line))
    else:
        hint = suggestion(word, (*PLACES, *VERBS)) or "? lists them"
        app.notify(
            f"{safe_text(line)}: not a screen or a verb; {hint}",
            severity="warning",
            markup=False,
        )
