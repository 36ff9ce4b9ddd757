"""Surfaces in imagery: an outline together with the adjoining ground that looks the same.

Extending is not right for every landscape. The tolerance is the one that takes parts of digitised
slumps nearest to their outlines; where no tolerance does, nothing shall be extended.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from rtsproj.domain.extension import LEAST_GAIN, Trial
from rtsproj.domain.grid import Window
from rtsproj.domain.labels import seeded_hash
from rtsproj.domain.requests import ImagerySource
from rtsproj.errors import RtsError
from rtsproj.geometry.grid import window_of
from rtsproj.geometry.outlines import close_gaps, smooth_pixels, to_crs
from rtsproj.imagery.alike import Floats, Mask, SmoothImage, extended, meets_edge, unlikeness
from rtsproj.imagery.mosaic import Mosaic
from rtsproj.imagery.shapes import AreaMask, burn, polygonise
from rtsproj.learning.inputs import scaled_values

TOLERANCES = (2.0, 3.0, 4.0)
"""Spreads that are tried. Quarters of the ponds of four dates (mean IoU .25) get .74 to .88 with 2,
.80 to .89 with 3 and 4; those of nine slumps at Peel .51, .48 and .44, of which 3 %, 20 % and 29 %
get worse (``pytest -m soak tests/journeys/test_surfaces.py -s``)."""
MOST_KNOWN = 40
"""Digitised slumps that a tolerance is tried on; of more, a repeatable sample."""
LEAST_PX = 12
"""px; a smaller digitised slump has no parts to try."""
REACHES = (64, 128, 256)
"""px of ground around an outline that are read; the next where the ground goes on at the border.
Ground that goes on beyond the last is no slump: the outline stays as it is."""
MOST_PX = 1 << 22
"""px of a window in memory, 0.3 GB with all that is computed: a larger outline is no slump."""
STABLE, STEP, STEPS = 2.0, 0.75, 3
"""An extended outline counts where it is at most twice as large as with three quarters of the
tolerance; else the lower one is tried, up to three times. Ground that runs out over a weak border
grows by more: half of what was extended from false outlines on ponds, a tenth of the others."""
_GAP_PX = 2.0
"""px; parts of one surface that are this near to each other are one outline."""


@dataclass(frozen=True, slots=True)
class Surface:
    """An extended outline.

    Attributes:
        outline: project CRS.
        at_edge: True beside missing imagery or on the border of the area.
    """

    outline: BaseGeometry
    at_edge: bool


@dataclass(frozen=True, slots=True)
class _Around:
    """An outline in its imagery.

    Attributes:
        window: of the grid.
        unlike: (rows, cols) of ``unlikeness``.
        inside: (rows, cols), True in the outline.
        beside: (rows, cols), True without imagery or outside the area.
    """

    window: Window
    unlike: Floats
    inside: Mask
    beside: Mask

    def extended(self, tolerance: float, apart: Mask) -> Mask:
        """The outline and the ground alike, without what is apart from it."""
        unlike = np.where(apart, np.float32(np.inf), self.unlike)
        return extended(unlike, self.inside, tolerance) & ~apart


class Extender:
    """Imagery, and the digitised slumps that a tolerance is tried on.

    Attributes:
        problems: why imagery of digitised slumps could not be read.
    """

    def __init__(
        self, source: ImagerySource, area: BaseGeometry, known: Sequence[BaseGeometry]
    ) -> None:
        """Open the imagery.

        Args:
            source: the imagery that was searched.
            area: of the project; nothing is extended beyond it.
            known: digitised slumps, project CRS.
        """
        self._source = source
        self._area = AreaMask(area, source.grid)
        self._known = known
        self._tree = shapely.STRtree(known)
        self._mosaic = Mosaic(source.scenes, source.grid, source.bands)
        self.problems: list[str] = []

    def close(self) -> None:
        """Close the raster handles."""
        self._mosaic.close()

    def frame(self, outline: BaseGeometry) -> BaseGeometry:
        """All ground that extending an outline may reach, project CRS."""
        return shapely.box(*self._source.grid.bounds(self._window(outline, REACHES[-1])))

    def trials(self) -> list[Trial]:
        """What each tolerance does to parts of digitised slumps.

        A slump whose imagery cannot be read is left out, see ``problems``.

        Returns:
            One entry per tolerance; none where no digitised slump is large enough, or has imagery.
        """
        sample = sorted(self._known, key=lambda one: seeded_hash(0, one.wkb_hex))[:MOST_KNOWN]
        before: list[float] = []
        after: list[list[float]] = []
        for outline in sample:
            try:
                tried = self._tried(outline)
            except (RtsError, OSError) as error:
                self.problems.append(str(error))
                continue
            before += [first for first, _ in tried]
            after += [ious for _, ious in tried]
        if not before:
            return []
        return [
            Trial(
                one,
                before=float(np.mean(before)),
                after=float(np.mean(ious)),
                worse=float(np.mean(np.subtract(before, ious) > LEAST_GAIN)),
                parts=len(before),
            )
            for one, ious in zip(TOLERANCES, np.transpose(after).tolist(), strict=True)
        ]

    def _tried(self, outline: BaseGeometry) -> list[tuple[float, list[float]]]:
        """Of each part of a slump: its IoU with the whole, and those of the extended parts."""
        window = self._window(outline, REACHES[0])
        if not 0 < window.rows * window.cols <= MOST_PX:
            return []
        whole = self._burnt([outline], window)
        if whole.sum() < LEAST_PX:
            return []
        ground, found = self._ground(window), []
        for part in parts_of(whole & ground.valid):
            unlike = unlikeness(ground, part)
            ious = [_iou(extended(unlike, part, one), whole) for one in TOLERANCES]
            found.append((_iou(part, whole), ious))
        return found

    def surface(
        self, outline: BaseGeometry, tolerance: float, *, others: Sequence[BaseGeometry] = ()
    ) -> Surface | None:
        """An outline with the adjoining ground that looks the same.

        Args:
            outline: as it was detected, project CRS.
            tolerance: spreads up to which ground is alike, at most.
            others: outlines that are never added to this one.

        Returns:
            None where nothing changes, where ground alike has no end within reach, where no pixel
            of the outline is valid, or where it is larger than any slump.

        Raises:
            RtsError: the imagery cannot be read.
        """
        for reach in REACHES:
            at = self._around(outline, reach)
            if at is None:
                return None
            apart = self._apart(at, others, tolerance)
            mask = at.extended(tolerance, apart)
            if not self._goes_on(mask, at.window):
                break
        else:
            return None
        for smaller in (tolerance * STEP**n for n in range(1, STEPS + 1)):
            larger, mask = mask, at.extended(smaller, apart)
            if larger.sum() <= STABLE * mask.sum():
                return self._outlined(larger, at)
        return None

    def _around(self, outline: BaseGeometry, reach: int) -> _Around | None:
        window = self._window(outline, reach)
        if window.rows * window.cols > MOST_PX:
            return None
        ground, inside = self._ground(window), self._burnt([outline], window)
        if not (inside & ground.valid).any():
            return None
        unlike = unlikeness(ground, inside)
        frame = shapely.box(*self._source.grid.bounds(window))
        near = [self._known[n] for n in self._tree.query(frame).tolist()]
        rim = self._source.grid.pixel_m
        apart = [one.buffer(rim) for one in near if not one.intersects(outline)]
        unlike[self._burnt(apart, window) & ~inside] = np.inf
        return _Around(window, unlike, inside, ~ground.valid)

    def _apart(self, at: _Around, others: Sequence[BaseGeometry], tolerance: float) -> Mask:
        """Other outlines of ground that is not alike."""
        frame = shapely.box(*self._source.grid.bounds(at.window))
        out = np.zeros_like(at.inside)
        for one in others:
            if one.intersects(frame):
                ground = self._burnt([one], at.window)
                if not ground.any() or np.median(at.unlike[ground]) > tolerance:
                    out |= ground
        return out & ~at.inside

    def _outlined(self, mask: Mask, at: _Around) -> Surface | None:
        if (mask == at.inside).all():
            return None
        corner = np.array([at.window.col, at.window.row], float)
        whole = shapely.transform(shapely.union_all(polygonise(mask)), lambda xy: xy + corner)
        outline = to_crs(smooth_pixels(close_gaps(whole, within=_GAP_PX)), self._source.grid)
        return Surface(outline, meets_edge(mask, at.beside))

    def _window(self, outline: BaseGeometry, reach: int) -> Window:
        frame = window_of(self._source.grid, outline.bounds).grown(reach)
        return frame.shared(self._source.extent)

    def _ground(self, window: Window) -> SmoothImage:
        pixels = self._mosaic.read(window)
        return SmoothImage.of(
            scaled_values(pixels, self._source.scaling), pixels.valid & self._area.of(window)
        )

    def _burnt(self, outlines: Sequence[BaseGeometry], window: Window) -> Mask:
        out = np.zeros((window.rows, window.cols), np.uint8)
        burn(outlines, window, self._source.grid, value=1, out=out)
        inside: Mask = out == 1
        return inside

    def _goes_on(self, mask: Mask, window: Window) -> bool:
        """True where the ground alike reaches a border of the window that is not the imagery's."""
        extent = self._source.extent
        sides = (
            (mask[0], window.row > extent.row),
            (mask[-1], window.row + window.rows < extent.row + extent.rows),
            (mask[:, 0], window.col > extent.col),
            (mask[:, -1], window.col + window.cols < extent.col + extent.cols),
        )
        return any(is_inner and bool(line.any()) for line, is_inner in sides)


def best_trial(trials: Sequence[Trial]) -> Trial | None:
    """Of the tolerances that are right, or else of all, the one with the best mean IoU."""
    return max(trials, key=lambda one: (one.is_right, one.after), default=None)


def parts_of(whole: Mask) -> list[Mask]:
    """Parts that a model might detect of a slump: its quarters around the median pixel."""
    rows, cols = np.nonzero(whole)
    if not rows.size:
        return []
    row, col = np.indices(whole.shape)
    upper, left = row <= np.median(rows), col <= np.median(cols)
    quarters = (upper & left, upper & ~left, ~upper & left, ~upper & ~left)
    parts = [whole & quarter for quarter in quarters]
    return [one for one in parts if one.sum() >= LEAST_PX // 2]


def _iou(one: Mask, other: Mask) -> float:
    return float((one & other).sum() / (one | other).sum())
