"""The triage queue: which candidates wait for one analyst, and in what order, as numpy columns.

Everything comes from base tables in one query: the views cost five times as much at a million
candidates, and a queue is a vector of ids with the few figures that its rows show.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rtsproj.domain.candidates import Lineage
from rtsproj.store.database import Connection, rows

Columns = Mapping[str, npt.NDArray[Any]]
LINEAGES = tuple(one.value for one in Lineage)
"""Names of the codes in the column ``lineage``."""
WAITING = """
WITH said AS (
  SELECT candidate_id, arg_max(verdict, decision_id) AS verdict,
         arg_max(flagged, decision_id) AS flagged
  FROM decision WHERE purpose <> 'replicate' GROUP BY candidate_id),
held AS (SELECT DISTINCT candidate_id FROM claim WHERE analyst <> $analyst AND expires_at > $now)
SELECT c.candidate_id, c.iteration::SMALLINT AS iteration, c.area_m2::FLOAT AS area_m2,
       list_position(['fresh', 'touching', 'partial', 'same', 'grown'], c.lineage)::TINYINT - 1
         AS lineage, coalesce(s.flagged, false) AS flagged, {key} AS sort_key,
       (c.pixels < $small_px) AS is_small
FROM candidate c LEFT JOIN said s ON s.candidate_id = c.candidate_id
LEFT JOIN said e ON e.candidate_id = CASE WHEN c.lineage = 'same' THEN c.lineage_of END
LEFT JOIN held h ON h.candidate_id = c.candidate_id {join}
WHERE h.candidate_id IS NULL
  AND CASE WHEN c.lineage = 'same' THEN c.lineage_of > 0 AND e.verdict = 'withdraw'
                AND coalesce(s.verdict, 'withdraw') = 'withdraw'
           ELSE coalesce(s.verdict, 'withdraw') = 'withdraw' END {where}
"""
NEAREST = """
LEFT JOIN (SELECT candidate_id, min(distance_m) AS metres FROM candidate_distance
           WHERE source_id IN (SELECT source_id FROM source WHERE withdrawn_at IS NULL)
           GROUP BY candidate_id) n ON n.candidate_id = c.candidate_id
"""
KEYS = {
    "batches": ("-c.score_mean", ""),
    "score": ("-c.score_mean", ""),
    "uncertainty": ("abs(c.score_mean - 0.5)", ""),
    "area": ("-c.area_m2", ""),
    "lines": (
        "coalesce(n.metres, 1e12)",
        NEAREST,
    ),
    "map": ("0.0", ""),
    "tile": ("try_cast(split_part(c.tiles, ',', 1) AS BIGINT)::DOUBLE", ""),
}
"""Queue order -> (what a candidate is sorted by, what that needs)."""
PLACES = """
SELECT candidate_id, (minx + maxx) / 2 AS x, (miny + maxy) / 2 AS y FROM candidate
ORDER BY candidate_id
"""
DISPUTED = """
SELECT c.candidate_id, c.iteration::SMALLINT AS iteration, c.area_m2::FLOAT AS area_m2,
       list_position(['fresh', 'touching', 'partial', 'same', 'grown'], c.lineage)::TINYINT - 1
         AS lineage, coalesce(v.flagged, false) AS flagged, 0.0::DOUBLE AS sort_key,
       false AS is_small
FROM candidate c LEFT JOIN verdict v ON v.candidate_id = c.candidate_id
WHERE v.verdict = 'unsure' OR c.candidate_id IN (SELECT candidate_id FROM disagreement)
ORDER BY c.candidate_id
"""
REPEATABLE = """
SELECT v.candidate_id, v.decision_id, c.iteration::SMALLINT AS iteration,
       c.area_m2::FLOAT AS area_m2,
       list_position(['fresh', 'touching', 'partial', 'same', 'grown'], c.lineage)::TINYINT - 1
         AS lineage
FROM verdict v JOIN candidate c ON c.candidate_id = v.candidate_id
WHERE v.verdict IN ('accept', 'reject') AND (v.analyst <> ? OR v.decided_at < ?)
AND v.candidate_id NOT IN (
  SELECT candidate_id FROM decision WHERE purpose = 'replicate' AND analyst = ?)
ORDER BY v.candidate_id
"""


@dataclass(frozen=True, slots=True)
class Condition:
    """A part of a filter: SQL on the candidate ``c`` with named parameters."""

    text: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a queue is asked for.

    Attributes:
        analyst: whose queue; what others have claimed is left out.
        order: a key of ``KEYS``.
        small_px: px; smaller outlines come last.
        now: UTC; claims that ended before count for nothing.
        conditions: all must hold.
    """

    analyst: str
    order: str
    small_px: int
    now: Any
    conditions: Sequence[Condition] = ()


def waiting(connection: Connection, asked: Asked, *, limit: int | None = None) -> Columns:
    """Candidates without a word that stands, unordered.

    Args:
        connection: the project's.
        asked: analyst, order, conditions.
        limit: only the first of the order, small outlines last; None = all.

    Returns:
        candidate_id, iteration, area_m2, lineage (code), flagged, sort_key, is_small.
    """
    key, join = KEYS[asked.order]
    where = "".join(f" AND ({one.text})" for one in asked.conditions)
    values = {"analyst": asked.analyst, "now": asked.now, "small_px": asked.small_px}
    for one in asked.conditions:
        values.update(one.values)
    text = WAITING.format(key=key, join=join, where=where)
    if limit is not None:
        text += f"ORDER BY is_small, sort_key, c.candidate_id LIMIT {limit:d}"
    return _plain(connection.execute(text, values).fetchnumpy())


def disputed(connection: Connection) -> Columns:
    """Candidates that are unsure or on which analysts differ; the same columns."""
    return _plain(connection.execute(DISPUTED).fetchnumpy())


def repeatable(connection: Connection, analyst: str, before: Any) -> Columns:
    """Decided candidates that this analyst may be shown again, blind."""
    return _plain(connection.execute(REPEATABLE, [analyst, before, analyst]).fetchnumpy())


def places(connection: Connection) -> Columns:
    """candidate_id, x, y of every candidate: middle of its box, m of the project CRS."""
    return _plain(connection.execute(PLACES).fetchnumpy())


def read_bookmark(connection: Connection, analyst: str) -> dict[str, Any] | None:
    """Where the analyst left the queue; None where nothing was kept."""
    query = "FROM bookmark WHERE analyst = ? ORDER BY saved_at DESC LIMIT 1"
    found = rows(connection, query, [analyst])
    return found[0] if found else None


def _plain(columns: Mapping[str, Any]) -> Columns:
    return {
        name: np.ma.filled(values, 0) if np.ma.isMaskedArray(values) else values
        for name, values in columns.items()
    }
