"""Tile rows, what became of each, and the blocks of the spatial split."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rtsproj.domain.grid import Window
from rtsproj.domain.tiles import Tile, TileOutcome
from rtsproj.store.bulk import bulk_insert
from rtsproj.store.database import Connection, next_id

TODO = """
SELECT tile_id, grid_row, grid_col, core_px FROM tile
WHERE tile_id NOT IN (
  SELECT tile_id FROM tile_outcome JOIN job USING (job_id)
  WHERE iteration = ? AND outcome <> 'failed')
ORDER BY grid_row, grid_col
"""
MEETING = """
SELECT tile_id, grid_row, grid_col, core_px FROM tile
WHERE grid_row * core_px < ? AND (grid_row + 1) * core_px > ?
AND grid_col * core_px < ? AND (grid_col + 1) * core_px > ? ORDER BY grid_row, grid_col
"""


def add_tiles(connection: Connection, tiles: Sequence[Mapping[str, Any]]) -> None:
    """Insert tiles: keys grid_row, grid_col, core_px, valid_px, valid_m2, geom."""
    first = next_id(connection, "tile", "tile_id")
    bulk_insert(
        connection,
        "tile",
        {
            "tile_id": "BIGINT",
            "grid_row": "INTEGER",
            "grid_col": "INTEGER",
            "core_px": "INTEGER",
            "valid_px": "BIGINT",
            "valid_m2": "DOUBLE",
            "geom": "GEOMETRY",
        },
        ({"tile_id": first + n, **tile} for n, tile in enumerate(tiles)),
    )


def update_valid(connection: Connection, tiles: Iterable[tuple[int, int, float]]) -> None:
    """New (tile_id, valid_px, valid_m2) of tiles whose imagery changed."""
    for tile_id, valid_px, valid_m2 in tiles:
        connection.execute(
            "UPDATE tile SET valid_px = ?, valid_m2 = ? WHERE tile_id = ?",
            [valid_px, valid_m2, tile_id],
        )


def read_tiles(connection: Connection) -> tuple[Tile, ...]:
    """All tiles, row by row."""
    query = "SELECT tile_id, grid_row, grid_col, core_px FROM tile ORDER BY grid_row, grid_col"
    return tuple(Tile(*row) for row in connection.execute(query).fetchall())


def tiles_meeting(connection: Connection, window: Window) -> tuple[Tile, ...]:
    """Tiles that share a pixel with a window of the project grid."""
    edges = [window.row + window.rows, window.row, window.col + window.cols, window.col]
    return tuple(Tile(*row) for row in connection.execute(MEETING, edges).fetchall())


def tiles_to_search(connection: Connection, iteration: int) -> tuple[Tile, ...]:
    """Tiles that this iteration has not searched yet, failed ones included."""
    return tuple(Tile(*row) for row in connection.execute(TODO, [iteration]).fetchall())


def add_outcomes(connection: Connection, job_id: int, outcomes: Iterable[TileOutcome]) -> None:
    """What a job recorded of its tiles."""
    bulk_insert(
        connection,
        "tile_outcome",
        {
            "job_id": "INTEGER",
            "tile_id": "BIGINT",
            "outcome": "VARCHAR",
            "outlines": "INTEGER",
            "valid_px": "BIGINT",
            "sha256": "VARCHAR",
            "seconds": "DOUBLE",
            "message": "VARCHAR",
        },
        (
            {
                "job_id": job_id,
                "tile_id": one.tile_id,
                "outcome": one.outcome.value,
                "outlines": one.outlines,
                "valid_px": one.valid_px,
                "sha256": one.sha256,
                "seconds": one.seconds,
                "message": one.message,
            }
            for one in outcomes
        ),
    )


def validation_blocks(connection: Connection) -> tuple[tuple[int, int], ...]:
    """Blocks kept for validation, by row and column."""
    query = "SELECT block_row, block_col FROM validation_block ORDER BY ALL"
    return tuple((int(r), int(c)) for r, c in connection.execute(query).fetchall())


def settle_split(
    connection: Connection, blocks: Iterable[tuple[int, int]], *, block_px: int
) -> None:
    """Fix the validation blocks for the life of the project."""
    bulk_insert(
        connection,
        "validation_block",
        {"block_row": "INTEGER", "block_col": "INTEGER", "block_px": "INTEGER"},
        ({"block_row": r, "block_col": c, "block_px": block_px} for r, c in blocks),
    )
