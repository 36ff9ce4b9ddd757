"""Tile rows, what became of each, and the blocks of the spatial split."""

from collections.abc import Iterable, Sequence

import numpy as np

from rtsproj.domain.grid import Window
from rtsproj.domain.requests import Split
from rtsproj.domain.tiles import Tile, TileOutcome
from rtsproj.store.bulk import Spool, bulk_insert, insert_columns
from rtsproj.store.database import Connection, next_id, scalar

LAID = {
    "grid_row": "INTEGER",
    "grid_col": "INTEGER",
    "core_px": "INTEGER",
    "valid_px": "BIGINT",
    "valid_m2": "DOUBLE",
    "geom": "GEOMETRY",
}
"""A square of the grid that holds valid pixels, as it is laid down before it is taken in."""
ADD = """
INSERT INTO tile (tile_id, grid_row, grid_col, core_px, valid_px, valid_m2, geom)
SELECT ? + row_number() OVER (ORDER BY grid_row, grid_col) - 1, grid_row, grid_col, core_px,
       valid_px, valid_m2, ST_GeomFromWKB(geom)
FROM {laid} l ANTI JOIN tile USING (grid_row, grid_col)
"""
RECOUNT = """
UPDATE tile SET valid_px = l.valid_px, valid_m2 = l.valid_m2 FROM {laid} l
WHERE tile.grid_row = l.grid_row AND tile.grid_col = l.grid_col
AND (tile.valid_px <> l.valid_px OR tile.valid_m2 <> l.valid_m2)
"""
REVIVE = """
UPDATE tile SET withdrawn_at = NULL FROM {laid} l
WHERE tile.grid_row = l.grid_row AND tile.grid_col = l.grid_col AND tile.withdrawn_at IS NOT NULL
"""
WITHDRAW = """
UPDATE tile SET withdrawn_at = now() AT TIME ZONE 'UTC'
WHERE withdrawn_at IS NULL AND (grid_row, grid_col) NOT IN (SELECT (grid_row, grid_col) FROM {laid})
"""
WITHDRAW_ALL = "UPDATE tile SET withdrawn_at = now() AT TIME ZONE 'UTC' WHERE withdrawn_at IS NULL"
OUTCOME = {
    "job_id": "INTEGER",
    "tile_id": "BIGINT",
    "outcome": "VARCHAR",
    "outlines": "INTEGER",
    "valid_px": "BIGINT",
    "sha256": "VARCHAR",
    "seconds": "DOUBLE",
    "message": "VARCHAR",
}
TODO = """
SELECT tile_id, grid_row, grid_col, core_px FROM tile
WHERE withdrawn_at IS NULL AND tile_id NOT IN (
  SELECT tile_id FROM tile_outcome JOIN job USING (job_id)
  WHERE iteration = ? AND outcome <> 'failed')
ORDER BY grid_row, grid_col
"""
NEWEST_SEARCHES = """
SELECT tile_id, arg_max(folder, job_id) FROM tile_outcome JOIN job USING (job_id)
WHERE list_contains(?::BIGINT[], tile_id) GROUP BY tile_id
"""
MEETING = """
SELECT tile_id, grid_row, grid_col, core_px FROM tile
WHERE grid_row * core_px < ? AND (grid_row + 1) * core_px > ?
AND grid_col * core_px < ? AND (grid_col + 1) * core_px > ? ORDER BY grid_row, grid_col
"""


def take_in(connection: Connection, spool: Spool) -> int:
    """Bring the tiles in line with the squares that were laid (``LAID``).

    The valid pixels of known tiles are brought up to date. Tiles without a laid square are
    withdrawn: no verb uses them until their square holds valid pixels again.

    Returns:
        Tiles that were added or are in use again.
    """
    laid = spool.scan("tile")
    connection.execute(RECOUNT.format(laid=laid))
    connection.execute(WITHDRAW.format(laid=laid))
    revived = int(scalar(connection, REVIVE.format(laid=laid)))
    first = next_id(connection, "tile", "tile_id")
    return revived + int(scalar(connection, ADD.format(laid=laid), [first]))


def withdraw_all(connection: Connection) -> None:
    """Withdraw every tile, as when no image is left."""
    connection.execute(WITHDRAW_ALL)


def forget_all(connection: Connection) -> None:
    """Delete the tiles of a grid that no job has used."""
    connection.execute("DELETE FROM tile")


def count_tiles(connection: Connection) -> int:
    """Tiles in use."""
    return int(scalar(connection, "SELECT count(*) FROM tile WHERE withdrawn_at IS NULL"))


def read_tiles(connection: Connection) -> tuple[Tile, ...]:
    """Tiles in use, row by row."""
    query = """SELECT tile_id, grid_row, grid_col, core_px FROM tile WHERE withdrawn_at IS NULL
               ORDER BY grid_row, grid_col"""
    return tuple(Tile(*row) for row in connection.execute(query).fetchall())


def tiles_meeting(connection: Connection, window: Window) -> tuple[Tile, ...]:
    """Tiles that share a pixel with a window of the project grid.

    Withdrawn ones too: what an earlier search has computed there is still its record.
    """
    edges = [window.row + window.rows, window.row, window.col + window.cols, window.col]
    return tuple(Tile(*row) for row in connection.execute(MEETING, edges).fetchall())


def newest_searches(connection: Connection, tile_ids: Sequence[int]) -> dict[int, str]:
    """Tile -> job folder, relative to the project, of the newest search that has an outcome."""
    return dict(connection.execute(NEWEST_SEARCHES, [list(tile_ids)]).fetchall())


def tiles_to_search(connection: Connection, iteration: int) -> tuple[Tile, ...]:
    """Tiles that this iteration has not searched yet, failed ones included."""
    return tuple(Tile(*row) for row in connection.execute(TODO, [iteration]).fetchall())


def add_outcomes(connection: Connection, job_id: int, outcomes: Iterable[TileOutcome]) -> None:
    """What a job recorded of its tiles."""
    told = list(outcomes)
    insert_columns(
        connection,
        "tile_outcome",
        OUTCOME,
        {
            "job_id": np.full(len(told), job_id),
            "tile_id": np.array([one.tile_id for one in told], np.int64),
            "outcome": np.array([one.outcome.value for one in told], dtype=object),
            "outlines": np.array([one.outlines for one in told], np.int64),
            "valid_px": np.array([one.valid_px for one in told], np.int64),
            "sha256": np.array([one.sha256 for one in told], dtype=object),
            "seconds": np.array([one.seconds for one in told], float),
            "message": np.array([one.message for one in told], dtype=object),
        },
    )


def read_split(connection: Connection) -> Split | None:
    """The spatial split that was settled; None before the first training."""
    query = "SELECT block_row, block_col, block_px FROM validation_block ORDER BY ALL"
    found = connection.execute(query).fetchall()
    if not found:
        return None
    return Split(int(found[0][2]), tuple((int(row), int(col)) for row, col, _ in found))


def settle_split(connection: Connection, split: Split) -> None:
    """Make this the split of the project, where it is not already."""
    if split == read_split(connection):
        return
    connection.execute("DELETE FROM validation_block")
    bulk_insert(
        connection,
        "validation_block",
        {"block_row": "INTEGER", "block_col": "INTEGER", "block_px": "INTEGER"},
        (
            {"block_row": row, "block_col": col, "block_px": split.block_px}
            for row, col in split.validation
        ),
    )
