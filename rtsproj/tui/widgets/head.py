"""The status line on every screen: project, iteration, where one is, how far, who holds it."""

from textual.widgets import Static

from rtsproj.domain.text import safe_text
from rtsproj.tui.gateway.gateway import Gateway
from rtsproj.tui.text import content


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

    def tell(self, text: str) -> None:
        """Say how far; the rest of the line is the project's.

        Args:
            text: made safe by the caller where it holds names.
        """
        now = self._gateway.desk.newest
        name = safe_text(self._gateway.project.settings.project.name)
        where = f"it. {now.iteration} ▸ {self._place}" if now and now.iteration else self._place
        held = f"   held by {safe_text(now.held_by)}" if now and now.held_by else ""
        line = f" {name}  {where}   {text}{held}"
        if line != self._shown:
            self._shown = line
            self.update(content(line), layout=False)
