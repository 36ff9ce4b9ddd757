"""Outlines that a person may edit in a GIS: the inventory, and what waits for a word."""

from typing import Any

from rtsproj.store.database import Connection, rows

EDITABLE = """
SELECT candidate_id, slump_id, 'slump' AS status, ST_AsWKB(geom) AS wkb FROM current_outline
UNION ALL
SELECT candidate_id, NULL, status, ST_AsWKB(geom) FROM candidates
WHERE status IN ('open', 'unsure') AND lineage <> 'same' AND candidate_id NOT IN (
  SELECT candidate_id FROM current_outline WHERE candidate_id IS NOT NULL)
ORDER BY slump_id NULLS LAST, candidate_id
"""


def editable_outlines(connection: Connection) -> list[dict[str, Any]]:
    """candidate_id (None for a seed or drawing), slump_id (None for a candidate), status, wkb."""
    return rows(connection, EDITABLE)
