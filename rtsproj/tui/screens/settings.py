"""Settings: every key with its value, range and source; enter changes it in project.toml."""

from rich.cells import set_cell_size
from textual import work
from textual.app import ComposeResult
from textual.widgets import Static

from rtsproj.domain.text import counted, safe_text
from rtsproj.errors import RtsError
from rtsproj.settings.catalogue import Setting, choices, setting_lines
from rtsproj.settings.write import toml_text
from rtsproj.tui.gateway.gateway import Gateway
from rtsproj.tui.keys import SETTINGS, bindings
from rtsproj.tui.screens.questions import Choice, Line
from rtsproj.tui.screens.working import WorkingScreen
from rtsproj.tui.text import content
from rtsproj.tui.widgets.head import Head
from rtsproj.tui.widgets.key_line import KeyLine
from rtsproj.tui.widgets.lazy_list import LazyList
from rtsproj.tui.words import changes_line

LOOK_S = 1.0
"""s between two looks at the clock of project.toml."""
WIDE = 110
"""Cells of a screen from which values have more room."""
MARKS = {"project.toml": "*", "preset": "p", "default": " "}
"""Source of a value in one cell."""


class SettingsScreen(WorkingScreen):
    """A list of keys, and below it what the key under the cursor means."""

    BINDINGS = bindings(SETTINGS)
    DEFAULT_CSS = """
    SettingsScreen {
        #list { height: 1fr; }
        #detail { height: 9; }
    }
    """

    def __init__(self, gateway: Gateway) -> None:
        super().__init__()
        self._gateway = gateway
        self._all: tuple[Setting, ...] = ()
        self._shown: tuple[Setting, ...] = ()
        self._only_changed = False
        self._seen: object = None

    def compose(self) -> ComposeResult:
        """List and detail."""
        yield Head(self._gateway, place="settings")
        yield LazyList(self._row, id="list", classes="pane")
        yield Static(id="detail", classes="pane")
        yield KeyLine()

    def on_mount(self) -> None:
        """Name the pane and begin to look."""
        self.query_one("#list").border_title = "project.toml · * set here, p from the preset"
        self._look_if_changed()
        self.set_interval(LOOK_S, self._look_if_changed)

    @work(thread=True, exclusive=True, group="look", exit_on_error=False)
    def look(self) -> None:
        """Read all keys; of a file that is not accepted the keys stay as they were."""
        found = self._gateway.settings.list()
        self.app.call_from_thread(self._show, found)

    @work(thread=True, exclusive=True, group="act", exit_on_error=False)
    def change(self, key: str, text: str) -> None:
        """Write a value; one that is not accepted is asked for again."""
        try:
            done = self._gateway.settings.change(key, text)
        except RtsError as error:
            self.app.call_from_thread(self._ask_again, key, text, error)
            return
        self.app.call_from_thread(self.look)
        if done.before == done.now:
            self.app.call_from_thread(self.notify, f"{key} is unchanged", markup=False)
            return
        self.app.call_from_thread(self.notify, f"saved: {changes_line([done])}", markup=False)

    def on_lazy_list_moved(self) -> None:
        """The detail follows the cursor."""
        one = self._here()
        if one is not None:
            pane = self.query_one("#detail", Static)
            pane.border_title = one.key
            pane.update(content(*map(safe_text, setting_lines(one))))

    def action_move(self, step: int) -> None:
        """Move in the list."""
        self.query_one("#list", LazyList).move(step)

    def action_changed(self) -> None:
        """Only the keys that differ from the preset, or all."""
        self._only_changed = not self._only_changed
        self._show(self._all)

    def action_edit(self) -> None:
        """Ask for a value: of a few by its digit, else as a line."""
        one = self._here()
        if one is None:
            return
        found = choices(one.key)
        if found:
            words = [toml_text(value) for value in found]

            def chosen(number: int | None) -> None:
                if number is not None:
                    self.change(one.key, words[number])

            self.app.push_screen(Choice(f"{one.key} = {toml_text(one.value)}", words), chosen)
        else:
            self._ask(one, toml_text(one.value))

    def action_to_preset(self) -> None:
        """Back to the value that the preset has."""
        one = self._here()
        if one is not None:
            self.change(one.key, toml_text(one.preset))

    def action_back(self) -> None:
        """Back."""
        self.dismiss()

    def _ask(self, one: Setting, text: str, problem: str = "") -> None:
        def answered(given: str | None) -> None:
            if given is not None:
                self.change(one.key, given)

        question = f"{one.key} · {one.accepted}" + (f"\n{problem}" if problem else "")
        self.app.push_screen(Line(question, text), answered)

    def _ask_again(self, key: str, text: str, error: RtsError) -> None:
        one = next((one for one in self._all if one.key == key), None)
        if one is None or choices(key):
            self.say(error)
            return
        self._ask(one, text, f"{safe_text(error.what)}: {safe_text(error.hint)}")

    def _look_if_changed(self) -> None:
        if not self.is_current:
            return  # covered by another screen: the next look is soon enough
        seen, self._seen = self._seen, self._gateway.project.settings_file.read()
        if seen is not self._seen:
            self.look()

    def _show(self, found: tuple[Setting, ...]) -> None:
        self._all = found
        set_here = [one for one in found if one.source == "project.toml"]
        self._shown = tuple(set_here) if self._only_changed else found
        which = "only those that differ from the preset" if self._only_changed else ""
        told = f"{counted(len(found), 'key')}, {len(set_here)} set in project.toml"
        self.query_one(Head).tell(told, more=which)
        self.query_one("#list", LazyList).set_total(len(self._shown))
        self.on_lazy_list_moved()

    def _here(self) -> Setting | None:
        row = self.query_one("#list", LazyList).cursor
        return self._shown[row] if row < len(self._shown) else None

    def _row(self, row: int) -> str:
        one = self._shown[row]
        cells = 28 if self.size.width >= WIDE else 16
        value = set_cell_size(safe_text(toml_text(one.value)), cells)
        return f" {MARKS[one.source]} {one.key:28} {value}  {one.accepted}"
