"""Shorter sequences draw the same screen and leave the terminal as the longer ones do."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.ansi import AnsiDecoder
from rich.color import Color
from rich.style import Style

from rtsproj.tui.terminal.thrift import SGR, shorter

COLOURS = st.one_of(
    st.none(),
    st.tuples(*[st.sampled_from([0, 8, 248])] * 3).map(lambda rgb: Color.from_rgb(*rgb)),
    st.integers(0, 255).map(Color.from_ansi),
)
STYLES = st.builds(
    Style, color=COLOURS, bgcolor=COLOURS, bold=st.booleans(), reverse=st.sampled_from([None, True])
)
PIECES = st.one_of(
    st.builds(lambda style, text: style.render(text), STYLES, st.sampled_from(["a", "▌▌", " "])),
    st.sampled_from(["\x1b[3;5H", "\x1b[K", "\x1b[0m", "\x1b[31m", "\x1b[22m", "\x1b[4:3m", "x"]),
)
MOVES = re.compile(r"\x1b\[[0-9;]*[HK]")


def drawn(text: str) -> list[tuple[str, str]]:
    """Each character with its style; one more tells how the terminal is left."""
    line = AnsiDecoder().decode_line(MOVES.sub("", text + "z"))
    told = []
    for at, character in enumerate(line.plain):
        style = Style()
        for start, end, more in line.spans:
            if start <= at < end:
                style += more if isinstance(more, Style) else Style.parse(more)
        told.append((character, _plain(style)))
    return told


def _plain(style: Style) -> str:
    """Said and unsaid default colours are the same."""
    colours = [one if one and not one.is_default else None for one in (style.color, style.bgcolor)]
    return f"{colours} {style.without_color}"


@given(st.lists(PIECES, max_size=30).map("".join))
def test_the_screen_is_the_same_in_no_more_bytes(text: str) -> None:
    assert drawn(shorter(text)) == drawn(text)
    assert SGR.sub("", shorter(text)) == SGR.sub("", text)
    assert len(shorter(text)) <= len(text) + 4 * text.count("\x1b[")


@pytest.mark.parametrize("text", ["", "plain", "\x1b[31mred", "\x1b[>4;1m", "\x1b[", "\x1b[38;2mx"])
def test_what_is_not_known_stays(text: str) -> None:
    assert shorter(text) == text


def test_cells_say_only_what_changes() -> None:
    red, blue = "38;2;255;0;0", "48;2;0;0;255"
    cells = f"\x1b[0m\x1b[{red};{blue}m▌\x1b[0m\x1b[{red};{blue}m▌\x1b[0m\x1b[{red}m▌\x1b[0m"
    assert shorter(cells) == f"\x1b[0;{red};{blue}m▌▌\x1b[49m▌\x1b[0m"
