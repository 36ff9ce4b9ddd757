"""Report: the inventory and what lies near roads and railway."""

from textual import work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Footer, Static

from rtsproj.tui.gateway.gateway import Gateway
from rtsproj.tui.keys import CLOSE, bindings
from rtsproj.tui.text import content
from rtsproj.tui.widgets.head import Head


class ReportScreen(Screen[None]):
    """The report as the command line prints it."""

    BINDINGS = bindings(CLOSE)

    def __init__(self, gateway: Gateway) -> None:
        super().__init__()
        self._gateway = gateway

    def compose(self) -> ComposeResult:
        """The text and the footer."""
        yield Head(self._gateway, place="report")
        with VerticalScroll():
            yield Static(content("reading…"), id="text")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Read it in a thread."""
        self.read()

    @work(thread=True, exclusive=True)
    def read(self) -> None:
        """Collect the report."""
        text = self._gateway.desk.report()
        self.app.call_from_thread(self.query_one("#text", Static).update, content(text))

    def action_back(self) -> None:
        """Close the page."""
        self.dismiss()
