"""What a terminal can do, from what is known of it: a pure function, before textual starts."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from rtsproj.tui.pictures.cells import Mode
from rtsproj.tui.terminal.colours import Colours, colours_of

FIRST_KITTY = (0, 28)
"""kitty draws placeholders from this version on."""
OWN_SEXTANTS = ("xterm-kitty", "alacritty", "wezterm")
"""Terminals (TERM) that draw sextants themselves; elsewhere the font decides, and the outline may
vanish where it lacks them."""
OUTER_KITTY = ("xterm-kitty", "xterm-ghostty")
INLINE_IMAGES = ("iterm", "wezterm", "vscode", "warp", "tabby", "mintty")
"""Names of terminals that take iTerm2's inline images."""
TMUX_FORMAT = "#{client_termname}|#{client_termfeatures}|#{allow-passthrough}"
CELL_PX = (8, 16)
"""Pixels of a cell where the terminal did not say."""


class Viewer(StrEnum):
    """How a full-screen picture is shown."""

    KITTY = "kitty"
    INLINE = "iTerm2"
    SIXEL = "sixel"
    FILE = "PNG file"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a terminal said of itself.

    Attributes:
        name: name and version, such as ``kitty(0.31.0)``; empty = it did not say.
        has_kitty: kitty's graphics protocol.
        has_sixel: sixel pictures.
        keeps_truecolor: a 24-bit colour came back as it was set.
        cell_px: (width, height) of a cell, px; zeros where it did not say.
        is_silent: True = not even the sentinel was answered.
    """

    name: str = ""
    has_kitty: bool = False
    has_sixel: bool = False
    keeps_truecolor: bool = False
    cell_px: tuple[int, int] = (0, 0)
    is_silent: bool = False

    def kept(self) -> dict[str, Any]:
        """As it is stored."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Tmux:
    """What tmux says of the terminal outside it.

    Attributes:
        is_inside: True = the program runs in tmux.
        outer_term: TERM of the terminal outside; empty where none is attached.
        features: what it can do, comma-joined.
        passes: messages to it are handed through.
    """

    is_inside: bool = False
    outer_term: str = ""
    features: str = ""
    passes: bool = False


@dataclass(frozen=True, slots=True)
class Abilities:
    """What can be shown here.

    Attributes:
        colours: depth.
        is_colourless: the person wants no colour (NO_COLOR).
        refused: mode -> why it is not offered; a mode that is missing is offered.
        mode: the one that is taken where nothing was chosen.
        viewer: the protocol of full-screen pictures.
        cell_px: (width, height) of a cell, px.
        in_tmux: True = messages to the terminal outside are wrapped.
        name: of the terminal, for people.
    """

    colours: Colours = Colours.INDEXED
    is_colourless: bool = False
    refused: Mapping[Mode, str] = field(default_factory=dict)
    mode: Mode = Mode.QUADRANT
    viewer: Viewer = Viewer.FILE
    cell_px: tuple[int, int] = CELL_PX
    in_tmux: bool = False
    name: str = ""


def terminal_key(environment: Mapping[str, str], tmux: Tmux) -> str:
    """What answers and choices are stored under: TERM, LC_TERMINAL, and the terminal outside."""
    parts = (
        environment.get("TERM", ""),
        environment.get("LC_TERMINAL", ""),
        environment.get("TERM_PROGRAM", ""),
        tmux.outer_term,
    )
    return "|".join(parts)


def read_tmux(text: str) -> Tmux:
    """Read what tmux printed of ``TMUX_FORMAT``; of an empty text only that one is inside."""
    term, features, passes = (*text.strip().split("|"), "", "", "")[:3]
    is_on = passes in ("on", "all", "1")
    return Tmux(is_inside=True, outer_term=term, features=features, passes=is_on)


def read_kept(stored: object) -> Answer | None:
    """An answer that was stored; None where it does not read."""
    if not isinstance(stored, dict) or not set(stored) <= set(Answer.__slots__):
        return None
    cell = stored.get("cell_px", (0, 0))
    if not (isinstance(cell, list | tuple) and len(cell) == 2):
        return None
    return Answer(
        name=str(stored.get("name", "")),
        has_kitty=stored.get("has_kitty") is True,
        has_sixel=stored.get("has_sixel") is True,
        keeps_truecolor=stored.get("keeps_truecolor") is True,
        cell_px=(int(cell[0]), int(cell[1])),
        is_silent=stored.get("is_silent") is True,
    )


def detect(
    environment: Mapping[str, str], *, tmux: Tmux | None = None, answer: Answer | None = None
) -> Abilities:
    """Decide what can be shown.

    Args:
        environment: TERM, COLORTERM, LC_TERMINAL, TERM_PROGRAM, NO_COLOR.
        tmux: of the tmux that one is in; None = no tmux.
        answer: of the probe, fresh or stored; None = not asked.
    """
    tmux, answer = tmux or Tmux(), answer or Answer()
    colours = _depth(environment, tmux, answer)
    kitty_reason = _why_no_kitty(environment, tmux, answer)
    refused = _refused(colours, kitty_reason)
    return Abilities(
        colours=colours,
        is_colourless=bool(environment.get("NO_COLOR")),
        refused=refused,
        mode=_default(environment, tmux, refused),
        viewer=_viewer(environment, tmux, answer),
        cell_px=answer.cell_px if all(answer.cell_px) else CELL_PX,
        in_tmux=tmux.is_inside,
        name=answer.name or environment.get("LC_TERMINAL", "") or environment.get("TERM", ""),
    )


def _depth(environment: Mapping[str, str], tmux: Tmux, answer: Answer) -> Colours:
    wanted = {name: value for name, value in environment.items() if name != "NO_COLOR"}
    colours = colours_of(wanted, tmux_features=tmux.features)
    if answer.keeps_truecolor and not tmux.is_inside:
        return Colours.TRUE
    return colours


def _why_no_kitty(environment: Mapping[str, str], tmux: Tmux, answer: Answer) -> str:
    """Why placeholders cannot be used; empty = they can."""
    if tmux.is_inside:
        if tmux.outer_term not in OUTER_KITTY:
            return "tmux: the terminal outside is not kitty or Ghostty"
        return "" if tmux.passes else "tmux: set -g allow-passthrough on"
    if answer.name:
        return "" if _draws_placeholders(answer) else "the terminal has no placeholders"
    if environment.get("TERM") in OUTER_KITTY:
        return "" if environment.get("TERM") == "xterm-ghostty" else "kitty's version is not known"
    return "needs kitty 0.28 or Ghostty"


def _draws_placeholders(answer: Answer) -> bool:
    name = answer.name.lower()
    if name.startswith("ghostty"):
        return True
    found = re.match(r"kitty[ (]+(\d+)\.(\d+)", name)
    return answer.has_kitty and bool(found) and _version(found) >= FIRST_KITTY


def _version(found: re.Match[str] | None) -> tuple[int, int]:
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _refused(colours: Colours, kitty_reason: str) -> dict[Mode, str]:
    refused = {Mode.KITTY: kitty_reason} if kitty_reason else {}
    if colours is Colours.TRUE:
        return refused
    few = "16 colours" if colours in (Colours.FEW, Colours.NONE) else "256 colours"
    for mode in (Mode.KITTY, Mode.SEXTANT, Mode.QUADRANT, Mode.HALF):
        refused.setdefault(mode, f"{few} only")
    if few == "16 colours":
        refused[Mode.GREY] = "16 colours only: use v, or the PNG"
    return refused


def _default(environment: Mapping[str, str], tmux: Tmux, refused: Mapping[Mode, str]) -> Mode:
    ladder = [Mode.QUADRANT, Mode.GREY, Mode.ASCII]
    if not tmux.is_inside:
        own = environment.get("TERM") in OWN_SEXTANTS
        ladder = [Mode.KITTY, *([Mode.SEXTANT] if own else []), *ladder]
    return next(mode for mode in ladder if mode not in refused)


def _viewer(environment: Mapping[str, str], tmux: Tmux, answer: Answer) -> Viewer:
    if tmux.is_inside:
        is_kitty = tmux.passes and tmux.outer_term in OUTER_KITTY
        if is_kitty:
            return Viewer.KITTY
        return Viewer.SIXEL if answer.has_sixel else Viewer.FILE
    if answer.has_kitty or environment.get("TERM") in OUTER_KITTY:
        return Viewer.KITTY
    says = (answer.name, environment.get("LC_TERMINAL", ""), environment.get("TERM_PROGRAM", ""))
    names = " ".join(says).lower()
    if any(name in names for name in INLINE_IMAGES):
        return Viewer.INLINE
    return Viewer.SIXEL if answer.has_sixel else Viewer.FILE
