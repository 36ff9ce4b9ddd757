"""Small questions over a screen; while one is open no key writes a verdict."""

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from rtsproj.domain.decisions import REASON_KEYS
from rtsproj.tui.text import content


class ReasonPrompt(ModalScreen[str | None]):
    """One key for the reason of a reject that is saved already; enter or esc: none, u: undo."""

    DEFAULT_CSS = """
    ReasonPrompt { align: center bottom; background: transparent; }
    ReasonPrompt Static { width: 100%; height: 1; background: $accent; color: $text; }
    """

    def __init__(self, saved: str, reasons: tuple[str, ...]) -> None:
        super().__init__()
        self._keys = {key: name for key, name in REASON_KEYS.items() if name in reasons}
        self._saved = saved

    def compose(self) -> ComposeResult:
        """One line."""
        choices = "  ".join(f"{key} {name}" for key, name in self._keys.items())
        yield Static(content(f" {self._saved}  reason:  {choices}  enter none  u undo"))

    def on_key(self, event: events.Key) -> None:
        """Only the keys of the line count."""
        event.stop()
        if event.key in self._keys:
            self.dismiss(self._keys[event.key])
        elif event.key in ("enter", "escape"):
            self.dismiss("")
        elif event.key == "u":
            self.dismiss(None)


class NotePrompt(ModalScreen[str | None]):
    """A line of text; esc leaves without saving."""

    DEFAULT_CSS = """
    NotePrompt { align: center middle; }
    NotePrompt Input { width: 80%; }
    """
    BINDINGS = [("escape", "leave", "Leave")]

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        """One input."""
        yield Input(self._text, placeholder="note; enter saves, esc leaves", max_length=4000)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter saves."""
        self.dismiss(event.value)

    def action_leave(self) -> None:
        """Esc leaves."""
        self.dismiss(None)
