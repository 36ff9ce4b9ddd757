"""Rasters of what the network shall answer: 1 slump, 0 background, 253 to 255 as in losses."""

from collections.abc import Mapping, Sequence
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from rtsproj.domain.derived import OF_LARGEST
from rtsproj.domain.grid import ProjectGrid, Window
from rtsproj.domain.labels import Polarity, Subset, TrainingLabel
from rtsproj.domain.requests import Split
from rtsproj.geometry.grid import pixel_on, window_of
from rtsproj.imagery.shapes import burn_read, read_corners
from rtsproj.learning.losses import DENIED, IGNORED, UNLABELLED
from rtsproj.settings import TrainSettings

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

FARTHEST_PX = 4096
"""px; ground further from every label than this is never taken as looked at."""
_READ = 4096
"""Shapes whose corners are kept as GDAL takes them: about 10 kB each."""


class _Shape(Enum):
    """Which shape of a label is burnt."""

    KNOWN = "digitised outline with the ground round it that was looked at"
    OUTLINE = "outline"
    COLLAR = "rim of a mined outline"


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
        positives = (
            one.area
            for one, label in zip(self.outlines, self.labels, strict=True)
            if label.polarity is Polarity.POSITIVE
        )
        self._most_m2 = OF_LARGEST * max(positives, default=0.0)
        self._corners = lru_cache(maxsize=_READ)(self._read_corners)

    def window(self, index: int, *, buffer_m: float) -> Window:
        """The label's bounding rectangle grown by ``buffer_m``, in whole pixels."""
        left, bottom, right, top = self.outlines[index].bounds
        grown = (left - buffer_m, bottom - buffer_m, right + buffer_m, top + buffer_m)
        return window_of(self._grid, grown)

    def pixel(self, index: int) -> tuple[int, int]:
        """(row, col) of a point that lies on the label."""
        return pixel_on(self._grid, self.outlines[index])

    def subset(self, index: int, split: Split) -> Subset:
        """Side of the split: that of the block which the label's point lies in."""
        return split.subset(*self.pixel(index))

    def meeting(self, window: Window) -> tuple[int, ...]:
        """Labels whose outline meets a window, ascending."""
        frame = shapely.box(*self._grid.bounds(window))
        return tuple(sorted(self._tree.query(frame, predicate="intersects").tolist()))

    def target(self, window: Window) -> NDArray[np.uint8]:
        """What the labels say of a window's pixels.

        Unlabelled ground comes first, then what lies near a digitised slump, then negatives, then
        ignored places, then slumps, then the collars of mined outlines, so that an accepted outline
        wins over an open candidate, and its uncertain rim over both. The ground round a mined
        outline stays unlabelled: a model may have drawn a part of the slump, and the rest of it
        must not be taught as background.

        Returns:
            (rows, cols) uint8 of 0, 1, 253, 254 and 255.
        """
        out = np.full((window.rows, window.cols), UNLABELLED, np.uint8)
        reach_px = int(np.ceil(self._background_m / self._grid.pixel_m))
        near = self.meeting(window.grown(2 + min(reach_px, FARTHEST_PX)))
        by = {one: [i for i in near if self.labels[i].polarity is one] for one in Polarity}
        mined = [i for i in by[Polarity.POSITIVE] if self._is_mined(i)]
        for shape, labels, value in (
            (_Shape.KNOWN, [i for i in by[Polarity.POSITIVE] if i not in mined], 0),
            (_Shape.OUTLINE, [i for i in by[Polarity.NEGATIVE] if self._is_vast(i)], DENIED),
            (_Shape.OUTLINE, [i for i in by[Polarity.NEGATIVE] if not self._is_vast(i)], 0),
            (_Shape.OUTLINE, by[Polarity.IGNORE], IGNORED),
            (_Shape.OUTLINE, by[Polarity.POSITIVE], 1),
            (_Shape.COLLAR, mined if self._collar_m > 0 else [], IGNORED),
        ):
            found = [self._corners(shape, i) for i in labels]
            burn_read([one for one in found if one], window, self._grid, (value, out))
        return out

    def _read_corners(self, shape: _Shape, index: int) -> Mapping[str, Any] | None:
        """Corners of a label's shape; None where it is empty."""
        if shape is _Shape.KNOWN:
            found = self._known[index]
        elif shape is _Shape.OUTLINE:
            found = self.outlines[index]
        else:
            found = self.outlines[index].boundary.buffer(self._collar_m)
        return None if found.is_empty else read_corners(found)

    def _is_vast(self, index: int) -> bool:
        """True where a negative is a rejected outline in which a slump may lie."""
        is_rejected = self.labels[index].origin == "rejected"
        return is_rejected and self.outlines[index].area > self._most_m2

    def _is_mined(self, index: int) -> bool:
        return self.labels[index].origin == "accepted"


def in_validation(window: Window, split: Split) -> NDArray[np.bool_]:
    """True for pixels whose block is kept for validation, (rows, cols)."""
    kept, side = set(split.validation), split.block_px
    inside = np.zeros((window.rows, window.cols), np.bool_)
    for row in range(window.row // side, (window.row + window.rows - 1) // side + 1):
        for col in range(window.col // side, (window.col + window.cols - 1) // side + 1):
            if (row, col) in kept:
                block = Window(row * side, col * side, side, side).shared(window)
                inside[block.within(window)] = True
    return inside
