"""Rasters of what the network shall answer: 1 slump, 0 background, 254 and 255 as in losses."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray

from rtsproj.domain.grid import ProjectGrid, Window
from rtsproj.domain.labels import Polarity, Subset, TrainingLabel
from rtsproj.domain.requests import Split
from rtsproj.geometry.grid import block_of, window_of
from rtsproj.imagery.shapes import burn
from rtsproj.learning.losses import IGNORED, UNLABELLED
from rtsproj.settings import TrainSettings

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

FARTHEST_PX = 4096
"""px; ground further from every label than this is never taken as looked at."""


class LabelIndex:
    """Labels of a training set with their outlines, found by place."""

    def __init__(
        self, labels: Sequence[TrainingLabel], grid: ProjectGrid, settings: TrainSettings
    ) -> None:
        self.labels = tuple(labels)
        self.outlines: tuple[BaseGeometry, ...] = tuple(
            shapely.from_wkb([label.wkb for label in self.labels]).tolist() if labels else ()
        )
        self._grid = grid
        self._collar_m = settings.collar_px * grid.pixel_m
        self._background_m = settings.background_m
        self._known: tuple[BaseGeometry, ...] = tuple(
            shapely.buffer(self.outlines, settings.background_m, quad_segs=4).tolist()
            if labels
            else ()
        )
        self._tree = shapely.STRtree(self.outlines)

    def window(self, index: int, *, buffer_m: float) -> Window:
        """The label's bounding rectangle grown by ``buffer_m``, in whole pixels."""
        left, bottom, right, top = self.outlines[index].bounds
        grown = (left - buffer_m, bottom - buffer_m, right + buffer_m, top + buffer_m)
        return window_of(self._grid, grown)

    def pixel(self, index: int) -> tuple[int, int]:
        """(row, col) of a point that lies on the label."""
        point = shapely.point_on_surface(self.outlines[index])
        row = (self._grid.origin_y - shapely.get_y(point)) / self._grid.pixel_m
        col = (shapely.get_x(point) - self._grid.origin_x) / self._grid.pixel_m
        return int(np.floor(row)), int(np.floor(col))

    def subset(self, index: int, split: Split) -> Subset:
        """Side of the split: that of the block which the label's point lies in."""
        block = block_of(*self.pixel(index), split.block_px)
        return Subset.VALIDATION if block in set(split.validation) else Subset.TRAIN

    def meeting(self, window: Window) -> tuple[int, ...]:
        """Labels whose outline meets a window, ascending."""
        frame = shapely.box(*self._grid.bounds(window))
        return tuple(sorted(self._tree.query(frame, predicate="intersects").tolist()))

    def target(self, window: Window) -> NDArray[np.uint8]:
        """What the labels say of a window's pixels.

        Unlabelled ground comes first, then what lies near a label, then ignored places, then
        slumps, then the collars of mined outlines, so that an accepted outline wins over an open
        candidate, and its uncertain rim over both.

        Returns:
            (rows, cols) uint8 of 0, 1, 254 and 255.
        """
        out = np.full((window.rows, window.cols), UNLABELLED, np.uint8)
        reach_px = int(np.ceil(self._background_m / self._grid.pixel_m))
        near = self.meeting(window.grown(2 + min(reach_px, FARTHEST_PX)))
        known = [self._known[i] for i in near if self.labels[i].polarity is not Polarity.IGNORE]
        if known:
            burn(known, window, self._grid, value=0, out=out)
        for polarity, value in ((Polarity.IGNORE, IGNORED), (Polarity.POSITIVE, 1)):
            shown = [self.outlines[i] for i in near if self.labels[i].polarity is polarity]
            if shown:
                burn(shown, window, self._grid, value=value, out=out)
        mined = [i for i in near if self._is_mined(i)]
        if mined and self._collar_m > 0:
            collars = [self.outlines[i].boundary.buffer(self._collar_m) for i in mined]
            burn(collars, window, self._grid, value=IGNORED, out=out)
        return out

    def _is_mined(self, index: int) -> bool:
        label = self.labels[index]
        return label.polarity is Polarity.POSITIVE and label.origin == "accepted"


def in_validation(window: Window, split: Split) -> NDArray[np.bool_]:
    """True for pixels whose block is kept for validation, (rows, cols)."""
    kept = set(split.validation)
    rows = (window.row + np.arange(window.rows)) // split.block_px
    cols = (window.col + np.arange(window.cols)) // split.block_px
    row_ids, row_at = np.unique(rows, return_inverse=True)
    col_ids, col_at = np.unique(cols, return_inverse=True)
    table = np.array([[(int(r), int(c)) in kept for c in col_ids] for r in row_ids], np.bool_)
    return table.reshape(len(row_ids), len(col_ids))[np.ix_(row_at, col_at)]
