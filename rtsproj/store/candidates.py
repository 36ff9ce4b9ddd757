"""Candidates: collected once per job, read for triage and lineage."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rtsproj.store.bulk import BLOCK, Near, Shapes, Spool, add_distances, read_shapes
from rtsproj.store.database import Connection, insert, next_id, rows

DRAWN = {
    "number": "BIGINT",
    "seq": "INTEGER",
    "area_m2": "DOUBLE",
    "perimeter_m": "DOUBLE",
    "lon": "DOUBLE",
    "lat": "DOUBLE",
    "score_mean": "DOUBLE",
    "score_max": "DOUBLE",
    "spread": "DOUBLE",
    "pixels": "BIGINT",
    "at_edge": "BOOLEAN",
    "lineage": "VARCHAR",
    "lineage_of": "BIGINT",
    "lineage_slump": "BIGINT",
    "lineage_iou": "DOUBLE",
    "growth_m2": "DOUBLE",
    "cut": "DOUBLE",
    "stability": "DOUBLE",
    "tiles": "VARCHAR",
    "minx": "DOUBLE",
    "miny": "DOUBLE",
    "maxx": "DOUBLE",
    "maxy": "DOUBLE",
    "geom": "GEOMETRY",
}
"""What a search has drawn, numbered from 0, as it is laid down before it is taken in."""
CHOSEN = {
    "number": "BIGINT",
    "place": "BIGINT",
    "raised": "VARCHAR",
    "relation": "VARCHAR",
    "relation_slump": "BIGINT",
}
"""Those of them that become candidates, with their place among these, from 0."""
_KEPT = ", ".join(name for name in DRAWN if name not in ("number", "geom"))
_READ = _KEPT.replace("spread", "CASE WHEN isnan(spread) THEN NULL ELSE spread END")
TAKE_IN = f"""
INSERT INTO candidate (candidate_id, job_id, iteration, relation, relation_slump, raised, geom,
                       {_KEPT})
SELECT ? + place, ?, ?, relation, relation_slump, raised, ST_GeomFromWKB(geom), {_READ}
FROM {{drawn}} d JOIN {{chosen}} m USING (number)
"""  # noqa: S608 - constants
JUDGED = """
SELECT c.candidate_id, CASE WHEN v.verdict = 'accept' THEN coalesce(o.slump_id, 0) ELSE 0 END
       AS slump_id, ST_AsWKB(c.geom) AS wkb
FROM candidate c JOIN verdict v USING (candidate_id)
LEFT JOIN (SELECT candidate_id, arg_max(slump_id, outline_id) AS slump_id FROM slump_outline
           WHERE candidate_id IS NOT NULL GROUP BY candidate_id) o USING (candidate_id)
WHERE v.verdict <> 'withdraw'
UNION ALL SELECT 0, slump_id, ST_AsWKB(geom) FROM current_outline WHERE candidate_id IS NULL
ORDER BY candidate_id DESC, slump_id
"""
DECIDED = """
SELECT c.score_mean, c.stability, v.verdict = 'accept' AS found
FROM candidate c JOIN verdict v USING (candidate_id)
WHERE c.iteration = ? AND coalesce(c.raised, 'cut') = 'cut' AND v.verdict IN ('accept', 'reject')
ORDER BY c.candidate_id
"""
LISTED = """
SELECT candidate_id, iteration, status, score_mean, score_max, area_m2, lon, lat, slump_id,
       relation, lineage, lineage_of, reason, note, analyst, decided_at, at_edge,
       evidence, confidence, flagged, spread, raised
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

UNDECIDED_MATCHES = """
SELECT c.candidate_id, (c.lineage = 'same')::BIGINT, ST_AsWKB(c.geom) FROM candidate c
LEFT JOIN verdict v ON v.candidate_id = c.candidate_id
WHERE coalesce(v.verdict, 'withdraw') = 'withdraw'
AND c.iteration = (SELECT max(iteration) FROM iteration)
AND c.iteration NOT IN (SELECT iteration FROM iteration_close)
AND (list_contains(?::BIGINT[], c.lineage_slump)
     OR list_contains(?::BIGINT[], c.relation_slump))
ORDER BY c.candidate_id
"""
MATCH = (
    "lineage",
    "lineage_of",
    "lineage_slump",
    "lineage_iou",
    "growth_m2",
    "relation",
    "relation_slump",
)
"""Columns that tell how a candidate compares with what the project knew."""
SET_MATCH = (
    f"UPDATE candidate SET {', '.join(f'{one} = ?' for one in MATCH)} WHERE candidate_id = ?"  # noqa: S608 - constants
)


def take_in(connection: Connection, spool: Spool, *, job_id: int, iteration: int) -> int:
    """Insert what is chosen of a search (``DRAWN``, ``CHOSEN``); returns the id of place 0."""
    first = next_id(connection, "candidate", "candidate_id")
    text = TAKE_IN.format(drawn=spool.scan("drawn"), chosen=spool.scan("chosen"))
    connection.execute(text, [first, job_id, iteration])
    return first


def add_part(connection: Connection, row: Mapping[str, Any]) -> None:
    """Insert a candidate that a split took off another one, with its id; known ones are left."""
    seen = "SELECT 1 FROM candidate WHERE candidate_id = ?"
    if not connection.execute(seen, [row["candidate_id"]]).fetchall():
        insert(connection, "candidate", row)


def unmeasured_candidates(connection: Connection, source_id: int) -> Shapes:
    """([candidate_id], outlines that count) of edited candidates without a distance."""
    return read_shapes(connection, UNMEASURED, [source_id])


def add_candidate_distances(connection: Connection, kind: str, source_id: int, found: Near) -> None:
    """(candidate_ids, line_ids, distances in m) of candidates to one line file."""
    add_distances(connection, ("candidate_distance", "candidate_id"), (kind, source_id), found)


def judged_places(connection: Connection) -> Shapes:
    """([candidate_id, slump_id], outlines) of all that has a word that stands.

    Candidates that were decided, and slumps whose outline came from no candidate, which count as
    accepted: their candidate_id is 0. The slump_id of what was not accepted is 0.
    """
    return read_shapes(connection, JUDGED)


def decided_scores(connection: Connection, iteration: int) -> list[dict[str, Any]]:
    """score_mean, stability and found of what was raised above the cut and accepted or rejected."""
    return rows(connection, DECIDED, [iteration])


def undecided_matches(connection: Connection, slump_ids: Sequence[int]) -> Shapes:
    """([candidate_id, 1 where it is not shown], outlines) of the open iteration.

    Candidates without a decision that were matched with one of the slumps.
    """
    return read_shapes(connection, UNDECIDED_MATCHES, [list(slump_ids)] * 2)


def set_matches(
    connection: Connection, ids: npt.NDArray[np.int64], columns: Mapping[str, npt.NDArray[Any]]
) -> None:
    """Write how candidates compare with what the project knows now (``MATCH``)."""
    values = zip(*(columns[name].tolist() for name in MATCH), ids.tolist(), strict=True)
    for row in values:
        connection.execute(SET_MATCH, list(row))


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
    query = "SELECT pixels, minx, miny, maxx, maxy FROM candidate WHERE candidate_id = ?"
    [(row["pixels"], *bounds)] = connection.execute(query, [candidate_id]).fetchall()
    row["bounds"] = tuple(bounds)
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


def candidate_blocks(connection: Connection, *, first: int) -> Iterator[Shapes]:
    """([candidate_id], outlines) of the candidates from an id on, a block of ids at a time."""
    end = next_id(connection, "candidate", "candidate_id")
    query = """SELECT candidate_id, ST_AsWKB(geom) FROM candidate
               WHERE candidate_id BETWEEN ? AND ? ORDER BY candidate_id"""
    for start in range(first, end, BLOCK):
        yield read_shapes(connection, query, [start, start + BLOCK - 1])
