"""Ask another program one short question."""

import subprocess
from collections.abc import Sequence

LIMIT_S = 2.0


def ask_program(words: Sequence[str]) -> str:
    """What a program prints; empty where it is missing, fails or takes longer than 2 s."""
    try:
        done = subprocess.run(
            list(words),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=LIMIT_S,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""
