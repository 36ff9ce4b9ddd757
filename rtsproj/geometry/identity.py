"""Which slump an accepted candidate is: a new one, a new outline of one, or a part of one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import shapely
from shapely.geometry.base import BaseGeometry

HALF = 0.5
"""Share of either outline from which two outlines are the same place."""


@dataclass(frozen=True, slots=True)
class KnownSlump:
    """A slump of the inventory.

    Attributes:
        slump_id: its id.
        outline: its current outline, m.
        is_drawn: True where a person digitised, drew or edited the outline.
    """

    slump_id: int
    outline: BaseGeometry
    is_drawn: bool = True


@dataclass(frozen=True, slots=True)
class Identity:
    """What an accepted candidate means for the inventory.

    Attributes:
        relation: ``new`` = another slump; ``same`` = new outline of ``slump_id``; ``part`` = a part
            of ``slump_id`` or over several that a person drew: recorded, outlines unchanged.
        slump_id: the slump, 0 for a new one.
        absorbed: slumps of which the candidate shows that they are parts of ``slump_id``.
    """

    relation: Literal["new", "same", "part"]
    slump_id: int
    absorbed: tuple[int, ...] = ()


def identify(candidate: BaseGeometry, slumps: Sequence[KnownSlump]) -> Identity:
    """Name the slump that an accepted candidate shows.

    A slump is met when at least half of it, or half of the candidate, is shared. Meeting none is
    another slump, even where edges overlap a little. A candidate that covers at least half of all
    that it meets is a new outline of that slump; several become one where at most one of them was
    drawn by a person, for models draw large slumps in pieces at first. Else no outline changes.
    """
    met: list[tuple[KnownSlump, float, float]] = []
    for one in slumps:
        shared = candidate.intersection(one.outline).area
        if shared >= HALF * min(one.outline.area, candidate.area) and shared > 0:
            iou = shared / (candidate.area + one.outline.area - shared)
            met.append((one, iou, shared / one.outline.area))
    if not met:
        return Identity("new", 0)
    drawn = sum(one.is_drawn for one, _, _ in met)
    main, _, _ = max(met, key=lambda row: (row[0].is_drawn, row[1], -row[0].slump_id))
    if min(covered for _, _, covered in met) < HALF or drawn > 1:
        named, _, _ = max(met, key=lambda row: (row[1], -row[0].slump_id))
        return Identity("part", named.slump_id)
    others = sorted(one.slump_id for one, _, _ in met if one is not main)
    return Identity("same", main.slump_id, tuple(others))


def same_places(outlines: Sequence[BaseGeometry], known: Sequence[BaseGeometry]) -> dict[int, int]:
    """Outlines that show a place that is there already, by the rule of ``identify``.

    Args:
        outlines: new ones, in order.
        known: places that are there.

    Returns:
        Number of an outline -> number of the place: a known one, or after those an earlier outline.
    """
    if not outlines:
        return {}
    everything = [*known, *outlines]
    asked, found = shapely.STRtree(everything).query(list(outlines), predicate="intersects")
    near: dict[int, list[int]] = {}
    for number, other in sorted(zip(asked.tolist(), found.tolist(), strict=True)):
        if other < number + len(known):
            near.setdefault(number, []).append(other)
    same: dict[int, int] = {}
    for number, others in near.items():
        kept = [n for n in others if n - len(known) not in same]
        identity = identify(outlines[number], [KnownSlump(n, everything[n]) for n in kept])
        if identity.relation != "new":
            same[number] = identity.slump_id
    return same
