"""Select outlines of a later search that are better than the accepted ones.

A network trained on few slumps detects only parts of large ones; later networks detect the same
locations more completely and with a higher probability. The newest outline as such is no better
than the accepted one: of 570 on four dates of ponds, the next network's had a larger IoU with the
truth in 337, a smaller one in 171. Of those that met the conditions below, 140 and 7.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from rtsproj.geometry.identity import HALF
from rtsproj.geometry.matching import Floats, Geometries

KEEPS = 0.95
"""Of the accepted outline's area: what the later one holds of it at least."""
SURER = 0.03
"""By how much its mean probability is higher at least."""
AGREES = 0.8
"""Least IoU with the detection of the search before: two networks agree."""

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class DetectedOutlines:
    """Outlines detected by networks, one entry each.

    Attributes:
        geoms: outlines, m.
        score: 0..1, mean probability inside.
        stability: 0..1, area by that of the object at the probe cut that holds it.
    """

    geoms: Geometries
    score: Floats
    stability: Floats


@dataclass(frozen=True, slots=True)
class ForeignOutlines:
    """Outlines of which a better one must not hold half, unless they are its own slump's.

    Attributes:
        slump_ids: their slumps; 0 = rejected.
        geoms: the outlines, m.
    """

    slump_ids: Ints
    geoms: Geometries


def better_outlines(
    accepted: DetectedOutlines,
    slump_ids: Ints,
    now: DetectedOutlines,
    before: Geometries,
    foreign: ForeignOutlines,
) -> Ints:
    """The better outline of each accepted one, as its place among ``now``; -1 = none.

    It contains the accepted one, has a higher probability, is at least as stable, agrees with the
    search before, and contains no other slump and no rejected outline.

    Args:
        accepted: outlines that count.
        slump_ids: of their slumps.
        now: detections of the newest search at known locations.
        before: those of the search before it.
        foreign: other slumps and rejected outlines.
    """
    place, shared = largest_shared(accepted.geoms, now.geoms)
    at = np.maximum(place, 0)
    if not len(now.geoms) or not len(before):
        return np.full(len(place), -1, np.int64)
    drawn = now.geoms[at]
    other, met = largest_shared(drawn, before)
    union = shapely.area(drawn) + shapely.area(before[np.maximum(other, 0)]) - met
    good = (
        (place >= 0)
        & (shared >= KEEPS * shapely.area(accepted.geoms))
        & (now.score[at] >= accepted.score + SURER)
        & (now.stability[at] >= accepted.stability)
        & (met >= AGREES * union)
        & ~_contains_foreign(drawn, slump_ids, foreign)
    )
    return np.where(good, place, -1)


def largest_shared(geoms: Geometries, among: Geometries) -> tuple[Ints, Floats]:
    """For each outline that of ``among`` with which it shares most, -1 = none; and the area, m2."""
    place, most = np.full(len(geoms), -1, np.int64), np.zeros(len(geoms))
    one, other = shapely.STRtree(among).query(geoms, predicate="intersects")
    shared = shapely.area(shapely.intersection(geoms[one], among[other]))
    order = np.lexsort((-other, shared))  # the largest is written last
    place[one[order]], most[one[order]] = other[order], shared[order]
    return np.where(most > 0, place, -1), most


def _contains_foreign(
    drawn: Geometries, slump_ids: Ints, foreign: ForeignOutlines
) -> npt.NDArray[np.bool_]:
    """True where an outline contains half of another slump or of a rejected outline."""
    one, other = shapely.STRtree(foreign.geoms).query(drawn, predicate="intersects")
    shared = shapely.area(shapely.intersection(drawn[one], foreign.geoms[other]))
    is_other = slump_ids[one] != foreign.slump_ids[other]
    found = np.zeros(len(drawn), bool)
    found[one[is_other & (shared >= HALF * shapely.area(foreign.geoms[other]))]] = True
    return found
