"""When a judged place is shown again: the re-raise rule (method 7), for many candidates at once.

Why arrays: one index over the judged places is asked for all candidates of a block, and only pairs
that meet are overlaid. Each overlay is the same operation on the same pair as for one candidate
alone, so that the block's answers are those of its candidates, to the last digit.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from rtsproj.domain.candidates import Lineage, Relation
from rtsproj.geometry.identity import HALF
from rtsproj.geometry.matching import Floats, Geometries, paired_iou
from rtsproj.settings import LineageSettings

FACTOR = 1.6
"""Growing back after the opening, so that right-angled corners survive (Huang 2021)."""
ARC = 16
"""Segments of a quarter circle in buffers."""
LIKE = 0.45
"""Share of the largest slump in an outline from which on another one is as large as a second slump.
Of 12 accepted outlines of 8 runs on ponds that held two like this, 9 were two ponds; of about 30
that held a large and a small one, 3."""

Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.object_]
EMPTY = shapely.Polygon()


@dataclass(frozen=True, slots=True)
class LineageColumns:
    """How candidates meet the judged places, one entry each.

    Attributes:
        case: fresh, touching, partial, same or grown.
        of: candidate_id of the judged place, 0 = none or a seed.
        slump_id: slump of the judged place, 0 = none.
        iou: 0..1 with it.
        growth_m2: m2 of opened area outside all ground that was judged.
    """

    case: Words
    of: Ints
    slump_id: Ints
    iou: Floats
    growth_m2: Floats


class PlaceIndex:
    """Judged places, ready to be met; several threads may ask at once.

    A question is worth asking where much of a candidate lies on ground that nobody has judged: with
    the defaults of ``LineageSettings`` a third of it. Where that had to be half, 9 of 52 ponds of
    2017 stayed pieces of which later networks drew twice as much. What
    was accepted reaches a rim further than its outline: two hands, or two models, draw the same
    slump so differently. What was rejected says nothing of a candidate less than half as large: a
    slump may lie in an outline of which the rest was none.
    """

    def __init__(self, candidate_ids: Ints, slump_ids: Ints, geoms: Geometries) -> None:
        """Build the index.

        Args:
            candidate_ids: the judged candidates, 0 for a slump that was digitised.
            slump_ids: slumps that they became or are, 0 = none: rejected or unsure.
            geoms: outlines of the models, or as digitised, m.
        """
        self._candidate_ids = candidate_ids
        self._slump_ids = slump_ids
        self._geoms = geoms
        self._tree = shapely.STRtree(geoms)

    def classify(
        self, geoms: Geometries, *, pixel_m: float, settings: LineageSettings
    ) -> LineageColumns:
        """Name the case of every candidate.

        It shows the same place where at least ``settings.inside`` of it lies on judged ground, or
        where its IoU with one judged outline reaches ``settings.iou``; and it has grown where the
        rest is large enough. The judged outline with the largest IoU is named, of the accepted or
        of the other ones, whichever the candidate shares more with; the newest where several are
        equal.

        Args:
            geoms: candidate outlines, in the CRS of the places.
            pixel_m: m; the opening radius is one pixel, limits count in pixels.
            settings: shares of the same place, growth limits, rim.
        """
        met = self._met(geoms, rim_m=settings.rim_px * pixel_m)
        own = geoms[met.one]
        growth_m2 = np.zeros(len(own))
        grows = met.shared_m2 > 0
        outside = shapely.difference(own[grows], met.ground[grows])
        growth_m2[grows] = shapely.area(opened(outside, r=pixel_m))
        is_same = met.iou >= settings.iou
        if settings.inside < 1:
            is_same |= met.shared_m2 >= settings.inside * shapely.area(own)
        limit = np.maximum(settings.growth_px * pixel_m**2, settings.growth_share * met.shared_m2)
        grown = is_same & (growth_m2 > 0) & (growth_m2 >= limit)
        case = np.where(grown, Lineage.GROWN.value, Lineage.SAME.value).astype(object)
        case[~is_same] = Lineage.PARTIAL.value
        case[~is_same & (met.iou == 0)] = Lineage.TOUCHING.value
        return LineageColumns(
            case=_spread(len(geoms), met.one, case, Lineage.FRESH.value),
            of=_spread(len(geoms), met.one, self._candidate_ids[met.place], 0),
            slump_id=_spread(len(geoms), met.one, self._slump_ids[met.place], 0),
            iou=_spread(len(geoms), met.one, met.iou, 0.0),
            growth_m2=_spread(len(geoms), met.one, growth_m2, 0.0),
        )

    def not_accepted(self, geoms: Geometries, *, iou: float) -> npt.NDArray[np.bool_]:
        """True where an outline of this IoU was judged and not accepted."""
        one, place = self._tree.query(geoms, predicate="intersects")
        other = self._slump_ids[place] == 0
        one, place = one[other], place[other]
        found = np.zeros(len(geoms), bool)
        found[one[paired_iou(geoms[one], self._geoms[place]) >= iou]] = True
        return found

    def _met(self, geoms: Geometries, *, rim_m: float) -> "_Met":
        """What every candidate that meets a place shares with the ground that was judged."""
        one, place = self._tree.query(geoms, predicate="dwithin", distance=rim_m)
        counts = (self._slump_ids[place] > 0) | shapely.intersects(geoms[one], self._geoms[place])
        one, place = one[counts], place[counts]
        accepted = self._slump_ids[place] > 0
        iou = paired_iou(geoms[one], self._geoms[place])
        candidates, at = np.unique(one, return_inverse=True)
        own = geoms[candidates]
        known = self._joined(len(own), at[accepted], place[accepted])
        known = shapely.buffer(known, rim_m, quad_segs=ARC)
        is_like = shapely.area(geoms[one]) >= HALF * shapely.area(self._geoms[place])
        denies = ~accepted & is_like
        denied = self._joined(len(own), at[denies], place[denies])
        known_m2 = shapely.area(shapely.intersection(own, known))
        denied_m2 = shapely.area(shapely.intersection(own, denied))
        is_accepted = ~shapely.is_empty(known) & (known_m2 >= denied_m2)
        rank = accepted == is_accepted[at]
        order = np.lexsort(
            (-place, self._slump_ids[place], self._candidate_ids[place], iou, rank, at)
        )
        chosen = order[np.diff(at[order], append=-1) != 0]
        ground = known.copy()
        both = ~shapely.is_empty(denied)
        ground[both] = shapely.union(known[both], denied[both])
        return _Met(
            candidates,
            place[chosen],
            iou[chosen],
            shapely.area(shapely.intersection(own, ground)),
            ground,
        )

    def _joined(self, count: int, at: Ints, place: Ints) -> Geometries:
        """The places of each candidate, joined; empty where it has none."""
        joined = np.full(count, EMPTY, object)
        order = np.lexsort((place, at))
        for group in np.split(order, np.flatnonzero(np.diff(at[order])) + 1):
            if len(group):
                shapes = self._geoms[place[group]]
                joined[at[group[0]]] = shapes[0] if len(group) == 1 else shapely.union_all(shapes)
        return joined


@dataclass(frozen=True, slots=True)
class _Met:
    """Candidates that meet a place, one entry each.

    Attributes:
        one: number of the candidate.
        place: number of the place that is named.
        iou: 0..1 of the two.
        shared_m2: m2 of it on judged ground.
        ground: that ground, as far as its places reach.
    """

    one: Ints
    place: Ints
    iou: Floats
    shared_m2: Floats
    ground: Geometries


@dataclass(frozen=True, slots=True)
class SlumpOverlaps:
    """Pairs of outlines and slumps that share area, one entry each.

    Attributes:
        count: outlines that were compared.
        number: of the outline.
        slump_id: of the slump.
        is_held: True where half of the slump or more lies inside the outline.
        is_digitised: 1 where a person digitised or edited the slump, else 0.
        area_m2: of the slump.
    """

    count: int
    number: Ints
    slump_id: Ints
    is_held: npt.NDArray[np.bool_]
    is_digitised: Ints
    area_m2: Floats

    @property
    def joins(self) -> npt.NDArray[np.bool_]:
        """True for each outline that may show that several slumps are one.

        It holds half of each of several slumps, of which a person digitised at most one (see
        ``identity.identify``), and one of them is by far the largest: networks detect a large
        slump in pieces at first. Slumps of like size are two that lie side by side.
        """
        held, area_m2 = self.number[self.is_held], self.area_m2[self.is_held]
        slumps = np.bincount(held, minlength=self.count)
        digitised = np.bincount(held, self.is_digitised[self.is_held], minlength=self.count)
        largest = np.zeros(self.count)
        np.maximum.at(largest, held, area_m2)
        is_like = area_m2 >= LIKE * largest[held]
        alike = np.bincount(held, is_like, minlength=self.count)
        found: npt.NDArray[np.bool_] = (slumps > 1) & (digitised <= 1) & (alike == 1)
        return found


class SlumpIndex:
    """Outlines of the inventory, ready to be met; several threads may ask at once."""

    def __init__(self, slump_ids: Ints, is_digitised: Ints, geoms: Geometries) -> None:
        """Build the index.

        Args:
            slump_ids: the slumps.
            is_digitised: 1 where a person digitised or edited the outline, else 0.
            geoms: their outlines, m.
        """
        self._slump_ids = slump_ids
        self._is_digitised = is_digitised
        self._geoms = geoms
        self._tree = shapely.STRtree(geoms)

    def overlaps(self, geoms: Geometries) -> SlumpOverlaps:
        """Pairs of outlines and slumps that share area."""
        one, slump = self._tree.query(geoms, predicate="intersects")
        shared = shapely.area(shapely.intersection(self._geoms[slump], geoms[one]))
        one, slump, shared = (column[shared > 0] for column in (one, slump, shared))
        return SlumpOverlaps(
            count=len(geoms),
            number=one,
            slump_id=self._slump_ids[slump],
            is_held=shared >= HALF * shapely.area(self._geoms[slump]),
            is_digitised=self._is_digitised[slump],
            area_m2=shapely.area(self._geoms[slump]),
        )


def with_joins(match: LineageColumns, asks: npt.NDArray[np.bool_]) -> LineageColumns:
    """Report outlines that would join accepted slumps as grown, so that they are reviewed."""
    asks = asks & (match.case == Lineage.SAME.value) & (match.slump_id > 0)
    return replace(match, case=np.where(asks, Lineage.GROWN.value, match.case))


def opened(geoms: Geometries, *, r: float, factor: float = FACTOR) -> Geometries:
    """Drop what is narrower than 2 r: shrink, grow back further, cut with the original."""
    kept: Geometries = shapely.buffer(geoms, -r, quad_segs=ARC)
    left = ~shapely.is_empty(kept)
    grown = shapely.buffer(kept[left], r * factor, quad_segs=ARC)
    kept[left] = shapely.intersection(grown, geoms[left])
    return kept


def relations(count: int, met: tuple[Ints, Ints]) -> tuple[Words, Ints]:
    """Relation of each candidate of an iteration to the inventory.

    Args:
        count: candidates of the iteration.
        met: (number of the candidate, slump_id) of every pair that shares area.

    Returns:
        (relation, slump_id) of each candidate: new and 0 where no slump shares area with it; merge
        and the lowest id where several do; split where other candidates share the same slump; else
        same.
    """
    one, slump_id = met
    slumps = np.bincount(one, minlength=count)
    lowest = np.full(count, np.iinfo(np.int64).max)
    np.minimum.at(lowest, one, slump_id)
    _, slump, candidates = np.unique(slump_id, return_inverse=True, return_counts=True)
    is_shared = np.zeros(count, bool)
    is_shared[one] = candidates[slump] > 1
    relation = np.full(count, Relation.NEW.value, object)
    relation[slumps == 1] = Relation.SAME.value
    relation[(slumps == 1) & is_shared] = Relation.SPLIT.value
    relation[slumps > 1] = Relation.MERGE.value
    return relation, np.where(slumps > 0, lowest, 0)


def _spread(count: int, at: Ints, values: npt.NDArray[Any], empty: str | float) -> npt.NDArray[Any]:
    """``count`` entries: ``values`` at ``at``, elsewhere ``empty``."""
    spread = np.full(count, empty, values.dtype)
    spread[at] = values
    return spread
