"""When a judged place is shown again: the re-raise rule (method 7)."""

from collections.abc import Sequence
from dataclasses import dataclass

import shapely
from shapely.geometry.base import BaseGeometry

from rtsproj.domain.candidates import Lineage, Relation
from rtsproj.geometry.matching import pair_iou
from rtsproj.settings import LineageSettings

FACTOR = 1.6
"""Growing back after the opening, so that right-angled corners survive (Huang 2021)."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A place with a word that stands.

    Attributes:
        candidate_id: the judged candidate, 0 for a seed.
        geom: its outline.
        verdict: accept, reject or unsure; seeds count as accept.
        slump_id: slump that it became or is, 0 = none.
    """

    candidate_id: int
    geom: BaseGeometry
    verdict: str
    slump_id: int


@dataclass(frozen=True, slots=True)
class LineageMatch:
    """How a candidate meets the judged places.

    Attributes:
        case: fresh, touching, partial, same or grown.
        of: candidate_id of the judged place, 0 = none or a seed.
        slump_id: slump of the judged place, 0 = none.
        iou: 0..1 with it.
        growth_m2: m2 of opened new area against it.
    """

    case: Lineage
    of: int
    slump_id: int
    iou: float
    growth_m2: float


FRESH = LineageMatch(Lineage.FRESH, 0, 0, 0.0, 0.0)


def opened(geom: BaseGeometry, *, r: float, factor: float = FACTOR) -> BaseGeometry:
    """Drop what is narrower than 2 r: shrink, grow back further, cut with the original."""
    return geom.buffer(-r).buffer(r * factor).intersection(geom)


def classify(
    geom: BaseGeometry, judged: Sequence[Judged], *, pixel_m: float, settings: LineageSettings
) -> LineageMatch:
    """Name the case of one candidate against judged places.

    The judged place with the largest IoU decides, the newest candidate where several are equal.

    Args:
        geom: candidate outline, m.
        judged: places in the same CRS.
        pixel_m: m; the opening radius is one pixel, the growth limit counts in pixels.
        settings: IoU from which it is the same place, and the growth limit.
    """
    met = [one for one in judged if one.geom.intersects(geom)]
    if not met:
        return FRESH
    iou, nearest = max(
        ((pair_iou(geom, one.geom), one) for one in met),
        key=lambda pair: (pair[0], pair[1].candidate_id, pair[1].slump_id),
    )
    found = (nearest.candidate_id, nearest.slump_id, iou)
    if iou == 0:
        return LineageMatch(Lineage.TOUCHING, *found, 0.0)
    growth_m2 = float(opened(geom.difference(nearest.geom), r=pixel_m).area)
    if iou < settings.iou:
        return LineageMatch(Lineage.PARTIAL, *found, growth_m2)
    grown = growth_m2 >= settings.growth_px * pixel_m**2
    return LineageMatch(Lineage.GROWN if grown else Lineage.SAME, *found, growth_m2)


def classify_all(
    geoms: Sequence[BaseGeometry],
    judged: Sequence[Judged],
    *,
    pixel_m: float,
    settings: LineageSettings,
) -> list[LineageMatch]:
    """Name the case of every candidate, with one index over the judged places."""
    if not len(judged):
        return [FRESH for _ in geoms]
    tree = shapely.STRtree([one.geom for one in judged])
    return [
        classify(
            geom,
            [judged[n] for n in sorted(tree.query(geom, predicate="intersects").tolist())],
            pixel_m=pixel_m,
            settings=settings,
        )
        for geom in geoms
    ]


def relations(
    candidates: Sequence[BaseGeometry], slumps: Sequence[tuple[int, BaseGeometry]]
) -> list[tuple[Relation, int]]:
    """Relation of each candidate of an iteration to the inventory.

    Returns:
        (relation, slump_id): new and 0 where no slump shares area with it; merge and the lowest id
        where several do; split where other candidates share the same slump; else same.
    """
    tree = shapely.STRtree([geom for _, geom in slumps]) if len(slumps) else None
    met: list[list[int]] = []
    for geom in candidates:
        near = tree.query(geom, predicate="intersects").tolist() if tree is not None else []
        met.append(sorted(slumps[n][0] for n in near if slumps[n][1].intersection(geom).area > 0))
    shared: dict[int, int] = {}
    for ids in met:
        for one in ids:
            shared[one] = shared.get(one, 0) + 1
    return [_relation(ids, shared) for ids in met]


def _relation(ids: list[int], shared: dict[int, int]) -> tuple[Relation, int]:
    if not ids:
        return Relation.NEW, 0
    if len(ids) > 1:
        return Relation.MERGE, ids[0]
    return (Relation.SPLIT if shared[ids[0]] > 1 else Relation.SAME), ids[0]
