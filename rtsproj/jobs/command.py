"""Run one verb of the command line as its own process, such as `:` of the terminal UI asks for."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


def run_words(folder: Path, words: Sequence[str], *, most_s: float) -> tuple[int, str, str]:
    """Run ``rtsproj -C folder words…`` without a terminal.

    Args:
        folder: the project.
        words: verb and its arguments.
        most_s: s after which it is ended.

    Returns:
        Exit code (124 after ``most_s``), standard output, standard error.
    """
    command = [sys.executable, "-P", "-m", "rtsproj.cli.main", "-C", str(folder), *words]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=most_s,
        )
    except subprocess.TimeoutExpired:
        return 124, "", f"no answer after {most_s:.0f} s"
    return done.returncode, done.stdout, done.stderr
