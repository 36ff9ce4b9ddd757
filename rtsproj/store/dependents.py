"""What depends on an input: counted before the input is removed."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rtsproj.store.database import Connection, rows, scalar

Columns = dict[str, npt.NDArray[Any]]
Bounds = tuple[float, float, float, float]

TILES = "SELECT grid_row, grid_col, core_px FROM tile WHERE withdrawn_at IS NULL ORDER BY tile_id"
_MEETS = "WHERE minx <= ? AND maxx >= ? AND miny <= ? AND maxy >= ?"
CANDIDATES = f"SELECT candidate_id AS id, minx, miny, maxx, maxy FROM candidate {_MEETS}"  # noqa: S608 - constants
SLUMPS = f"SELECT slump_id AS id, minx, miny, maxx, maxy FROM current_outline {_MEETS}"  # noqa: S608 - constants
DECIDED = """
SELECT count(*) FROM verdict WHERE verdict <> 'withdraw'
AND candidate_id IN (SELECT unnest(?::BIGINT[]))
"""
LABELS = """
SELECT count(*) FROM label WHERE source_id = ? AND until_iteration IS NULL
"""
SEEDS = """
SELECT DISTINCT l.slump_id FROM label l JOIN current_outline USING (slump_id)
WHERE l.source_id = ? AND l.origin = 'seed' ORDER BY l.slump_id
"""
SUPPORTED = """
SELECT slump_id FROM outline_version
WHERE candidate_id IS NULL AND step NOT IN ('removed', 'restored')
AND list_contains(?::BIGINT[], slump_id)
UNION SELECT o.slump_id FROM slump_outline o JOIN verdict v USING (candidate_id)
WHERE v.verdict = 'accept' AND list_contains(?::BIGINT[], o.slump_id)
"""
MATCHED = """
SELECT candidate_id FROM candidate
WHERE list_contains(?::BIGINT[], lineage_slump) OR list_contains(?::BIGINT[], relation_slump)
"""
DISTANCES = """
SELECT (SELECT count(*) FROM candidate_distance WHERE source_id = $1)
     + (SELECT count(*) FROM current_outline JOIN outline_distance USING (outline_id)
        WHERE source_id = $1)
"""


def tile_squares(connection: Connection) -> Columns:
    """grid_row, grid_col, core_px of the tiles in use."""
    return _columns(connection, TILES)


def candidate_boxes(connection: Connection, bounds: Bounds) -> Columns:
    """id, minx, miny, maxx, maxy of the candidates whose box meets (left, bottom, right, top)."""
    left, bottom, right, top = bounds
    return _columns(connection, CANDIDATES, [right, left, top, bottom])


def slump_boxes(connection: Connection, bounds: Bounds) -> Columns:
    """The same of the slumps of the inventory."""
    left, bottom, right, top = bounds
    return _columns(connection, SLUMPS, [right, left, top, bottom])


def count_decided(connection: Connection, candidate_ids: Sequence[int]) -> int:
    """Candidates among them that have a decision."""
    return int(scalar(connection, DECIDED, [list(candidate_ids)]))


def count_labels(connection: Connection, source_id: int) -> int:
    """Labels of a file that training uses."""
    return int(scalar(connection, LABELS, [source_id]))


def seeds_of(connection: Connection, source_id: int) -> tuple[int, ...]:
    """Slumps of the inventory that a label file brought."""
    return tuple(int(row["slump_id"]) for row in rows(connection, SEEDS, [source_id]))


def supported(connection: Connection, slump_ids: Sequence[int]) -> frozenset[int]:
    """Those that an accepted candidate or an analyst's edit supports, whatever their label."""
    found = rows(connection, SUPPORTED, [list(slump_ids)] * 2)
    return frozenset(int(row["slump_id"]) for row in found)


def matched_candidates(connection: Connection, slump_ids: Sequence[int]) -> tuple[int, ...]:
    """Candidates that were compared with one of these slumps."""
    found = rows(connection, MATCHED, [list(slump_ids)] * 2)
    return tuple(int(row["candidate_id"]) for row in found)


def count_distances(connection: Connection, source_id: int) -> int:
    """Distances of candidates and slumps to the lines of a file."""
    return int(scalar(connection, DISTANCES, [source_id]))


def _columns(connection: Connection, query: str, values: Sequence[Any] = ()) -> Columns:
    found = connection.execute(query, list(values)).fetchnumpy()
    return {name: np.asarray(np.ma.filled(column)) for name, column in found.items()}
