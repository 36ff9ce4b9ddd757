"""What the area map shows, as columns: centres of boxes, never a geometry per candidate."""

from typing import Any

import numpy as np

from rtsproj.store.database import Connection, rows

Columns = dict[str, np.ndarray[Any, Any]]
"""Column name -> one array; arrays of a query are of one length."""
CANDIDATES = """
SELECT c.candidate_id AS id, (p.minx + p.maxx) / 2 AS x, (p.miny + p.maxy) / 2 AS y,
       greatest(p.maxx - p.minx, p.maxy - p.miny) AS width_m, c.area_m2,
       CASE c.status WHEN 'open' THEN 0 WHEN 'unsure' THEN 1 WHEN 'accept' THEN 2 ELSE 3 END
         ::TINYINT AS state
FROM candidates c JOIN candidate p USING (candidate_id)
WHERE c.lineage IS DISTINCT FROM 'same' ORDER BY c.candidate_id
"""
SLUMPS = """
SELECT slump_id AS id, (minx + maxx) / 2 AS x, (miny + maxy) / 2 AS y,
       greatest(maxx - minx, maxy - miny) AS width_m, area_m2, 4::TINYINT AS state
FROM current_outline ORDER BY slump_id
"""
TILES = """
SELECT grid_row, grid_col, core_px,
       CASE WHEN outcome IS NULL THEN 0 WHEN outcome = 'failed' THEN 4
            WHEN outcome = 'done' THEN 3 ELSE 2 END::TINYINT AS state
FROM tiles
"""
LINES = "SELECT kind, ST_AsWKB(geom) AS wkb FROM lines ORDER BY line_id"
OUTLINES = """
SELECT ST_AsWKB(geom) AS wkb FROM (
  SELECT geom, minx, miny, maxx, maxy FROM current_outline WHERE candidate_id IS NULL UNION ALL
  SELECT geom, minx, miny, maxx, maxy FROM candidate WHERE lineage IS DISTINCT FROM 'same')
WHERE maxx >= ? AND minx <= ? AND maxy >= ? AND miny <= ? LIMIT 400
"""


def candidate_columns(connection: Connection) -> Columns:
    """id, x, y, width_m, area_m2, state (0 open, 1 unsure, 2 accepted, 3 rejected) by id."""
    return _columns(connection, CANDIDATES)


def slump_columns(connection: Connection) -> Columns:
    """id, x, y, width_m, area_m2, state (4) of the inventory's outlines, by id."""
    return _columns(connection, SLUMPS)


def tile_columns(connection: Connection) -> Columns:
    """grid_row, grid_col, core_px, state (0 not searched, 2 searched, 3 found, 4 failed)."""
    return _columns(connection, TILES)


def line_geometries(connection: Connection) -> list[tuple[str, bytes]]:
    """(kind, WKB) of every line in use."""
    return [(row["kind"], bytes(row["wkb"])) for row in rows(connection, LINES)]


def outlines_in(
    connection: Connection, bounds: tuple[float, float, float, float]
) -> tuple[bytes, ...]:
    """WKB of candidates, and of slumps without one, whose box meets a view; at most 400.

    The view is (left, bottom, right, top).
    """
    left, bottom, right, top = bounds
    return tuple(
        bytes(row["wkb"]) for row in rows(connection, OUTLINES, [left, right, bottom, top])
    )


def _columns(connection: Connection, query: str) -> Columns:
    found = connection.execute(query).fetchnumpy()
    return {name: np.asarray(np.ma.filled(column)) for name, column in found.items()}
