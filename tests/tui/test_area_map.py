"""The map's canvas at any size and of any view, also far from the area; the tile map's scale."""

import numpy as np
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rtsproj.tui.widgets.area_map import Layer, View, draw_scale, drawn, whole_view
from rtsproj.tui.widgets.braille import ACROSS, DOWN
from rtsproj.tui.widgets.tile_map import scale_of
from rtsproj.tui.words import place_text
from rtsproj.workflow.area_map import MapLayers, Points, Tiles, nearest, segments_of
from rtsproj.workflow.search_monitor import TileGrid

SIDE_M = 1e4


def points(count: int) -> Points:
    rng = np.random.default_rng(3)
    x, y = rng.uniform(-SIDE_M, 2 * SIDE_M, (2, count))
    sizes = np.full(count, 60.0)
    states = rng.integers(0, 5, count).astype(np.int8)
    return Points(np.arange(1, count + 1), x, y, sizes, sizes * 40, states)


def layers(count: int, side: int) -> MapLayers:
    """An area, a line that leaves it, points in and beside it, tiles that reach beyond it."""
    states = np.random.default_rng(4).choice([-1, 0, 2, 3, 4], (side, side)).astype(np.int8)
    tiles = Tiles(states, -SIDE_M / 4, SIDE_M * 1.2, 1536.0) if side else None
    area = segments_of([shapely.box(0, 0, SIDE_M, SIDE_M).boundary])
    roads = segments_of([shapely.LineString([(-1e6, 0), (2e6, SIDE_M)])])
    bounds = (0.0, 0.0, SIDE_M, SIDE_M)
    made = points(count)
    return MapLayers("EPSG:32646", bounds, area, roads, segments_of([]), tiles, made, made)


FAR = st.one_of(st.floats(-2e4, 3e4), st.sampled_from([-1e9, 1e9]))


@settings(max_examples=50, deadline=None)
@given(
    x=FAR,
    y=FAR,
    dot_m=st.sampled_from([0.5, 7.0, 300.0, 1e7]),
    size=st.tuples(st.integers(0, 90), st.integers(0, 30)),
    layer=st.sampled_from(Layer),
    count=st.sampled_from([0, 1, 40]),
    side=st.sampled_from([0, 1, 9]),
)
@example(x=1e9, y=1e9, dot_m=0.5, size=(1, 1), layer=Layer.TILES, count=1, side=1)
def test_any_view_is_drawn(
    x: float, y: float, dot_m: float, size: tuple[int, int], layer: Layer, count: int, side: int
) -> None:
    cols, rows = size
    ground = layers(count, side)
    canvas = drawn(ground, View(x, y, dot_m), layer, cols=cols, rows=rows)
    draw_scale(canvas, View(x, y, dot_m))
    assert canvas.characters().shape == (rows, cols)
    place = nearest(ground.candidates, x, y, within_m=4 * dot_m)
    assert place is None or 0 <= place < count
    assert "inf" not in place_text(*ground.lonlat(x, y))


@given(cols=st.integers(0, 300), rows=st.integers(0, 100))
def test_the_whole_view_holds_the_area_at_any_size(cols: int, rows: int) -> None:
    view = whole_view(layers(1, 1), cols=cols, rows=rows)
    if cols > 2 and rows > 2:
        left, bottom, right, top = view.bounds(cols=cols, rows=rows)
        assert left <= 0 < SIDE_M <= right
        assert bottom <= 0 < SIDE_M <= top
        assert view.dot_m * cols * ACROSS >= SIDE_M
        assert view.dot_m * rows * DOWN >= SIDE_M


@given(
    wide=st.integers(1, 3000),
    high=st.integers(1, 3000),
    cols=st.integers(0, 200),
    rows=st.integers(0, 60),
)
def test_every_tile_lies_on_the_tile_map_at_any_size(
    wide: int, high: int, cols: int, rows: int
) -> None:
    corners = np.array([0, high - 1]), np.array([0, wide - 1])
    grid = TileGrid(np.array([1, 2]), corners[0] - 7, corners[1] + 9, np.zeros(2, np.int8))
    scale = scale_of(grid, cols=cols, rows=rows)
    if cols > 1 and rows:
        assert ((high - 1) // scale.rows + 1) * scale.cells_high <= rows
        assert ((wide - 1) // scale.cols + 1) * scale.cells_wide <= cols
