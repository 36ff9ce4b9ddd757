"""Scores on the blocks that were kept from training (method 13.1).

Only ground that somebody has looked at is scored: what the network sees elsewhere may be a slump
that nobody has drawn yet, and the analyst will be asked.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.affinity import translate
from shapely.geometry.base import BaseGeometry
from torch import nn

from rtsproj.domain.grid import Window
from rtsproj.domain.labels import Polarity, Subset, seeded_hash
from rtsproj.domain.requests import TrainRequest
from rtsproj.geometry.grid import block_of, search_window
from rtsproj.geometry.matching import THRESHOLDS, ObjectScores, object_scores
from rtsproj.geometry.outlines import to_pixels
from rtsproj.imagery.mosaic import Mosaic
from rtsproj.imagery.samples import Sample, thinned
from rtsproj.imagery.shapes import burn, polygonise
from rtsproj.learning.backend import Backend
from rtsproj.learning.inputs import probabilities, read_padded, scaled_values
from rtsproj.learning.losses import DENIED, IGNORED, UNLABELLED
from rtsproj.learning.targets import LabelIndex

_CUT = 0.5
"""Probability of a slump pixel in scores."""
_LEAST_PX = 12
"""px; smaller mapped specks are no objects, as in the search (infer.min_px)."""
_MOST_WINDOWS = 64
"""Windows scored per validation, chosen by a seeded hash: about 10 s on two cores."""


@dataclass(frozen=True, slots=True)
class PixelCounts:
    """Pixels of the scored windows: right, falsely mapped, missed."""

    tp: int = 0
    fp: int = 0
    fn: int = 0

    def plus(self, other: "PixelCounts") -> "PixelCounts":
        """The sum of two counts."""
        return PixelCounts(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn)

    @property
    def iou(self) -> float:
        """Shared over joined area, 0..1; 0 where there is neither."""
        return self.tp / max(1, self.tp + self.fp + self.fn)


@dataclass(frozen=True, slots=True)
class Scores:
    """One validation.

    Attributes:
        pixels: counts over the scored windows.
        objects: one entry per IoU of ``THRESHOLDS``.
        truths: slumps that the scored windows show.
        found_at: of each of them the highest cut at which half of it is found, 0..1, ascending.
    """

    pixels: PixelCounts
    objects: tuple[ObjectScores, ...]
    truths: int
    found_at: tuple[float, ...] = ()

    @property
    def rank(self) -> tuple[float, float]:
        """What a better model has more of: object F1 at IoU 0.3, then pixel IoU."""
        return (self.objects[1].f1, self.pixels.iou)

    def row(self) -> dict[str, Any]:
        """The scores as plain numbers by name."""
        objects = {
            f"{one.iou:g}": {
                "tp": one.tp,
                "fp": one.fp,
                "fn": one.fn,
                "precision": one.precision,
                "recall": one.recall,
                "f1": one.f1,
            }
            for one in self.objects
        }
        return {
            "pixel_iou": self.pixels.iou,
            "objects": objects,
            "truths": self.truths,
            "found_at": list(self.found_at),
        }


@dataclass(frozen=True, slots=True)
class Place:
    """One window as it was searched.

    Attributes:
        image: (bands, rows, cols) scaled float32.
        probability: (rows, cols) 0..1.
        valid: (rows, cols), True where there is imagery.
    """

    image: NDArray[np.float32]
    probability: NDArray[np.float32]
    valid: NDArray[np.bool_]


def validation_windows(index: LabelIndex, request: TrainRequest) -> tuple[Window, ...]:
    """Windows to score: per validation block, the rectangle round its labels with their buffer.

    Each window is within one block, so none shows a training pixel in its core and no pixel counts
    twice, and within the extent of the imagery; a label beyond it has none.
    """
    side = request.split.block_px
    found: dict[tuple[int, int], list[Window]] = defaultdict(list)
    for i, label in enumerate(index.labels):
        if label.polarity is Polarity.IGNORE:
            continue
        if index.subset(i, request.split) is Subset.VALIDATION:
            block = block_of(*index.pixel(i), side)
            frame = Window(block[0] * side, block[1] * side, side, side)
            window = index.window(i, buffer_m=request.settings.buffer_m)
            core = window.shared(frame).shared(request.source.extent)
            if core.rows and core.cols:
                found[block].append(core)
    order = sorted(found, key=lambda block: seeded_hash(request.settings.seed, *block))
    return tuple(_around(found[block]) for block in sorted(order[:_MOST_WINDOWS]))


class Validator:
    """Scores a network on fixed windows."""

    def __init__(self, request: TrainRequest, index: LabelIndex, backend: Backend) -> None:
        self.windows = validation_windows(index, request)
        self._request = request
        self._index = index
        self._backend = backend
        self.samples: tuple[Sample, ...] = ()
        """Pictures of the newest scoring, one per window that holds a slump."""
        self._owned = {
            window: [i for i in index.meeting(window) if self._is_owned(i, window)]
            for window in self.windows
        }

    @property
    def truths(self) -> int:
        """Slumps in the scored windows; without one there is nothing to score."""
        return sum(map(len, self._owned.values()))

    def scores(self, network: nn.Module, mosaic: Mosaic, beat: Callable[[], None]) -> Scores:
        """Search the windows and compare; the network is left in evaluation mode."""
        network.eval()
        pixels, mapped, truths = PixelCounts(), list[BaseGeometry](), list[BaseGeometry]()
        samples: list[Sample] = []
        found_at: list[float] = []
        for window in self.windows:
            place = self._searched(network, mosaic, window)
            counts = self._pixel_counts(window, place.probability, place.valid)
            pixels = pixels.plus(counts)
            mapped.extend(self._mapped(window, (place.probability >= _CUT) & place.valid))
            truths.extend(self._truths(window, place.valid))
            found_at.extend(self._found_at(window, place))
            if self._owned[window]:
                samples.append(self._sample(window, place, iou=counts.iou))
            beat()
        self.samples = tuple(samples)
        objects = tuple(object_scores(mapped, truths, iou=iou) for iou in THRESHOLDS)
        return Scores(pixels, objects, len(truths), tuple(sorted(found_at)))

    def _is_owned(self, label: int, window: Window) -> bool:
        row, col = self._index.pixel(label)
        inside = window.meets(Window(row, col, 1, 1))
        return inside and self._index.labels[label].polarity is Polarity.POSITIVE

    def _searched(self, network: nn.Module, mosaic: Mosaic, core: Window) -> Place:
        source, margin = self._request.source, self._request.margin_px
        window = search_window(core, source.extent, margin_px=margin)
        pixels = read_padded(mosaic, window, source.extent)
        image = scaled_values(pixels, source.scaling)
        found = probabilities(network, [image], self._backend)[0]
        at = core.within(window)
        return Place(image[(slice(None), *at)], found[at], pixels.valid[at])

    def _sample(self, window: Window, place: Place, *, iou: float) -> Sample:
        bands = self._request.source.bands
        named = [bands.index(one) for one in ("red", "green", "blue") if one in bands]
        shown = named if len(named) == 3 else [n % len(bands) for n in range(3)]
        rgb = (np.clip(place.image[shown], 0, 1) * 255).astype(np.uint8).transpose(1, 2, 0)
        target = self._index.target(window)
        truth = np.where(target == 1, 1, np.where(target == 0, 0, IGNORED)).astype(np.uint8)
        said = np.rint(place.probability * 254).astype(np.uint8)
        return Sample(thinned(rgb), thinned(truth), thinned(said), iou)

    def _pixel_counts(
        self, window: Window, probability: NDArray[np.float32], valid: NDArray[np.bool_]
    ) -> PixelCounts:
        target = self._index.target(window)
        said, true = probability >= _CUT, target == 1
        counted = valid & (target != IGNORED) & ~(said & _is_open(target))
        return PixelCounts(
            tp=int((counted & said & true).sum()),
            fp=int((counted & said & ~true).sum()),
            fn=int((counted & ~said & true).sum()),
        )

    def _mapped(self, window: Window, mask: NDArray[np.bool_]) -> list[BaseGeometry]:
        unscored = self._unscored(window)
        kept: list[BaseGeometry] = []
        for one in polygonise(mask):
            if one.area < _LEAST_PX:
                continue
            point = shapely.point_on_surface(one)
            if unscored[int(shapely.get_y(point)), int(shapely.get_x(point))] != IGNORED:
                kept.append(translate(one, window.col, window.row))
        return kept

    def _unscored(self, window: Window) -> NDArray[np.uint8]:
        """255 where a mapped object is neither right nor wrong: nobody has looked there."""
        target = self._index.target(window)
        out = np.where(_is_open(target), IGNORED, 0).astype(np.uint8)
        others = [
            self._index.outlines[i]
            for i in self._index.meeting(window)
            if self._index.labels[i].polarity is not Polarity.NEGATIVE
            and i not in self._owned[window]
        ]
        if others:
            burn(others, window, self._request.source.grid, value=IGNORED, out=out)
        return out

    def _found_at(self, window: Window, place: Place) -> list[float]:
        """Of each slump of a window the highest cut at which half of its pixels are found."""
        found = []
        for i in self._owned[window]:
            own = np.zeros((window.rows, window.cols), np.uint8)
            grid = self._request.source.grid
            burn([self._index.outlines[i]], window, grid, value=1, out=own)
            seen = place.probability[(own == 1) & place.valid]
            if seen.size:
                found.append(float(np.median(seen)))
        return found

    def _truths(self, window: Window, valid: NDArray[np.bool_]) -> list[BaseGeometry]:
        """Slumps of a window as far as there is imagery: nothing else can be found."""
        frame = shapely.box(
            window.col, window.row, window.col + window.cols, window.row + window.rows
        )
        if not valid.all():
            parts = [translate(one, window.col, window.row) for one in polygonise(valid)]
            frame = shapely.union_all(parts)
        grid = self._request.source.grid
        owned = [to_pixels(self._index.outlines[i], grid) for i in self._owned[window]]
        seen = [shapely.intersection(one, frame) for one in owned]
        return [one for one in seen if one.area > 0]


def _around(windows: Sequence[Window]) -> Window:
    row, col = min(w.row for w in windows), min(w.col for w in windows)
    rows = max(w.row + w.rows for w in windows) - row
    return Window(row, col, rows, max(w.col + w.cols for w in windows) - col)


def _is_open(target: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """True for ground that may hold a slump which nobody has drawn."""
    is_open: NDArray[np.bool_] = (target == UNLABELLED) | (target == DENIED)
    return is_open
