"""The filter line of the queue: words that all must hold, read into conditions of SQL."""

import re
from collections.abc import Callable
from itertools import count

from rtsproj.domain.ids import Named, parse_id
from rtsproj.domain.lines import LineKind
from rtsproj.errors import UsageError
from rtsproj.store.queue import LINEAGES, Condition

HINT = (
    "words: C-00012, RTS-00003, >1ha, <0.2ha, near<500, road<500, railway<1000, station<500, "
    "it=2, tile=417, flag, edge, small, fresh, grown, partial, touching, new, same, split, merge, "
    "note:TEXT"
)
ANY_LINE = "near"
"""Filter word for lines of any kind."""
NUMBER = r"(\d+(?:\.\d+)?)"
NEAR = (
    "c.candidate_id IN (SELECT candidate_id FROM candidate_distance d JOIN source s "
    "ON s.source_id = d.source_id AND s.withdrawn_at IS NULL WHERE distance_m {sign} ${at}{kind})"
)
NOTED = "c.candidate_id IN (SELECT candidate_id FROM decision WHERE note ILIKE ${at})"
OF_SLUMP = (
    "c.lineage_slump = ${at} OR c.relation_slump = ${at} OR c.candidate_id IN "
    "(SELECT candidate_id FROM slump_outline WHERE slump_id = ${at})"
)
"""Candidates that were matched with a slump, or that gave it an outline."""
_Make = Callable[[re.Match[str], str], Condition]


def read_filter(text: str) -> tuple[Condition, ...]:
    """Read a filter; empty text gives none.

    Raises:
        UsageError: a word is not known; the hint lists them.
    """
    numbers = count()
    return tuple(_condition(word, f"f{next(numbers)}") for word in text.split())


def _condition(word: str, at: str) -> Condition:
    shown = parse_id(word)
    if shown is not None:
        text = OF_SLUMP if shown.named is Named.SLUMP else "c.candidate_id = ${at}"
        return Condition(text.format(at=at), {at: shown.number})
    for pattern, make in _PATTERNS:
        found = re.fullmatch(pattern, word, re.IGNORECASE)
        if found is not None:
            return make(found, at)
    raise UsageError(f"filter word {word!r} is not known", hint=HINT)


def _size(found: re.Match[str], at: str) -> Condition:
    return Condition(f"c.area_m2 {found[1]}= ${at}", {at: float(found[2]) * 1e4})


def _near(found: re.Match[str], at: str) -> Condition:
    name = found[1].lower()
    kind = "" if name == ANY_LINE else f" AND kind = '{name}'"
    text = NEAR.format(sign="<=", at=at, kind=kind)
    return Condition(text, {at: float(found[2])})


def _iteration(found: re.Match[str], at: str) -> Condition:
    return Condition(f"c.iteration = ${at}", {at: int(found[1])})


def _tile(found: re.Match[str], at: str) -> Condition:
    text = f"list_contains(string_split(c.tiles, ','), ${at})"
    return Condition(text, {at: found[1]})


def _note(found: re.Match[str], at: str) -> Condition:
    return Condition(NOTED.format(at=at), {at: f"%{found[1]}%"})


def _fixed(text: str) -> Callable[[re.Match[str], str], Condition]:
    return lambda _found, _at: Condition(text, {})


def _lineage(found: re.Match[str], at: str) -> Condition:
    return Condition(f"c.lineage = ${at}", {at: found[1].lower()})


def _relation(found: re.Match[str], at: str) -> Condition:
    return Condition(f"c.relation = ${at}", {at: found[1].lower()})


_PATTERNS: tuple[tuple[str, _Make], ...] = (
    (rf"([<>]){NUMBER}ha", _size),
    (rf"({ANY_LINE}|{'|'.join(LineKind)})<=?{NUMBER}m?", _near),
    (r"it=(\d+)", _iteration),
    (r"tile=(\d+)", _tile),
    (r"note:(\S+)", _note),
    (r"flag(?:ged)?", _fixed("coalesce(s.flagged, false)")),
    (r"edge", _fixed("c.at_edge")),
    (r"small", _fixed("c.pixels < $small_px")),
    (rf"({'|'.join(LINEAGES)})", _lineage),
    (r"(new|split|merge)", _relation),
)
