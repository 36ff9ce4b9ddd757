"""Full-screen pictures: each encoding read back, the PNG where there is none."""

import base64
import contextlib
import io
import os
import re
import sys
import termios
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from textual.app import SuspendNotSupported
from textures import psnr, tundra

from rtsproj.tui.display import Display
from rtsproj.tui.pictures.fit import drawn
from rtsproj.tui.pictures.inline import inline_of
from rtsproj.tui.pictures.sixel import sixel_of
from rtsproj.tui.pictures.view import Line, Ring
from rtsproj.tui.pictures.viewer import Room, encoded, save_png, show_full
from rtsproj.tui.terminal.detect import Abilities, Viewer

RING = Ring(np.array([[0.2, 0.2], [0.8, 0.2], [0.8, 0.8], [0.2, 0.8], [0.2, 0.2]]))
TOKEN = re.compile(rb"#(\d+);2;(\d+);(\d+);(\d+)|#(\d+)|!(\d+)(.)|([$-])|([?-~])", re.DOTALL)


class Pen:
    """Draws sixel data on a canvas, as a terminal does."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.canvas = np.zeros((size[1] + 6, size[0] + 1, 3), np.uint8)
        self.palette: dict[int, list[float]] = {}
        self.colour, self.x, self.y = 0, 0, 0

    def take(self, token: re.Match[bytes]) -> None:
        define, *rgb, choose, count, char, move, one = token.groups()
        if define is not None:
            self.palette[int(define)] = [int(part) * 255 / 100 for part in rgb]
        elif choose is not None:
            self.colour = int(choose)
        elif move is not None:
            self.x, self.y = 0, self.y + 6 * (move == b"-")
        else:
            self.draw(int(count or 1), char or one)

    def draw(self, count: int, char: bytes) -> None:
        bits = ord(char) - 63
        for row in range(6):
            if bits >> row & 1:
                self.canvas[self.y + row, self.x : self.x + count] = self.palette[self.colour]
        self.x += count


def unsixel(data: bytes) -> np.ndarray:
    head = re.match(rb'\x1bP[\d;]*q"1;1;(\d+);(\d+)', data)
    assert head is not None
    assert data.endswith(b"\x1b\\")
    cols, rows = int(head[1]), int(head[2])
    pen, at, end = Pen((cols, rows)), head.end(), len(data) - 2
    while at < end:
        token = TOKEN.match(data, at, end)
        assert token is not None, data[at : at + 20]
        pen.take(token)
        at = token.end()
    return pen.canvas[:rows, :cols]


def test_a_sixel_picture_reads_back_as_the_picture() -> None:
    chip = tundra(256)
    data = sixel_of(chip)
    assert psnr(unsixel(data), chip) > 27
    assert len(data) < 4.5 * 256 * 256


@settings(max_examples=25, deadline=None)
@given(rows=st.integers(1, 30), cols=st.integers(1, 30), seed=st.integers(0, 9))
def test_any_size_of_sixel_reads_back(rows: int, cols: int, seed: int) -> None:
    chip = tundra(64, seed)[:rows, :cols] // 64 * 64
    assert np.abs(unsixel(sixel_of(chip)).astype(int) - chip).max() <= 4


def test_a_flat_sixel_is_almost_nothing_and_an_empty_one_nothing() -> None:
    assert len(sixel_of(np.full((600, 600, 3), 90, np.uint8))) < 1200
    assert sixel_of(np.zeros((0, 4, 3), np.uint8)) == b""
    assert inline_of(np.zeros((0, 4, 3), np.uint8)) == ""


def test_an_inline_image_reads_back_as_the_picture() -> None:
    chip = tundra(128)
    found = re.fullmatch(r"\x1b\]1337;File=([^:]*):([A-Za-z0-9+/=]*)\x07", inline_of(chip))
    assert found is not None
    keys = dict(part.split("=") for part in found[1].split(";"))
    png = base64.b64decode(found[2])
    assert int(keys["size"]) == len(png)
    assert (keys["width"], keys["height"]) == ("128px", "128px")
    assert psnr(np.asarray(Image.open(io.BytesIO(png)).convert("RGB")), chip) > 30


@pytest.mark.parametrize(
    ("viewer", "begin"),
    [(Viewer.SIXEL, "\x1bP"), (Viewer.INLINE, "\x1b]1337"), (Viewer.KITTY, "\x1b_G")],
)
def test_a_terminal_gets_what_it_takes(viewer: Viewer, begin: str) -> None:
    assert encoded(tundra(16), Abilities(viewer=viewer)).startswith(begin)
    assert encoded(np.zeros((0, 0, 3), np.uint8), Abilities(viewer=viewer)) == ""
    assert encoded(tundra(16), Abilities(viewer=Viewer.FILE)) == ""


@pytest.mark.parametrize(("cols", "rows"), [(80, 24), (200, 50), (1, 1), (0, 0)])
def test_the_picture_leaves_room_for_its_caption(cols: int, rows: int) -> None:
    room = Room(cols, rows, (8, 16))
    assert 0 <= room.side_px <= max(0, min(cols * 8, (rows - 2) * 16))
    picture = drawn(tundra(64), [RING], size=(room.side_px, room.side_px))
    assert room.side_px == 0 or (picture == Line.OWN.value).all(axis=-1).any()


class Host:
    """An app of which the viewer sees no more than this."""

    def __init__(self, folder: Path, viewer: Viewer) -> None:
        self.display_settings = Display(abilities=Abilities(viewer=viewer))
        self.gateway = SimpleNamespace(project=SimpleNamespace(folder=folder))
        self.said: list[str] = []

    @contextlib.contextmanager
    def suspend(self):
        raise SuspendNotSupported
        yield

    def notify(self, message: str, *, markup: bool = True) -> None:
        self.said.append(message)


@pytest.mark.parametrize("viewer", [Viewer.FILE, Viewer.SIXEL])
def test_without_a_protocol_a_png_is_saved_and_its_path_is_said(
    tmp_path: Path, viewer: Viewer
) -> None:
    host = Host(tmp_path, viewer)
    show_full(host, tundra(64), [RING], "C-00007 2019-07-22 colour 2-98 % ../../x")
    [path] = (tmp_path / "exports").iterdir()
    assert path.name == "C-00007-2019-07-22-colour-2-98-..-..-x.png"
    assert host.said == [f"saved {path}"]
    assert (np.asarray(Image.open(path)) == Line.OWN.value).all(axis=-1).any()


def test_a_caption_of_nothing_still_makes_a_name(tmp_path: Path) -> None:
    assert save_png(tmp_path, tundra(8), [], "\x1b[31m///").name == "31m.png"
    assert save_png(tmp_path, tundra(8), [], "…").name == "picture.png"


class Quick:
    """Standard error of a terminal whose user types at the very moment a key is asked for."""

    def __init__(self, terminal: int, keyboard: int) -> None:
        self.terminal, self.keyboard = terminal, keyboard
        self.fileno = lambda: terminal
        self.flush = lambda: None

    def write(self, text: str) -> None:
        if "any key" in text:
            assert not termios.tcgetattr(self.terminal)[3] & termios.ICANON
            os.write(self.keyboard, b"y")


def test_a_key_typed_as_soon_as_it_is_asked_for_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyboard, terminal = os.openpty()
    monkeypatch.setattr(sys, "__stderr__", Quick(terminal, keyboard))
    monkeypatch.setattr(sys, "__stdin__", SimpleNamespace(fileno=lambda: terminal))
    host = Host(tmp_path, Viewer.SIXEL)
    monkeypatch.setattr(host, "suspend", contextlib.nullcontext)
    show_full(host, tundra(64), [RING], "C-00007")
    assert host.said == []
    assert termios.tcgetattr(terminal)[3] & termios.ICANON
    os.close(keyboard)
    os.close(terminal)
