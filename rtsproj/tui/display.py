"""What the terminal shows and how; one frozen value, replaced when the person chooses otherwise."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from textual.app import App

from rtsproj.tui.pictures.cells import Mode
from rtsproj.tui.pictures.uploads import Uploads
from rtsproj.tui.terminal.detect import Abilities


@dataclass(frozen=True, slots=True)
class Display:
    """What the terminal shows and how.

    Attributes:
        mode: how pictures are drawn.
        grey: True = pictures in grey: fewer than 16 million colours, or none wanted.
        theme: dark, light or 16.
        keymap: a person's own keys by id.
        is_ascii: True = marks and frames of ASCII only.
        terminal: what choices for this terminal are stored under.
        abilities: what can be shown here.
        uploads: pictures that the terminal holds.
    """

    mode: Mode = Mode.QUADRANT
    grey: bool = False
    theme: str = "dark"
    keymap: Mapping[str, str] = field(default_factory=dict)
    is_ascii: bool = False
    terminal: str = ""
    abilities: Abilities = field(default_factory=Abilities)
    uploads: Uploads = field(default_factory=Uploads, compare=False)


def display_of(app: App[Any]) -> Display:
    """The display of an app; a plain one for an app that has none."""
    found = getattr(app, "display_settings", None)
    return found if isinstance(found, Display) else Display()


def writer_of(app: App[Any]) -> Callable[[str], None]:
    """Puts text into the terminal in order with what textual writes.

    textual has no public way to write through its writer thread (pinned; a test fails loudly).
    """
    driver = app._driver  # noqa: SLF001 - see above
    return driver.write if driver is not None else _nowhere


def _nowhere(_text: str) -> None:
    """Without a driver there is no terminal."""
