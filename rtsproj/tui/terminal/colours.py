"""Colours of the terminal, decided before textual is imported.

SSH does not carry COLORTERM, so textual would fall to 256 colours even where truecolor works.
"""

from collections.abc import Mapping
from enum import StrEnum

TRUE_TERMS = ("xterm-kitty", "xterm-ghostty", "foot", "alacritty", "wezterm")


class Colours(StrEnum):
    """What colours a picture may use; the value is textual's name for it."""

    TRUE = "truecolor"
    INDEXED = "256"
    FEW = "standard"
    NONE = "none"


def colours_of(environment: Mapping[str, str], *, tmux_features: str = "") -> Colours:
    """Decide the colour depth.

    Args:
        environment: TERM, COLORTERM, LC_TERMINAL, NO_COLOR.
        tmux_features: what tmux says of its client, empty outside tmux.
    """
    term = environment.get("TERM", "")
    if environment.get("NO_COLOR"):
        return Colours.NONE
    if environment.get("COLORTERM", "") in ("truecolor", "24bit"):
        return Colours.TRUE
    if term in TRUE_TERMS or term.endswith("-direct") or "RGB" in tmux_features:
        return Colours.TRUE
    if environment.get("LC_TERMINAL") == "iTerm2":
        return Colours.TRUE
    return Colours.INDEXED if "256color" in term else Colours.FEW


def can_show(environment: Mapping[str, str]) -> bool:
    """True where a full-screen program makes sense."""
    return environment.get("TERM", "dumb") not in ("dumb", "")
