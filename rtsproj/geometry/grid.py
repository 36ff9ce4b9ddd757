"""Windows of the project grid: exact cover, search windows, blocks."""

from collections.abc import Iterator
from math import ceil, floor

import shapely
from shapely.geometry.base import BaseGeometry

from rtsproj.domain.grid import ProjectGrid, Window
from rtsproj.errors import UsageError

TOLERANCE_PX = 1e-6
"""px; what floating point may add to an edge that lies on a pixel border."""
STEP_PX = 64
"""px; sides of blended windows are multiples of this, so that half of one suits every network."""


def axis_offsets(length: int, side: int, *, overlap: int) -> tuple[int, ...]:
    """Place windows along one axis so that each pixel is covered and none lies outside.

    Args:
        length: px along the axis; a window longer than it starts at 0 and is padded.
        side: px along a window.
        overlap: px that neighbours share at least, 0 <= overlap < side.

    Returns:
        Ascending offsets in px; the last window ends at ``length`` exactly (method 6.1).

    Raises:
        UsageError: the windows cannot be placed.
    """
    if length < 1 or not 0 <= overlap < side:
        raise UsageError(
            f"cannot place windows of {side} px with {overlap} px overlap on {length} px",
            hint="choose overlap < side",
        )
    last = max(0, length - side)
    return (*range(0, last, side - overlap), last)


def tiles_over(extent: Window, core_px: int) -> Iterator[tuple[int, int]]:
    """(row, col) of every tile that meets the extent, row by row."""
    for row in range(extent.row // core_px, -(-(extent.row + extent.rows) // core_px)):
        for col in range(extent.col // core_px, -(-(extent.col + extent.cols) // core_px)):
            yield row, col


def search_window(core: Window, extent: Window, *, margin_px: int) -> Window:
    """The core with its margin, shifted inward to stay in the extent.

    The size is always core + 2 margins; where the extent is smaller than that, the window is
    centred on the extent and the caller pads (stack 5.2: shift, do not pad).
    """
    grown = core.grown(margin_px)
    return Window(
        _shifted(grown.row, grown.rows, extent.row, extent.rows),
        _shifted(grown.col, grown.cols, extent.col, extent.cols),
        grown.rows,
        grown.cols,
    )


def require_blend(side_px: int, *, core_px: int) -> None:
    """Refuse sides that do not fit the tiles.

    Args:
        side_px: of a blended window; 0 = windows are not blended.
        core_px: side of a tile.

    Raises:
        UsageError: windows of half that distance do not end where tiles end.
    """
    if side_px and (side_px % STEP_PX or core_px % (side_px // 2)):
        fitting = [px for px in range(STEP_PX, 2 * core_px + 1, STEP_PX) if not core_px % (px // 2)]
        raise UsageError(
            f"infer.blend_px = {side_px} does not fit grid.core_px = {core_px}",
            hint=f"set it to 0 (off) or one of {', '.join(map(str, fitting)) or 'none'}",
        )


def window_of(grid: ProjectGrid, bounds: tuple[float, float, float, float]) -> Window:
    """The smallest window that holds (left, bottom, right, top), m of the project CRS."""
    left, bottom, right, top = bounds
    col = floor((left - grid.origin_x) / grid.pixel_m + TOLERANCE_PX)
    row = floor((grid.origin_y - top) / grid.pixel_m + TOLERANCE_PX)
    last_col = ceil((right - grid.origin_x) / grid.pixel_m - TOLERANCE_PX)
    last_row = ceil((grid.origin_y - bottom) / grid.pixel_m - TOLERANCE_PX)
    return Window(row, col, max(1, last_row - row), max(1, last_col - col))


def block_of(row: int, col: int, block_px: int) -> tuple[int, int]:
    """Block of the spatial split that holds a pixel."""
    return row // block_px, col // block_px


def pixel_on(grid: ProjectGrid, outline: BaseGeometry) -> tuple[int, int]:
    """(row, col) of a point that lies on an outline of the project CRS."""
    point = shapely.point_on_surface(outline)
    row = floor((grid.origin_y - shapely.get_y(point)) / grid.pixel_m)
    return row, floor((shapely.get_x(point) - grid.origin_x) / grid.pixel_m)


def _shifted(start: int, size: int, low: int, length: int) -> int:
    if length <= size:
        return low - (size - length) // 2
    return min(max(start, low), low + length - size)
