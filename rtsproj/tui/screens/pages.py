"""Pages of text: report, help."""

from textual import work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Footer, Static

from rtsproj.tui.gateway import Gateway
from rtsproj.tui.keys import CLOSE, HOME, TRIAGE, Key, bindings
from rtsproj.tui.text import content

CRITERIA = """What counts as a slump
 YES, all of:  headwall that casts a shadow · bare floor · clear contrast to the tundra around
 NO, any of:   too small · no headwall shadow · healed or overgrown · only the debris tongue
 Outline:      where colour or texture changes; where it fades, join the ends of the headwall's arc
 Change:       the headwall retreats upslope between years; the bare floor grows with it
 Look-alikes:  outcrop · bare ground · mine, pit, road cut · river bank or bar · pond shore · snow
 Not sure:     m. An honest "unsure" is a result; a second look decides it later."""


class Page(Screen[None]):
    """Text that scrolls."""

    BINDINGS = bindings(CLOSE)

    def compose(self) -> ComposeResult:
        """The text and the footer."""
        with VerticalScroll():
            yield Static(content("reading…"), id="text")
        yield Footer()

    def action_back(self) -> None:
        """Close the page."""
        self.dismiss()


class ReportPage(Page):
    """The report as the command line prints it."""

    def __init__(self, gateway: Gateway) -> None:
        super().__init__()
        self._gateway = gateway

    def on_mount(self) -> None:
        """Read it in a thread."""
        self.read()

    @work(thread=True, exclusive=True)
    def read(self) -> None:
        """Collect the report."""
        text = self._gateway.report()
        self.app.call_from_thread(self.query_one("#text", Static).update, content(text))


class HelpPage(Page):
    """Keys from the key map, and the labelling criteria."""

    def on_mount(self) -> None:
        """Write the tables."""
        lines = ["Home", *_lines(HOME), "", "Triage", *_lines(TRIAGE), "", CRITERIA]
        self.query_one("#text", Static).update(content(*lines))


def _lines(keys: tuple[Key, ...]) -> list[str]:
    return [f"  {(one.label or one.key):10} {one.text:24} {one.id}" for one in keys]
