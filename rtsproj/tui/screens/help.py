"""Help: the keys of the screen one came from, the labelling criteria, the verbs."""

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from rtsproj.domain.text import safe_text
from rtsproj.domain.verbs import VERBS
from rtsproj.tui.gateway.gateway import Gateway
from rtsproj.tui.keys import CLOSE, EVERYWHERE, TABLES, Key, bindings, remapped
from rtsproj.tui.places import WORDS
from rtsproj.tui.text import content
from rtsproj.tui.user import keys_path
from rtsproj.tui.widgets.head import Head
from rtsproj.tui.widgets.key_line import KeyLine

CRITERIA = (
    "YES, all of:  headwall that casts a shadow · bare floor · clear contrast to the tundra around",
    "NO, any of:   too small · no headwall shadow · healed or overgrown · only the debris tongue",
    "Outline:      where colour or texture changes; where it fades, join the ends of the arc",
    "Change:       the headwall retreats upslope between years; the bare floor grows with it",
    "Look-alikes:  outcrop · bare ground · mine, pit, road cut · river bar · pond shore · snow",
    'Not sure:     m. An honest "unsure" is a result; a second look decides it later.',
)
"""Method 8.1; a project's own lines in project.toml (triage.criteria) stand instead of them."""


class HelpScreen(Screen[None]):
    """What can be pressed here, and what counts as a slump."""

    BINDINGS = bindings(CLOSE)

    def __init__(self, gateway: Gateway, *, of: str = "home") -> None:
        super().__init__()
        self._gateway = gateway
        self._of = of

    def compose(self) -> ComposeResult:
        """The text and the footer."""
        yield Head(self._gateway, place="help")
        with VerticalScroll():
            yield Static(content(*self._lines()), id="text")
        yield KeyLine()

    def action_back(self) -> None:
        """Close the page."""
        self.dismiss()

    def _lines(self) -> list[str]:
        keymap = self.app.display_settings.keymap  # type: ignore[attr-defined]
        lines: list[str] = []
        if self._of in ("triage", "help", "home"):
            lines += ["WHAT COUNTS AS A SLUMP", *self._criteria(), ""]
        names = [self._of] if self._of in TABLES else []
        names += ["outline"] if self._of == "triage" else []
        for name in names:
            lines += [f"KEYS · {name}", *key_lines(remapped(TABLES[name], keymap)), ""]
        lines += ["KEYS · everywhere", *key_lines(remapped(EVERYWHERE, keymap)), ""]
        lines += ["PLACES (: and the name)", *(f" {k:10} {v}" for k, v in WORDS.items()), ""]
        lines += ["VERBS (: and the verb, as on the command line)", f" {' '.join(VERBS)}", ""]
        lines += [f'Own keys: {keys_path()}, a table [keys] of  id = "key"  lines.']
        return lines

    def _criteria(self) -> list[str]:
        own = self._gateway.project.settings.triage.criteria
        return [f" {safe_text(one)}" for one in own or CRITERIA]


def key_lines(keys: tuple[Key, ...]) -> list[str]:
    """A table for people: key, what it does, id."""
    return [f" {(one.label or one.key):9} {one.text:42} {one.id}" for one in keys]
