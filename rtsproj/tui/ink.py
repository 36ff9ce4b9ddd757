"""Colours of the theme as styles of the line API; never None, so that NO_COLOR works."""

from typing import Any

from rich.style import Style
from textual.app import App
from textual.color import Color

NAMES = ("foreground", "primary", "secondary", "accent", "success", "warning", "error")
PLAIN, PRIMARY, SECONDARY, ACCENT, SUCCESS, WARNING, ERROR, DIM, BRIGHT = range(9)
"""Inks of a canvas: an index into what ``inks`` gives."""


def inks(app: App[Any]) -> tuple[Style, ...]:
    """Styles by ink: the theme's colours, then dim, then bold."""
    known = app.theme_variables
    styles = [Style(color=Color.parse(known.get(name, "white")).rich_color) for name in NAMES]
    plain = styles[PLAIN]
    return (*styles, plain + Style(dim=True), plain + Style(bold=True))
