"""Kinds of lines: what a slump may be near to."""

from enum import StrEnum

from rtsproj.errors import UsageError


class LineKind(StrEnum):
    """What the features of a line file are."""

    ROAD = "road"
    RAILWAY = "railway"
    AIRSTRIP = "airstrip"
    STATION = "station"


ROUTES = (LineKind.ROAD, LineKind.RAILWAY)
"""Kinds that the report's counts of slumps near infrastructure are about, as published ones are."""
PLACES = (LineKind.AIRSTRIP, LineKind.STATION)
"""Kinds that may be given as points: a point is a line without length."""


def line_kind(text: str) -> LineKind:
    """Read a kind.

    Raises:
        UsageError: it is none.
    """
    try:
        return LineKind(text)
    except ValueError:
        raise UsageError(
            f"{text!r} is no kind of lines", hint=f"one of {', '.join(LineKind)}"
        ) from None
