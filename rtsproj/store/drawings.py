"""Drawn slumps: drawn, taken back, drawn again; each step is an outline version in the journal."""

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
  WHERE candidate_id IS NULL AND step = 'drawn' AND added_by = ?
  QUALIFY row_number() OVER (PARTITION BY slump_id ORDER BY version_id DESC) = 1),
u AS (SELECT n.*, d.act_id, d.act_bulk FROM ({_NEWEST}) n JOIN d USING (slump_id)
      WHERE n.step <> 'retired')
"""  # noqa: S608 - constants
REDOABLE = f"""
WITH u AS (
  SELECT n.*, n.version_id AS act_id, n.bulk AS act_bulk FROM ({_NEWEST}) n
  WHERE n.step = 'retired' AND n.added_by = ?
  AND NOT EXISTS (SELECT 1 FROM decision l WHERE l.analyst = n.added_by
                  AND l.act IN ('say', 'amend') AND l.decision_id > n.version_id)
  AND NOT EXISTS (SELECT 1 FROM outline_version w WHERE w.added_by = n.added_by
                  AND w.step = 'drawn' AND w.parent = 0 AND w.version_id > n.version_id))
"""  # noqa: S608 - constants
NEWEST_STEP = """
SELECT u.* EXCLUDE (geom), ST_AsWKB(u.geom) AS wkb FROM u, (FROM u ORDER BY act_id DESC LIMIT 1) n
WHERE u.act_id = n.act_id OR (n.act_bulk > 0 AND u.act_bulk = n.act_bulk) ORDER BY u.slump_id
"""


def newest_step(
    connection: Connection, *, analyst: str, redoes: bool = False
) -> list[dict[str, Any]]:
    """The drawings that the analyst's next undo or redo is about, as their newest versions.

    ``act_id`` is the number of the act of each; drawings that were saved at once are one step.
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
    """The version that takes a drawing back, or draws it again as it was.

    Args:
        row: its newest version.
        step: ``RETIRED`` or ``DRAWN``.
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
