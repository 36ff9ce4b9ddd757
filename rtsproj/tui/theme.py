"""Themes: dark, light and the terminal's own 16 colours; readable on each without colour too."""

from textual.theme import Theme

DARK = Theme(
    name="dark",
    primary="#5c7f99",
    secondary="#8fb3c9",
    accent="#e0b04c",
    foreground="#d7dde1",
    background="#11161a",
    surface="#171d22",
    panel="#1f272e",
    success="#7bbf6a",
    warning="#e0b04c",
    error="#d9705f",
    dark=True,
)
LIGHT = Theme(
    name="light",
    primary="#3d6480",
    secondary="#2e5570",
    accent="#8a5a00",
    foreground="#1b2328",
    background="#f7f7f4",
    surface="#eeeeea",
    panel="#e2e4e0",
    success="#2c6e1f",
    warning="#8a5a00",
    error="#a32a1a",
    dark=False,
)
NAMES = ("dark", "light", "16")
"""What a person may choose; 16 = the terminal's own colours."""
OWN = {"dark": DARK.name, "light": LIGHT.name, "16": "textual-ansi"}
"""Textual's name of each."""
