"""Tiles: squares of the project grid, the unit of search, and what became of each."""

from dataclasses import dataclass
from enum import StrEnum

from rtsproj.domain.grid import Window


class Outcome(StrEnum):
    """What a job recorded of a tile."""

    DONE = "done"
    EMPTY = "empty"
    """searched, no outline."""
    SKIPPED = "skipped"
    """no valid pixel."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Tile:
    """One square of the grid: rows [row*core, (row+1)*core) of grid pixels."""

    tile_id: int
    row: int
    col: int
    core_px: int

    @property
    def window(self) -> Window:
        """The tile's core in grid pixels."""
        return Window(self.row * self.core_px, self.col * self.core_px, self.core_px, self.core_px)


@dataclass(frozen=True, slots=True)
class TileOutcome:
    """One line of a job about one tile.

    Attributes:
        tile_id: the tile.
        outcome: what happened.
        outlines: pieces of outlines in the tile, before joining.
        valid_px: searched pixels.
        seconds: s of work.
        sha256: digest of the tile's output file, empty where there is none.
        message: reason of a failure or a skip.
    """

    tile_id: int
    outcome: Outcome
    outlines: int = 0
    valid_px: int = 0
    seconds: float = 0.0
    sha256: str = ""
    message: str = ""
