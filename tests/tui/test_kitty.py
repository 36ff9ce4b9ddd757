"""Kitty placeholders, read back as the terminal reads them."""

import base64
import io
import re
import unicodedata

import numpy as np
import pytest
from PIL import Image
from textures import psnr, tundra

from rtsproj.tui.pictures.cells import Picture
from rtsproj.tui.pictures.kitty import (
    CELL,
    CHUNK,
    MARKS,
    colour_of,
    forget,
    place,
    png_of,
    row_text,
    upload,
    wrapped,
)
from rtsproj.tui.pictures.strips import placeholder_strip
from rtsproj.tui.pictures.uploads import FIRST_ID, KEPT, LAST_ID, Uploads

MESSAGE = re.compile(r"\x1b_G([^;\x1b]*)(?:;([^\x1b]*))?\x1b\\")
BLINK_CEILING = 14 * 1024
"""Bytes of one picture of 80x40 cells as placeholders."""


def pictures(text: str) -> list[tuple[dict[str, str], Picture]]:
    """What a terminal makes of upload messages: (keys, pixels)."""
    found, keys, data = [], {}, ""
    for head, body in MESSAGE.findall(text):
        said = dict(part.split("=") for part in head.split(","))
        keys = said if "a" in said else {**keys, **said}
        data = body if "a" in said else data + body
        if keys["m"] == "0":
            image = Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")
            found.append((keys, np.asarray(image)))
    return found


def cells_of(text: str) -> list[tuple[int, int]]:
    """(row, column) of each placeholder of a line, counted on as the protocol says."""
    found: list[tuple[int, int]] = []
    for marks in re.findall(f"{CELL}([^{CELL}]*)", text):
        at = [MARKS.index(mark) for mark in marks]
        found.append((at[0], at[1]) if at else (found[-1][0], found[-1][1] + 1))
    return found


def test_an_upload_reads_back_as_the_picture_in_small_pieces() -> None:
    chip = tundra(256)
    text = upload(png_of(chip), 0x2A0001, cells=(80, 40), in_tmux=False)
    assert all(len(body) <= CHUNK for _, body in MESSAGE.findall(text))
    [(keys, shown)] = pictures(text)
    assert (keys["i"], keys["c"], keys["r"], keys["q"], keys["U"]) == (
        str(0x2A0001), "80", "40", "2", "1",
    )  # fmt: skip
    assert psnr(shown, chip) > 30
    assert len(text) < 100 * 1024
    assert MESSAGE.sub("", text) == ""


def test_a_small_picture_is_one_message() -> None:
    text = place(png_of(tundra(8)), in_tmux=False)
    assert len(MESSAGE.findall(text)) == 1
    assert pictures(text)[0][1].shape == (8, 8, 3)


def test_tmux_hands_every_message_through() -> None:
    text = upload(png_of(tundra(128)), 7, cells=(8, 4), in_tmux=True)
    inner = re.findall(r"\x1bPtmux;((?:[^\x1b]|\x1b\x1b)*)\x1b\\", text)
    assert wrapped("x", in_tmux=False) == "x"
    unwrapped = "".join(one.replace("\x1b\x1b", "\x1b") for one in inner)
    assert unwrapped == upload(png_of(tundra(128)), 7, cells=(8, 4), in_tmux=False)


def test_marks_are_what_the_protocol_lists() -> None:
    assert len(MARKS) == len(set(MARKS)) == 297
    assert {unicodedata.category(one) for one in MARKS} == {"Mn"}
    assert {unicodedata.combining(one) for one in MARKS} == {230}
    assert [f"{ord(one):04X}" for one in (*MARKS[:4], MARKS[-1])] == [
        "0305", "030D", "030E", "0310", "1D244",
    ]  # fmt: skip


@pytest.mark.parametrize(("row", "first", "cols"), [(0, 0, 80), (39, 0, 1), (7, 33, 47)])
def test_placeholders_say_row_and_columns(row: int, first: int, cols: int) -> None:
    strip = placeholder_strip(0x2A0102, row, first, cols)
    assert strip.cell_length == cols
    assert cells_of(strip.text) == [(row, first + n) for n in range(cols)]
    [segment] = strip
    assert segment.style is not None
    assert tuple(segment.style.color.triplet) == colour_of(0x2A0102) == (0x2A, 1, 2)
    assert segment.cell_length == cols


def test_cells_that_are_none_are_no_text() -> None:
    assert row_text(0, 0, 0) == row_text(300, 0, 5) == row_text(0, 300, 5) == ""
    assert placeholder_strip(1, 0, 5, -2).cell_length == 0


def test_a_blink_of_80_by_40_cells_is_cheap() -> None:
    rows = [row_text(row, 0, 80) for row in range(40)]
    assert sum(len(one.encode()) for one in rows) < BLINK_CEILING


def test_a_picture_is_sent_once_and_the_oldest_is_forgotten() -> None:
    sent: list[str] = []
    uploads = Uploads()
    chip = tundra(8)
    first = uploads.send("a", lambda: chip, cells=(2, 1), write=sent.append)
    assert uploads.send("a", lambda: pytest.fail("again"), cells=(2, 1), write=sent.append) == first
    assert len(sent) == 1
    for number in range(KEPT):
        uploads.send(number, lambda: chip, cells=(2, 1), write=sent.append)
    assert sent[-1] == forget(first, in_tmux=False)
    assert uploads.send("a", lambda: chip, cells=(2, 1), write=sent.append) != first


def test_all_are_sent_again_after_they_were_dropped() -> None:
    sent: list[str] = []
    uploads = Uploads(in_tmux=True)
    for key in "ab":
        uploads.send(key, lambda: tundra(8), cells=(2, 1), write=sent.append)
    sent.clear()
    uploads.drop_all(sent.append)
    assert len(sent) == 2
    assert all(one.startswith("\x1bPtmux;") for one in sent)
    uploads.send("a", lambda: tundra(8), cells=(2, 1), write=sent.append)
    assert len(pictures(sent[-1].replace("\x1b\x1b", "\x1b"))) == 1


def test_ids_start_again_before_they_would_be_another_colour() -> None:
    uploads = Uploads(_next=LAST_ID)
    ids = [
        uploads.send(key, lambda: tundra(8), cells=(2, 1), write=lambda _text: None) for key in "ab"
    ]
    assert ids == [LAST_ID, FIRST_ID]
