"""The real UI over a real pty: lost lines, lying terminals, pasted bytes, kills, two at once."""

import os
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from desk import make_project, scene_file, search, square, stop_at_once
from pty_desk import Desk

from rtsproj.domain.scenes import Role
from rtsproj.journal.lines import check, journal_files
from rtsproj.store.database import rows, scalar
from rtsproj.workflow.collect import catch_up
from rtsproj.workflow.project import Project, open_project, reading
from rtsproj.workflow.scenes import SceneChoice, add_scenes

KILLS = int(os.environ.get("RTSPROJ_KILLS", "3"))
SHAPES = [square(22 * col + 12, 40 * row + 60, 11) for row in range(3) for col in range(8)]
COLOUR = re.compile(rb"[34]8;2;(\d+);(\d+);(\d+)")
REPLIES = (
    b"\x1b[?62;4;22c", b"\x1b[>41;379;0c", b"\x1b[6;20;10t", b"\x1b_Gi=31;OK\x1b\\",
    b"\x1bP>|kitty(0.31.0)\x1b\\", b"\x1b]11;rgb:1111/1616/1a1a\x1b\\",
)  # fmt: skip
LATE = {b"\x1b[c": b"\x1b_Gi=31;OK\x1b\\\x1b[6;20;10t\x1b[?62;4;22c"}
"""What a terminal says to the one batch of questions before the start."""
pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two years, 24 candidates."""
    path = tmp_path_factory.mktemp("remote")
    project = make_project(path)
    add_scenes(project, [scene_file(path, year=2017)], SceneChoice(role=Role.HISTORY), by="ann")
    stop_at_once(project)
    search(project, SHAPES)
    project.database.close()
    return path


@pytest.fixture
def project(template: Path, tmp_path: Path) -> Project:
    """A copy, which nothing has opened."""
    shutil.copytree(template, tmp_path / "world")
    return open_project(tmp_path / "world" / "project")


def words(project: Project) -> list[dict]:
    with reading(project) as connection:
        return rows(connection, "FROM decision ORDER BY decision_id")


def opened(project: Project, *, analyst: str = "ann", **given: object) -> Desk:
    return Desk(project.folder, "triage", "--as", analyst, **given)


def raw(desk: Desk) -> bytes:
    return b"".join(part for _, part in desk.seen())


def paste(seed: int) -> bytes:
    """Any bytes, escape among them: not every terminal takes it out of a paste."""
    inside = random.Random(seed).randbytes(700)  # noqa: S311 - not a secret
    return b"\x1b[200~" + inside + b"\x1b[201~"


def test_a_lying_terminal_answers_and_pasted_bytes_decide_nothing(project: Project) -> None:
    odd = {"TERM": "xterm-kitty", "LC_ALL": "zz_ZZ.KOI8-R"}
    with opened(project, probe=True, env=odd, size=(80, 24)) as desk:
        desk.wait_for("score after")
        # WHEN answers come late and in two pieces, and binary is pasted with and without brackets
        for reply in REPLIES:
            for piece in (reply[:5], reply[5:]):
                desk.type(piece)
                time.sleep(0.02)
        desk.type(bytes(range(0x80, 0x100)) * 3)
        desk.type(paste(1) + paste(2))
        # AND the window changes its size during a blink
        for cols, rows_ in ((120, 36), (1, 1), (300, 100), (61, 17), (120, 36)):
            desk.type(b"b")
            desk.resize(cols, rows_)
            time.sleep(0.1)
        # THEN nothing was decided, the screen is whole, and the next key still decides
        shown = desk.wait_for("Accept")
        assert desk.process.poll() is None, shown
        assert words(project) == []
        desk.type(b"y")
        desk.wait_for("saved #1")
        assert len(words(project)) == 1
        # AND a lost session ends it with the code that says so
        assert desk.signal(signal.SIGHUP) == 129


def test_over_a_slow_line_without_colour(project: Project) -> None:
    grey = {"NO_COLOR": "1", "COLORTERM": "truecolor", "SSH_CONNECTION": "x"}
    with opened(project, round_trip_s=0.15, env=grey) as desk:
        decide_then_rest(desk, project)
        shades = {tuple(map(int, one)) for one in COLOUR.findall(raw(desk))}
        assert len(shades) > 10
        assert all(red == green == blue for red, green, blue in shades)
        assert desk.signal(signal.SIGTERM) == 143


def test_over_a_very_slow_line_in_sixteen_colours(project: Project) -> None:
    env = {"TERM": "xterm", "SSH_CONNECTION": "x"}
    with opened(project, round_trip_s=0.6, probe=True, answers=LATE, env=env) as desk:
        decide_then_rest(desk, project)
        assert not re.search(rb"[34]8;[25];", raw(desk).partition(b"\x1b[?1049h")[2])
        # WHEN the line drops while more is drawn than anything would hold back
        desk.type(b"b" * 60)
        time.sleep(0.4)
        desk.close()
        # THEN nothing is left behind
        assert desk.process.wait(10) == 129


def decide_then_rest(desk: Desk, project: Project) -> None:
    """A verdict arrives, and a screen at rest sends nothing."""
    desk.wait_for("score after")
    assert words(project) == []
    desk.type(b"y")
    desk.wait_for("1/24 decided")
    assert [one["verdict"] for one in words(project)] == ["accept"]
    desk.rest(2.5)
    assert desk.bytes_in(2) == 0


def test_a_kill_right_after_the_word_loses_nothing(project: Project) -> None:
    for number in range(1, KILLS + 1):
        with opened(project) as desk:
            desk.wait_for("score after")
            desk.type(b"y" if number % 2 else b"m")
            while f"saved #{number}".encode() not in raw(desk):
                time.sleep(0.0005)
            desk.process.kill()
            desk.process.wait()
        again = open_project(project.folder)
        catch_up(again)
        assert [one["decision_id"] for one in words(again)] == list(range(1, number + 1))
        again.database.close()
    [path] = journal_files(project.journal)
    check(path)


def test_two_analysts_at_once_are_handed_different_candidates(project: Project) -> None:
    settings = project.folder / "project.toml"
    text = settings.read_text(encoding="utf-8")
    assert "claim_ahead = 20" in text
    settings.write_text(text.replace("claim_ahead = 20", "claim_ahead = 3"), encoding="utf-8")
    with opened(project) as ann, opened(project, analyst="bob") as bob:
        both = (ann, bob)
        for desk in both:
            desk.wait_for("score after")
        for _ in range(2):
            wait_for_claims(project)
            for desk in both:
                desk.type(b"y")
            for desk in both:
                desk.rest(0.3)
        until = time.monotonic() + 60
        while len(words(project)) < 4:
            assert time.monotonic() < until, f"{ann.screen()}\n{bob.screen()}"
            time.sleep(0.2)
    said = words(project)
    assert sorted(one["analyst"] for one in said) == ["ann", "ann", "bob", "bob"]
    assert len({one["candidate_id"] for one in said}) == 4
    lines = [check(path) for path in journal_files(project.journal)]
    assert len(lines) == 2
    assert sorted(
        path.read_text().count('"accept"') for path in journal_files(project.journal)
    ) == [2, 2]


def wait_for_claims(project: Project) -> None:
    """Until each has candidates of their own."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with reading(project) as connection:
            if scalar(connection, "SELECT count(DISTINCT analyst) FROM claim") == 2:
                return
        time.sleep(0.2)
    raise TimeoutError("no claims")


def test_ctrl_z_gives_the_shell_back_and_fg_the_screen(project: Project, tmp_path: Path) -> None:
    tmux = ["tmux", "-L", f"rtsproj-{os.getpid()}", "-f", "/dev/null"]

    def ask(*do: str) -> str:
        return subprocess.run([*tmux, *do], check=True, capture_output=True, text=True).stdout

    def wait_for(text: str) -> None:
        until = time.monotonic() + 60
        while text not in (shown := ask("capture-pane", "-p")):
            assert time.monotonic() < until, shown
            time.sleep(0.1)

    command = [sys.executable, "-m", "rtsproj.cli.main", "-C", str(project.folder), "triage"]
    shell = f"HOME={shlex.quote(str(tmp_path))} bash --norc --noprofile"
    ask("new-session", "-d", "-x", "100", "-y", "30", shell)
    try:
        ask("send-keys", shlex.join([*command, "--as", "ann", "--no-probe"]), "Enter")
        wait_for("score after")
        time.sleep(2)  # a screen at rest draws nothing by itself when it comes back
        ask("send-keys", "C-z")
        wait_for("Stopped")
        ask("send-keys", "fg", "Enter")
        wait_for("score after")
        ask("send-keys", "y")
        wait_for("saved #1")
    finally:
        ask("kill-server")
    until = time.monotonic() + 20
    while left := [path for path in Path("/proc").glob("[0-9]*/cmdline") if is_of(path, tmp_path)]:
        assert time.monotonic() < until, left
        time.sleep(0.1)


def is_of(cmdline: Path, folder: Path) -> bool:
    """True while that process works on a project in this folder."""
    try:
        return str(folder).encode() in cmdline.read_bytes()
    except OSError:
        return False


def test_nothing_is_painted_outside_a_synchronised_frame(project: Project) -> None:
    with opened(project, answers={b"\x1b[?2026$p": b"\x1b[?2026;2$y"}) as desk:
        desk.rest(0.8)
        before = len(desk.seen())
        for key in (b"j", b"j", b"?"):
            desk.key(key)
        painted = b"".join(part for _, part in desk.seen()[before:])
    frames = re.compile(rb"\x1b\[\?2026h.*?\x1b\[\?2026l", re.DOTALL)
    assert len(frames.findall(painted)) >= 3
    pointer = re.compile(rb"\x1b\]22;\w*\x07")
    assert pointer.sub(b"", frames.sub(b"", painted)) == b""
