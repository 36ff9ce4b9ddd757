"""The app: signals, themes, keys, and the way from one screen to another."""

import asyncio
import signal
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from textual._context import active_message_pump
from textual.app import App, SystemCommand
from textual.await_complete import AwaitComplete
from textual.screen import Screen

from rtsproj.domain.text import safe_text
from rtsproj.errors import ExitCode
from rtsproj.settings.file import changes
from rtsproj.tui.commands import CommandLine, obey
from rtsproj.tui.display import Display, writer_of
from rtsproj.tui.gateway.gateway import Gateway
from rtsproj.tui.keys import EVERYWHERE, bindings
from rtsproj.tui.places import WORDS, screen_of
from rtsproj.tui.screens.questions import Confirm
from rtsproj.tui.theme import DARK, LIGHT, NAMES, OWN
from rtsproj.tui.user import remember
from rtsproj.tui.words import changes_line
from rtsproj.workflow.project import Project

SETTINGS_S = 1.0
"""s between two looks at the clock of project.toml."""
BROKEN = "No job starts until it is fixed; the rest works with the settings before"


class RtsApp(App[int]):
    """The terminal UI of one project and one analyst."""

    CSS_PATH = Path(__file__).with_name("app.tcss")
    BINDINGS = bindings(EVERYWHERE)
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-normal"), (150, "-wide")]

    def __init__(
        self,
        project: Project,
        *,
        analyst: str,
        at: str = "home",
        display: Display | None = None,
    ) -> None:
        super().__init__()
        self.gateway = Gateway(project, analyst)
        self.display_settings = display or Display()
        self._at = at
        self._settings = project.settings_file.read()
        self.unsaved = ""
        """What could not be saved and is still on the screen; leaving warns of it."""
        self.register_theme(DARK)
        self.register_theme(LIGHT)

    def on_mount(self) -> None:
        """Open home, and end cleanly when the connection drops."""
        loop = asyncio.get_running_loop()
        for number, code in (
            (signal.SIGHUP, ExitCode.HANG_UP),
            (signal.SIGTERM, ExitCode.TERMINATED),
        ):
            loop.add_signal_handler(number, self.exit, int(code), int(code))
        self.app_resume_signal.subscribe(self, lambda _: self.action_redraw())
        self.theme = OWN[self.display_settings.theme]
        self.set_class(self.display_settings.is_ascii, "-ascii")
        self.set_keymap(self.display_settings.keymap)
        self.set_interval(SETTINGS_S, self._follow_settings)
        self.push_screen(screen_of("home", self.gateway))
        if self._at == "adjudication":
            self.go("triage", kind="adjudication")
        elif self._at != "home":
            self.go(self._at)

    def go(self, place: str, **given: Any) -> None:
        """Open a place; back to it where it is open already and nothing is asked of it.

        Args:
            place: a key of ``places.PLACES``.
            given: keyword arguments of its screen.
        """
        stack = [type(one).__module__.rpartition(".")[2] for one in self.screen_stack]
        if place in stack and not given:
            while type(self.screen).__module__.rpartition(".")[2] != place:
                self.pop_screen()
            return
        self.push_screen(screen_of(place, self.gateway, **given))

    @property
    def _background_screens(self) -> list[Screen[Any]]:
        """Screens that are seen below the one in front: none where that one covers everything.

        textual (8.2.8, pinned) counts the screen below as seen even then: each of its changes would
        draw the whole screen in front again, and ``is_current`` would be true of both.
        """
        return [] if self.screen.styles.background.a == 1 else super()._background_screens

    def pop_screen(self) -> AwaitComplete:
        """Close the screen in front, once for each screen.

        Two keys of one moment may both be waiting for a screen that the first of them closes;
        textual (8.2.8) would close the screen below with the second.
        """
        asker = active_message_pump.get(None)
        if isinstance(asker, Screen) and asker not in self.screen_stack:
            return AwaitComplete()
        return super().pop_screen()

    def action_leave(self) -> None:
        """Leave after a question; jobs go on."""
        lost = f"NOT SAVED: {self.unsaved}. " if self.unsaved else ""
        question = f"{lost}Leave rtsproj? Everything saved stays, jobs go on."
        self.push_screen(Confirm(question), self._leave)

    def action_help(self) -> None:
        """Keys of the screen in front, and the labelling criteria."""
        place = type(self.screen).__module__.rpartition(".")[2]
        if place != "help":
            self.go("help", of=place)

    def action_command_line(self) -> None:
        """`:` and a verb."""
        self.push_screen(CommandLine(), self._obey)

    def action_redraw(self) -> None:
        """Draw everything again, pictures that the terminal held too."""
        self.display_settings.uploads.drop_all(writer_of(self))
        self.refresh(repaint=True, layout=True)

    def on_unmount(self) -> None:
        """Leave no picture behind in the terminal."""
        self.display_settings.uploads.drop_all(writer_of(self))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:  # noqa: ARG002 - textual's signature
        """The palette: every place, every theme."""
        for place, words in WORDS.items():
            yield SystemCommand(f"Go to {place}", words, lambda place=place: self.go(place))
        for name in NAMES:
            yield SystemCommand(
                f"Theme {name}", "colours of the screen", lambda name=name: self.take_theme(name)
            )
        yield SystemCommand("Quit", "jobs go on", self.exit)

    def take_theme(self, name: str) -> None:
        """Change the colours, now and at later starts."""
        self.theme = OWN[name]
        remember("theme", name)

    def _follow_settings(self) -> None:
        """Report what an edit of project.toml has changed, or why it is not accepted."""
        before, self._settings = self._settings, self.gateway.project.settings_file.read()
        now = self._settings
        if now.stamp == before.stamp:
            return
        if now.fault is not None:
            text = f"{safe_text(now.fault.what)}: {safe_text(now.fault.hint)}. {BROKEN}"
            self.notify(text, severity="error", timeout=15, markup=False)
            return
        found = changes(before.settings, now.settings)
        if found or before.fault is not None:
            text = f"project.toml: {changes_line(found)}" if found else "project.toml is accepted"
            self.notify(text, timeout=10, markup=False)

    def _leave(self, answer: bool | None) -> None:  # noqa: FBT001 - textual's callback
        if answer:
            self.exit()

    def _obey(self, line: str | None) -> None:
        if line:
            obey(self, line)
