"""Windows and tiles cover exactly: no gap, none beyond."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtsproj.domain.grid import ProjectGrid, Window
from rtsproj.errors import UsageError
from rtsproj.geometry.grid import axis_offsets, search_window, tiles_over, window_of

TABLE = [
    (300, 1, 0),
    (512, 1, 0),
    (513, 2, 1),
    (896, 2, 384),
    (897, 3, 385),
    (1000, 3, 488),
    (18_713, 49, 18_201),
    (30_916, 81, 30_404),
]
PLACE = st.integers(-2000, 2000)
LENGTH = st.integers(1, 900)


@pytest.mark.parametrize(("length", "count", "last"), TABLE)
def test_worked_values_of_tile_starts(length: int, count: int, last: int) -> None:
    offsets = axis_offsets(length, 512, overlap=128)
    assert (len(offsets), offsets[0], offsets[-1]) == (count, 0, last)


@given(side=st.integers(1, 64), extra=st.integers(0, 300), overlap=st.integers(0, 63))
def test_every_pixel_is_covered_and_none_beyond(side: int, extra: int, overlap: int) -> None:
    length, overlap = side + extra, overlap % side
    offsets = axis_offsets(length, side, overlap=overlap)
    covered = {px for start in offsets for px in range(start, start + side)}
    assert covered == set(range(length))
    assert list(offsets) == sorted(set(offsets))


def test_windows_that_cannot_be_placed_are_refused() -> None:
    with pytest.raises(UsageError, match="cannot place"):
        axis_offsets(10, 4, overlap=4)


@given(row=PLACE, col=PLACE, rows=LENGTH, cols=LENGTH, core=st.integers(16, 300))
def test_tiles_cover_an_extent_exactly(row: int, col: int, rows: int, cols: int, core: int) -> None:
    extent = Window(row, col, rows, cols)
    tiles = list(tiles_over(extent, core))
    assert len(set(tiles)) == len(tiles)
    windows = [Window(r * core, c * core, core, core) for r, c in tiles]
    assert all(one.meets(extent) for one in windows)
    shared = sum(
        (min(w.row + core, row + rows) - max(w.row, row))
        * (min(w.col + core, col + cols) - max(w.col, col))
        for w in windows
    )
    assert shared == rows * cols


@given(row=PLACE, col=PLACE, rows=LENGTH, cols=LENGTH, margin=st.integers(0, 80))
def test_a_search_window_keeps_its_size_and_holds_its_core(
    row: int, col: int, rows: int, cols: int, margin: int
) -> None:
    extent = Window(row, col, rows, cols)
    tile_row, tile_col = next(iter(tiles_over(extent, 128)))
    core = Window(tile_row * 128, tile_col * 128, 128, 128)
    found = search_window(core, extent, margin_px=margin)
    assert (found.rows, found.cols) == (128 + 2 * margin, 128 + 2 * margin)
    if rows >= found.rows:
        assert row <= found.row <= row + rows - found.rows
        assert found.row <= max(core.row, row)


def test_a_window_of_bounds_is_rounded_outward() -> None:
    grid = ProjectGrid("EPSG:32646", 3.0, 1000.0, 2000.0)
    assert window_of(grid, (1003.0, 1990.9999999, 1009.0, 1997.0)) == Window(1, 1, 2, 2)
    assert window_of(grid, (1002.9, 1990.9, 1009.1, 1997.1)) == Window(0, 0, 4, 4)
    assert window_of(grid, grid.bounds(Window(-3, 5, 7, 2))) == Window(-3, 5, 7, 2)


@given(row=PLACE, col=PLACE, rows=LENGTH, cols=LENGTH, frame_row=PLACE, frame_col=PLACE)
def test_a_window_that_reaches_out_of_a_frame_has_no_place_in_it(
    row: int, col: int, rows: int, cols: int, frame_row: int, frame_col: int
) -> None:
    window, frame = Window(row, col, rows, cols), Window(frame_row, frame_col, 900, 900)
    if window.shared(frame) == window:
        down, across = window.within(frame)
        assert (down.start, down.stop) == (row - frame_row, row - frame_row + rows)
        assert (across.start, across.stop) == (col - frame_col, col - frame_col + cols)
    else:
        with pytest.raises(ValueError, match="reaches out"):
            window.within(frame)
