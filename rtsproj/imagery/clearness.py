"""How much of a scene is clear: with the date it decides which scene wins where several overlap."""

from collections.abc import Iterator
from contextlib import ExitStack
from math import isfinite
from pathlib import Path

import numpy as np
import rasterio.windows

from rtsproj.domain.scenes import ALPHA
from rtsproj.errors import UsageError
from rtsproj.imagery.safety import Dataset, open_raster
from rtsproj.imagery.validity import known_pixels

OVERVIEW_PX = 512
"""px; side of the decimated read from which clear shares are estimated."""


def clear_share_of(
    dataset: Dataset, bands: tuple[str, ...], nodata: float | None, mask_path: Path | None
) -> float:
    """Share of clear pixels, estimated; 0 only where no pixel at all is clear.

    Args:
        dataset: an open scene.
        bands: its bands in file order; ``alpha`` is a mask.
        nodata: the file's value for missing pixels.
        mask_path: Planet's usable data mask of the scene, if any.

    Raises:
        UsageError: the mask is of another size.
    """
    seen = _seen_share(dataset, bands, nodata, mask_path)
    return seen or _least_share(dataset, bands, nodata, mask_path)


def _seen_share(
    dataset: Dataset, bands: tuple[str, ...], nodata: float | None, mask_path: Path | None
) -> float:
    """Share of clear pixels among the valid ones, from a decimated read."""
    shape = (min(OVERVIEW_PX, dataset.height), min(OVERVIEW_PX, dataset.width))
    first = next(n for n, name in enumerate(bands, start=1) if name != ALPHA)
    values = dataset.read(first, out_shape=shape, out_dtype="float32")
    valid = np.isfinite(values)
    if nodata is not None and isfinite(nodata):
        valid &= values != np.float32(nodata)
    if ALPHA in bands:
        valid &= dataset.read(bands.index(ALPHA) + 1, out_shape=shape) > 0
    if mask_path is None:
        return float(valid.mean())
    with open_raster(mask_path) as mask:
        if (mask.width, mask.height) != (dataset.width, dataset.height):
            raise UsageError(
                f"{mask_path} has {mask.width} x {mask.height} px, its scene "
                f"{dataset.width} x {dataset.height}",
                hint="put the mask of the same scene beside it, or move it away",
            )
        clear = mask.read(1, out_shape=shape) == 1
    return float((clear & valid).sum() / max(1, valid.sum()))


def _least_share(
    dataset: Dataset, bands: tuple[str, ...], nodata: float | None, mask_path: Path | None
) -> float:
    """Share of one pixel where any is clear, else 0: every pixel is read, by the rule of reading.

    The decimated read may miss a few clear pixels, and it sees the first band only.
    """
    numbers = [n for n, name in enumerate(bands, start=1) if name != ALPHA]
    with ExitStack() as stack:
        mask = None if mask_path is None else stack.enter_context(open_raster(mask_path))
        for window in _windows(dataset):
            valid = known_pixels(dataset.read(numbers, window=window), nodata)
            if ALPHA in bands:
                valid &= dataset.read(bands.index(ALPHA) + 1, window=window) > 0
            if mask is not None:
                valid &= mask.read(1, window=window) == 1
            if valid.any():
                return 1.0 / float(dataset.width * dataset.height)
    return 0.0


def _windows(dataset: Dataset) -> Iterator[rasterio.windows.Window]:
    side = 2 * OVERVIEW_PX
    for row in range(0, dataset.height, side):
        for col in range(0, dataset.width, side):
            size = min(side, dataset.width - col), min(side, dataset.height - row)
            yield rasterio.windows.Window(col, row, *size)
