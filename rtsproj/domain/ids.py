"""Names of candidates and slumps as they are shown, and the one parser that reads them back."""

import re
from dataclasses import dataclass
from enum import StrEnum

from rtsproj.errors import UsageError

_SHOWN = re.compile(r"(?:(C|RTS)-?)?0*([1-9][0-9]{0,17})", re.IGNORECASE)


class Named(StrEnum):
    """What a name is of; the value is its prefix."""

    CANDIDATE = "C"
    SLUMP = "RTS"


@dataclass(frozen=True, slots=True)
class ShownId:
    """An id as a person wrote it.

    Attributes:
        named: what the prefix says; None = a number alone.
        number: the id, from 1.
    """

    named: Named | None
    number: int


def candidate_name(number: int) -> str:
    """C-00012."""
    return f"{Named.CANDIDATE}-{number:05}"


def slump_name(number: int) -> str:
    """RTS-00012."""
    return f"{Named.SLUMP}-{number:05}"


def parse_id(text: str) -> ShownId | None:
    """Read ``C-00012``, ``rts-12`` or ``12``, in any case; None where it is none of these."""
    found = _SHOWN.fullmatch(text.strip())
    if found is None:
        return None
    return ShownId(Named(found[1].upper()) if found[1] else None, int(found[2]))


def read_candidate_id(text: str) -> int:
    """The number of a candidate: C-00012, c-12 and 12 are the same.

    Raises:
        UsageError: it is no id, or that of a slump.
    """
    return _read(text, Named.CANDIDATE, "C-00012 or 12")


def read_slump_id(text: str) -> int:
    """The number of a slump: RTS-00012, rts-12 and 12 are the same.

    Raises:
        UsageError: it is no id, or that of a candidate.
    """
    return _read(text, Named.SLUMP, "RTS-00012 or 12")


def _read(text: str, wanted: Named, written: str) -> int:
    found = parse_id(text)
    what = wanted.name.lower()
    if found is None:
        raise UsageError(f"{text!r} is no {what} id", hint=f"write {written}")
    if found.named not in (None, wanted):
        raise UsageError(
            f"{text} is the id of a {found.named.name.lower()}, not of a {what}",
            hint=f"write {written}",
        )
    return found.number
