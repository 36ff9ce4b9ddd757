"""Colours are decided from the environment, before textual starts."""

import pytest

from rtsproj.tui.terminal.colours import Colours, can_show, colours_of

CASES = [
    ({"TERM": "xterm-256color"}, "", Colours.INDEXED),
    ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "", Colours.TRUE),
    ({"TERM": "xterm-kitty"}, "", Colours.TRUE),
    ({"TERM": "tmux-256color"}, "256,RGB,title", Colours.TRUE),
    ({"TERM": "tmux-256color"}, "", Colours.INDEXED),
    ({"TERM": "xterm-256color", "LC_TERMINAL": "iTerm2"}, "", Colours.TRUE),
    ({"TERM": "linux"}, "", Colours.FEW),
    ({"TERM": "xterm-kitty", "NO_COLOR": "1"}, "", Colours.NONE),
]


@pytest.mark.parametrize(("environment", "features", "expected"), CASES)
def test_depth_follows_the_environment(
    environment: dict[str, str], features: str, expected: Colours
) -> None:
    assert colours_of(environment, tmux_features=features) is expected


@pytest.mark.parametrize(("term", "expected"), [("dumb", False), ("", False), ("xterm", True)])
def test_a_dumb_terminal_shows_no_screen(term: str, expected: bool) -> None:
    assert can_show({"TERM": term}) is expected
