"""Windows, strips and shards hold every tile once, wherever tiles lie."""

from hypothesis import given
from hypothesis import strategies as st

from rtsproj.domain.grid import Window
from rtsproj.domain.tiles import Tile
from rtsproj.inference.strips import without
from rtsproj.inference.windows import MOST_COLS, Layout, shards_of, strips_of

EXTENT = Window(-64, 32, 640, 900)
PLACES = st.sets(st.tuples(st.integers(-1, 8), st.integers(0, 14)), min_size=1, max_size=60)


def tiles_at(places: set[tuple[int, int]], core_px: int = 64) -> list[Tile]:
    return [Tile(n, row, col, core_px) for n, (row, col) in enumerate(sorted(places))]


@given(places=PLACES, span=st.integers(1, 3), margin=st.integers(0, 40), least=st.integers(1, 9))
def test_every_tile_is_in_one_window_of_one_shard(
    places: set[tuple[int, int]], span: int, margin: int, least: int
) -> None:
    tiles = tiles_at(places)
    layout = Layout(64, margin, span, EXTENT).fitted()
    shards = shards_of(tiles, layout, least_px=least * 64 * 64)
    found = [tile.tile_id for shard in shards for tile in shard.tiles]
    assert sorted(found) == [tile.tile_id for tile in tiles]
    assert [one.number for one in shards] == list(range(len(shards)))
    assert all(sum(1 for _ in one.tiles) >= least for one in shards[:-1])
    for shard in shards:
        for strip in shard.strips:
            for one in strip.windows:
                assert (one.window.rows, one.window.cols) == (layout.side, layout.side)
                # what the window needs of the imagery is read with the strip
                needed = one.window.shared(EXTENT)
                assert needed.shared(strip.imagery) == needed
                # cores lie in their window as far as there is imagery
                core = one.core.shared(EXTENT)
                if core.rows and core.cols:
                    assert core.shared(one.window) == core


def test_an_extent_smaller_than_a_window_takes_one_tile_at_a_time() -> None:
    small = Layout(64, 16, 2, Window(0, 0, 100, 900))
    assert small.fitted().span == 1
    assert Layout(64, 16, 2, Window(0, 0, 160, 160)).fitted().span == 2


def test_a_strip_is_neither_wider_than_its_bound_nor_read_over_a_gap() -> None:
    extent = Window(0, 0, 4096, 1 << 20)
    layout = Layout(512, 64, 1, extent)
    wide = list(strips_of([Tile(n, 0, n, 512) for n in range(600)], layout))
    assert sum(len(one.windows) for one in wide) == 600
    assert all(one.imagery.cols <= MOST_COLS + 2 * 64 for one in wide)
    # all rows of a region come before the next region
    two = [Tile(1000 * row + n, row, n, 512) for row in range(2) for n in range(600)]
    starts = [(one.imagery.col, one.imagery.row) for one in strips_of(two, layout)]
    assert len(starts) == 6
    assert starts == sorted(starts)
    apart = list(strips_of([Tile(1, 0, 0, 512), Tile(2, 0, 9, 512)], layout))
    assert [one.imagery.cols for one in apart] == [640, 640]


WINDOWS = st.builds(
    Window, st.integers(0, 9), st.integers(0, 9), st.integers(1, 9), st.integers(1, 9)
)


@given(one=WINDOWS, hole=WINDOWS)
def test_a_window_without_a_hole_is_the_rest_each_pixel_once(one: Window, hole: Window) -> None:
    def pixels(window: Window) -> set[tuple[int, int]]:
        rows = range(window.row, window.row + window.rows)
        cols = range(window.col, window.col + window.cols)
        return {(row, col) for row in rows for col in cols}

    parts = [pixels(part) for part in without(one, hole)]
    assert sum(map(len, parts)) == len(set().union(*parts))
    assert set().union(*parts) == pixels(one) - pixels(hole)
