"""When a judged place is shown again: the re-raise rule (method 7), for many candidates at once.

Why arrays: one index over the judged places is asked for all candidates of a block, and only pairs
that meet are overlaid. Each overlay is the same operation on the same pair as for one candidate
alone, so that the block's answers are those of its candidates, to the last digit.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from rtsproj.domain.candidates import Lineage, Relation
from rtsproj.geometry.identity import HALF
from rtsproj.geometry.matching import Floats, Geometries, paired_iou
from rtsproj.settings import LineageSettings

FACTOR = 1.6
"""Growing back after the opening, so that right-angled corners survive (Huang 2021)."""
ARC = 16
"""Segments of a quarter circle in buffers."""

Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.object_]
NO_REFERENCES: tuple[Ints, Geometries] = (np.zeros(0, np.int64), np.zeros(0, object))


@dataclass(frozen=True, slots=True)
class LineageColumns:
    """How candidates meet the judged places, one entry each.

    Attributes:
        case: fresh, touching, partial, same or grown.
        of: candidate_id of the judged place, 0 = none or a seed.
        slump_id: slump of the judged place, 0 = none.
        iou: 0..1 with it.
        growth_m2: m2 of opened new area against it.
    """

    case: Words
    of: Ints
    slump_id: Ints
    iou: Floats
    growth_m2: Floats


class PlaceIndex:
    """Judged places, ready to be met; several threads may ask at once.

    Like is compared with like: growth is the difference of two outlines of models. An outline that
    a person digitised differs from a model's by the hand that drew it; so it only says which place
    a candidate shows, and what the first model drew there is what later ones are compared with.
    """

    def __init__(
        self,
        candidate_ids: Ints,
        slump_ids: Ints,
        geoms: Geometries,
        *,
        references: tuple[Ints, Geometries] = NO_REFERENCES,
    ) -> None:
        """Build the index.

        Args:
            candidate_ids: the judged candidates, 0 for a slump that was digitised.
            slump_ids: slumps that they became or are, 0 = none.
            geoms: outlines of the models, or as digitised, m.
            references: ([slump_id], outlines): first model outlines of slumps that were digitised.
        """
        self._candidate_ids = candidate_ids
        self._slump_ids = slump_ids
        self._is_digitised = candidate_ids == 0
        self._geoms, has_reference = _with_references(
            geoms, np.where(self._is_digitised, slump_ids, 0), references
        )
        self._can_grow = ~self._is_digitised | has_reference
        self._tree = shapely.STRtree(self._geoms)

    def classify(
        self, geoms: Geometries, *, pixel_m: float, settings: LineageSettings
    ) -> LineageColumns:
        """Name the case of every candidate.

        It is the place of a judged candidate by its IoU, and of digitised slumps where at least
        half of it lies in their known ground and nothing reaches far beyond that. The judged
        candidate with the largest IoU decides, the newest where several are equal; a digitised
        slump does where no judged candidate is the same place.

        Args:
            geoms: candidate outlines, in the CRS of the places.
            pixel_m: m; the opening radius is one pixel, limits count in pixels.
            settings: IoU of the same place, growth limit, rim of digitised outlines.
        """
        rule = _Rule(
            settings.iou, settings.growth_px * pixel_m**2, settings.digitised_px * pixel_m, pixel_m
        )
        met = self._nearest(geoms, rule)
        one, place = met.one, met.place
        growth_m2 = np.zeros(len(one))
        grows = (met.iou > 0) & self._can_grow[place]
        growth_m2[grows] = rule.new_m2(geoms[one[grows]], met.ground[grows])
        grown = (growth_m2 > 0) & (growth_m2 >= rule.growth_m2)
        case = np.where(grown, Lineage.GROWN.value, Lineage.SAME.value).astype(object)
        case[~met.is_same] = Lineage.PARTIAL.value
        case[met.iou == 0] = Lineage.TOUCHING.value
        return LineageColumns(
            case=_spread(len(geoms), one, case, Lineage.FRESH.value),
            of=_spread(len(geoms), one, self._candidate_ids[place], 0),
            slump_id=_spread(len(geoms), one, self._slump_ids[place], 0),
            iou=_spread(len(geoms), one, met.iou, 0.0),
            growth_m2=_spread(len(geoms), one, growth_m2, 0.0),
        )

    def _nearest(self, geoms: Geometries, rule: "_Rule") -> "_Met":
        """The pair that decides, of every candidate that meets a place."""
        one, place = self._tree.query(geoms, predicate="intersects")
        iou = paired_iou(geoms[one], self._geoms[place])
        digitised = self._is_digitised[place]
        ground = self._geoms[place]
        ground[digitised] = self._joined(one[digitised], place[digitised])
        is_same = iou >= rule.iou
        at = np.flatnonzero(digitised & (iou > 0))
        is_same[digitised] = False
        is_same[at] = rule.is_known(geoms[one[at]], ground[at], ~self._can_grow[place[at]])
        rank = is_same * np.where(digitised, 1, 2)
        order = np.lexsort(
            (-place, self._slump_ids[place], self._candidate_ids[place], iou, rank, one)
        )
        chosen = order[np.diff(one[order], append=-1) != 0]
        return _Met(one[chosen], place[chosen], iou[chosen], is_same[chosen], ground[chosen])

    def _joined(self, one: Ints, place: Ints) -> Geometries:
        """For each pair all places of its candidate, joined."""
        joined = self._geoms[place]
        order = np.lexsort((place, one))
        for group in np.split(order, np.flatnonzero(np.diff(one[order])) + 1):
            if len(group) > 1:
                joined[group] = shapely.union_all(self._geoms[place[group]])
        return joined


@dataclass(frozen=True, slots=True)
class _Rule:
    """The settings in m: IoU of the same place, m2 of growth, m of a rim, m of a pixel."""

    iou: float
    growth_m2: float
    rim_m: float
    pixel_m: float

    def new_m2(self, geoms: Geometries, ground: Geometries) -> Floats:
        """m2 of opened area outside the ground."""
        area: Floats = shapely.area(opened(shapely.difference(geoms, ground), r=self.pixel_m))
        return area

    def is_known(
        self, geoms: Geometries, ground: Geometries, has_rim: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.bool_]:
        """True where half of a candidate lies in the known ground and nothing far beyond it.

        Where no model has drawn the place yet, a rim round what was digitised belongs to it, as
        wide as two hands may differ: what reaches further may be another slump.
        """
        shared = shapely.area(shapely.intersection(geoms, ground))
        known: npt.NDArray[np.bool_] = shared >= HALF * shapely.area(geoms)
        at = np.flatnonzero(known & has_rim)
        wider = shapely.buffer(ground[at], self.rim_m, quad_segs=ARC)
        beyond = self.new_m2(geoms[at], wider)
        known[at] = (beyond == 0) | (beyond < self.growth_m2)
        return known


@dataclass(frozen=True, slots=True)
class _Met:
    """Pairs that decide.

    Attributes:
        one: number of the candidate.
        place: number of the place.
        iou: 0..1 of the two.
        is_same: True where the candidate shows that place.
        ground: what is known there: the place, or all digitised ones that the candidate meets.
    """

    one: Ints
    place: Ints
    iou: Floats
    is_same: npt.NDArray[np.bool_]
    ground: Geometries


class SlumpIndex:
    """Outlines of the inventory, ready to be met; several threads may ask at once."""

    def __init__(self, slump_ids: Ints, geoms: Geometries) -> None:
        self._slump_ids = slump_ids
        self._geoms = geoms
        self._tree = shapely.STRtree(geoms)

    def met(self, geoms: Geometries) -> tuple[Ints, Ints]:
        """(number of the geometry, slump_id) of every pair that shares area."""
        one, slump = self._tree.query(geoms, predicate="intersects")
        shares = shapely.area(shapely.intersection(self._geoms[slump], geoms[one])) > 0
        return one[shares], self._slump_ids[slump[shares]]


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


def _with_references(
    geoms: Geometries, slump_ids: Ints, references: tuple[Ints, Geometries]
) -> tuple[Geometries, npt.NDArray[np.bool_]]:
    """Outlines joined with the references of their slump, and which of them have any."""
    of = dict[int, list[BaseGeometry]]()
    for slump_id, geom in zip(references[0].tolist(), references[1], strict=True):
        of.setdefault(slump_id, []).append(geom)
    joined, has = geoms.copy(), np.zeros(len(geoms), bool)
    for n in np.flatnonzero(np.isin(slump_ids, list(of))):
        joined[n] = shapely.union_all([geoms[n], *of[int(slump_ids[n])]])
        has[n] = True
    return joined, has


def _spread(count: int, at: Ints, values: npt.NDArray[Any], empty: str | float) -> npt.NDArray[Any]:
    """``count`` entries: ``values`` at ``at``, elsewhere ``empty``."""
    spread = np.full(count, empty, values.dtype)
    spread[at] = values
    return spread
