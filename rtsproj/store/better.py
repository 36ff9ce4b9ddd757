"""Replace accepted outlines that networks detected by better ones of later searches."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from rtsproj.geometry.better import DetectedOutlines, ForeignOutlines
from rtsproj.geometry.matching import Geometries
from rtsproj.store import outlines
from rtsproj.store.bulk import read_shapes
from rtsproj.store.database import Connection, insert

ACCEPTED = """
SELECT o.slump_id, coalesce(b.accepted_id, o.candidate_id),
       c.score_mean, coalesce(c.stability, 1), ST_AsWKB(o.geom)
FROM current_outline o JOIN candidate c USING (candidate_id)
LEFT JOIN better_outline b USING (candidate_id)
WHERE o.geom_source = 'model' AND c.iteration < ?
ORDER BY o.slump_id
"""
DETECTED = """
SELECT c.candidate_id, c.score_mean, coalesce(c.stability, 1), ST_AsWKB(c.geom)
FROM candidate c LEFT JOIN verdict v USING (candidate_id)
WHERE c.job_id = ? AND c.lineage = 'same' AND coalesce(v.verdict, 'withdraw') = 'withdraw'
ORDER BY c.candidate_id
"""
BEFORE = """
SELECT candidate_id, ST_AsWKB(geom) FROM candidate WHERE lineage = 'same' AND iteration = (
  SELECT max(j.iteration) FROM job j JOIN job_collection USING (job_id)
  WHERE j.verb = 'infer' AND j.iteration < ?)
ORDER BY candidate_id
"""
FOREIGN = """
SELECT slump_id, ST_AsWKB(geom) FROM current_outline UNION ALL
SELECT 0, ST_AsWKB(c.geom) FROM candidate c JOIN verdict v USING (candidate_id)
WHERE v.verdict = 'reject'
"""
Ints = npt.NDArray[np.int64]


def accepted_outlines(
    connection: Connection, *, before: int
) -> tuple[Ints, Ints, DetectedOutlines]:
    """Current outlines that networks detected in iterations before this one.

    Returns:
        (slump_ids, accepted candidate_ids, outlines).
    """
    found = connection.execute(ACCEPTED, [before]).fetchall()
    slump_ids, accepted_ids, score, stability, wkb = _columns(found, 5)
    found_ids = np.array(slump_ids, np.int64), np.array(accepted_ids, np.int64)
    return *found_ids, _outlines(wkb, score, stability)


def detected_again(connection: Connection, job_id: int) -> tuple[Ints, DetectedOutlines]:
    """(candidate_ids, outlines) of a search at known locations that nobody decided."""
    ids, score, stability, wkb = _columns(connection.execute(DETECTED, [job_id]).fetchall(), 4)
    return np.array(ids, np.int64), _outlines(wkb, score, stability)


def detected_before(connection: Connection, iteration: int) -> Geometries:
    """Detections of the last searched iteration before this one at known locations."""
    _, geoms = read_shapes(connection, BEFORE, [iteration])
    return geoms


def foreign_outlines(connection: Connection) -> ForeignOutlines:
    """Outlines of the inventory, and rejected candidates."""
    (slump_ids,), geoms = read_shapes(connection, FOREIGN)
    return ForeignOutlines(slump_ids, geoms)


def replace_outline(
    connection: Connection, *, slump_id: int, candidate_id: int, accepted_id: int
) -> None:
    """Make a candidate's outline current for a slump while another candidate is accepted."""
    insert(connection, "better_outline", {"candidate_id": candidate_id, "accepted_id": accepted_id})
    outline = outlines.shown_outline(connection, candidate_id)
    row = {"candidate_id": candidate_id, "slump_id": slump_id, "relation": "same"}
    geom = bytes(outline["geom"])
    outlines.add_sighting(connection, {**outline, **row, "geom": geom, "added_by": "search"})


def _columns(found: list[tuple[Any, ...]], count: int) -> tuple[tuple[Any, ...], ...]:
    return tuple(zip(*found, strict=True)) if found else ((),) * count


def _outlines(
    wkb: Sequence[bytes], score: Sequence[float], stability: Sequence[float]
) -> DetectedOutlines:
    geoms = shapely.from_wkb(np.array(wkb, dtype=object))
    return DetectedOutlines(geoms, np.array(score, float), np.array(stability, float))
