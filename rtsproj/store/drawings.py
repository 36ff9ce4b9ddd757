"""Slumps drawn, taken back, removed, put back; each step is an outline version in the journal."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from rtsproj.domain.drawings import SavedDrawing
from rtsproj.store import versions
from rtsproj.store.database import Connection, rows
from rtsproj.store.outlines import SHAPE_NAMES

_NEWEST = """
SELECT * FROM outline_version WHERE candidate_id IS NULL
QUALIFY row_number() OVER (PARTITION BY slump_id ORDER BY version_id DESC) = 1
"""
UNDOABLE = f"""
WITH d AS (
  SELECT slump_id, version_id AS act_id, bulk AS act_bulk FROM outline_version
  WHERE candidate_id IS NULL AND step = 'drawn' AND added_by = $1
  QUALIFY row_number() OVER (PARTITION BY slump_id ORDER BY version_id DESC) = 1),
u AS (SELECT n.*, d.act_id, d.act_bulk FROM ({_NEWEST}) n JOIN d USING (slump_id)
      WHERE n.step NOT IN ('retired', 'removed')
      UNION ALL
      SELECT n.*, n.version_id, n.bulk FROM ({_NEWEST}) n
      WHERE n.step = 'removed' AND n.added_by = $1)
"""  # noqa: S608 - constants
REDOABLE = f"""
WITH u AS (
  SELECT n.*, n.version_id AS act_id, n.bulk AS act_bulk FROM ({_NEWEST}) n
  WHERE n.step IN ('retired', 'restored') AND n.added_by = $1
  AND NOT EXISTS (SELECT 1 FROM decision l WHERE l.analyst = n.added_by
                  AND l.act IN ('say', 'amend') AND l.decision_id > n.version_id)
  AND NOT EXISTS (SELECT 1 FROM outline_version w WHERE w.added_by = n.added_by
                  AND w.step IN ('drawn', 'removed') AND w.parent = 0
                  AND w.version_id > n.version_id))
"""  # noqa: S608 - constants
NEWEST_STEP = """
SELECT u.* EXCLUDE (geom), ST_AsWKB(u.geom) AS wkb FROM u, (FROM u ORDER BY act_id DESC LIMIT 1) n
WHERE u.act_id = n.act_id OR (n.act_bulk > 0 AND u.act_bulk = n.act_bulk) ORDER BY u.slump_id
"""
REMOVABLE = f"""
SELECT slump_id, geom_source, iteration, '' AS note, {", ".join(SHAPE_NAMES)},
       ST_AsWKB(geom) AS wkb, 0 AS version_id
FROM current_outline WHERE list_contains(?::BIGINT[], slump_id) ORDER BY slump_id
"""  # noqa: S608 - constants
SUPPORT = """
SELECT slump_id, min(candidate_id) AS candidate_id FROM live_outline
WHERE candidate_id IS NOT NULL AND list_contains(?::BIGINT[], slump_id)
GROUP BY slump_id ORDER BY slump_id
"""


def removable(connection: Connection, slump_ids: Sequence[int]) -> list[dict[str, Any]]:
    """Outlines of those that are in the inventory, as ``next_version`` takes them."""
    return rows(connection, REMOVABLE, [list(slump_ids)])


def supporting_candidates(connection: Connection, slump_ids: Sequence[int]) -> dict[int, int]:
    """Slump -> an accepted candidate that shows it; without the slumps that none shows."""
    found = rows(connection, SUPPORT, [list(slump_ids)])
    return {int(row["slump_id"]): int(row["candidate_id"]) for row in found}


def newest_step(
    connection: Connection, *, analyst: str, redoes: bool = False
) -> list[dict[str, Any]]:
    """The slumps that the analyst's next undo or redo is about, as their newest versions.

    ``act_id`` is the number of the act of each; slumps that were drawn or removed at once are one
    step.
    """
    return rows(connection, (REDOABLE if redoes else UNDOABLE) + NEWEST_STEP, [analyst])


def save_drawings(
    connection: Connection, journal: Path, drawn: Sequence[Mapping[str, Any]], *, by: str
) -> tuple[SavedDrawing, ...]:
    """Save steps of drawn slumps in one journal line, as ``versions.save_versions`` takes them."""
    ids = versions.save_versions(connection, journal, drawn, by=by)
    bulk = ids[0] if len(ids) > 1 else 0
    return tuple(
        SavedDrawing(number, one["slump_id"], one["step"], one["area_m2"], by, bulk)
        for number, one in zip(ids, drawn, strict=True)
    )


def next_version(row: Mapping[str, Any], step: str, *, at: datetime) -> dict[str, Any]:
    """The version that takes a slump out of the inventory, or puts it back as it was.

    Args:
        row: its newest version.
        step: a step of ``domain.drawings``.
        at: UTC without a zone.
    """
    kept = ("slump_id", "geom_source", "note", *SHAPE_NAMES)
    return {
        **{name: row[name] for name in kept},
        "wkb": bytes(row["wkb"]),
        "candidate_id": None,
        "iteration": row["iteration"],
        "parent": row["version_id"],
        "step": step,
        "parts": [],
        "added_at": at,
    }
