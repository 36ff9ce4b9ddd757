"""What is concluded of a terminal, and the one batch of questions over a real pty."""

import os
import pty
import termios
import threading
import time
import tty

import pytest

from rtsproj.errors import UsageError
from rtsproj.tui import start, user
from rtsproj.tui.pictures.cells import Mode
from rtsproj.tui.terminal.colours import Colours
from rtsproj.tui.terminal.detect import (
    CELL_PX,
    Abilities,
    Answer,
    Tmux,
    Viewer,
    detect,
    read_kept,
    read_tmux,
    terminal_key,
)
from rtsproj.tui.terminal.probe import ask, read_answer
from rtsproj.tui.wishes import Wishes

XTERM = {"TERM": "xterm-256color"}
KITTY = {"TERM": "xterm-kitty"}
TMUX = {"TERM": "tmux-256color", "TMUX": "/tmp/x,1,0"}
NEW_KITTY = Answer("kitty(0.31.0)", has_kitty=True, keeps_truecolor=True, cell_px=(10, 20))
OLD_KITTY = Answer("kitty(0.26.5)", has_kitty=True, keeps_truecolor=True)
REAL = {
    "kitty": b"\x1bP>|kitty(0.31.0)\x1b\\\x1b_Gi=31;OK\x1b\\\x1bP1$r48:2:1:2:3m\x1b\\"
    b"\x1b[6;20;10t\x1b[?62;c",
    "xterm": b"\x1bP>|XTerm(379)\x1b\\\x1bP1$r0;48:2::1:2:3m\x1b\\\x1b[6;16;8t\x1b[?64;1;2;4;6c",
    "tmux": b"\x1bP>|tmux 3.3a\x1b\\\x1b[?1;2c",
    "plain": b"\x1b[?6c",
}
CASES = [
    ("plain xterm", XTERM, None, None, Colours.INDEXED, Mode.GREY, Viewer.FILE),
    ("xterm that keeps colours", XTERM, None, read_answer(REAL["xterm"]),
     Colours.TRUE, Mode.QUADRANT, Viewer.SIXEL),
    ("new kitty", KITTY, None, NEW_KITTY, Colours.TRUE, Mode.KITTY, Viewer.KITTY),
    ("old kitty", KITTY, None, OLD_KITTY, Colours.TRUE, Mode.SEXTANT, Viewer.KITTY),
    ("kitty not asked", KITTY, None, None, Colours.TRUE, Mode.SEXTANT, Viewer.KITTY),
    ("ghostty not asked", {"TERM": "xterm-ghostty"}, None, None,
     Colours.TRUE, Mode.KITTY, Viewer.KITTY),
    ("alacritty", {"TERM": "alacritty"}, None, None, Colours.TRUE, Mode.SEXTANT, Viewer.FILE),
    ("foot", {"TERM": "foot"}, None, Answer("foot(1.13)", has_sixel=True),
     Colours.TRUE, Mode.QUADRANT, Viewer.SIXEL),
    ("iTerm2", {**XTERM, "LC_TERMINAL": "iTerm2"}, None, None,
     Colours.TRUE, Mode.QUADRANT, Viewer.INLINE),
    ("WezTerm over SSH", XTERM, None, Answer("WezTerm 20240203", keeps_truecolor=True),
     Colours.TRUE, Mode.QUADRANT, Viewer.INLINE),
    ("tmux with defaults", TMUX, Tmux(True, "xterm-kitty", "256,RGB", False), None,
     Colours.TRUE, Mode.QUADRANT, Viewer.FILE),
    ("tmux that passes", TMUX, Tmux(True, "xterm-kitty", "256,RGB", True), None,
     Colours.TRUE, Mode.QUADRANT, Viewer.KITTY),
    ("tmux, nobody attached", TMUX, Tmux(True), None, Colours.INDEXED, Mode.GREY, Viewer.FILE),
    ("linux console", {"TERM": "linux"}, None, None, Colours.FEW, Mode.ASCII, Viewer.FILE),
    ("no colour wanted", {**XTERM, "COLORTERM": "truecolor", "NO_COLOR": "1"}, None, None,
     Colours.TRUE, Mode.QUADRANT, Viewer.FILE),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "environment", "tmux", "answer", "colours", "mode", "viewer"), CASES
)
def test_abilities_follow_from_what_is_known(
    name, environment, tmux, answer, colours, mode, viewer
) -> None:
    found = detect(environment, tmux=tmux, answer=answer)
    assert (found.colours, found.mode, found.viewer) == (colours, mode, viewer), name
    assert found.mode not in found.refused
    assert found.is_colourless is bool(environment.get("NO_COLOR"))


def test_what_is_not_offered_says_why() -> None:
    assert "allow-passthrough" in detect(TMUX, tmux=CASES[10][2]).refused[Mode.KITTY]
    assert Mode.KITTY not in detect(TMUX, tmux=CASES[11][2]).refused
    assert detect(XTERM).refused[Mode.SEXTANT] == "256 colours only"
    assert detect({"TERM": "linux"}).refused[Mode.GREY].startswith("16 colours")
    assert "version" in detect(KITTY).refused[Mode.KITTY]
    assert detect(KITTY, answer=NEW_KITTY).cell_px == (10, 20)
    assert detect(KITTY).cell_px == CELL_PX


def test_an_answer_is_stored_and_read_back() -> None:
    assert read_kept(NEW_KITTY.kept()) == NEW_KITTY
    for damaged in (None, [], {"x": 1}, {"cell_px": 3}):
        assert read_kept(damaged) is None


def test_tmux_says_what_is_outside() -> None:
    said = read_tmux("xterm-kitty|256,RGB,title|all\n")
    assert said == Tmux(True, "xterm-kitty", "256,RGB,title", True)
    assert read_tmux("||0\n") == read_tmux("") == Tmux(True)
    assert terminal_key(TMUX, said) != terminal_key(TMUX, Tmux())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("kitty", NEW_KITTY),
        ("xterm", Answer("XTerm(379)", False, True, True, (8, 16))),
        ("tmux", Answer("tmux 3.3a")),
        ("plain", Answer()),
    ],
)
def test_answers_of_real_terminals_are_understood(name: str, expected: Answer) -> None:
    assert read_answer(REAL[name]) == expected


def test_a_name_with_controls_in_it_is_harmless() -> None:
    assert read_answer(b"\x1bP>|ev\x07il\x1b\\\x1b[?6c").name == "ev"


class FakeTerminal:
    """The other end of a pty: answers the batch after a delay, in pieces."""

    def __init__(self, answer: bytes, delay_s: float, pieces: int = 1) -> None:
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        self.asked = b""
        self._plan = (answer, delay_s, pieces)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        answer, delay_s, pieces = self._plan
        while b"\x1b[c" not in self.asked:
            self.asked += os.read(self.master, 4096)
        if not answer:
            return
        time.sleep(delay_s)
        step = -(-len(answer) // pieces)
        for at in range(0, len(answer), step):
            os.write(self.master, answer[at : at + step])
            time.sleep(0.01)

    def __enter__(self) -> "FakeTerminal":
        return self

    def __exit__(self, *_error: object) -> None:
        self._thread.join(3)
        os.close(self.slave)
        os.close(self.master)


@pytest.mark.parametrize("delay_s", [0.0, 0.15, 0.6])
@pytest.mark.parametrize("pieces", [1, 7])
def test_a_slow_terminal_is_understood_and_leaves_no_key(delay_s: float, pieces: int) -> None:
    with FakeTerminal(REAL["kitty"], delay_s, pieces) as terminal:
        before = termios.tcgetattr(terminal.slave)
        began = time.monotonic()
        assert ask(terminal.slave) == NEW_KITTY
        assert time.monotonic() - began < delay_s + 1.0
        assert termios.tcgetattr(terminal.slave) == before
        os.set_blocking(terminal.slave, False)
        with pytest.raises(BlockingIOError):
            os.read(terminal.slave, 1)


def test_a_silent_terminal_costs_the_limit_once_and_late_answers_are_no_keys() -> None:
    with FakeTerminal(REAL["kitty"], 0.4) as terminal:
        assert ask(terminal.slave, limit_s=0.1).is_silent
    with FakeTerminal(b"", 0.0) as terminal:
        began = time.monotonic()
        assert ask(terminal.slave, limit_s=0.3) == Answer(is_silent=True)
        assert 0.25 < time.monotonic() - began < 1.5
        assert terminal.asked.count(b"\x1b[c") == 1


def test_the_flag_wins_then_ascii_then_the_choice_then_what_fits() -> None:
    able = detect(KITTY, answer=NEW_KITTY)
    assert start.chosen_mode(Wishes(pictures="half"), "sextant", able) is Mode.HALF
    assert start.chosen_mode(Wishes(ascii=True), "sextant", able) is Mode.ASCII
    assert start.chosen_mode(Wishes(), "sextant", able) is Mode.SEXTANT
    assert start.chosen_mode(Wishes(), "", able) is Mode.KITTY
    assert start.chosen_mode(Wishes(), "kitty", detect(XTERM)) is Mode.GREY
    assert start.chosen_mode(Wishes(), "nonsense", able) is Mode.KITTY


@pytest.mark.parametrize("wishes", [Wishes(pictures="x"), Wishes(theme="pink")])
def test_names_that_do_not_exist_are_refused_with_those_that_do(wishes: Wishes) -> None:
    with pytest.raises(UsageError, match="no such") as caught:
        start.check_wishes(wishes)
    assert "half" in caught.value.hint or "dark" in caught.value.hint


def test_options_before_and_after_the_verb_add_up() -> None:
    both = Wishes(pictures="half", mouse=False).then(Wishes(theme="16", probe=False))
    assert both == Wishes("half", "16", ascii=False, probe=False, mouse=False)
    assert Wishes(pictures="half").then(Wishes(pictures="ascii")).pictures == "ascii"


def test_a_terminal_is_asked_once_and_remembered(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in ("TMUX", "LC_TERMINAL", "TERM_PROGRAM"):
        monkeypatch.delenv(name, raising=False)
    asked = []

    def answer() -> Answer:
        asked.append(1)
        return NEW_KITTY

    monkeypatch.setattr(start, "ask_terminal", answer)
    key, able = start.look_at_terminal(Wishes(probe=False))
    assert asked == []
    for _ in range(2):
        key, able = start.look_at_terminal(Wishes())
    assert asked == [1]
    assert able.name == "kitty(0.31.0)"
    assert user.read_choices()["terminals"][key]["name"] == "kitty(0.31.0)"


def test_textual_is_told_of_true_colour_and_of_slow_lines() -> None:
    environment = {"SSH_CONNECTION": "1"}
    start.prepare(environment, Abilities(colours=Colours.TRUE))
    assert environment["TEXTUAL_COLOR_SYSTEM"] == "truecolor"
    assert environment["TEXTUAL_FPS"] == "15"
    quiet: dict[str, str] = {}
    start.prepare(quiet, Abilities())
    assert quiet == {}
