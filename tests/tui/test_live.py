"""The driver and the viewer in a real terminal: a pty with a program of its own in it."""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

import pytest

SCRIPT = """
import sys
from pathlib import Path
from types import SimpleNamespace
from textual.app import App
from textual.widgets import Static
from rtsproj.tui.display import Display
from rtsproj.tui.pictures.viewer import show_full
from rtsproj.tui.screens.pictures import synthetic_view
from rtsproj.tui.terminal.detect import Abilities, Viewer
from rtsproj.tui.terminal.driver import CalmDriver

class Small(App):
    BINDINGS = [("v", "view", ""), ("q", "quit", "")]

    def __init__(self):
        super().__init__()
        self.driver_class = CalmDriver
        self.display_settings = Display(abilities=Abilities(viewer=Viewer.SIXEL))
        self.gateway = SimpleNamespace(project=SimpleNamespace(folder=Path(sys.argv[1])))

    def compose(self):
        yield Static("ready")

    def say(self, words):
        self.query_one(Static).update(words)

    def action_view(self):
        chip = synthetic_view()
        show_full(self, chip.rgb, chip.rings, "C-00007")
        self.say("came back")

    def on_key(self, event):
        if event.key != "v":
            self.say(f"heard-{event.key}.")

Small().run()
"""


class Terminal:
    """A program in a pty; what it writes is read as long as somebody waits for it."""

    def __init__(self, words: list[str]) -> None:
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", TEXTUAL_ANIMATIONS="none")
            os.execv(words[0], words)  # noqa: S606 - that is the point of a pty
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 640, 384))
        self.written = b""
        self.status: int | None = None

    def wait_for(self, text: str, limit_s: float = 60.0) -> None:
        until = time.monotonic() + limit_s
        while text.encode() not in self.written:
            assert time.monotonic() < until, (text, self.written[-400:])
            if select.select([self.master], [], [], 0.1)[0]:
                self.written += os.read(self.master, 65_536)

    def type(self, text: str) -> None:
        self.written = b""
        os.write(self.master, text.encode())

    def ended(self, limit_s: float = 30.0) -> int | None:
        until = time.monotonic() + limit_s
        while self.status is None and time.monotonic() < until:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = status
            time.sleep(0.02)
        return self.status


@pytest.fixture
def terminal(tmp_path):
    found = Terminal([sys.executable, "-c", SCRIPT, str(tmp_path)])
    yield found
    if found.ended(0.0) is None:
        os.kill(found.pid, signal.SIGKILL)
        os.waitpid(found.pid, 0)


@pytest.mark.slow
def test_a_full_screen_picture_comes_and_goes_and_its_key_is_no_key(terminal: Terminal) -> None:
    terminal.wait_for("ready")
    terminal.type("v")
    terminal.wait_for("any key")
    assert b'\x1bP0;1q"1;1;352;352' in terminal.written
    terminal.type("y")
    terminal.wait_for("came back")
    assert b"heard-" not in terminal.written
    terminal.type("\x1b[?62;4")
    time.sleep(0.05)
    terminal.type("c\x1b_Gi=31;OK\x1b\\z")
    terminal.wait_for("heard-z.")
    terminal.type("q")
    assert terminal.ended() == 0
    os.close(terminal.master)


@pytest.mark.slow
def test_a_terminal_that_is_gone_ends_the_program(terminal: Terminal) -> None:
    terminal.wait_for("ready")
    os.close(terminal.master)
    assert terminal.ended() is not None
