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

from rtsproj.domain.candidates import Lineage, Relation
from rtsproj.geometry.matching import Floats, Geometries, paired_iou
from rtsproj.settings import LineageSettings

FACTOR = 1.6
"""Growing back after the opening, so that right-angled corners survive (Huang 2021)."""
ARC = 16
"""Segments of a quarter circle in buffers."""

Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.object_]


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
    """Places with a word that stands, ready to be met; several threads may ask at once."""

    def __init__(self, candidate_ids: Ints, slump_ids: Ints, geoms: Geometries) -> None:
        """Build the index.

        Args:
            candidate_ids: the judged candidates, 0 for a seed.
            slump_ids: slumps that they became or are, 0 = none.
            geoms: their outlines, m.
        """
        self._candidate_ids = candidate_ids
        self._slump_ids = slump_ids
        self._geoms = geoms
        self._tree = shapely.STRtree(geoms)

    def classify(
        self, geoms: Geometries, *, pixel_m: float, settings: LineageSettings
    ) -> LineageColumns:
        """Name the case of every candidate.

        The judged place with the largest IoU decides, the newest candidate where several are
        equal.

        Args:
            geoms: candidate outlines, in the CRS of the places.
            pixel_m: m; the opening radius is one pixel, the growth limit counts in pixels.
            settings: IoU from which it is the same place, and the growth limit.
        """
        one, place, iou = self._nearest(geoms)
        growth_m2 = np.zeros(len(one))
        shares = iou > 0
        new = shapely.difference(geoms[one[shares]], self._geoms[place[shares]])
        growth_m2[shares] = shapely.area(opened(new, r=pixel_m))
        grown = growth_m2 >= settings.growth_px * pixel_m**2
        case = np.where(grown, Lineage.GROWN.value, Lineage.SAME.value).astype(object)
        case[iou < settings.iou] = Lineage.PARTIAL.value
        case[iou == 0] = Lineage.TOUCHING.value
        return LineageColumns(
            case=_spread(len(geoms), one, case, Lineage.FRESH.value),
            of=_spread(len(geoms), one, self._candidate_ids[place], 0),
            slump_id=_spread(len(geoms), one, self._slump_ids[place], 0),
            iou=_spread(len(geoms), one, iou, 0.0),
            growth_m2=_spread(len(geoms), one, growth_m2, 0.0),
        )

    def _nearest(self, geoms: Geometries) -> tuple[Ints, Ints, Floats]:
        """(candidate, place, IoU) of every candidate that meets a place: the pair that decides."""
        one, place = self._tree.query(geoms, predicate="intersects")
        iou = paired_iou(geoms[one], self._geoms[place])
        order = np.lexsort((-place, self._slump_ids[place], self._candidate_ids[place], iou, one))
        is_last = np.diff(one[order], append=-1) != 0
        chosen = order[is_last]
        return one[chosen], place[chosen], iou[chosen]


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


def _spread(count: int, at: Ints, values: npt.NDArray[Any], empty: str | float) -> npt.NDArray[Any]:
    """``count`` entries: ``values`` at ``at``, elsewhere ``empty``."""
    spread = np.full(count, empty, values.dtype)
    spread[at] = values
    return spread
