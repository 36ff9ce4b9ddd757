"""One slump of the inventory: its facts, its nearest lines, the fields of its file."""

from typing import Any

from rtsproj.store.database import Connection, rows, scalar

FACTS = "SELECT * EXCLUDE (geom, outline_id) FROM inventory WHERE slump_id = ?"
NEAREST = """
SELECT kind, line_class, line_name, distance_m FROM proximity WHERE slump_id = ?
ORDER BY distance_m, kind
"""
ATTRIBUTES = """
SELECT attributes FROM label WHERE slump_id = ? AND origin = 'seed' AND source_id IS NOT NULL
"""


def slump_facts(connection: Connection, slump_id: int) -> dict[str, Any] | None:
    """Columns of the inventory but geometry; None where the slump is not in it."""
    found = rows(connection, FACTS, [slump_id])
    return found[0] if found else None


def nearest_lines(connection: Connection, slump_id: int) -> list[dict[str, Any]]:
    """Nearest line of each kind, nearest first: kind, line_class, line_name, distance_m."""
    return rows(connection, NEAREST, [slump_id])


def file_attributes(connection: Connection, slump_id: int) -> str | None:
    """Fields of the label file that the slump came from, as JSON; None where there is none."""
    found: str | None = scalar(connection, ATTRIBUTES, [slump_id])
    return found
