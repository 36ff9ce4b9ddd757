"""Which slump an accepted candidate is: a new one, a new outline of one, or a part of one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import shapely
from shapely.geometry.base import BaseGeometry

HALF = 0.5
"""Share of either outline from which two outlines are the same place."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What an accepted candidate means for the inventory.

    Attributes:
        relation: ``new`` = another slump; ``same`` = new outline of ``slump_id``; ``part`` = a part
            of ``slump_id`` or a merger of several: recorded, outlines of the inventory unchanged.
        slump_id: the slump, 0 for a new one.
    """

    relation: Literal["new", "same", "part"]
    slump_id: int


def identify(candidate: BaseGeometry, slumps: Sequence[tuple[int, BaseGeometry]]) -> Identity:
    """Name the slump that an accepted candidate shows.

    A slump is met when at least half of it, or half of the candidate, is shared. Meeting none is
    another slump, even where edges overlap a little; meeting one is that slump, and its outline is
    replaced only by a candidate that covers at least half of it; meeting several changes none.
    """
    met: list[tuple[float, int, float]] = []
    for slump_id, outline in slumps:
        shared = candidate.intersection(outline).area
        if shared >= HALF * min(outline.area, candidate.area) and shared > 0:
            iou = shared / (candidate.area + outline.area - shared)
            met.append((iou, slump_id, shared / outline.area))
    if not met:
        return Identity("new", 0)
    _, slump_id, covered = max(met, key=lambda one: (one[0], -one[1]))
    if len(met) == 1 and covered >= HALF:
        return Identity("same", slump_id)
    return Identity("part", slump_id)


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
        identity = identify(outlines[number], [(n, everything[n]) for n in kept])
        if identity.relation != "new":
            same[number] = identity.slump_id
    return same
