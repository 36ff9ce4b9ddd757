"""Outlines of a later search in place of accepted ones that networks drew."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from rtsproj.geometry.better import Outlines, Taken
from rtsproj.geometry.matching import Geometries
from rtsproj.store.bulk import read_shapes
from rtsproj.store.database import Connection, insert, next_id

ACCEPTED = """
SELECT o.slump_id, coalesce(b.accepted_id, o.candidate_id),
       c.score_mean, coalesce(c.stability, 1), ST_AsWKB(o.geom)
FROM current_outline o JOIN candidate c USING (candidate_id)
LEFT JOIN better_outline b USING (candidate_id)
WHERE o.geom_source = 'model' AND c.iteration < ?
ORDER BY o.slump_id
"""
DRAWN = """
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
TAKEN = """
SELECT slump_id, ST_AsWKB(geom) FROM current_outline UNION ALL
SELECT 0, ST_AsWKB(c.geom) FROM candidate c JOIN verdict v USING (candidate_id)
WHERE v.verdict = 'reject'
"""
Ints = npt.NDArray[np.int64]
_SHAPE = "area_m2, perimeter_m, lon, lat, minx, miny, maxx, maxy, geom"
ADD = f"""
INSERT INTO slump_outline (outline_id, slump_id, iteration, candidate_id, relation, geom_source,
  area_m2, perimeter_m, lon, lat, minx, miny, maxx, maxy, geom, added_by)
SELECT ?, ?, iteration, candidate_id, 'same', 'model', {_SHAPE}, 'search'
FROM candidate WHERE candidate_id = ?
"""  # noqa: S608 - constants
DISTANCES = """
INSERT INTO outline_distance SELECT ?, kind, source_id, line_id, distance_m
FROM candidate_distance WHERE candidate_id = ?
"""


def accepted_outlines(connection: Connection, *, before: int) -> tuple[Ints, Ints, Outlines]:
    """Outlines that count, that networks drew, and that iterations before this one brought.

    Returns:
        (slump_ids, accepted candidate_ids, outlines).
    """
    found = connection.execute(ACCEPTED, [before]).fetchall()
    slump_ids, accepted_ids, score, stability, wkb = _columns(found, 5)
    outlines = _outlines(wkb, score, stability)
    return np.array(slump_ids, np.int64), np.array(accepted_ids, np.int64), outlines


def drawn_again(connection: Connection, job_id: int) -> tuple[Ints, Outlines]:
    """(candidate_ids, outlines) of what a search drew on known places and nobody was asked."""
    ids, score, stability, wkb = _columns(connection.execute(DRAWN, [job_id]).fetchall(), 4)
    return np.array(ids, np.int64), _outlines(wkb, score, stability)


def drawn_before(connection: Connection, iteration: int) -> Geometries:
    """What the last iteration that searched before this one drew on known places."""
    _, geoms = read_shapes(connection, BEFORE, [iteration])
    return geoms


def taken_ground(connection: Connection) -> Taken:
    """Outlines of the inventory, and rejected candidates."""
    (slump_ids,), geoms = read_shapes(connection, TAKEN)
    return Taken(slump_ids, geoms)


def replace_outline(
    connection: Connection, *, slump_id: int, candidate_id: int, accepted_id: int
) -> None:
    """Let a candidate's outline count for a slump while the accepted candidate stays accepted."""
    outline_id = next_id(connection, "slump_outline", "outline_id")
    insert(connection, "better_outline", {"candidate_id": candidate_id, "accepted_id": accepted_id})
    connection.execute(ADD, [outline_id, slump_id, candidate_id])
    connection.execute(DISTANCES, [outline_id, candidate_id])


def _columns(found: list[tuple[Any, ...]], count: int) -> tuple[tuple[Any, ...], ...]:
    return tuple(zip(*found, strict=True)) if found else ((),) * count


def _outlines(wkb: Sequence[bytes], score: Sequence[float], stability: Sequence[float]) -> Outlines:
    geoms = shapely.from_wkb(np.array(wkb, dtype=object))
    return Outlines(geoms, np.array(score, float), np.array(stability, float))
