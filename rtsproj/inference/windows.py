"""What is computed together: tiles in windows, windows in strips, strips in shards.

A window holds the cores of ``span`` x ``span`` tiles with one margin round them, so a larger span
computes fewer pixels twice: 640 px windows of one 512 px tile compute 1.56 px per useful one,
1152 px windows of four 1.27 (stack 5.2). A strip is a row of windows whose imagery is read at once;
a shard is what one process claims. All of it is a pure function of the frozen list of tiles, so
every process of a job, and every start of it, sees the same.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rtsproj.domain.grid import Window
from rtsproj.domain.tiles import Tile
from rtsproj.geometry.grid import search_window

MOST_COLS = 131_072
"""px; cores of a strip are not wider together, so that what is held of it is bounded."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Sizes that turn tiles into windows.

    Attributes:
        core_px: px, side of a tile.
        margin_px: px of context on each side of a window's core.
        span: tiles along one side of a window.
        extent: window of the grid that holds all imagery.
    """

    core_px: int
    margin_px: int
    span: int
    extent: Window

    @property
    def side(self) -> int:
        """Px along a window."""
        return self.span * self.core_px + 2 * self.margin_px

    def fitted(self) -> "Layout":
        """The same with one tile per window where the extent is smaller than a window."""
        fits = min(self.extent.rows, self.extent.cols) >= self.side
        return self if fits else Layout(self.core_px, self.margin_px, 1, self.extent)


@dataclass(frozen=True, slots=True)
class SearchWindow:
    """Tiles that one window of the network computes.

    Attributes:
        tiles: by row and column; at most span x span.
        core: the square of the grid that holds their cores.
        window: the core with its margins, shifted inward to stay in the extent; where the extent
            is smaller, it reaches out of it and the imagery is mirrored.
        frame: pixels whose validity counts: the core and one more pixel on each side.
    """

    tiles: tuple[Tile, ...]
    core: Window
    window: Window

    @property
    def frame(self) -> Window:
        """The core and one more pixel on each side: what may lie beside an outline."""
        return self.core.grown(1)


@dataclass(frozen=True, slots=True)
class Strip:
    """Neighbouring windows of one row, and the imagery that they need.

    Attributes:
        windows: from left to right.
        imagery: the part of the extent that is read.
    """

    windows: tuple[SearchWindow, ...]
    imagery: Window


@dataclass(frozen=True, slots=True)
class Shard:
    """What one process claims, finishes and records.

    Attributes:
        number: 0, 1, ... in the order of the grid.
        strips: from the top.
    """

    number: int
    strips: tuple[Strip, ...]

    @property
    def tiles(self) -> Iterator[Tile]:
        """All tiles of the shard in the order in which they are searched."""
        return (tile for strip in self.strips for window in strip.windows for tile in window.tiles)


def strips_of(tiles: Iterable[Tile], layout: Layout) -> Iterator[Strip]:
    """Strips from the top, each from the left; together they hold every tile once.

    Regions wider than ``MOST_COLS`` are searched one after another, each from its top.
    """
    regions: dict[int, dict[int, dict[int, list[Tile]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(list))
    )
    across = max(1, MOST_COLS // (layout.span * layout.core_px))
    for tile in tiles:
        row, col = tile.row // layout.span, tile.col // layout.span
        regions[col // across][row][col].append(tile)
    for region in sorted(regions):
        for row, cols in sorted(regions[region].items()):
            windows = [_window(row, col, cols[col], layout=layout) for col in sorted(cols)]
            for run in _runs(windows):
                yield Strip(tuple(run), _imagery(run, layout.extent))


def shards_of(tiles: Iterable[Tile], layout: Layout, *, least_px: int) -> tuple[Shard, ...]:
    """Cut the strips into shards.

    Args:
        tiles: the job's tiles.
        layout: how they are computed.
        least_px: px of cores that a shard holds at least; only the last may hold fewer.
    """
    shards: list[Shard] = []
    held: list[Strip] = []
    size = 0
    for strip in strips_of(tiles, layout):
        held.append(strip)
        size += sum(len(one.tiles) for one in strip.windows) * layout.core_px**2
        if size >= least_px:
            shards.append(Shard(len(shards), tuple(held)))
            held, size = [], 0
    if held:
        shards.append(Shard(len(shards), tuple(held)))
    return tuple(shards)


def narrowed(windows: Sequence[SearchWindow], extent: Window) -> Strip:
    """A strip of some windows of another: it reads only what they need."""
    return Strip(tuple(windows), _imagery(windows, extent))


def _window(row: int, col: int, tiles: Sequence[Tile], *, layout: Layout) -> SearchWindow:
    side = layout.span * layout.core_px
    core = Window(row * side, col * side, side, side)
    return SearchWindow(
        tiles=tuple(sorted(tiles, key=lambda one: (one.row, one.col))),
        core=core,
        window=search_window(core, layout.extent, margin_px=layout.margin_px),
    )


def _runs(windows: Sequence[SearchWindow]) -> Iterator[list[SearchWindow]]:
    """Split a row where the imagery between two windows is not needed."""
    run: list[SearchWindow] = []
    for one in windows:
        if run and one.window.col > run[-1].window.col + run[-1].window.cols:
            yield run
            run = []
        run.append(one)
    if run:
        yield run


def _imagery(run: Sequence[SearchWindow], extent: Window) -> Window:
    parts = [part for one in run for part in (one.window, one.frame)]
    row, col = min(one.row for one in parts), min(one.col for one in parts)
    last_row = max(one.row + one.rows for one in parts)
    last_col = max(one.col + one.cols for one in parts)
    return Window(row, col, last_row - row, last_col - col).shared(extent)
