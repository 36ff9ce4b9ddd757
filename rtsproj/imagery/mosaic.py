"""Read windows of the project grid from scenes that overlap and do not align.

The first scene in the given order that has a valid pixel wins, pixel by pixel. A scene whose grid
is the project's is read straight; any other is resampled from a padded window of its own grid with
an exact transformation, so that a window read in pieces equals the window read whole.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio.windows
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from rasterio.transform import Affine
from rasterio.warp import reproject, transform_bounds

from rtsproj.domain.grid import ProjectGrid, Window
from rtsproj.domain.scenes import ALPHA, SceneSpec
from rtsproj.errors import RtsError, UsageError
from rtsproj.imagery.safety import Dataset, open_dataset

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
MOST_OPEN = 64
"""Datasets kept open at once."""
ALIGNED_PX = 1e-3
"""px; offset up to which two grids count as one."""
PAD_PX = 4
"""px of a scene's own grid read beyond a window, for the resampling kernel."""
CLEAR = 1
"""Band of a Planet UDM2 file that says clear (1) or not (0)."""


@dataclass(frozen=True, slots=True)
class Pixels:
    """One window of the mosaic.

    Attributes:
        values: (bands, rows, cols) float32 in the scenes' own units; 0 where invalid.
        valid: (rows, cols); True where some scene has a clear pixel.
    """

    values: Floats
    valid: Mask


class BandError(UsageError):
    """A scene lacks a band that the model or the picture needs."""


class Mosaic:
    """Scenes as one raster on the project grid; one thread at a time."""

    def __init__(
        self,
        scenes: Sequence[SceneSpec],
        grid: ProjectGrid,
        bands: Sequence[str],
        *,
        thin: int = 1,
    ) -> None:
        """Prepare the mosaic; files are opened when they are first read.

        Args:
            scenes: in reading order.
            grid: the project grid, or a coarser one for pictures.
            bands: names of the bands to read, in order.
            thin: pixels of a scene that are averaged into one while they are read, along each
                axis; above 1 for pictures on a coarser grid, where overviews are then used.

        Raises:
            BandError: a scene lacks a band.
        """
        for scene in scenes:
            missing = [band for band in bands if band not in scene.bands]
            if missing:
                raise BandError(
                    f"{scene.path} has no band {', '.join(missing)}",
                    hint=f"it has {', '.join(scene.bands)}; name them with --bands",
                )
        self.scenes = tuple(scenes)
        self.grid = grid
        self.bands = tuple(bands)
        self._thin = thin
        self._open: OrderedDict[str, Dataset] = OrderedDict()
        self._reach: dict[int, Window] = {}

    def __enter__(self) -> "Mosaic":
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every file."""
        while self._open:
            self._open.popitem()[1].close()

    def read(self, window: Window) -> Pixels:
        """Read a window; pixels outside every scene are invalid.

        Raises:
            RtsError: a block of a file cannot be read; file and window are named.
        """
        return self.read_traced(window)[0]

    def read_traced(self, window: Window) -> tuple[Pixels, dict[int, int]]:
        """Read a window, and say how many of its pixels each scene gave (scene id -> px)."""
        shape = (len(self.bands), window.rows, window.cols)
        values = np.zeros(shape, np.float32)
        valid = np.zeros((window.rows, window.cols), bool)
        given: dict[int, int] = {}
        for scene in self._meeting(window):
            pixels = self._read_scene(scene, window, self.bands)
            take = pixels.valid & ~valid
            values[:, take] = pixels.values[:, take]
            given[scene.scene_id] = int(take.sum())
            valid |= take
            if valid.all():
                break
        return Pixels(values, valid), given

    def valid(self, window: Window) -> Mask:
        """Where some scene has a clear pixel; (rows, cols)."""
        return self.read(window).valid

    def _meeting(self, window: Window) -> list[SceneSpec]:
        return [scene for scene in self.scenes if self._reach_of(scene).meets(window)]

    def _reach_of(self, scene: SceneSpec) -> Window:
        if scene.scene_id not in self._reach:
            dataset = self._dataset(scene.path)
            bounds = dataset.bounds
            if not _same_crs(dataset, self.grid):
                bounds = transform_bounds(dataset.crs, self.grid.crs, *bounds, densify_pts=21)
            left, bottom, right, top = bounds
            size = self.grid.pixel_m
            col = floor((left - self.grid.origin_x) / size) - 1
            row = floor((self.grid.origin_y - top) / size) - 1
            last_col = ceil((right - self.grid.origin_x) / size) + 1
            last_row = ceil((self.grid.origin_y - bottom) / size) + 1
            self._reach[scene.scene_id] = Window(row, col, last_row - row, last_col - col)
        return self._reach[scene.scene_id]

    def _dataset(self, path: str) -> Dataset:
        if path in self._open:
            self._open.move_to_end(path)
        else:
            self._open[path] = open_dataset(Path(path))
            if len(self._open) > MOST_OPEN:
                self._open.popitem(last=False)[1].close()
        return self._open[path]

    def _read_scene(self, scene: SceneSpec, window: Window, bands: Sequence[str]) -> Pixels:
        dataset = self._dataset(scene.path)
        try:
            source, transform = _source_window(dataset, self.grid, window)
            if source is None:
                empty = np.zeros((len(bands), window.rows, window.cols), np.float32)
                return Pixels(empty, np.zeros((window.rows, window.cols), bool))
            thin = min(self._thin, max(1, int(source.width) // window.cols))
            native = self._native(scene, source, bands, thin=thin)
            rows, cols = native.valid.shape
            transform = transform @ Affine.scale(source.width / cols, source.height / rows)
            if _is_aligned(dataset, self.grid):
                return _placed(native, dataset, source, window=window, grid=self.grid)
            return _resampled(native, dataset, transform, window=window, grid=self.grid)
        except (RasterioError, ValueError) as error:
            raise RtsError(
                f"{scene.path}: pixels near row {window.row}, column {window.col} of the grid "
                f"cannot be read ({error})",
                hint="the file is damaged: copy it again, or withdraw the scene",
            ) from error

    def _native(
        self,
        scene: SceneSpec,
        source: rasterio.windows.Window,
        bands: Sequence[str],
        *,
        thin: int,
    ) -> Pixels:
        """A window of the scene's own grid with its mask."""
        dataset = self._dataset(scene.path)
        wanted = bands or [next(band for band in scene.bands if band != ALPHA)]
        numbers = [scene.bands.index(band) + 1 for band in wanted]
        size = (ceil(source.height / thin), ceil(source.width / thin))
        part = {"window": source, "out_shape": size}
        values = dataset.read(
            numbers,
            window=source,
            out_shape=(len(numbers), *size),
            out_dtype="float32",
            resampling=Resampling.average,
        )
        valid = np.isfinite(values).all(axis=0)
        if scene.nodata is not None and np.isfinite(scene.nodata):
            valid &= ~(values == np.float32(scene.nodata)).all(axis=0)
        if ALPHA in scene.bands:
            valid &= dataset.read(scene.bands.index(ALPHA) + 1, **part) > 0
        if scene.mask_path is not None:
            valid &= self._dataset(scene.mask_path).read(CLEAR, **part) == 1
        values[:, ~valid] = 0
        return Pixels(values[: len(bands)], valid)


def _same_crs(dataset: Dataset, grid: ProjectGrid) -> bool:
    return bool(dataset.crs == rasterio.crs.CRS.from_user_input(grid.crs))


def _is_aligned(dataset: Dataset, grid: ProjectGrid) -> bool:
    """True where the scene's pixels are the grid's pixels."""
    own: Any = dataset.transform
    if not _same_crs(dataset, grid):
        return False
    side = max(dataset.width, dataset.height)
    if abs(own.a - grid.pixel_m) * side > ALIGNED_PX * grid.pixel_m:
        return False
    if abs(own.e + grid.pixel_m) * side > ALIGNED_PX * grid.pixel_m:
        return False
    shifts = ((own.c - grid.origin_x) / grid.pixel_m, (grid.origin_y - own.f) / grid.pixel_m)
    return all(abs(shift - round(shift)) <= ALIGNED_PX for shift in shifts)


def _source_window(
    dataset: Dataset, grid: ProjectGrid, window: Window
) -> tuple[rasterio.windows.Window | None, Any]:
    """The part of the scene's own grid that a window needs, with its transform; None = none."""
    bounds = grid.bounds(window)
    aligned = _is_aligned(dataset, grid)
    if not _same_crs(dataset, grid):
        bounds = transform_bounds(grid.crs, dataset.crs, *bounds, densify_pts=21)
    left, bottom, right, top = bounds
    own: Any = dataset.transform
    if aligned:
        col = round((left - own.c) / own.a)
        row = round((top - own.f) / own.e)
        last_col, last_row = col + window.cols, row + window.rows
    else:
        col = floor((left - own.c) / own.a) - PAD_PX
        row = floor((top - own.f) / own.e) - PAD_PX
        last_col = ceil((right - own.c) / own.a) + PAD_PX
        last_row = ceil((bottom - own.f) / own.e) + PAD_PX
    col, row = max(0, col), max(0, row)
    last_col, last_row = min(dataset.width, last_col), min(dataset.height, last_row)
    if last_col <= col or last_row <= row:
        return None, None
    source = rasterio.windows.Window(col, row, last_col - col, last_row - row)
    return source, own @ Affine.translation(col, row)


def _placed(
    native: Pixels,
    dataset: Dataset,
    source: rasterio.windows.Window,
    *,
    window: Window,
    grid: ProjectGrid,
) -> Pixels:
    """Put an aligned part where it lies in the window."""
    own: Any = dataset.transform
    left, _, _, top = grid.bounds(window)
    col = source.col_off - round((left - own.c) / own.a)
    row = source.row_off - round((top - own.f) / own.e)
    values = np.zeros((native.values.shape[0], window.rows, window.cols), np.float32)
    valid = np.zeros((window.rows, window.cols), bool)
    rows, cols = native.valid.shape
    values[:, row : row + rows, col : col + cols] = native.values
    valid[row : row + rows, col : col + cols] = native.valid
    return Pixels(values, valid)


def _resampled(
    native: Pixels, dataset: Dataset, transform: Any, *, window: Window, grid: ProjectGrid
) -> Pixels:
    """Bilinear values, nearest validity; exact, so that it does not depend on the window."""
    left, _, _, top = grid.bounds(window)
    target: Any = Affine(grid.pixel_m, 0.0, left, 0.0, -grid.pixel_m, top)
    how = {
        "src_transform": transform,
        "src_crs": dataset.crs,
        "dst_transform": target,
        "dst_crs": grid.crs,
        "tolerance": 0.0,
    }
    shape = (window.rows, window.cols)
    known = np.zeros(shape, np.uint8)
    reproject(native.valid.astype(np.uint8), known, resampling=Resampling.nearest, **how)
    values = np.zeros((native.values.shape[0], *shape), np.float32)
    for number, band in enumerate(native.values):
        filled = np.where(native.valid, band, np.nan).astype(np.float32)
        out = np.full(shape, np.nan, np.float32)
        reproject(
            filled,
            out,
            resampling=Resampling.bilinear,
            src_nodata=np.nan,
            dst_nodata=np.nan,
            **how,
        )
        values[number] = out
    valid = (known == 1) & np.isfinite(values).all(axis=0)
    values[:, ~valid] = 0
    return Pixels(values, valid)
