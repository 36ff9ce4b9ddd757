"""Questions of triage; while one is open no key writes a verdict."""

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from rtsproj.domain.decisions import REASON_KEYS
from rtsproj.tui.text import content

SPARE_KEYS = "abcdefghijklmnpqrstvwxyz123456789"
"""Keys for reasons that a project has added, in this order where they are free."""


class ReasonPrompt(ModalScreen[str | None]):
    """One key for the reason of a reject that is saved already; enter or esc: none, u: undo."""

    DEFAULT_CSS = """
    ReasonPrompt { align: center bottom; background: transparent; }
    ReasonPrompt Static { width: 100%; height: auto; background: $accent; color: $background; }
    """

    def __init__(self, saved: str, reasons: tuple[str, ...]) -> None:
        super().__init__()
        self._keys = reason_keys(reasons)
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
        else:
            self.notify("one of these reasons, enter for none, u to take it back", timeout=2)


class SecondOpinion(ModalScreen[bool]):
    """Another analyst was faster: S saves one's own word beside theirs; enter or esc goes on.

    No key of a verdict answers, so that a second opinion is never given by a key typed ahead.
    """

    DEFAULT_CSS = ReasonPrompt.DEFAULT_CSS.replace("ReasonPrompt", "SecondOpinion")

    def __init__(self, other: str, verdict: str) -> None:
        super().__init__()
        self._text = f" {other}. S save your {verdict} as a second opinion   enter go on"

    def compose(self) -> ComposeResult:
        """One line."""
        yield Static(content(self._text))

    def on_key(self, event: events.Key) -> None:
        """Only the keys of the line count."""
        event.stop()
        if event.key == "S":
            self.dismiss(result=True)
        elif event.key in ("enter", "escape"):
            self.dismiss(result=False)
        else:
            self.notify("S saves a second opinion, enter goes on without one", timeout=2)


class BulkPrompt(ModalScreen[str | None]):
    """A verdict on all that are marked: its word and the count, such as ``reject 12``."""

    DEFAULT_CSS = """
    BulkPrompt { align: center middle; }
    BulkPrompt Vertical {
        width: 70; max-width: 90%; height: auto; background: $panel; border: round $warning;
    }
    BulkPrompt Static { height: auto; padding: 0 1; }
    """
    BINDINGS = [("escape", "leave", "Leave")]

    def __init__(self, count: int) -> None:
        super().__init__()
        self._count = count

    def compose(self) -> ComposeResult:
        """The question and the line."""
        with Vertical():
            yield Static(
                content(
                    f"{self._count} candidates are marked.",
                    f"Type a verdict and the count, such as: reject {self._count}",
                    "accept, reject or unsure; esc leaves. One u takes all of them back.",
                )
            )
            yield Input(max_length=40)
            yield Static("", id="problem")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Only the right count counts."""
        verdict, _, count = event.value.strip().partition(" ")
        if verdict in ("accept", "reject", "unsure") and count.strip() == str(self._count):
            self.dismiss(verdict)
            return
        text = f"not taken: type a verdict and {self._count}"
        self.query_one("#problem", Static).update(content(text))

    def action_leave(self) -> None:
        """Esc leaves."""
        self.dismiss(None)


def reason_keys(reasons: tuple[str, ...]) -> dict[str, str]:
    """A key for each reason of a project: the published ones, then free letters for its own."""
    keys = {key: name for key, name in REASON_KEYS.items() if name in reasons}
    own = [name for name in reasons if name not in keys.values()]
    free = [key for key in SPARE_KEYS if key not in keys and key != "u"]
    for name in own:
        liked = [key for key in name if key in free]
        key = liked[0] if liked else free[0]
        free.remove(key)
        keys[key] = name
    return keys
