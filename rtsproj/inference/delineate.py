"""Pieces of outlines from the probabilities of a tile; ``join`` makes outlines of them.

Pieces are 4-connected polygons on pixel edges, in pixels of the project grid (x = column,
y = row). Joining treats pieces that touch at an edge or a corner, or are near to each other, as one
object (method 6.3), so an object on four tiles becomes one outline, the same as if it lay in one
tile. Objects are joined at the lower of two cuts; each piece carries the pieces at the candidate
cut that are inside it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
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
from rtsproj.settings import InferSettings


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
        inner: pieces at the candidate cut inside it, where it is one at a lower cut.
    """

    tile_id: int
    outline: BaseGeometry
    pixels: int
    total: int
    top: int
    at_edge: bool
    spread: int | None = None
    inner: "tuple[Piece, ...]" = ()


@dataclass(frozen=True, slots=True)
class TilePieces:
    """What a tile's file holds.

    Attributes:
        pieces: parts of objects at the lower cut that may become outlines.
        specks: objects at the candidate cut in those of the others, which are under the smallest
            size and wholly inside the tile.
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
        probe: 0..1, the cut of objects that do not reach the candidate cut; 0 = no such cut.
        join_px: px; parts this near to each other are one object.
        whole_px: px; a larger object is never drawn whole at the lower cut.
    """

    threshold: float
    min_px: int
    probe: float = 0.0
    join_px: float = 0.0
    whole_px: int = 0

    @classmethod
    def of(cls, settings: InferSettings) -> "Cut":
        """The cut that a search's settings ask for."""
        return cls(
            settings.threshold,
            settings.min_px,
            settings.probe_threshold,
            settings.join_px,
            settings.whole_px,
        )

    @property
    def lower(self) -> float:
        """The cut at which parts are joined over tiles."""
        return self.probe if self.is_nested else self.threshold

    @property
    def is_nested(self) -> bool:
        """True where there is a cut below the candidate cut."""
        return 0 < self.probe < self.threshold

    def candidates(self, pieces: Sequence[Piece]) -> list[Sequence[Piece]]:
        """Objects at the candidate cut inside pieces of whole objects at the lower cut."""
        parts = [part for one in pieces for part in one.inner] if self.is_nested else pieces
        return grouped(parts, self)


def grouped(pieces: Sequence[Piece], cut: Cut) -> list[Sequence[Piece]]:
    """Pieces that are one object, together."""
    groups = join_pieces([one.outline for one in pieces], within=cut.join_px)
    return [[pieces[n] for n in group] for group in groups]


def pixels_of(pieces: Sequence[Piece]) -> int:
    """Px of pieces together."""
    return sum(one.pixels for one in pieces)


@dataclass(frozen=True, slots=True)
class _Level:
    """The pieces of a tile at one cut.

    Attributes:
        pieces: in scan order.
        numbers: (core, core); 0 = in none, n + 1 = in piece n.
        firsts: (pieces,) place of the first pixel of each, row by row.
    """

    pieces: list[Piece]
    numbers: NDArray[np.int32]
    firsts: NDArray[np.int64]


def tile_pieces(tile: Tile, given: TileFound, cut: Cut) -> TilePieces:
    """Outline a tile.

    Args:
        tile: the tile.
        given: its probabilities and what lies beside it.
        cut: thresholds, smallest size and gap.

    Returns:
        Its pieces. Objects under the smallest size that no neighbour can add to are only counted.
    """
    kept: list[Piece] = []
    small: list[Piece] = []
    for members in grouped(_joined_pieces(tile, given, cut), cut):
        is_kept = pixels_of(members) >= cut.min_px or _meets_edge(members, tile.window, cut)
        (kept if is_kept else small).extend(members)
    return TilePieces(tuple(kept), len(cut.candidates(small)))


def pieces_text(found: TilePieces, *, probability_sha256: str) -> str:
    """The file of a tile: a line about the tile, then one per piece."""
    head = {"specks": found.specks, "probability_sha256": probability_sha256}
    rows = [_row(one) for one in found.pieces]
    return "".join(json.dumps(row, sort_keys=True) + "\n" for row in (head, *rows))


def probability_digest(text: str) -> str:
    """Digest of the probability raster that a tile's file was made from."""
    return str(json.loads(text.partition("\n")[0])["probability_sha256"])


def parse_pieces(text: str) -> TilePieces:
    """Read a tile's file back."""
    head, *rows = [json.loads(line) for line in text.splitlines()]
    return TilePieces(tuple(_piece(row) for row in rows), int(head["specks"]))


def _row(one: Piece) -> dict[str, Any]:
    return {
        "tile_id": one.tile_id,
        "wkb": shapely.to_wkb(one.outline).hex(),
        "pixels": one.pixels,
        "total": one.total,
        "top": one.top,
        "at_edge": one.at_edge,
        **({} if one.spread is None else {"spread": one.spread}),
        **({"inner": [_row(part) for part in one.inner]} if one.inner else {}),
    }


def _piece(row: dict[str, Any]) -> Piece:
    inner = tuple(_piece(part) for part in row.pop("inner", ()))
    return Piece(outline=shapely.from_wkb(bytes.fromhex(row.pop("wkb"))), inner=inner, **row)


def _joined_pieces(tile: Tile, given: TileFound, cut: Cut) -> list[Piece]:
    """Pieces at the lower cut, each with those at the candidate cut inside it."""
    lower = _level(tile, given, cut.lower)
    if not cut.is_nested:
        return lower.pieces
    upper = _level(tile, given, cut.threshold)
    inner: list[list[Piece]] = [[] for _ in lower.pieces]
    around = lower.numbers.ravel()[upper.firsts] - 1
    for one, n in zip(upper.pieces, around.tolist(), strict=True):
        inner[n].append(one)
    return [
        replace(one, inner=tuple(parts)) for one, parts in zip(lower.pieces, inner, strict=True)
    ]


def _level(tile: Tile, given: TileFound, cut: float) -> _Level:
    """Measure all outlines of a tile at once, by the number of the outline in each pixel."""
    outlines = polygonise((given.probability >= stored_cut(cut)) & (given.probability != NO_PIXEL))
    if not outlines:
        shape = given.probability.shape
        return _Level([], np.zeros(shape, np.int32), np.empty(0, np.int64))
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
    pieces = [
        Piece(tile.tile_id, one, int(count), total, int(top), at_edge=near > 0, spread=spread)
        for one, count, total, top, near, spread in zip(
            moved, pixels, sums(given.probability), tops, beside, spreads, strict=True
        )
    ]
    return _Level(pieces, numbers, at[order][firsts])


def _near(beside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Core pixels that have a pixel beside imagery or area among their eight neighbours."""
    rows, cols = beside.shape[0] - 2, beside.shape[1] - 2
    out = np.zeros((rows, cols), np.bool_)
    if beside.any():
        for row in range(3):
            for col in range(3):
                out |= beside[row : row + rows, col : col + cols]
    return out


def _meets_edge(members: Sequence[Piece], core: Window, cut: Cut) -> bool:
    """True where a pixel beyond the tile may belong to the same object."""
    left, top, right, bottom = shapely.total_bounds([one.outline for one in members])
    beyond = core.col + core.cols - right, core.row + core.rows - bottom
    return bool(min(left - core.col, top - core.row, *beyond) <= cut.join_px)
