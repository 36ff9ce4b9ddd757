"""Pieces of outlines from the probabilities of a tile; ``join`` makes outlines of them.

Pieces are 4-connected polygons on pixel edges, in pixels of the project grid (x = column,
y = row). Joining treats pieces that touch at an edge or a corner as one object (method 6.3), so an
object on four tiles becomes one outline, the same as if it lay in one tile.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.affinity import translate
from shapely.geometry.base import BaseGeometry

from rtsproj.domain.grid import Window
from rtsproj.domain.tiles import Tile
from rtsproj.geometry.outlines import join_pieces
from rtsproj.imagery.shapes import polygonise
from rtsproj.inference.engine import FULL, NO_VALUE


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
        return int(np.ceil(self.threshold * FULL - 1e-9))


def tile_pieces(tile: Tile, given: TileFound, cut: Cut) -> TilePieces:
    """Outline a tile.

    Args:
        tile: the tile.
        given: its probabilities and what lies beside it.
        cut: threshold and smallest size.

    Returns:
        Its pieces. Objects under the smallest size that no neighbour can add to are only counted.
    """
    mask = (given.probability >= cut.stored) & (given.probability != NO_VALUE)
    found = [_piece(tile, one, given) for one in polygonise(mask)]
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


def _piece(tile: Tile, outline: BaseGeometry, given: TileFound) -> Piece:
    inside, rows, cols = _pixels_of(outline)
    values = given.probability[rows, cols][inside]
    near = given.beside[rows.start : rows.stop + 2, cols.start : cols.stop + 2]
    spread = None if given.spread is None else given.spread[rows, cols][inside]
    return Piece(
        tile_id=tile.tile_id,
        outline=translate(outline, tile.window.col, tile.window.row),
        pixels=int(inside.sum()),
        total=int(values.sum(dtype=np.int64)),
        top=int(values.max()),
        at_edge=bool((near & _with_neighbours(inside)).any()),
        spread=None if spread is None else int(spread.sum(dtype=np.int64)),
    )


def _pixels_of(outline: BaseGeometry) -> tuple[NDArray[np.bool_], slice, slice]:
    """Pixels inside a polygon on pixel edges: each upright edge toggles the row to its right."""
    left, top, right, bottom = (round(value) for value in outline.bounds)
    toggles = np.zeros((bottom - top, right - left + 1), np.bool_)
    for x, start, stop in _upright_edges(outline):
        toggles[start - top : stop - top, x - left] ^= True
    inside = np.logical_xor.accumulate(toggles, axis=1)[:, :-1]
    return inside, slice(top, bottom), slice(left, right)


def _upright_edges(outline: BaseGeometry) -> Iterator[tuple[int, int, int]]:
    parts = shapely.get_parts(outline)
    for ring in shapely.get_rings(parts):
        xy = np.rint(shapely.get_coordinates(ring)).astype(np.int64)
        upright = xy[:-1, 0] == xy[1:, 0]
        low = np.minimum(xy[:-1, 1], xy[1:, 1])[upright]
        high = np.maximum(xy[:-1, 1], xy[1:, 1])[upright]
        yield from zip(xy[:-1, 0][upright].tolist(), low.tolist(), high.tolist(), strict=True)


def _with_neighbours(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    out = np.zeros((inside.shape[0] + 2, inside.shape[1] + 2), np.bool_)
    for row in range(3):
        for col in range(3):
            out[row : row + inside.shape[0], col : col + inside.shape[1]] |= inside
    return out


def _meets_edge(members: Sequence[Piece], core: Window) -> bool:
    left, top, right, bottom = shapely.total_bounds([one.outline for one in members])
    return bool(
        left <= core.col
        or top <= core.row
        or right >= core.col + core.cols
        or bottom >= core.row + core.rows
    )
