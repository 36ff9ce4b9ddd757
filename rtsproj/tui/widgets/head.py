"""The status line on every screen: project, iteration, where one is, how far, who holds it."""

from textual.content import Content
from textual.widgets import Static

from rtsproj.domain.text import safe_text
from rtsproj.tui.gateway.gateway import Gateway


class Head(Static):
    """One line; only a changed text is drawn."""

    DEFAULT_CSS = "Head { height: 1; background: $panel; color: $foreground; text-style: bold; }"

    def __init__(self, gateway: Gateway, *, place: str) -> None:
        super().__init__(id="head")
        self._gateway = gateway
        self._place = place
        self._shown = ""

    def on_mount(self) -> None:
        """Show what is known at once."""
        self.tell("")

    def tell(self, text: str, *, saved: str = "", more: str = "") -> None:
        """Say how far; the rest of the line is the project's.

        Args:
            text: made safe by the caller where it holds names.
            saved: what was saved last, in the colour of success.
            more: what a narrow screen may cut.
        """
        now = self._gateway.desk.newest
        name = safe_text(self._gateway.project.settings.project.name)
        where = f"it. {now.iteration} ▸ {self._place}" if now and now.iteration else self._place
        held = f"held by {safe_text(now.held_by)}" if now and now.held_by else ""
        parts = [f" {name}  {where}", text, saved, more, held]
        line = "   ".join(part for part in parts if part)
        if line != self._shown:
            self._shown = line
            start = line.index(saved)
            shown = Content(line).stylize("$text-success", start, start + len(saved))
            self.update(shown, layout=False)
