"""One picture on the whole terminal, in pixels, while the UI is suspended; else a PNG file."""

import fcntl
import re
import struct
import sys
import termios
import tty
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from PIL import Image
from textual.app import SuspendNotSupported

from rtsproj.domain.text import safe_text
from rtsproj.tui.display import Display
from rtsproj.tui.pictures.cells import Picture
from rtsproj.tui.pictures.fit import drawn, drawn_without_colour
from rtsproj.tui.pictures.inline import inline_of
from rtsproj.tui.pictures.kitty import place, png_of, wrapped
from rtsproj.tui.pictures.sixel import sixel_of
from rtsproj.tui.pictures.view import Ring
from rtsproj.tui.terminal.detect import Abilities, Viewer

MOST_PX = 1600
"""Side of a picture at most: 2 MiB of sixel go over the line for more."""
PNG_PX = 1024
CLEAR = "\x1b[2J\x1b[H"
KEPT_ROWS = 2
"""Rows of the terminal for the caption and the line below the picture."""


class Host(Protocol):
    """What the viewer needs of the app."""

    display_settings: Display
    gateway: Any
    notify: Callable[..., None]

    def suspend(self) -> AbstractContextManager[None]:
        """Give the terminal back for a while."""


@dataclass(frozen=True, slots=True)
class Room:
    """Where a full-screen picture goes: cells, and pixels of a cell."""

    cols: int
    rows: int
    cell_px: tuple[int, int]

    @property
    def side_px(self) -> int:
        """Largest square above the caption, px."""
        width, height = self.cols * self.cell_px[0], (self.rows - KEPT_ROWS) * self.cell_px[1]
        return max(0, min(width, height, MOST_PX))


def show_full(app: Host, rgb: Picture, rings: Sequence[Ring], caption: str) -> None:
    """Show a picture on the whole terminal until a key is pressed.

    Where the terminal takes no pixels, a PNG is saved and its path is said.

    Args:
        app: the app; its display says what the terminal takes.
        rgb: (rows, cols, 3) uint8, square.
        rings: what is drawn on it.
        caption: one line under the picture.
    """
    display = app.display_settings
    if display.abilities.viewer is not Viewer.FILE:
        try:
            with app.suspend():
                _show(rgb, rings, caption, display)
        except SuspendNotSupported:
            pass
        else:
            return
    path = save_png(app.gateway.project.folder / "exports", rgb, rings, caption)
    app.notify(f"saved {path}", markup=False)


def save_png(folder: Path, rgb: Picture, rings: Sequence[Ring], caption: str) -> Path:
    """Save a picture with its outlines; the caption becomes the file's name."""
    name = re.sub(r"[^A-Za-z0-9.-]+", "-", caption).strip("-.")[:80] or "picture"
    side = max(PNG_PX, len(rgb))
    path = folder / f"{name}.png"
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".{path.name}.part"
    Image.fromarray(drawn(rgb, rings, size=(side, side))).save(part, format="PNG")
    part.replace(path)
    return path


def encoded(picture: Picture, abilities: Abilities) -> str:
    """A picture as the terminal takes it; empty where it takes none."""
    if 0 in picture.shape or abilities.viewer is Viewer.FILE:
        return ""
    if abilities.viewer is Viewer.KITTY:
        return place(png_of(picture), in_tmux=abilities.in_tmux)
    if abilities.viewer is Viewer.INLINE:
        return wrapped(inline_of(picture), in_tmux=abilities.in_tmux)
    return sixel_of(picture).decode("ascii")


def _show(rgb: Picture, rings: Sequence[Ring], caption: str, display: Display) -> None:
    out, keys = sys.__stderr__, sys.__stdin__
    if out is None or keys is None:
        return
    room = _room(out.fileno(), display.abilities)
    draw = drawn_without_colour if display.grey else drawn
    text = encoded(draw(rgb, rings, size=(room.side_px, room.side_px)), display.abilities)
    line = f"{safe_text(caption)[: max(0, room.cols - 14)]} · any key"
    with _by_key(keys.fileno()):
        out.write(f"{CLEAR}{text}\x1b[{room.rows};1H{line}")
        out.flush()
        with open(keys.fileno(), "rb", buffering=0, closefd=False) as typed:
            typed.read(1)
    out.write(CLEAR)
    out.flush()


def _room(terminal: int, abilities: Abilities) -> Room:
    """Size of the terminal; its pixels where it says them, else those of the probe."""
    packed = fcntl.ioctl(terminal, termios.TIOCGWINSZ, b"\0" * 8)
    rows, cols, width, height = struct.unpack("HHHH", packed)
    cell = (width // cols, height // rows) if cols and rows else (0, 0)
    return Room(cols, rows, cell if all(cell) else abilities.cell_px)


@contextmanager
def _by_key(terminal: int) -> Iterator[None]:
    """Keys come one by one; from before a key is asked for, so that the first one counts."""
    before = termios.tcgetattr(terminal)
    try:
        tty.setcbreak(terminal, termios.TCSAFLUSH)
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSAFLUSH, before)
