"""Every screen as plain text at three sizes; `pytest tests/tui/test_golden.py --update-golden`."""

import difflib
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from driving import settle, text_of
from gallery import NAME, gallery
from rooms import sweeping

from rtsproj.tui.app import RtsApp
from rtsproj.tui.display import Display
from rtsproj.tui.places import PLACES
from rtsproj.tui.terminal.detect import detect
from rtsproj.workflow.project import Project

FRAMES = Path(__file__).resolve().parents[1] / "golden" / "tui"
SIZES = [(80, 24), (120, 36), (200, 56)]
GIVEN = {"outline": {"candidate_id": 9}, "help": {"of": "triage"}}
TERMINAL = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
FROZEN = [
    (re.compile(rf"(?<={NAME})\w{{1,8}}"), "x"),
    (re.compile(r"\b20(?!17|19)\d\d-\d\d-\d\d\b"), "#"),
    (re.compile(r"\b\d\d-\d\d(?= \d\d:\d\d\b)"), "#"),
    (re.compile(r"\b\d\d:\d\d(:\d\d)?\b"), "#"),
]
"""What another day or folder changes: every character of it becomes one sign, nothing moves."""


@pytest.fixture(scope="module")
def shown() -> Project:
    with gallery() as project:
        yield project


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_every_screen_is_as_it_was(
    shown: Project,
    size: tuple[int, int],
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(shown.folder.parent / "config"))
    monkeypatch.setattr("rtsproj.tui.gateway.sql.time", SimpleNamespace(monotonic=lambda: 0.0))
    app = RtsApp(shown, analyst="ann", display=Display(abilities=detect(TERMINAL)))
    changed = []
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        for place in PLACES:
            if place != "home":
                app.go(place, **GIVEN.get(place, {}))
                await settle(pilot)
            if place == "sql":
                await pilot.press("f5")
                await settle(pilot)
            path = FRAMES / f"{place}-{size[0]}x{size[1]}.txt"
            changed += compared(path, frozen(text_of(app)), request)
            if place != "home":
                await pilot.press("escape")
                await settle(pilot)
            assert type(app.screen).__name__ == "HomeScreen", place
    assert not changed, "\n" + "\n".join(changed)


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_a_sweep_is_as_it_was(
    project: Project,
    size: tuple[int, int],
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    sweeping(project, monkeypatch)
    app = RtsApp(project, analyst="ann", at="train", display=Display(abilities=detect(TERMINAL)))
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        path = FRAMES / f"train_sweep-{size[0]}x{size[1]}.txt"
        changed = compared(path, frozen(text_of(app)), request)
    assert not changed, "\n" + "\n".join(changed)


def compared(path: Path, text: str, request: pytest.FixtureRequest) -> list[str]:
    """Lines of difference to the frame that was kept."""
    if request.config.getoption("--update-golden", default=False):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    kept = path.read_text(encoding="utf-8") if path.exists() else ""
    lines = (kept.splitlines(), text.splitlines())
    return list(difflib.unified_diff(*lines, str(path.name), "now", lineterm="", n=0))


def frozen(text: str) -> str:
    """A frame without what a clock or a folder changes."""
    for pattern, sign in FROZEN:
        text = pattern.sub(lambda found, sign=sign: sign * len(found[0]), text)
    return text + "\n"


def test_every_frame_belongs_to_a_screen() -> None:
    shown = (*PLACES, "train_sweep")
    wanted = {f"{place}-{cols}x{rows}.txt" for place in shown for cols, rows in SIZES}
    assert {path.name for path in FRAMES.iterdir()} == wanted
