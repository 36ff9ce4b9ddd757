"""Pages of triage: everything that was said of a place, and the reject reasons with counts."""

from textual import work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from rtsproj.domain.text import safe_text
from rtsproj.errors import RtsError
from rtsproj.tui.gateway.gateway import Gateway
from rtsproj.tui.keys import CLOSE, bindings
from rtsproj.tui.text import content
from rtsproj.tui.widgets.key_line import KeyLine
from rtsproj.workflow.candidates import CandidateCard
from rtsproj.workflow.opinions import Said


class _Read(Screen[None]):
    """A page whose lines are read in a thread."""

    BINDINGS = bindings(CLOSE)

    def __init__(self, gateway: Gateway, title: str) -> None:
        super().__init__()
        self._gateway = gateway
        self._title = title

    def compose(self) -> ComposeResult:
        """Title, lines, footer."""
        yield Static(content(f" {self._title}"), id="head")
        with VerticalScroll():
            yield Static(content("reading…"), id="text")
        yield KeyLine()

    def on_mount(self) -> None:
        """Read the lines."""
        self.read()

    @work(thread=True, exclusive=True, exit_on_error=False)
    def read(self) -> None:
        """Read in a thread."""
        try:
            lines = self.lines()
        except RtsError as error:
            lines = [error.what, error.hint]
        self.app.call_from_thread(self._show, lines)

    def lines(self) -> list[str]:
        """What the page says; called in a thread."""
        return []

    def action_back(self) -> None:
        """Close the page."""
        self.dismiss()

    def _show(self, lines: list[str]) -> None:
        self.query_one("#text", Static).update(content(*lines))


class PlacePage(_Read):
    """All words on a candidate and its place, over all iterations and analysts."""

    def __init__(self, gateway: Gateway, card: CandidateCard) -> None:
        super().__init__(gateway, f"this place · C-{card.row.candidate_id:05}")
        self._card = card

    def lines(self) -> list[str]:
        """Outlines first, then words, oldest first."""
        row = self._card.row
        found = [f"C-{row.candidate_id:05}  iteration {row.iteration}  {row.lineage}"]
        found += [
            f"C-{one.candidate_id:05}  iteration {one.iteration}  {one.status}"
            for one in self._card.history
        ]
        words = self._gateway.review.words(self._card)
        found += ["", "what was said:" if words else "nothing was said yet"]
        return [*found, *(_said(one) for one in words)]


class ReasonsPage(_Read):
    """Reject reasons that stand, as a bar chart."""

    def __init__(self, gateway: Gateway) -> None:
        super().__init__(gateway, "reject reasons")

    def lines(self) -> list[str]:
        """One line a reason."""
        found = self._gateway.review.reasons()
        most = max((count for _, count in found), default=0) or 1
        return [
            f" {safe_text(name or 'no reason'):14} {count:6}  {'█' * round(40 * count / most)}"
            for name, count in found
        ]


def _said(one: Said) -> str:
    parts = [one.verdict, one.reason, one.confidence, one.evidence]
    parts += ["flagged" if one.flagged else "", f"“{one.note}”" if one.note else ""]
    parts += [one.purpose if one.purpose != "triage" else "", one.act if one.act != "say" else ""]
    words = "  ".join(safe_text(part) for part in parts if part)
    when = one.decided_at.isoformat(sep=" ", timespec="minutes")
    who = safe_text(one.analyst)
    return f" #{one.decision_id:<6} {when}  {who:12} C-{one.candidate_id:05}  {words}"
