"""Data: pick files, see what they are before anything is added, add them, lay the grid."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

from rtsproj.domain.days import DayOfYear
from rtsproj.domain.places import ImageUrl, Place, place_of
from rtsproj.domain.text import counted, safe_text
from rtsproj.errors import RtsError
from rtsproj.tui.data_text import project_lines, verdict_lines
from rtsproj.tui.gateway.data import Mark, given_text, parse_given, with_day
from rtsproj.tui.gateway.gateway import Gateway
from rtsproj.tui.keys import DATA, bindings
from rtsproj.tui.screens.questions import Choice, Confirm, Line
from rtsproj.tui.screens.working import WorkingScreen
from rtsproj.tui.text import content
from rtsproj.tui.user import read_choices, remember
from rtsproj.tui.widgets.head import Head
from rtsproj.tui.widgets.key_line import KeyLine
from rtsproj.tui.widgets.lazy_list import LazyList
from rtsproj.workflow.recognise import ORDER, Given, Recognised, is_known_suffix
from rtsproj.workflow.status import Status

if TYPE_CHECKING:
    from textual.timer import Timer

WAIT_S = 0.15
"""s that the cursor rests on a file before it is looked at."""
MOST_ENTRIES = 20_000


class DataScreen(WorkingScreen):
    """From an empty project to the first training."""

    BINDINGS = bindings(DATA)
    DEFAULT_CSS = """
    DataScreen {
        #upper { height: 1fr; }
        #files { width: 1fr; height: 1fr; }
        #about { width: 1fr; height: 1fr; }
        #project { height: 7; }
        &.-narrow #files { width: 38; }
        &.-narrow #project { height: 5; }
    }
    """

    def __init__(self, gateway: Gateway) -> None:
        super().__init__()
        self._gateway = gateway
        last = Path(str(read_choices().get("data_folder", "")))
        beside = gateway.project.folder.parent  # data lies beside a project, seldom inside it
        self._folder = last if last.is_absolute() and last.is_dir() else beside
        self._entries: list[Place] = []
        self._marks: dict[Place, Mark] = {}
        self._said: dict[Place, Given] = {}
        self._seen: Recognised | None = None
        self._unread: set[Place] = set()
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """Files on the left, what they are on the right, the project below."""
        yield Head(self._gateway, place="data")
        with Horizontal(id="upper"):
            yield LazyList(self._row, id="files", classes="pane")
            yield Static(id="about", classes="pane")
        yield Static(id="project", classes="pane")
        yield KeyLine()

    def on_mount(self) -> None:
        """Show the folder."""
        self.query_one("#about").border_title = "what it is · nothing is added yet"
        self.query_one("#project").border_title = "the project has"
        self.query_one("#files").focus()
        self._open(self._folder)
        self.look()

    @work(thread=True, exclusive=True, group="project", exit_on_error=False)
    def look(self) -> None:
        """What the project has."""
        try:
            now = self._gateway.desk.status()
        except RtsError as error:
            self.app.call_from_thread(self.say, error)
            return
        self.app.call_from_thread(self._show_project, now)

    @work(thread=True, exclusive=True, group="recognise", exit_on_error=False)
    def recognise(self, path: Place) -> None:
        """What the file is."""
        found = self._gateway.data.recognise(path, self._said.get(path, Given()))
        self.app.call_from_thread(self._show_file, found)

    @work(thread=True, group="mark", exit_on_error=False)
    def mark_when_read(self, path: Place) -> None:
        """Mark a file as what it turns out to be, wherever the cursor is by then."""
        found = self._gateway.data.recognise(path, self._said.get(path, Given()))
        self.app.call_from_thread(self._mark_read, found)

    @work(thread=True, exclusive=True, group="add", exit_on_error=False)
    def add(self, marks: tuple[tuple[Place, Mark], ...]) -> None:
        """Take in what is marked, images first; stops at the first that cannot be used."""
        for number, (path, mark) in enumerate(marks, start=1):
            title = f"adding {number} of {len(marks)}: {safe_text(path.name)}"
            self.app.call_from_thread(self._title, title)
            try:
                said = self._gateway.data.take_in(path, mark.kind, mark.given)
            except RtsError as error:
                self.app.call_from_thread(self.say, error)
                break
            self.app.call_from_thread(self._added, path, said)
        self.app.call_from_thread(self._title, "the project has")
        self.app.call_from_thread(self.look)

    @work(thread=True, exclusive=True, group="add", exit_on_error=False)
    def lay(self) -> None:
        """Lay the grid."""
        try:
            tiling = self._gateway.data.lay_tiles(self._progress)
        except RtsError as error:
            self.app.call_from_thread(self.say, error)
            self.app.call_from_thread(self._title, "the project has")
            return
        added = counted(tiling.added, "tile")
        text = f"{added} added, {tiling.tiles} in all, {tiling.valid_km2:,.2f} km²"
        self.app.call_from_thread(self.notify, text, markup=False)
        self.app.call_from_thread(self._title, "the project has")
        self.app.call_from_thread(self.look)

    def on_lazy_list_moved(self) -> None:
        """Look at the file where the cursor rests."""
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(WAIT_S, self._rest)

    def action_move(self, step: int) -> None:
        """Move in the folder."""
        self.query_one("#files", LazyList).move(step)

    def action_up(self) -> None:
        """The folder above."""
        if any(isinstance(one, ImageUrl) for one in self._entries):
            self._open(self._folder)
            return
        came_from = self._folder
        self._open(self._folder.parent)
        if came_from in self._entries:
            self.query_one("#files", LazyList).cursor = self._entries.index(came_from)

    def action_open(self) -> None:
        """Enter a folder, or mark a file."""
        here = self._here()
        if isinstance(here, Path) and here.is_dir():
            self._open(here)
        else:
            self.action_mark()

    def action_mark(self) -> None:
        """Mark the file, or take the mark off."""
        here, seen = self._here(), self._seen
        if here is None or _is_folder(here):
            return
        if here in self._marks:
            del self._marks[here]
        elif here in self._unread:
            self._unread.discard(here)
        elif seen is None or seen.path != here:
            self._unread.add(here)
            self.mark_when_read(here)
        elif not seen.kinds:
            self.notify("this file cannot be added: the reason stands beside", severity="warning")
        else:
            self._marks[here] = Mark(seen.kinds[0], self._said.get(here, Given()))
        self._refresh_files()

    def action_kind(self) -> None:
        """Choose as what the file is added."""
        here, seen = self._here(), self._seen
        if here is None or seen is None or seen.path != here or not seen.kinds:
            self.notify("stand on a file that can be added", severity="warning")
            return
        kinds = seen.kinds

        def choose(at: int | None) -> None:
            if at is not None:
                self._marks[here] = Mark(kinds[at], self._said.get(here, Given()))
                self._refresh_files()

        self.app.push_screen(Choice(f"{safe_text(here.name)} is", [str(k) for k in kinds]), choose)

    def action_go_to(self) -> None:
        """Type a folder, or the URL of an image in a store, behind the folder if need be."""

        def go(text: str | None) -> None:
            if text:
                typed = text.strip()
                added = typed.removeprefix(str(self._folder)).lstrip("/ ")
                self._go(added if "://" in added else typed)

        question = "Go to folder, or to one image in a store (s3://…, https://…):"
        self.app.push_screen(Line(question, str(self._folder)), go)

    def action_say(self) -> None:
        """Say what the file does not: date, bands, CRS, layer, filter."""
        here = self._here()
        if here is None or _is_folder(here):
            return
        question = 'date=YYYY-MM-DD bands=red,green,… crs=EPSG:n layer=NAME where="…"'

        def take(text: str | None) -> None:
            if text is not None:
                self._take_said(here, text)

        self.app.push_screen(Line(question, given_text(self._said.get(here, Given()))), take)

    def action_add(self) -> None:
        """Ask, then add what is marked."""
        if self._unread:
            self.notify(f"reading {counted(len(self._unread), 'marked file')}…")
            return
        if not self._marks:
            self.notify("mark files first: space", severity="warning")
            return
        marks = tuple(sorted(self._marks.items(), key=lambda one: ORDER.index(one[1].kind)))
        lines = [f"{safe_text(path.name)} as {mark.kind}" for path, mark in marks[:12]]
        more = [f"… and {len(marks) - 12} more"] if len(marks) > 12 else []
        question = "\n".join([f"Add {counted(len(marks), 'file')}?", "", *lines, *more])

        def add(is_wanted: bool | None) -> None:  # noqa: FBT001 - textual's callback
            if is_wanted:
                self.add(marks)

        self.app.push_screen(Confirm(question), add)

    def action_tile(self) -> None:
        """Lay the grid."""
        self._title("laying the grid…")
        self.lay()

    def action_inputs(self) -> None:
        """What is in use, and take one back."""
        self.app.go("inputs")  # type: ignore[attr-defined]

    def on_screen_resume(self) -> None:
        """An input may have been removed meanwhile."""
        self._seen = None
        self.look()

    def action_back(self) -> None:
        """Back."""
        self.dismiss()

    def _take_said(self, path: Place, text: str) -> None:
        try:
            given = parse_given(text)
        except RtsError as error:
            self.say(error)
            return
        self._said[path] = given
        if path in self._marks:
            self._marks[path] = replace(self._marks[path], given=given)
        if isinstance(given.acquired, DayOfYear):  # one answer for all files that hold a year
            self._marks |= with_day(self._marks, given.acquired)
        self.recognise(path)

    def _go(self, text: str) -> None:
        try:
            place = place_of(text)
        except RtsError as error:
            self.say(error)
            return
        if isinstance(place, ImageUrl):
            self._seen = None  # it may be allowed by now, or another
            self._list([place], title=place.folder, subtitle="← back to the folder")
        else:
            self._open(place.expanduser())

    def _open(self, folder: Path) -> None:
        try:
            entries = [one for one in folder.iterdir() if not one.name.startswith(".")]
        except OSError as error:
            self.notify(f"{folder}: {error.strerror}", severity="error", markup=False)
            return
        shown = [one for one in entries if one.is_dir() or is_known_suffix(one)]
        shown.sort(key=lambda one: (not one.is_dir(), one.name.lower()))
        self._folder = folder
        hidden = len(entries) - len(shown)
        subtitle = f"{hidden} other files not shown" if hidden else ""
        self._list(shown[:MOST_ENTRIES], title=str(folder), subtitle=subtitle)
        remember("data_folder", str(folder))

    def _list(self, entries: Sequence[Place], *, title: str, subtitle: str) -> None:
        self._entries = list(entries)
        files = self.query_one("#files", LazyList)
        files.border_title = safe_text(title)
        files.border_subtitle = subtitle
        files.cursor = 0
        files.set_total(len(self._entries))
        self.on_lazy_list_moved()

    def _here(self) -> Place | None:
        row = self.query_one("#files", LazyList).cursor
        return self._entries[row] if row < len(self._entries) else None

    def _rest(self) -> None:
        here = self._here()
        if here is None or _is_folder(here):
            self.query_one("#about", Static).update(content("a folder" if here else "nothing here"))
        elif self._seen is None or self._seen.path != here:
            self.query_one("#about", Static).update(content(safe_text(here.name), "looking…"))
            self.recognise(here)
        else:
            self._show_file(self._seen)

    def _show_file(self, found: Recognised) -> None:
        if found.path != self._here():
            return
        self._seen = found
        lines = [safe_text(found.path.name), *verdict_lines(found), ""]
        lines += [f"{name:<9} {safe_text(value)}" for name, value in found.facts]
        self.query_one("#about", Static).update(content(*lines))

    def _mark_read(self, found: Recognised) -> None:
        if found.path not in self._unread:
            return  # the mark was taken off again
        self._unread.discard(found.path)
        if found.kinds:
            self._marks[found.path] = Mark(found.kinds[0], self._said.get(found.path, Given()))
        else:
            text = f"{safe_text(found.path.name)} cannot be added; stand on it for the reason"
            self.notify(text, severity="warning", markup=False)
        self._refresh_files()

    def _refresh_files(self) -> None:
        files = self.query_one("#files", LazyList)
        files.refresh()
        self._title(f"{len(self._marks)} marked: a adds them" if self._marks else "the project has")

    def _added(self, path: Place, said: str) -> None:
        self._marks.pop(path, None)
        self._seen = None
        self._refresh_files()
        self.notify(f"added: {safe_text(said)}", markup=False)

    def _progress(self, done: int, of: int, what: str) -> None:
        if done % 20 == 0:
            self.app.call_from_thread(self._title, f"laying the grid: {done} of {of} {what}")

    def _title(self, text: str) -> None:
        self.query_one("#project").border_title = text

    def _show_project(self, now: Status) -> None:
        self.query_one("#project", Static).update(content(*project_lines(now)))
        self.query_one(Head).tell(f"{now.area_km2:,.1f} km²")

    def _row(self, row: int) -> str:
        if row >= len(self._entries):
            return ""
        one = self._entries[row]
        mark = self._marks.get(one)
        name = safe_text(one.name) + ("/" if _is_folder(one) else "")
        sign = "●" if mark else "…" if one in self._unread else " "
        return f"{sign} {name}" + (f"  ← {mark.kind}" if mark else "")


def _is_folder(place: Place) -> bool:
    return isinstance(place, Path) and place.is_dir()
