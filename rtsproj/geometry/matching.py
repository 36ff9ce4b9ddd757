"""Object scores: mapped outlines against true ones, one to one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

Floats = npt.NDArray[np.float64]
Geometries = npt.NDArray[np.object_]
THRESHOLDS = (0.1, 0.3, 0.5)
"""IoU thresholds that are reported (method 13.1)."""


@dataclass(frozen=True, slots=True)
class ObjectScores:
    """Counts and scores at one IoU threshold.

    Attributes:
        iou: threshold, inclusive.
        tp: matched pairs.
        fp: mapped outlines without a partner.
        fn: true outlines without a partner.
        precision: 0..1, 0 where nothing matched.
        recall: 0..1, likewise.
        f1: 0..1, likewise.
    """

    iou: float
    tp: int
    fp: int
    fn: int
    precision: float
    recall: float
    f1: float


def object_scores(
    mapped: Sequence[BaseGeometry], truths: Sequence[BaseGeometry], *, iou: float
) -> ObjectScores:
    """Match pairs with IoU at or above the threshold, largest IoU first, each outline once."""
    used_mapped: set[int] = set()
    used_truths: set[int] = set()
    for _, m, t in sorted(_pairs(mapped, truths, iou), key=lambda one: (-one[0], one[1], one[2])):
        if m not in used_mapped and t not in used_truths:
            used_mapped.add(m)
            used_truths.add(t)
    tp = len(used_mapped)
    return scores_of(iou, tp=tp, fp=len(mapped) - tp, fn=len(truths) - tp)


def scores_of(iou: float, *, tp: int, fp: int, fn: int) -> ObjectScores:
    """Precision, recall and F1 of counts."""
    precision = tp / (tp + fp) if tp else 0.0
    recall = tp / (tp + fn) if tp else 0.0
    f1 = 2 * precision * recall / (precision + recall) if tp else 0.0
    return ObjectScores(iou, tp, fp, fn, precision, recall, f1)


def paired_iou(one: Geometries, other: Geometries) -> Floats:
    """Shared area over joint area of each pair, 0..1."""
    shared = shapely.area(shapely.intersection(one, other))
    joint = shapely.area(one) + shapely.area(other) - shared
    iou: Floats = np.divide(shared, joint, out=np.zeros(len(shared)), where=joint > 0)
    return iou


def _pairs(
    mapped: Sequence[BaseGeometry], truths: Sequence[BaseGeometry], iou: float
) -> list[tuple[float, int, int]]:
    if not len(mapped) or not len(truths):
        return []
    ours, true = np.asarray(mapped, dtype=object), np.asarray(truths, dtype=object)
    asked, found = shapely.STRtree(true).query(ours, predicate="intersects")
    shares = paired_iou(ours[asked], true[found])
    pairs = zip(shares.tolist(), asked.tolist(), found.tolist(), strict=True)
    return [one for one in pairs if one[0] >= iou and one[0] > 0]
