"""What deliveries hold: slumps, labels and the images they were drawn on."""

from typing import Any

from rtsproj.store.database import Connection, rows

IMAGES = """
SELECT min(acquired) AS first, max(acquired) AS last, list(DISTINCT sensor) AS sensors
FROM scenes WHERE role = 'map' HAVING count(*) > 0
"""
SLUMPS = """
SELECT i.name || ' (' || i.origin || ')' AS notes, i.area_m2, ST_AsWKB(i.geom) AS wkb,
       a.attributes, a.source_uid, a.source_date
FROM inventory i LEFT JOIN label a ON a.slump_id = i.slump_id AND a.origin = 'seed'
  AND a.source_id IS NOT NULL AND ST_AsWKB(a.geom) = ST_AsWKB(i.geom)
ORDER BY i.slump_id
"""
NEGATIVES = """
SELECT origin || CASE WHEN reason <> '' THEN ': ' || reason ELSE '' END AS notes, area_m2,
       ST_AsWKB(geom) AS wkb, attributes, source_uid, source_date
FROM label WHERE polarity = 'negative' AND until_iteration IS NULL ORDER BY label_id
"""
LABELS = """
SELECT l.label_id, l.polarity, l.origin, l.reason, l.from_iteration, l.slump_id, l.candidate_id,
       v.analyst, v.decided_at, l.area_m2, ST_AsWKB(l.geom) AS wkb
FROM label l LEFT JOIN verdict v ON v.candidate_id = l.candidate_id
WHERE l.until_iteration IS NULL ORDER BY l.label_id
"""


def map_images(connection: Connection) -> dict[str, Any] | None:
    """Days and sensors of the map scenes; None without one."""
    found = rows(connection, IMAGES)
    return found[0] if found else None


def slumps(connection: Connection) -> list[dict[str, Any]]:
    """notes, area_m2 and wkb of the inventory.

    With attributes (JSON), source_uid and source_date where the outline is still that of a file.
    """
    return rows(connection, SLUMPS)


def negatives(connection: Connection) -> list[dict[str, Any]]:
    """The same of the negative labels in use."""
    return rows(connection, NEGATIVES)


def labels(connection: Connection) -> list[dict[str, Any]]:
    """Every label in use, with the word that made it."""
    return rows(connection, LABELS)
