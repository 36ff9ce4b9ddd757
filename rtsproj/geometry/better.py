"""Which accepted outlines a later search has drawn better.

A network that knows few slumps draws large ones in part; once more are known, the next ones draw
the same places wider and more surely. The newest outline as such is no better than the accepted
one: of 570 on four dates of ponds, the next network's had a larger IoU with the truth in 337, a
smaller one in 171. Of those that met the four conditions here 140 had a larger and 7 a smaller one.
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
"""IoU with what the search before drew there, at least: two networks agree on it."""

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Outlines:
    """Outlines that networks drew, one entry each.

    Attributes:
        geoms: outlines, m.
        score: 0..1, mean probability inside.
        stability: 0..1, area by that of the object at the probe cut that holds it.
    """

    geoms: Geometries
    score: Floats
    stability: Floats


@dataclass(frozen=True, slots=True)
class Taken:
    """Ground of which no outline may take half of a shape: other slumps, and rejected places.

    Attributes:
        slump_ids: of the shapes; 0 = rejected.
        geoms: the shapes, m.
    """

    slump_ids: Ints
    geoms: Geometries


def better_outlines(
    accepted: Outlines, slump_ids: Ints, now: Outlines, before: Geometries, taken: Taken
) -> Ints:
    """The better outline of each accepted one, as its place among ``now``; -1 = none.

    It holds the accepted one, is surer and at least as stable, the search before drew the same,
    and it takes in no other slump and no rejected place.

    Args:
        accepted: outlines that count.
        slump_ids: of their slumps.
        now: what the newest search drew on known places.
        before: what the search before it drew on known places.
        taken: what stays out.
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
        & ~_takes(drawn, slump_ids, taken)
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


def _takes(drawn: Geometries, slump_ids: Ints, taken: Taken) -> npt.NDArray[np.bool_]:
    """True where an outline holds half of a shape that is not its slump's."""
    one, other = shapely.STRtree(taken.geoms).query(drawn, predicate="intersects")
    shared = shapely.area(shapely.intersection(drawn[one], taken.geoms[other]))
    foreign = slump_ids[one] != taken.slump_ids[other]
    found = np.zeros(len(drawn), bool)
    found[one[foreign & (shared >= HALF * shapely.area(taken.geoms[other]))]] = True
    return found
