"""Read windows of the project grid from scenes that overlap and do not align.

The first scene in the given order that has a valid pixel wins, pixel by pixel. A scene whose grid
is the project's is read straight; any other is resampled from a padded window of its own grid with
an exact transformation, so that a window read in pieces equals the window read whole.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio.windows
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from rasterio.transform import Affine
from rasterio.warp import reproject

from rtsproj.domain.grid import ProjectGrid, Window
from rtsproj.domain.places import place_of
from rtsproj.domain.scenes import ALPHA, SceneSpec
from rtsproj.errors import RtsError, UsageError
from rtsproj.imagery.alignment import Lie, lie_of, source_window
from rtsproj.imagery.objects.allowed import require_allowed
from rtsproj.imagery.objects.reader import ObjectError
from rtsproj.imagery.safety import Dataset, open_dataset
from rtsproj.imagery.validity import known_pixels

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Raw = npt.NDArray[Any]
"""Pixels in their own data type."""
MOST_OPEN = 64
"""Datasets kept open at once."""
MOST_BLOCK_ROWS = 2048
"""px; taller blocks are not waited for: reading to their end would hold too much."""
CLEAR = 1
"""Band of a Planet UDM2 file that says clear (1) or not (0)."""
_PIECE_BYTES = 64 << 20
"""Bytes of a scene that are decoded at once."""
_RESAMPLED_PX = 2048
"""px; side of what is resampled at once."""
_EXACT = ("uint8", "uint16", "int16")
"""Data types that float32 holds exactly, so that they may be kept as they are."""


@dataclass(frozen=True, slots=True)
class Pixels:
    """One window of the mosaic.

    Attributes:
        values: (bands, rows, cols) float32 in the scenes' own units; 0 where invalid.
        valid: (rows, cols); True where some scene has a clear pixel.
    """

    values: Floats
    valid: Mask


@dataclass(frozen=True, slots=True)
class Reading:
    """How a mosaic is read.

    Attributes:
        threads: threads that decode the blocks of one read.
        stopping: asked between pieces of a long read; True ends it with ``ReadStopped``.
    """

    threads: int = 1
    stopping: Callable[[], bool] = bool


class BandError(UsageError):
    """A scene lacks a band that the model or the picture needs."""


class ReadStopped(Exception):  # noqa: N818  a wish, not an error
    """A long read was given up because nobody waits for it any more."""


class Mosaic:
    """Scenes as one raster on the project grid; one thread at a time."""

    def __init__(
        self,
        scenes: Sequence[SceneSpec],
        grid: ProjectGrid,
        bands: Sequence[str],
        *,
        thin: int = 1,
        how: Reading = Reading(),
    ) -> None:
        """Prepare the mosaic; files are opened when they are first read.

        Args:
            scenes: in reading order.
            grid: the project grid, or a coarser one for pictures.
            bands: names of the bands to read, in order.
            thin: pixels of a scene that are averaged into one while they are read, along each
                axis; above 1 for pictures on a coarser grid, where overviews are then used.
            how: threads, and what ends a long read.

        Raises:
            BandError: a scene lacks a band. UsageError: one lies where this machine may not read.
        """
        require_allowed(place_of(scene.path) for scene in scenes)
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
        self._how = how
        self._open: OrderedDict[str, Dataset] = OrderedDict()
        self._lies: dict[int, Lie] = {}

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
        values = np.empty((len(self.bands), window.rows, window.cols), np.float32)
        valid = np.empty((window.rows, window.cols), bool)
        given = self.read_into(window, values, valid)
        return Pixels(values, valid), given

    def read_into(self, window: Window, values: Raw, valid: Mask) -> dict[int, int]:
        """Read a window into arrays, whatever they hold.

        Args:
            window: which pixels.
            values: (bands, rows, cols) of float32 or of ``dtype_of`` the window.
            valid: (rows, cols).

        Returns:
            Pixels that each scene gave, by scene id.

        Raises:
            RtsError: a block of a file cannot be read; file and window are named.
        """
        valid[:] = False
        given: dict[int, int] = {}
        for scene in self._meeting(window):
            given[scene.scene_id] = 0
            for part in self._parts(scene, window, values.dtype):
                if self._how.stopping():
                    raise ReadStopped
                at = part.within(window)
                count = self._laid(scene, part, values[(slice(None), *at)], valid[at])
                given[scene.scene_id] += count
            if valid.all():
                return given
        np.copyto(values, 0, where=~valid)
        return given

    def valid(self, window: Window) -> Mask:
        """Where some scene has a clear pixel; (rows, cols)."""
        return self.read(window).valid

    def dtype_of(self, window: Window) -> np.dtype[Any]:
        """Data type that holds a window exactly: the scenes' own where nothing is resampled."""
        meeting = self._meeting(window)
        kinds = {scene.dtype for scene in meeting}
        if len(kinds) != 1 or not kinds <= set(_EXACT):
            return np.dtype(np.float32)
        if not all(self._lie(scene).aligned for scene in meeting):
            return np.dtype(np.float32)
        return np.dtype(kinds.pop())

    def block_end(self, window: Window) -> int:
        """Row at which the blocks end that the last row of a window lies in.

        Reading to there decodes them once. Where scenes disagree, or where blocks are taller than
        ``MOST_BLOCK_ROWS``, it is the end of the window.
        """
        end = window.row + window.rows
        ends = set()
        for scene in self._meeting(window):
            lie = self._lie(scene)
            if not lie.aligned or lie.block_rows > MOST_BLOCK_ROWS:
                return end
            ends.add(lie.row - (lie.row - end) // lie.block_rows * lie.block_rows)
        return ends.pop() if len(ends) == 1 else end

    def _meeting(self, window: Window) -> list[SceneSpec]:
        return [scene for scene in self.scenes if self._lie(scene).reach.meets(window)]

    def _lie(self, scene: SceneSpec) -> Lie:
        if scene.scene_id not in self._lies:
            self._lies[scene.scene_id] = lie_of(self._dataset(scene.path), self.grid)
        return self._lies[scene.scene_id]

    def _dataset(self, path: str) -> Dataset:
        if path in self._open:
            self._open.move_to_end(path)
        else:
            self._open[path] = open_dataset(
                place_of(path), threads=self._how.threads, stopping=self._how.stopping
            )
            if len(self._open) > MOST_OPEN:
                self._open.popitem(last=False)[1].close()
        return self._open[path]

    def _parts(self, scene: SceneSpec, window: Window, dtype: np.dtype[Any]) -> Iterator[Window]:
        """Pieces of a window that a scene reaches, for one read each."""
        lie = self._lie(scene)
        shared = lie.reach.shared(window)
        if not lie.aligned:
            return _tiled(shared, _RESAMPLED_PX)
        dataset = self._dataset(scene.path)
        whole = Window(lie.row, lie.col, dataset.height, dataset.width).shared(shared)
        if not (whole.rows and whole.cols):
            return iter(())
        per_px = dtype.itemsize * (len(self.bands) + 1)
        return _pieces(whole, lie, width=dataset.width, most_px=_PIECE_BYTES // per_px)

    def _laid(self, scene: SceneSpec, part: Window, values: Raw, valid: Mask) -> int:
        """Lay a scene under what is valid already; returns how many pixels it gave."""
        is_first = not valid.any()
        try:
            found = self._pixels(scene, part, values if is_first else np.empty_like(values))
        except ObjectError as error:
            if self._how.stopping():
                raise ReadStopped from error
            raise
        except (RasterioError, ValueError) as error:
            raise RtsError(
                f"{scene.path}: pixels near row {part.row}, column {part.col} of the grid "
                f"cannot be read ({error})",
                hint="the file is damaged: copy it again, or withdraw the scene",
            ) from error
        if found is None:
            return 0
        pixels, known = found
        if is_first:
            if pixels is not values:
                values[:] = pixels
            valid[:] = known
            return int(np.count_nonzero(known))
        take = known & ~valid
        np.copyto(values, pixels, where=take)
        valid |= take
        return int(np.count_nonzero(take))

    def _pixels(self, scene: SceneSpec, part: Window, out: Raw) -> tuple[Raw, Mask] | None:
        """A scene's pixels and which of them are known; read into ``out`` where they may lie."""
        lie = self._lie(scene)
        if not lie.aligned:
            return self._resampled(scene, part)
        source = rasterio.windows.Window(
            part.col - lie.col, part.row - lie.row, part.cols, part.rows
        )
        return self._native(scene, source, out)

    def _resampled(self, scene: SceneSpec, window: Window) -> tuple[Floats, Mask] | None:
        dataset = self._dataset(scene.path)
        place = source_window(dataset, self._lie(scene), self.grid, window)
        if place is None:
            return None
        source, transform = place
        thin = min(self._thin, max(1, int(source.width) // window.cols))
        size = (ceil(source.height / thin), ceil(source.width / thin))
        native = self._native(scene, source, np.empty((len(self.bands), *size), np.float32))
        transform = transform @ Affine.scale(source.width / size[1], source.height / size[0])
        return _warped(native, dataset, transform, window=window, grid=self.grid)

    def _native(
        self, scene: SceneSpec, source: rasterio.windows.Window, out: Raw
    ) -> tuple[Raw, Mask]:
        """A window of the scene's own grid, thinned to the size of ``out``, with its mask."""
        dataset, size = self._dataset(scene.path), out.shape[1:]
        wanted = self.bands or (next(band for band in scene.bands if band != ALPHA),)
        numbers = [scene.bands.index(band) + 1 for band in wanted]
        part = {"window": source, "out_shape": size}
        into = out if self.bands else np.empty((1, *size), out.dtype)
        values = dataset.read(numbers, window=source, out=into, resampling=Resampling.average)
        valid = known_pixels(values, scene.nodata)
        if ALPHA in scene.bands:
            valid &= dataset.read(scene.bands.index(ALPHA) + 1, **part) > 0
        if scene.mask_path is not None:
            valid &= self._dataset(scene.mask_path).read(CLEAR, **part) == 1
        return out, valid


def _pieces(window: Window, lie: Lie, *, width: int, most_px: int) -> Iterator[Window]:
    """Cut a window into pieces that end where blocks end, few enough pixels each.

    Strips, and blocks as wide as the file, are cut across; tiles are cut along their rows.
    """
    if lie.block_cols >= width:
        rows = max(1, most_px // max(1, window.cols) // lie.block_rows) * lie.block_rows
        for first, last in _cuts(window.row, window.rows, start=lie.row, step=rows):
            yield Window(first, window.col, last - first, window.cols)
        return
    cols = max(1, most_px // max(1, window.rows) // lie.block_cols) * lie.block_cols
    for first, last in _cuts(window.col, window.cols, start=lie.col, step=cols):
        yield Window(window.row, first, window.rows, last - first)


def _cuts(first: int, length: int, *, start: int, step: int) -> Iterator[tuple[int, int]]:
    """Cut [first, first + length) at start + k * step."""
    end = first + length
    while first < end:
        last = min(end, start + ((first - start) // step + 1) * step)
        yield first, last
        first = last


def _tiled(window: Window, side: int) -> Iterator[Window]:
    for row in range(window.row, window.row + window.rows, side):
        for col in range(window.col, window.col + window.cols, side):
            yield Window(row, col, side, side).shared(window)


def _warped(
    native: tuple[Raw, Mask], dataset: Dataset, transform: Any, *, window: Window, grid: ProjectGrid
) -> tuple[Floats, Mask]:
    """Bilinear values, nearest validity; exact, so that it does not depend on the window."""
    given, is_valid = native
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
    reproject(is_valid.astype(np.uint8), known, resampling=Resampling.nearest, **how)
    values = np.zeros((given.shape[0], *shape), np.float32)
    for number, band in enumerate(given):
        filled = np.where(is_valid, band, np.nan).astype(np.float32)
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
    return values, (known == 1) & np.isfinite(values).all(axis=0)
