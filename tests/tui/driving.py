"""Drive the UI in tests: wait until it rests, read what it shows."""

import asyncio

from textual.app import App
from textual.pilot import Pilot

RESTS_S = 0.12
"""s without work after which the screen rests: longer than every debounce of a picture."""


def text_of(app: App) -> str:
    """The screen as lines of text."""
    lines = app.screen._compositor.render_strips()
    return "\n".join("".join(piece.text for piece in line).rstrip() for line in lines)


async def settle(pilot: Pilot) -> None:
    """Wait until no worker is left; one that a newer look has replaced counts as ended."""
    quiet = 0
    while quiet < 2:
        await pilot.pause(RESTS_S)
        running = [one._task for one in pilot.app.workers if not one.is_finished and one._task]
        quiet = 0 if running else quiet + 1
        if running:
            await asyncio.wait(running, timeout=5)
