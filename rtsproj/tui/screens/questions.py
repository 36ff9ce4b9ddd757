"""Small questions over a screen: yes or no, a line of text, one of a few, and a page to read."""

from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen, Screen
from textual.widgets import Input, Static

from rtsproj.domain.text import safe_text
from rtsproj.tui.keys import CLOSE, bindings
from rtsproj.tui.text import content
from rtsproj.tui.widgets.key_line import KeyLine


class Confirm(ModalScreen[bool]):
    """A question; y or enter is yes, n or esc is no, every other key does nothing."""

    DEFAULT_CSS = """
    Confirm { align: center middle; }
    Confirm Static {
        width: auto; max-width: 90%; height: auto; padding: 1 3;
        background: $panel; border: round $accent;
    }
    """

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        """The question and its keys."""
        yield Static(content(self._question, "", "y yes   n no"))

    def on_key(self, event: events.Key) -> None:
        """Yes or no."""
        event.stop()
        if event.key in ("y", "enter"):
            self.dismiss(result=True)
        elif event.key in ("n", "escape", "q"):
            self.dismiss(result=False)


class Line(ModalScreen[str | None]):
    """A line of text; enter takes it, esc leaves."""

    DEFAULT_CSS = """
    Line { align: center middle; }
    Line Vertical {
        width: 90%; max-width: 100; height: auto; background: $panel; border: round $accent;
    }
    Line Static { height: auto; padding: 0 1; }
    """
    BINDINGS = [("escape", "leave", "Leave")]

    def __init__(self, question: str, text: str = "") -> None:
        super().__init__()
        self._question = question
        self._text = text

    def compose(self) -> ComposeResult:
        """The question and the line."""
        with Vertical():
            yield Static(content(self._question))
            line = Input(self._text, max_length=4000, select_on_focus=False)
            line.cursor_blink = False  # a screen at rest sends nothing
            yield line

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter takes it."""
        self.dismiss(event.value)

    def action_leave(self) -> None:
        """Esc leaves."""
        self.dismiss(None)


class Choice(ModalScreen[int | None]):
    """One of at most nine, by its digit; esc leaves."""

    DEFAULT_CSS = Confirm.DEFAULT_CSS.replace("Confirm", "Choice")

    def __init__(self, question: str, choices: Sequence[str]) -> None:
        super().__init__()
        self._question = question
        self._choices = tuple(choices)

    def compose(self) -> ComposeResult:
        """The question and what can be chosen."""
        lines = [f"{n} {safe_text(one)}" for n, one in enumerate(self._choices, start=1)]
        yield Static(content(self._question, "", *lines, "", "esc leave"))

    def on_key(self, event: events.Key) -> None:
        """A digit chooses."""
        event.stop()
        if event.key in ("escape", "q"):
            self.dismiss(None)
        elif event.key.isdigit() and 1 <= int(event.key) <= len(self._choices):
            self.dismiss(int(event.key) - 1)


class TextPage(Screen[None]):
    """Lines to read and scroll."""

    BINDINGS = bindings(CLOSE)

    def __init__(self, title: str, lines: Sequence[str], *, at_end: bool = True) -> None:
        super().__init__()
        self._at_end = at_end
        self._heading = title
        self._lines = lines

    def compose(self) -> ComposeResult:
        """The text and the footer."""
        yield Static(content(f" {safe_text(self._heading)}"), id="head")
        with VerticalScroll():
            yield Static(content(*self._lines), id="text")
        yield KeyLine()

    def on_mount(self) -> None:
        """Of a log the newest lines are at the end."""
        if self._at_end:
            self.query_one(VerticalScroll).scroll_end(animate=False)

    def action_back(self) -> None:
        """Close the page."""
        self.dismiss()
