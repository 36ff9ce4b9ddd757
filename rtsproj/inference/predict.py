"""One tile: read its window, run the network, keep the core as uint8 probabilities."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry
from torch import nn

from rtsproj.domain.grid import ProjectGrid, Window
from rtsproj.domain.requests import ImagerySource, Scaling
from rtsproj.domain.tiles import Tile
from rtsproj.geometry.grid import search_window
from rtsproj.imagery.mosaic import Mosaic
from rtsproj.imagery.shapes import burn
from rtsproj.learning.backend import Backend
from rtsproj.learning.inputs import common_part, probabilities, read_padded, scaled_values

NO_VALUE = 255
"""Stored value of a pixel without valid imagery or outside the area."""
FULL = 254
"""Stored value of probability 1."""

Values = TypeVar("Values", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Plan:
    """How tiles are searched.

    Attributes:
        source: imagery.
        scaling: the model's own rule.
        margin_px: px of context on each side of a core.
        area: what is to be mapped, project CRS.
    """

    source: ImagerySource
    scaling: Scaling
    margin_px: int
    area: BaseGeometry


@dataclass(frozen=True, slots=True)
class TileInput:
    """What the network needs of a tile.

    Attributes:
        tile: the tile.
        image: scaled values (bands, rows, cols) of the search window; None without valid pixel.
        window: the search window; it may leave out core pixels beyond the imagery's extent.
        counted: core pixels that are valid and in the area, (rows, cols).
        beside: True beside or outside imagery and area; the core with one more pixel on each side.
    """

    tile: Tile
    image: NDArray[np.float32] | None
    window: Window
    counted: NDArray[np.bool_]
    beside: NDArray[np.bool_]


def read_tile(mosaic: Mosaic, tile: Tile, plan: Plan) -> TileInput:
    """Read what a tile's search needs.

    Raises:
        RtsError, OSError: the imagery cannot be read.
    """
    core, extent = tile.window, plan.source.extent
    frame = core.grown(1)
    open_frame = area_mask(plan.area, frame, plan.source.grid)
    inner = (slice(1, -1), slice(1, -1))
    window = search_window(core, extent, margin_px=plan.margin_px)
    if not open_frame[inner].any():
        return TileInput(tile, None, window, open_frame[inner], ~open_frame)
    pixels = read_padded(mosaic, window, extent)
    valid = _placed(pixels.valid & _mask(window, extent), window, frame)
    if plan.margin_px == 0:
        valid = mosaic.valid(frame)
    open_frame &= valid
    counted = open_frame[inner]
    image = scaled_values(pixels, plan.scaling) if counted.any() else None
    return TileInput(tile, image, window, counted, ~open_frame)


def search_tiles(
    network: nn.Module, inputs: Sequence[TileInput], backend: Backend
) -> list[NDArray[np.uint8]]:
    """Probabilities of the cores of one batch.

    A tile without image still takes its place in the batch, filled with zeros, so that the batch
    has the same shape in every run and a resumed search computes the same bits.

    Returns:
        Per input, (core, core) uint8: 0..254 = probability 0..1, 255 = not searched.
    """
    shape = next(one.image.shape for one in inputs if one.image is not None)
    empty = np.zeros(shape, np.float32)
    images = [empty if one.image is None else one.image for one in inputs]
    found = probabilities(network, images, backend)
    return [
        quantised(_placed(found[n], one.window, one.tile.window), one.counted)
        if one.image is not None
        else np.full(one.counted.shape, NO_VALUE, np.uint8)
        for n, one in enumerate(inputs)
    ]


def quantised(probability: NDArray[np.float32], counted: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Probability 0..1 as 0..254, and 255 where a pixel does not count."""
    values = np.rint(np.clip(probability, 0.0, 1.0) * FULL).astype(np.uint8)
    values[~counted] = NO_VALUE
    return values


def area_mask(area: BaseGeometry, window: Window, grid: ProjectGrid) -> NDArray[np.bool_]:
    """True for pixels of a window whose centre lies in the area."""
    out = np.zeros((window.rows, window.cols), np.uint8)
    near = shapely.intersection(area, shapely.box(*grid.bounds(window)))
    if near.area > 0:
        burn([near], window, grid, value=1, out=out)
    inside: NDArray[np.bool_] = out == 1
    return inside


def _place(core: Window, window: Window) -> tuple[slice, slice]:
    row, col = core.row - window.row, core.col - window.col
    return slice(row, row + core.rows), slice(col, col + core.cols)


def _mask(window: Window, extent: Window) -> NDArray[np.bool_]:
    out = np.zeros((window.rows, window.cols), np.bool_)
    out[_place(common_part(extent, window), window)] = True
    return out


def _placed(values: NDArray[Values], given: Window, wanted: Window) -> NDArray[Values]:
    out = np.zeros((wanted.rows, wanted.cols), values.dtype)
    shared = common_part(given, wanted)
    if shared.rows and shared.cols:
        out[_place(shared, wanted)] = values[_place(shared, given)]
    return out
