"""Pieces of tiles become outlines, row by row of the grid: what no later row can touch is closed.

Only the pieces of one row of tiles and of objects that reach its lower edge are held, so memory
does not grow with the number of tiles.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import shapely
from shapely.geometry.base import BaseGeometry

from rtsproj.domain.candidates import Outline
from rtsproj.domain.grid import ProjectGrid
from rtsproj.domain.requests import InferRequest
from rtsproj.domain.tiles import Tile, TileOutcome
from rtsproj.geometry.groups import Groups
from rtsproj.geometry.outlines import close_gaps, near_pieces, smooth_pixels, to_crs
from rtsproj.imagery.probability import FULL
from rtsproj.inference.delineate import Cut, Piece, TilePieces, parse_pieces, pixels_of
from rtsproj.inference.search import tile_table
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.reporter import Reporter
from rtsproj.jobs.tables import outline_of_line, outline_text, read_tiles, write_outlines

OF_WHOLE = 0.6
"""Share of an object that reaches the candidate cut from which on it is drawn there. Where less
does, what reaches it is a piece: a model that knows few slumps is sure of a part of one only. Over
the first models of 12 cases on ponds, whole objects instead of such pieces took 862 questions
instead of 898, half covered 427 ponds instead of 374, and raised the median IoU from 0.45 to 0.58;
from 0.8 on, neighbours were drawn as one. An object larger than any slump is always drawn in
parts: at a lower cut, a network that knows little takes half of the ground for one object."""
_DIGITS = 6
"""Decimals of a stored score."""
Object = Sequence[Piece]
"""All pieces of one object at the lower cut."""


@dataclass(frozen=True, slots=True)
class Joined:
    """What joining left: outlines written, and objects under the smallest size."""

    outlines: int
    specks: int


def write_joined(
    folder: JobFolder,
    request: InferRequest,
    outcomes: Mapping[int, TileOutcome],
    reporter: Reporter,
) -> Joined:
    """Join the pieces of all tiles and write outlines.jsonl.

    Args:
        folder: the job.
        request: its grid and cuts.
        outcomes: of every tile that was searched.
        reporter: shown life.

    Returns:
        Counts; outlines are ordered by (row, column) of their upper left corner.
    """
    path = folder.outputs / ".outlines.spool"
    cut = Cut.of(request.settings)
    joiner, specks = Joiner(cut), 0
    with path.open("wb") as stream:
        spool = _Spool(stream, request.source.grid, cut)
        for bottom, found in _rows(folder, outcomes):
            pieces = [piece for one in found for piece in one.pieces]
            specks += sum(one.specks for one in found)
            spool.keep(joiner.closed(pieces, bottom=bottom))
            reporter.beat()
        spool.keep(joiner.rest())
    write_outlines(folder.outlines, _numbered(path, sorted(spool.keys)))
    path.unlink()
    return Joined(len(spool.keys), specks + spool.specks)


def _rows(
    folder: JobFolder, outcomes: Mapping[int, TileOutcome]
) -> Iterator[tuple[int, list[TilePieces]]]:
    """(lower edge in px, what its tiles hold) of each row of the grid, from the top."""
    rows: dict[int, list[Tile]] = defaultdict(list)
    for tile in read_tiles(folder.tiles):
        if tile.tile_id in outcomes and outcomes[tile.tile_id].sha256:
            rows[tile.row].append(tile)
    for row, tiles in sorted(rows.items()):
        texts = (tile_table(folder, one.tile_id).read_text(encoding="utf-8") for one in tiles)
        yield (row + 1) * tiles[0].core_px, [parse_pieces(text) for text in texts]


class _Spool:
    """Outlines as they are closed, to be put in order when all are there."""

    def __init__(self, stream: IO[bytes], grid: ProjectGrid, cut: Cut) -> None:
        self._stream = stream
        self._grid = grid
        self._cut = cut
        self.keys: list[tuple[float, ...]] = []
        self.specks = 0

    def keep(self, objects: Iterable[Object]) -> None:
        """Write what is large enough, and count what at the candidate cut is not."""
        for whole in objects:
            candidates = self._cut.candidates(whole)
            large = [one for one in candidates if pixels_of(one) >= self._cut.min_px]
            self.specks += len(candidates) - len(large)
            of_px = pixels_of(whole)
            reached = sum(pixels_of(one) for one in candidates)
            is_in_parts = reached >= OF_WHOLE * of_px or of_px > self._cut.whole_px
            if large and is_in_parts:
                for one in large:
                    self._write(one, self._cut.threshold, of_px)
            elif of_px >= self._cut.min_px:
                self._write(whole, self._cut.lower, of_px, is_low=not large)

    def _write(
        self, members: Sequence[Piece], cut: float, of_px: int, *, is_low: bool = False
    ) -> None:
        shape = _union(members)
        left, top, right, bottom = shape.bounds
        self.keys.append((top, left, bottom, right, shape.area, self._stream.tell()))
        smooth = smooth_pixels(close_gaps(shape, within=self._cut.join_px))
        outline = replace(
            _outline(members, to_crs(smooth, self._grid)),
            cut=cut,
            stability=round(pixels_of(members) / of_px, _DIGITS),
            is_low=is_low,
        )
        self._stream.write(outline_text(outline).encode() + b"\n")


class Joiner:
    """Joins pieces that come by row of the grid, from the top."""

    def __init__(self, cut: Cut) -> None:
        self._reach = cut.join_px
        self._open: list[list[Piece]] = []
        self._seam = 0

    def closed(self, pieces: Sequence[Piece], *, bottom: int) -> Iterator[Object]:
        """Take in a row of tiles; gives objects that no later row can touch.

        Args:
            pieces: of all tiles of the row.
            bottom: px, lower edge of the row on the grid.
        """
        nodes = [*self._open, *([one] for one in pieces)]
        asked = [
            (n, one.outline)
            for n, group in enumerate(nodes)
            for one in group
            if n >= len(self._open) or _bottom(one) + self._reach >= self._seam
        ]
        groups = Groups(len(nodes))
        groups.join(_near(asked, self._reach))
        self._open, self._seam = [], bottom
        done: list[list[Piece]] = []
        for group in groups.found():
            members = [one for n in group for one in nodes[n]]
            is_open = any(_bottom(one) + self._reach >= bottom for one in members)
            (self._open if is_open else done).append(members)
        return iter(done)

    def rest(self) -> Iterator[Object]:
        """What is still open after the last row."""
        left, self._open = self._open, []
        return iter(left)


def _near(asked: Sequence[tuple[int, BaseGeometry]], reach: float) -> Iterator[tuple[int, int]]:
    """Pairs of nodes of which pieces touch or are near to each other."""
    if not asked:
        return iter(())
    pairs = near_pieces([shape for _, shape in asked], within=reach)
    return ((asked[a][0], asked[b][0]) for a, b in pairs)


def _bottom(one: Piece) -> float:
    return float(one.outline.bounds[3])


def _union(members: Sequence[Piece]) -> BaseGeometry:
    if len(members) == 1:
        return members[0].outline
    return shapely.union_all([one.outline for one in members])


def _outline(members: Sequence[Piece], shape: BaseGeometry) -> Outline:
    pixels = pixels_of(members)
    spreads = [one.spread for one in members if one.spread is not None]
    return Outline(
        seq=0,
        wkb=shapely.to_wkb(shapely.normalize(shape)),
        score_mean=round(sum(one.total for one in members) / (FULL * pixels), _DIGITS),
        score_max=round(max(one.top for one in members) / FULL, _DIGITS),
        pixels=pixels,
        tiles=tuple(sorted({one.tile_id for one in members})),
        at_edge=any(one.at_edge for one in members),
        spread=round(sum(spreads) / (FULL * pixels), _DIGITS) if spreads else None,
    )


def _numbered(spool: Path, keys: Sequence[tuple[float, ...]]) -> Iterator[Outline]:
    with spool.open("rb") as stream:
        for seq, key in enumerate(keys):
            stream.seek(int(key[-1]))
            yield replace(outline_of_line(stream.readline().decode()), seq=seq)
