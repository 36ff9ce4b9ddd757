"""Durations, sizes and places in words, short enough for a status line."""

from collections.abc import Sequence
from datetime import datetime
from math import isfinite

from rtsproj.domain.text import safe_text
from rtsproj.settings.file import SettingChange

MOST_CHANGES = 3
"""Changed settings that a line names; it counts the others."""


def duration_text(seconds: float | None) -> str:
    """45 s, 12 min, 3 h 21 min, 2 d 4 h; a dash where unknown."""
    if seconds is None:
        return "-"
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes:02} min"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h"


def area_text(area_m2: float) -> str:
    """0.42 ha, 1.94 ha, 12.3 km²."""
    return f"{area_m2 / 1e6:,.2f} km²" if area_m2 >= 1e6 else f"{area_m2 / 1e4:.2f} ha"


def metres_text(metres: float) -> str:
    """350 m, 12.4 km."""
    return f"{metres:,.0f} m" if metres < 10_000 else f"{metres / 1000:,.1f} km"


def place_text(lon: float, lat: float) -> str:
    """34.84612 N 92.95103 E: five digits are one metre."""
    if not (isfinite(lon) and isfinite(lat)):
        return "outside the projection"
    north, east = "N" if lat >= 0 else "S", "E" if lon >= 0 else "W"
    return f"{abs(lat):.5f} {north} {abs(lon):.5f} {east}"


def clock_text(utc: str) -> str:
    """Local time of day of an ISO 8601 text, HH:MM:SS; empty where it is none."""
    try:
        return datetime.fromisoformat(utc).astimezone().strftime("%H:%M:%S")
    except ValueError:
        return ""


def changes_line(found: Sequence[SettingChange]) -> str:
    """train.steps = 60 (was 200); the first few keys, the others counted."""
    named = [f"{one.key} = {one.now} (was {one.before})" for one in found[:MOST_CHANGES]]
    more = len(found) - MOST_CHANGES
    return safe_text(", ".join(named) + (f" and {more} more" if more > 0 else ""))
