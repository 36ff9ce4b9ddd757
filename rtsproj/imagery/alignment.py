"""How a scene's own pixels lie on the project grid."""

from dataclasses import dataclass
from math import ceil, floor
from typing import Any

import rasterio.windows
from rasterio.crs import CRS
from rasterio.transform import Affine
from rasterio.warp import transform_bounds

from rtsproj.domain.grid import ProjectGrid, Window
from rtsproj.imagery.safety import Dataset

ALIGNED_PX = 1e-3
"""px; offset up to which two grids count as one."""
PAD_PX = 4
"""px of a scene's own grid read beyond a window, for the resampling kernel."""


@dataclass(frozen=True, slots=True)
class Lie:
    """Where a scene lies.

    Attributes:
        reach: window of the grid that holds the scene, one pixel of slack on each side.
        same_crs: True where scene and grid share their CRS.
        aligned: True where the scene's pixels are the grid's pixels.
        row: grid row of the scene's first row, where aligned.
        col: grid column of its first column, where aligned.
        block_rows: px, height of the blocks that the file is decoded in.
        block_cols: px, their width.
    """

    reach: Window
    same_crs: bool
    aligned: bool
    row: int
    col: int
    block_rows: int
    block_cols: int


def lie_of(dataset: Dataset, grid: ProjectGrid) -> Lie:
    """Place an open scene on a grid."""
    own: Any = dataset.transform
    same_crs = bool(dataset.crs == CRS.from_user_input(grid.crs))
    block_rows, block_cols = dataset.block_shapes[0]
    return Lie(
        reach=_reach(dataset, grid, same_crs=same_crs),
        same_crs=same_crs,
        aligned=same_crs and _is_aligned(dataset, grid),
        row=round((grid.origin_y - own.f) / grid.pixel_m),
        col=round((own.c - grid.origin_x) / grid.pixel_m),
        block_rows=int(block_rows),
        block_cols=int(block_cols),
    )


def source_window(
    dataset: Dataset, lie: Lie, grid: ProjectGrid, window: Window
) -> tuple[rasterio.windows.Window, Any] | None:
    """The part of the scene's own grid that resampling a window needs, with its transform.

    Returns:
        None where the scene has no pixel there.
    """
    bounds = grid.bounds(window)
    if not lie.same_crs:
        bounds = transform_bounds(grid.crs, dataset.crs, *bounds, densify_pts=21)
    left, bottom, right, top = bounds
    own: Any = dataset.transform
    col = max(0, floor((left - own.c) / own.a) - PAD_PX)
    row = max(0, floor((top - own.f) / own.e) - PAD_PX)
    last_col = min(dataset.width, ceil((right - own.c) / own.a) + PAD_PX)
    last_row = min(dataset.height, ceil((bottom - own.f) / own.e) + PAD_PX)
    if last_col <= col or last_row <= row:
        return None
    source = rasterio.windows.Window(col, row, last_col - col, last_row - row)
    return source, own @ Affine.translation(col, row)


def _reach(dataset: Dataset, grid: ProjectGrid, *, same_crs: bool) -> Window:
    bounds = dataset.bounds
    if not same_crs:
        bounds = transform_bounds(dataset.crs, grid.crs, *bounds, densify_pts=21)
    left, bottom, right, top = bounds
    size = grid.pixel_m
    col = floor((left - grid.origin_x) / size) - 1
    row = floor((grid.origin_y - top) / size) - 1
    last_col = ceil((right - grid.origin_x) / size) + 1
    last_row = ceil((grid.origin_y - bottom) / size) + 1
    return Window(row, col, last_row - row, last_col - col)


def _is_aligned(dataset: Dataset, grid: ProjectGrid) -> bool:
    own: Any = dataset.transform
    side = max(dataset.width, dataset.height)
    if abs(own.a - grid.pixel_m) * side > ALIGNED_PX * grid.pixel_m:
        return False
    if abs(own.e + grid.pixel_m) * side > ALIGNED_PX * grid.pixel_m:
        return False
    shifts = ((own.c - grid.origin_x) / grid.pixel_m, (grid.origin_y - own.f) / grid.pixel_m)
    return all(abs(shift - round(shift)) <= ALIGNED_PX for shift in shifts)
