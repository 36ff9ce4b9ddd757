"""The app: signals, style, the first screen."""

import asyncio
import signal
from pathlib import Path

from textual.app import App

from rtsproj.errors import ExitCode
from rtsproj.tui.gateway import Gateway
from rtsproj.tui.keys import EVERYWHERE, bindings
from rtsproj.tui.pictures.cells import Mode
from rtsproj.tui.screens.home import HomeScreen
from rtsproj.tui.screens.pages import HelpPage
from rtsproj.tui.screens.triage import TriageScreen
from rtsproj.workflow.project import Project


class RtsApp(App[int]):
    """The terminal UI of one project and one analyst."""

    CSS_PATH = Path(__file__).with_name("app.tcss")
    BINDINGS = bindings(EVERYWHERE)
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-normal"), (150, "-wide")]
    ENABLE_COMMAND_PALETTE = False

    def __init__(
        self, project: Project, *, analyst: str, at: str = "home", grey: bool = False
    ) -> None:
        super().__init__()
        self.gateway = Gateway(project, analyst)
        self.picture_mode = Mode.QUADRANT
        self.picture_grey = grey
        self._at = at

    def on_mount(self) -> None:
        """Open home, and end cleanly when the connection drops."""
        loop = asyncio.get_running_loop()
        for number, code in (
            (signal.SIGHUP, ExitCode.HANG_UP),
            (signal.SIGTERM, ExitCode.TERMINATED),
        ):
            loop.add_signal_handler(number, self.exit, int(code), int(code))
        self.push_screen(HomeScreen(self.gateway))
        if self._at == "triage":
            self.push_screen(TriageScreen(self.gateway))

    def action_help(self) -> None:
        """Keys and labelling criteria."""
        self.push_screen(HelpPage())
