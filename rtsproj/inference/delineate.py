"""Pieces of outlines from the probabilities of a tile; ``join`` makes outlines of them.

Pieces are 4-connected polygons on pixel edges, in pixels of the project grid (x = column,
y = row). Joining treats pieces that touch at an edge or a corner as one object (method 6.3), so an
object on four tiles becomes one outline, the same as if it lay in one tile.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from rtsproj.domain.grid import Window
from rtsproj.domain.tiles import Tile
from rtsproj.geometry.outlines import join_pieces
from rtsproj.imagery.probability import NO_PIXEL, stored_cut
from rtsproj.imagery.shapes import numbered_pixels, polygonise


@dataclass(frozen=True, slots=True)
class Piece:
    """One 4-connected part of an object, as far as it lies in one tile.

    Attributes:
        tile_id: the tile.
        outline: polygon on pixel edges, px of the project grid.
        pixels: px of the piece.
        total: sum of its stored probabilities, 0..254 each.
        top: its largest stored probability.
        at_edge: True beside missing imagery or on the border of the area.
        spread: sum of its stored spreads, 0..127 each; None where the model has one member.
    """

    tile_id: int
    outline: BaseGeometry
    pixels: int
    total: int
    top: int
    at_edge: bool
    spread: int | None = None


@dataclass(frozen=True, slots=True)
class TilePieces:
    """What a tile's file holds.

    Attributes:
        pieces: parts of objects that may become outlines.
        specks: objects wholly inside the tile that are under the smallest size.
    """

    pieces: tuple[Piece, ...]
    specks: int


@dataclass(frozen=True, slots=True)
class TileFound:
    """What a tile's outlines are drawn from.

    Attributes:
        probability: (core, core) stored values, 0..254, 255 = not searched.
        spread: (core, core) stored spreads of an ensemble, or None.
        beside: (core + 2, core + 2), True beside or outside imagery and area.
    """

    probability: NDArray[np.uint8]
    spread: NDArray[np.uint8] | None
    beside: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Cut:
    """How probabilities become objects.

    Attributes:
        threshold: 0..1, the candidate cut.
        min_px: px; smaller objects are counted, not raised.
    """

    threshold: float
    min_px: int

    @property
    def stored(self) -> int:
        """Smallest stored value at or above the threshold."""
        return stored_cut(self.threshold)


def tile_pieces(tile: Tile, given: TileFound, cut: Cut) -> TilePieces:
    """Outline a tile.

    Args:
        tile: the tile.
        given: its probabilities and what lies beside it.
        cut: threshold and smallest size.

    Returns:
        Its pieces. Objects under the smallest size that no neighbour can add to are only counted.
    """
    mask = (given.probability >= cut.stored) & (given.probability != NO_PIXEL)
    outlines = polygonise(mask)
    found = _pieces(tile, given, outlines) if outlines else []
    kept: list[Piece] = []
    specks = 0
    for group in join_pieces([one.outline for one in found]):
        members = [found[i] for i in group]
        if sum(one.pixels for one in members) >= cut.min_px or _meets_edge(members, tile.window):
            kept.extend(members)
        else:
            specks += 1
    return TilePieces(tuple(kept), specks)


def pieces_text(found: TilePieces, *, probability_sha256: str) -> str:
    """The file of a tile: a line about the tile, then one per piece."""
    head = {"specks": found.specks, "probability_sha256": probability_sha256}
    rows = [
        {
            "tile_id": one.tile_id,
            "wkb": shapely.to_wkb(one.outline).hex(),
            "pixels": one.pixels,
            "total": one.total,
            "top": one.top,
            "at_edge": one.at_edge,
            **({} if one.spread is None else {"spread": one.spread}),
        }
        for one in found.pieces
    ]
    return "".join(json.dumps(row, sort_keys=True) + "\n" for row in (head, *rows))


def probability_digest(text: str) -> str:
    """Digest of the probability raster that a tile's file was made from."""
    return str(json.loads(text.partition("\n")[0])["probability_sha256"])


def parse_pieces(text: str) -> TilePieces:
    """Read a tile's file back."""
    head, *rows = [json.loads(line) for line in text.splitlines()]
    pieces = tuple(
        Piece(outline=shapely.from_wkb(bytes.fromhex(row.pop("wkb"))), **row) for row in rows
    )
    return TilePieces(pieces, int(head["specks"]))


def _pieces(tile: Tile, given: TileFound, outlines: Sequence[BaseGeometry]) -> list[Piece]:
    """Measure all outlines of a tile at once, by the number of the outline in each pixel."""
    numbers = numbered_pixels(outlines, given.probability.shape)
    at = np.flatnonzero(numbers)
    of = numbers.ravel()[at]
    size = len(outlines) + 1

    def sums(values: NDArray[Any]) -> list[int]:
        found = np.bincount(of, weights=values.ravel()[at], minlength=size)[1:]
        return [round(one) for one in found.tolist()]

    order = np.argsort(of, kind="stable")
    firsts = np.searchsorted(of[order], np.arange(1, size))
    tops = np.maximum.reduceat(given.probability.ravel()[at][order], firsts)
    pixels = np.bincount(of, minlength=size)[1:]
    beside = sums(_near(given.beside))
    spreads = [None] * len(outlines) if given.spread is None else sums(given.spread)
    corner = np.array([tile.window.col, tile.window.row], float)
    moved = shapely.transform(np.array(outlines, object), lambda xy: xy + corner)
    return [
        Piece(tile.tile_id, one, int(count), total, int(top), at_edge=near > 0, spread=spread)
        for one, count, total, top, near, spread in zip(
            moved, pixels, sums(given.probability), tops, beside, spreads, strict=True
        )
    ]


def _near(beside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Core pixels that have a pixel beside imagery or area among their eight neighbours."""
    rows, cols = beside.shape[0] - 2, beside.shape[1] - 2
    out = np.zeros((rows, cols), np.bool_)
    if beside.any():
        for row in range(3):
            for col in range(3):
                out |= beside[row : row + rows, col : col + cols]
    return out


def _meets_edge(members: Sequence[Piece], core: Window) -> bool:
    left, top, right, bottom = shapely.total_bounds([one.outline for one in members])
    return bool(
        left <= core.col
        or top <= core.row
        or right >= core.col + core.cols
        or bottom >= core.row + core.rows
    )
