"""Drive the real UI as a person does: keys into tmux, text off its screen."""

import os
import shlex
import subprocess
import sys
import time
from pathlib import Path


class Tmux:
    """One screen on a server of its own."""

    def __init__(self, project: Path, *words: str, size: tuple[int, int] = (120, 36)) -> None:
        self._tmux = ["tmux", "-L", f"rtsproj-{os.getpid()}-{project.parent.name}"]
        program = [sys.executable, "-m", "rtsproj.cli.main", "-C", str(project), *words]
        home = f"HOME={shlex.quote(str(project.parent))}"
        cols, rows = map(str, size)
        command = f"{home} exec {shlex.join(program)}"
        self._ask("-f", "/dev/null", "new-session", "-d", "-x", cols, "-y", rows, command)
        self._ask("set-option", "-g", "remain-on-exit", "on")  # its last words stay to be read

    def __enter__(self) -> "Tmux":
        return self

    def __exit__(self, *_error: object) -> None:
        subprocess.run([*self._tmux, "kill-server"], check=False, capture_output=True)

    def press(self, *keys: str) -> None:
        """Press keys by tmux's names."""
        self._ask("send-keys", *keys)

    def screen(self) -> str:
        """What is shown now."""
        return self._ask("capture-pane", "-p", "-S", "-400")

    def wait_for(self, text: str, *, most_s: float = 90) -> str:
        """Wait until the screen shows a text; returns the screen."""
        until = time.monotonic() + most_s
        while text not in (shown := self.screen()):
            assert time.monotonic() < until, f"no {text!r} on\n{shown}"
            time.sleep(0.1)
        return shown

    def _ask(self, *words: str) -> str:
        asked = [*self._tmux, *words]
        return subprocess.run(asked, check=True, capture_output=True, text=True).stdout
