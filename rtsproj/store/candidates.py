"""Candidates: collected once per job, read for triage and lineage."""

from collections.abc import Iterable, Mapping
from typing import Any

from rtsproj.store.bulk import bulk_insert
from rtsproj.store.database import Connection, insert, next_id, rows

COLUMNS = {
    "candidate_id": "BIGINT",
    "job_id": "INTEGER",
    "seq": "INTEGER",
    "iteration": "INTEGER",
    "area_m2": "DOUBLE",
    "perimeter_m": "DOUBLE",
    "lon": "DOUBLE",
    "lat": "DOUBLE",
    "score_mean": "DOUBLE",
    "score_max": "DOUBLE",
    "pixels": "BIGINT",
    "at_edge": "BOOLEAN",
    "relation": "VARCHAR",
    "relation_slump": "BIGINT",
    "lineage": "VARCHAR",
    "lineage_of": "BIGINT",
    "lineage_slump": "BIGINT",
    "lineage_iou": "DOUBLE",
    "growth_m2": "DOUBLE",
    "tiles": "VARCHAR",
    "minx": "DOUBLE",
    "miny": "DOUBLE",
    "maxx": "DOUBLE",
    "maxy": "DOUBLE",
    "geom": "GEOMETRY",
}
JUDGED = """
SELECT c.candidate_id, v.verdict, coalesce(o.slump_id, 0) AS slump_id, ST_AsWKB(c.geom) AS wkb
FROM candidate c JOIN verdict v USING (candidate_id)
LEFT JOIN (SELECT candidate_id, max(slump_id) AS slump_id FROM slump_outline
           WHERE candidate_id IS NOT NULL GROUP BY candidate_id) o USING (candidate_id)
WHERE v.verdict <> 'withdraw' ORDER BY c.candidate_id
"""
SEEDS = """
SELECT slump_id, ST_AsWKB(geom) AS wkb FROM current_outline WHERE candidate_id IS NULL
ORDER BY slump_id
"""
LISTED = """
SELECT candidate_id, iteration, status, score_mean, score_max, area_m2, lon, lat, slump_id,
       relation, lineage, lineage_of, reason, note, analyst, decided_at, at_edge,
       evidence, confidence, flagged
FROM candidates WHERE (?::INTEGER IS NULL OR iteration = ?) AND (?::VARCHAR IS NULL OR status = ?)
ORDER BY candidate_id
"""
ONE = "SELECT * EXCLUDE (geom), ST_AsWKB(geom) AS wkb FROM candidates WHERE candidate_id = ?"
PLACE = """
SELECT candidate_id, iteration, status, lineage, reason, note, analyst, decided_at,
       ST_AsWKB(geom) AS wkb
FROM candidates
WHERE candidate_id IN (
  SELECT candidate_id FROM candidate WHERE minx <= ? AND maxx >= ? AND miny <= ? AND maxy >= ?)
AND candidate_id <> ? ORDER BY candidate_id
"""
NEIGHBOURS = """
SELECT ST_AsWKB(geom) AS wkb FROM candidate
WHERE iteration = ? AND candidate_id <> ?
AND minx <= ? AND maxx >= ? AND miny <= ? AND maxy >= ? ORDER BY area_m2 DESC LIMIT 500
"""
"""At most 500, the largest first: more lines would only hide the picture, and each is drawn."""
DISTANCES = """
SELECT d.kind, l.line_class, l.line_name, d.distance_m FROM candidate_distance d
JOIN source s ON s.source_id = d.source_id AND s.withdrawn_at IS NULL
JOIN line l ON l.line_id = d.line_id WHERE d.candidate_id = ? ORDER BY d.distance_m, d.kind
"""
UNMEASURED = """
SELECT c.candidate_id, ST_AsWKB(coalesce(w.geom, c.geom)) FROM candidate c
LEFT JOIN candidate_version w ON w.candidate_id = c.candidate_id
WHERE (w.candidate_id IS NOT NULL OR c.seq < 0) AND c.candidate_id NOT IN (
  SELECT candidate_id FROM candidate_distance WHERE source_id = ?)
ORDER BY c.candidate_id
"""


def add_candidates(connection: Connection, candidates: Iterable[Mapping[str, Any]]) -> int:
    """Insert candidates without their id; returns the first id given out."""
    first = next_id(connection, "candidate", "candidate_id")
    bulk_insert(
        connection,
        "candidate",
        COLUMNS,
        ({"candidate_id": first + n, **row} for n, row in enumerate(candidates)),
    )
    return first


def add_part(connection: Connection, row: Mapping[str, Any]) -> None:
    """Insert a candidate that a split took off another one, with its id; known ones are left."""
    seen = "SELECT 1 FROM candidate WHERE candidate_id = ?"
    if not connection.execute(seen, [row["candidate_id"]]).fetchall():
        insert(connection, "candidate", row)


def unmeasured_candidates(connection: Connection, source_id: int) -> tuple[tuple[int, bytes], ...]:
    """(candidate_id, WKB of the outline that counts) of edited candidates without a distance."""
    found = connection.execute(UNMEASURED, [source_id]).fetchall()
    return tuple((one, bytes(wkb)) for one, wkb in found)


def add_candidate_distances(
    connection: Connection, found: Iterable[tuple[int, str, int, int, float]]
) -> None:
    """(candidate_id, kind, source_id, line_id, distance_m)."""
    columns = {
        "candidate_id": "BIGINT",
        "kind": "VARCHAR",
        "source_id": "BIGINT",
        "line_id": "BIGINT",
        "distance_m": "DOUBLE",
    }
    rows_ = (dict(zip(columns, one, strict=True)) for one in found)
    bulk_insert(connection, "candidate_distance", columns, rows_)


def judged_places(connection: Connection) -> list[dict[str, Any]]:
    """candidate_id, verdict, slump_id and wkb of every candidate with a word that stands."""
    return rows(connection, JUDGED)


def seed_outlines(connection: Connection) -> list[dict[str, Any]]:
    """slump_id and wkb of slumps whose outline came from no candidate."""
    return rows(connection, SEEDS)


def list_candidates(
    connection: Connection, *, iteration: int | None, status: str | None
) -> list[dict[str, Any]]:
    """Candidates as the contract lists them, by id."""
    return rows(connection, LISTED, [iteration, iteration, status, status])


def read_candidate(connection: Connection, candidate_id: int) -> dict[str, Any] | None:
    """All of one candidate, with its outline as wkb and its distances."""
    found = rows(connection, ONE, [candidate_id])
    if not found:
        return None
    row = found[0]
    row["distances"] = rows(connection, DISTANCES, [candidate_id])
    query = "SELECT minx, miny, maxx, maxy FROM candidate WHERE candidate_id = ?"
    row["bounds"] = connection.execute(query, [candidate_id]).fetchall()[0]
    return row


def place_history(
    connection: Connection, candidate_id: int, bounds: tuple[float, float, float, float]
) -> list[dict[str, Any]]:
    """Other candidates whose bounding box meets this one's, with what was said and their wkb."""
    minx, miny, maxx, maxy = bounds
    return rows(connection, PLACE, [maxx, minx, maxy, miny, candidate_id])


def neighbour_outlines(
    connection: Connection,
    iteration: int,
    candidate_id: int,
    bounds: tuple[float, float, float, float],
) -> tuple[bytes, ...]:
    """Other outlines (WKB) of the iteration inside a view."""
    minx, miny, maxx, maxy = bounds
    found = rows(connection, NEIGHBOURS, [iteration, candidate_id, maxx, minx, maxy, miny])
    return tuple(bytes(row["wkb"]) for row in found)


def all_candidates(connection: Connection) -> tuple[tuple[int, bytes], ...]:
    """(candidate_id, WKB) of every candidate."""
    query = "SELECT candidate_id, ST_AsWKB(geom) FROM candidate ORDER BY candidate_id"
    return tuple((one, bytes(wkb)) for one, wkb in connection.execute(query).fetchall())
