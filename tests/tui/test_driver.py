"""Stray answers are never keys, and no key is ever swallowed or held for long."""

import os
import pty
import random
import socket
import threading
import time
import tty

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual import constants, events
from textual._xterm_parser import XTermParser
from textual.app import SYNC_END, SYNC_START
from textual.drivers._writer_thread import WriterThread

from rtsproj.tui.terminal.driver import Bell, CalmDriver, Ear, Line
from rtsproj.tui.terminal.replies import HOLD_S, LATE_S, STRING_S, ReplyFilter

REPLIES = [
    "\x1b[?62;4;22c", "\x1b[?6c", "\x1b[>41;379;0c", "\x1b[6;20;10t", "\x1b[4;800;1000t",
    "\x1b[8;24;80t", "\x1b_Gi=31;OK\x1b\\", "\x1bP>|kitty(0.31.0)\x1b\\",
    "\x1bP1$r48:2:1:2:3m\x1b\\",
    "\x1bP0$r\x1b\\", "\x1b]11;rgb:1111/1616/1a1a\x1b\\", "\x1b]11;rgb:ffff/ffff/ffff\x07",
    "\x1bP1+r524742=8\x1b\\", "\x1b[?1u",
]  # fmt: skip
KEYS = [
    "y", "n", "é", "\r", "\x1b[A", "\x1b[1;5C", "\x1bOP", "\x1b[15~", "\x1b[5~", "\x1b[6~",
    "\x1b[6;5~", "\x1b[2~", "\x1b[24;2~", "\x1b[97;5u", "\x1b[9;5u", "\x1b[<0;10;20M",
    "\x1b[<35;100;3m", "\x1b[12;40R", "\x1b[6;3R", "\x1b[?2026;2$y", "\x1b[?2048;0$y",
    "\x1b[48;24;80;480;800t", "\x1b[I", "\x1b[O", "\x1bb", "\x1b[200~a paste\x1b[201~",
]  # fmt: skip
PASTES = [
    ("\x1b[200~\x1b]0;not ended \x1b[?6c\x1b[201~", "\x1b[200~]0;not ended [?6c\x1b[201~"),
    ("\x1b[200~\x1byn\x1b[20y\x1b\x1b[201~", "\x1b[200~yn[20y\x1b[201~"),
]
"""What is pasted, and what goes on of it."""


def heard(*reads: str, gap_s: float = 0.01) -> str:
    """What a filter lets through of some reads, and what it gives up at last."""
    ear, now, out = ReplyFilter(), 0.0, []
    for text in reads:
        out.append(ear.feed(text, now))
        now += gap_s
        out.append(ear.overdue(now))
    out.append(ear.overdue(now + 10))
    return "".join(out)


def cuts(text: str) -> list[tuple[str, str]]:
    return [(text[:at], text[at:]) for at in range(1, len(text))]


@pytest.mark.parametrize("reply", REPLIES)
def test_an_answer_is_dropped_whole_and_in_two_pieces(reply: str) -> None:
    assert heard(reply) == ""
    assert heard(f"j{reply}k") == "jk"
    for pieces in cuts(reply):
        assert heard(*pieces) == "", pieces


@pytest.mark.parametrize("reply", REPLIES)
def test_an_answer_in_slow_pieces_gives_no_verdict(reply: str) -> None:
    for first, rest in cuts(reply):
        text = heard(first, rest, gap_s=2 * HOLD_S)
        assert text in ("", "\x1b", "\x1b[", "\x1bP", "\x1b]", "\x1b_", first), (first, rest)
        assert len(text) <= 5
        assert not set(text) & set("ynmsux")


@pytest.mark.parametrize("key", KEYS)
def test_a_key_goes_through_whole_and_in_two_pieces(key: str) -> None:
    assert heard(key) == key
    for pieces in cuts(key):
        assert heard(*pieces) == key, pieces


@pytest.mark.parametrize(("pasted", "left"), PASTES)
def test_no_escape_goes_on_in_a_paste(pasted: str, left: str) -> None:
    assert heard(pasted) == left
    assert heard(f"{pasted}y") == f"{left}y"
    for first, rest in cuts(pasted):
        if len(first) >= len("\x1b[200~"):
            for gap_s in (0.01, 1.0, 5.0):
                assert heard(first, rest, gap_s=gap_s) == left, first


def test_a_pasted_binary_is_one_paste_and_no_key() -> None:
    for seed in range(40):
        inside = random.Random(seed).randbytes(300)  # noqa: S311 - not a secret
        typed = Ear().hear(b"\x1b[200~" + inside + b"\x1b[201~", 0.0)
        assert [type(one) for one in XTermParser().feed(typed)] == [events.Paste], seed


@settings(max_examples=200)
@given(
    st.lists(st.tuples(st.booleans(), st.sampled_from(KEYS), st.sampled_from(REPLIES))), st.data()
)
def test_any_mixture_cut_anywhere_leaves_exactly_the_keys(parts, data) -> None:
    text = "".join(key if is_key else reply for is_key, key, reply in parts)
    expected = "".join(key for is_key, key, _ in parts if is_key)
    at = data.draw(st.integers(0, len(text)))
    reads = [one for one in (text[:at], text[at:]) if one]
    assert heard(*reads) == expected


def test_escape_alone_waits_no_longer_than_a_moment() -> None:
    ear = ReplyFilter()
    assert ear.feed("\x1b", 0.0) == ""
    assert ear.is_holding
    assert ear.overdue(HOLD_S / 2) == ""
    assert ear.overdue(HOLD_S) == "\x1b"
    assert not ear.is_holding


@pytest.mark.parametrize("typed", ["\x1bP", "\x1b]", "\x1b_", "\x1b[", "\x1b[6"])
def test_alt_and_a_key_is_a_key(typed: str) -> None:
    ear = ReplyFilter()
    assert ear.feed(typed, 0.0) == ""
    assert ear.overdue(HOLD_S) == typed
    assert ear.feed("y", LATE_S + 1) == "y"


def test_keys_after_a_let_go_escape_are_keys() -> None:
    assert heard("\x1b", "y", gap_s=2 * HOLD_S) == "\x1by"
    assert heard("\x1b", "6", gap_s=2 * HOLD_S) == "\x1b6"
    assert heard("\x1bP", "jj", gap_s=2 * HOLD_S) == "\x1bPjj"
    assert heard("\x1bPjj") == "\x1bPjj"


def test_a_string_without_end_gives_way_to_keys() -> None:
    ear = ReplyFilter()
    assert ear.feed("\x1b]11;rgb:11", 0.0) == ""
    assert ear.feed("\x1b[A", 0.1) == "\x1b[A"
    assert ear.feed("\x1b_Gi=31;O", 1.0) == ""
    assert ear.overdue(1.0 + STRING_S + 0.1) == ""
    assert ear.feed("y", 4.0) == "y"
    assert ear.feed("\x1bP1$r\x18y", 5.0) == "y"


def test_invalid_bytes_end_nothing() -> None:
    ear = Ear()
    assert ear.hear(b"\xff\xfe\x80q", 0.0).endswith("q")
    assert ear.hear("é".encode()[:1], 0.1) == ""
    assert ear.hear("é".encode()[1:], 0.2) == "é"


def test_without_the_filter_an_answer_would_be_keys() -> None:
    parser = XTermParser()
    assert list(parser.feed("\x1b[?62;4c")) == []
    time.sleep(constants.ESCAPE_DELAY + 0.02)
    assert "6" in [one.key for one in parser.tick() if isinstance(one, events.Key)]


class Typed:
    """Keeps the keys that arrive."""

    def __init__(self) -> None:
        self.keys: list[str] = []


class Pipe(CalmDriver):
    """The real reading loop, on a pty of the test's, without a screen."""

    def __init__(self, app: Typed, fileno: int) -> None:
        self._app, self.fileno, self._debug = app, fileno, False
        self.exit_event = Bell()

    def process_message(self, message: object) -> None:
        if isinstance(message, events.Key):
            self._app.keys.append(message.key)


@pytest.fixture
def line():
    master, slave = pty.openpty()
    tty.setraw(slave)
    app = Typed()
    driver = Pipe(app, slave)
    thread = threading.Thread(target=driver.run_input_thread, daemon=True)
    thread.start()
    yield master, app
    driver.exit_event.set()
    thread.join(2)
    os.close(slave)
    os.close(master)


def wait_for(app: Typed, count: int) -> list[str]:
    until = time.monotonic() + 3
    while len(app.keys) < count and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(0.3)
    return app.keys


def test_the_real_loop_hears_keys_between_answers(line) -> None:
    master, app = line
    for text in ("\x1b[?62;", "4c", "y", "\x1b_Gi=31", ";OK\x1b\\", "\x1b[A", "\xff"):
        os.write(master, text.encode("latin-1"))
        time.sleep(0.02)
    assert wait_for(app, 2)[:2] == ["y", "up"]
    assert len(app.keys) <= 3


def test_the_real_loop_lets_escape_go(line) -> None:
    master, app = line
    os.write(master, b"\x1b")
    began = time.monotonic()
    while not app.keys and time.monotonic() - began < 2:
        time.sleep(0.005)
    assert app.keys == ["escape"]
    assert time.monotonic() - began < 0.6


FRAME_SIZES = st.lists(st.sampled_from([1, 300, 4090, 4096, 5000, 30_000]), max_size=12)


def frames_of(sizes: list[int]) -> list[str]:
    return [f"\x1b[1;1H{n:02}" + "é" * size + "$" for n, size in enumerate(sizes)]


def write_all(fileno: int, frames: list[str], *, is_synced: bool) -> None:
    """Write frames as textual does: through its thread, between marks where they are known."""
    with os.fdopen(fileno, "w", encoding="utf-8") as file:
        thread = WriterThread(Line(file))
        thread.start()
        for frame in frames:
            for text in (SYNC_START, frame, SYNC_END) if is_synced else (frame,):
                thread.write(text)
        thread.stop()


@settings(max_examples=20, deadline=None)
@given(sizes=FRAME_SIZES, is_synced=st.booleans())
def test_no_write_ends_inside_a_frame(sizes: list[int], is_synced: bool) -> None:
    # GIVEN a line that keeps writes apart
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    writes: list[bytes] = []
    reader = threading.Thread(target=lambda: writes.extend(iter(lambda: here.recv(1 << 20), b"")))
    reader.start()
    write_all(there.detach(), frames_of(sizes), is_synced=is_synced)
    reader.join()
    here.close()
    ends = (b"$", SYNC_START.encode(), SYNC_END.encode())
    assert all(one.endswith(ends) for one in writes)
    assert b"".join(writes).count(b"$") == len(sizes)


def test_a_terminal_that_does_not_wait_gets_every_byte_all_the_same() -> None:
    # GIVEN a terminal that another program has set not to wait, and that reads slowly
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    found: list[bytes] = []

    def read() -> None:
        while data := os.read(reading, 3000):
            found.append(data)
            time.sleep(0.0005)

    reader = threading.Thread(target=read)
    reader.start()
    frames = frames_of([90_000, 10, 90_000])
    write_all(writing, frames, is_synced=True)
    reader.join()
    os.close(reading)
    wanted = "".join(f"{SYNC_START}{frame}{SYNC_END}" for frame in frames)
    assert b"".join(found).decode() == wanted


def test_a_terminal_that_is_gone_ends_nothing() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    write_all(writing, frames_of([10, 90_000] * 20), is_synced=True)
