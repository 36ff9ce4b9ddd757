"""A simulated analyst who knows the truth of a synthetic corridor."""

from collections.abc import Sequence

import shapely

HALF = 0.5
"""Share of a candidate that must be slump for it to be accepted."""


def truth_verdicts(
    candidates: Sequence[tuple[int, bytes]], truth: Sequence[bytes]
) -> dict[int, tuple[str, str]]:
    """Decide candidates from the truth.

    Args:
        candidates: (candidate_id, outline as WKB).
        truth: true slumps as WKB, in the same CRS.

    Returns:
        candidate_id -> (verdict, reject reason or empty).
    """
    slumps = shapely.union_all(shapely.from_wkb(list(truth)))
    shapely.prepare(slumps)
    said = {}
    for candidate_id, wkb in candidates:
        outline = shapely.from_wkb(wkb)
        share = outline.intersection(slumps).area / outline.area
        said[candidate_id] = ("accept", "") if share >= HALF else ("reject", "barren")
    return said


def found_by_type(
    inventory: Sequence[bytes], truth: Sequence[tuple[bytes, str]]
) -> dict[str, tuple[int, int]]:
    """How much of the truth an inventory holds.

    Args:
        inventory: outlines as WKB.
        truth: (true slump as WKB, its type), in the same CRS.

    Returns:
        Type -> (slumps that an outline meets, all slumps), in the order of the truth.
    """
    outlines = shapely.union_all(shapely.from_wkb(list(inventory)))
    shapely.prepare(outlines)
    counts: dict[str, tuple[int, int]] = {}
    for wkb, kind in truth:
        found, of = counts.get(kind, (0, 0))
        counts[kind] = (found + bool(outlines.intersects(shapely.from_wkb(wkb))), of + 1)
    return counts
