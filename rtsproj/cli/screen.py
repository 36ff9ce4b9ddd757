"""Open the terminal UI."""

from rtsproj.cli.session import Session


def open_screen(here: Session, *, at: str = "home", analyst: str | None = None) -> int:
    """Run the UI on the session's project; returns its exit code."""
    from rtsproj.cli.session import whoami  # noqa: PLC0415 - with the next, after the checks
    from rtsproj.tui.start import run  # noqa: PLC0415 - textual is imported when it is shown

    return run(here.open(), at=at, analyst=whoami(analyst))
