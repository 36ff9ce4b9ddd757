"""Open the terminal UI; the options that say how it is shown."""

from typing import Annotated

import typer

from rtsproj.cli.session import Session
from rtsproj.tui.wishes import Wishes

Pictures = Annotated[
    str | None,
    typer.Option(
        metavar="MODE", help="Screen: kitty, sextant, quadrant, half, grey or ascii pictures."
    ),
]
Theme = Annotated[str | None, typer.Option(metavar="NAME", help="Screen: dark, light or 16.")]
Ascii = Annotated[bool, typer.Option("--ascii", help="Screen: marks of ASCII only.")]
NoProbe = Annotated[
    bool, typer.Option("--no-probe", help="Screen: do not ask the terminal what it can do.")
]
NoMouse = Annotated[bool, typer.Option("--no-mouse", help="Screen: leave the mouse alone.")]
ForceUtf8 = Annotated[
    bool, typer.Option("--force-utf8", help="Screen: open although the locale is not UTF-8.")
]


def open_screen(
    here: Session, *, at: str = "home", analyst: str | None = None, wishes: Wishes | None = None
) -> int:
    """Run the UI on the session's project; returns its exit code."""
    from rtsproj.cli.session import whoami  # noqa: PLC0415 - with the next, after the checks
    from rtsproj.tui.start import run  # noqa: PLC0415 - textual is imported when it is shown

    asked = here.wishes.then(wishes or Wishes())
    return run(here.open(), at=at, analyst=whoami(analyst), wishes=asked)
