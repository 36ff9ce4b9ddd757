"""Each slump of the inventory with its nearest line of any kind."""

from typing import Any

from rtsproj.domain.lines import ROUTES
from rtsproj.store.database import Connection, rows

SLUMPS = """
SELECT i.slump_id, i.name, i.area_m2, i.origin, i.first_iteration, i.lon, i.lat,
       (o.minx + o.maxx) / 2 AS x, (o.miny + o.maxy) / 2 AS y,
       p.distance_m, p.kind, p.line_class, p.line_name
FROM inventory i JOIN current_outline o USING (slump_id)
LEFT JOIN (SELECT * FROM proximity QUALIFY row_number() OVER (
             PARTITION BY slump_id ORDER BY distance_m, kind) = 1) p USING (slump_id)
ORDER BY p.distance_m NULLS LAST, i.name
"""
WITHIN = """
SELECT count(DISTINCT slump_id) FROM proximity
WHERE distance_m <= ? AND list_contains(?::VARCHAR[], kind)
"""


def slumps_with_nearest(connection: Connection) -> list[dict[str, Any]]:
    """One row per slump, nearest to a line first; no distance where no line was taken in."""
    return rows(connection, SLUMPS)


def count_within(connection: Connection, distance_m: float) -> int:
    """Slumps within a distance of a road or railway."""
    return int(connection.execute(WITHIN, [distance_m, list(ROUTES)]).fetchall()[0][0])
