"""Training batches as a pure function of (seed, phase, step): nothing to save, nothing to restore.

A counter generator (Philox) keyed by seed and phase draws each chip from its step and its place in
the batch, so threads may cut chips in any order and a resumed training sees what it would have.
"""

import math
import threading
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Generic, TypeVar

import numpy as np
import shapely
from numpy.typing import NDArray

from rtsproj.domain.grid import Window
from rtsproj.domain.labels import Polarity, Subset
from rtsproj.domain.requests import ImagerySource, Split, TrainRequest
from rtsproj.errors import NeedsError
from rtsproj.imagery.mosaic import Mosaic, Pixels
from rtsproj.learning.augment import (
    Change,
    changed_image,
    changed_target,
    drawn_change,
    resized_image,
    resized_target,
)
from rtsproj.learning.inputs import MEAN_SCALED, scaled_values
from rtsproj.learning.losses import IGNORED
from rtsproj.learning.placing import near, shifted_into, sub_image
from rtsproj.learning.targets import LabelIndex, in_validation

T = TypeVar("T")

CACHE_BYTES = 1 << 30
"""Raw sub-images of labels kept in memory: 300 positives x 256 px are 0.3 GB (stack 4.3)."""
_FAR_CHIPS = 8
"""Chip sides: how far from a label a background chip may lie."""
_TRIES = 4
"""Draws of a background chip before one without valid imagery is taken."""
_EDGE_SHARE = 0.1
"""Share of a chip's side that a slump's shown point keeps from the border."""


class Phase(IntEnum):
    """Which training of a job: its number keys the generator."""

    FIT = 1
    """validation blocks are hidden; scores choose the step."""
    REFIT = 2
    """every label teaches, for the steps that the fit found best."""


@dataclass(frozen=True, slots=True)
class Batch:
    """One step's chips.

    Attributes:
        images: (n, bands, side, side) scaled float32.
        targets: (n, side, side) uint8 of 0, 1 and 255.
    """

    images: NDArray[np.float32]
    targets: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class ChipPlan:
    """Where a chip lies and what is done to it.

    Attributes:
        window: square of the grid that is read.
        inside: sub-image that holds the window, or None where it is read by itself.
        change: identity for all but positives.
    """

    window: Window
    inside: Window | None
    change: Change


class Kept(Generic[T]):
    """What is made of windows; the least used is forgotten beyond a budget of bytes."""

    def __init__(
        self, make: Callable[[Window], T], *, size: Callable[[T], int], budget: int
    ) -> None:
        self._make = make
        self._size = size
        self._budget = budget
        self._held = 0
        self._kept: OrderedDict[Window, T] = OrderedDict()
        self._guard = threading.Lock()

    def get(self, window: Window) -> T:
        """What belongs to a window, made where it is not kept."""
        with self._guard:
            if window in self._kept:
                self._kept.move_to_end(window)
                return self._kept[window]
        made = self._make(window)
        size = self._size(made)
        with self._guard:
            if window not in self._kept and size <= self._budget:
                self._kept[window] = made
                self._held += size
            while self._held > self._budget:
                _, gone = self._kept.popitem(last=False)
                self._held -= self._size(gone)
        return made


class SubImages(Kept[Pixels]):
    """Raw sub-images of the labels."""

    def __init__(self, read: Callable[[Window], Pixels], *, budget: int = CACHE_BYTES) -> None:
        super().__init__(read, size=lambda one: one.values.nbytes + one.valid.nbytes, budget=budget)
        self._read = read

    def part(self, window: Window, inside: Window | None) -> Pixels:
        """Pixels of a window, cut from the sub-image that holds it or read by themselves."""
        if inside is None:
            return self._read(window)
        whole, at = self.get(inside), window.within(inside)
        return Pixels(whole.values[(slice(None), *at)], whole.valid[at])


@dataclass(frozen=True, slots=True)
class Answer:
    """What a window teaches, before its imagery is known.

    Attributes:
        target: (rows, cols) uint8, see ``LabelIndex.target``.
        hidden: (rows, cols), True where a validation block is hidden.
    """

    target: NDArray[np.uint8]
    hidden: NDArray[np.bool_]

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self.target.nbytes + self.hidden.nbytes


class MosaicPerThread:
    """Reads the mosaic with a handle per thread: raster handles are not shared between threads."""

    def __init__(self, source: ImagerySource) -> None:
        self._source = source
        self._local = threading.local()
        self._opened: list[Mosaic] = []
        self._guard = threading.Lock()

    def read(self, window: Window) -> Pixels:
        """Pixels of a window by the calling thread's own handle."""
        return self.mosaic().read(window)

    def mosaic(self) -> Mosaic:
        """The calling thread's own mosaic."""
        if not hasattr(self._local, "mosaic"):
            made = Mosaic(self._source.scenes, self._source.grid, self._source.bands)
            made.__enter__()
            self._local.mosaic = made
            with self._guard:
                self._opened.append(made)
        mosaic: Mosaic = self._local.mosaic
        return mosaic

    def close(self) -> None:
        """Close all handles; the threads that read must have ended."""
        with self._guard:
            while self._opened:
                self._opened.pop().__exit__(None, None, None)


class Sampler:
    """Cuts the batches of one phase."""

    def __init__(
        self,
        request: TrainRequest,
        index: LabelIndex,
        phase: Phase,
        images: SubImages,
        *,
        share: tuple[int, int] = (0, 1),
    ) -> None:
        """Choose the labels that teach.

        Args:
            request: what is asked.
            index: labels by place.
            phase: keys the generator.
            images: sub-images, kept over phases.
            share: (rank, world): of each batch, chips rank, rank + world, … are cut.

        Raises:
            NeedsError: no positive label is left to learn from.
        """
        self._source = request.source
        self._settings = request.settings
        self._index = index
        self._images = images
        self._answers: Kept[Answer] = Kept(
            self._answered, size=lambda one: one.nbytes, budget=CACHE_BYTES // 8
        )
        self._phase = phase
        self._places = range(share[0], request.settings.batch, share[1])
        self._split = hidden_split(request.split, phase)
        self.positives, self.negatives = _teaching(index, self._split)
        if not self.positives:
            raise NeedsError(
                "no positive label lies outside the validation blocks",
                hint="add labels, or lower grid.validation_share before the first training",
            )
        self._windows = {
            i: sub_image(index, i, request)
            for i in (*self.positives, *(n for group in self.negatives for n in group))
        }

    @property
    def chips(self) -> int:
        """Chips per step of this share."""
        return len(self._places)

    def batch(self, step: int) -> Batch:
        """The chips of one step; equal for equal (seed, phase, step) and share."""
        size = self._settings.batch
        start = float(self._generator(step, 0).random())
        side, bands = self._settings.chip_px, len(self._source.bands)
        images = np.empty((self.chips, bands, side, side), np.float32)
        targets = np.empty((self.chips, side, side), np.uint8)
        for at, place in enumerate(self._places):
            images[at], targets[at] = self._chip(step, place, (place + start) / size)
        return Batch(images, targets)

    def _generator(self, step: int, place: int) -> np.random.Generator:
        key = np.array([self._settings.seed % (1 << 64), self._phase], np.uint64)
        counter = np.array([0, place, step, 0], np.uint64)
        return np.random.Generator(np.random.Philox(key=key, counter=counter))

    def _chip(
        self, step: int, place: int, share: float
    ) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        rng = self._generator(step, place + 1)
        settings = self._settings
        if share < settings.positive_share:
            label = int(rng.choice(np.array(self.positives)))
            return self._cut(self._label_plan(rng, label, drawn_change(rng, settings)))[:2]
        if share < settings.positive_share + settings.reject_share and self.negatives:
            group = self.negatives[int(rng.integers(len(self.negatives)))]
            label = int(rng.choice(np.array(group)))
            return self._cut(self._label_plan(rng, label, Change()))[:2]
        return self._background(rng)

    def _background(
        self, rng: np.random.Generator
    ) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        for _ in range(_TRIES - 1):
            image, target, counted = self._cut(self._background_plan(rng))
            if counted > 0.1:
                return image, target
        return self._cut(self._background_plan(rng))[:2]

    def _label_plan(self, rng: np.random.Generator, label: int, change: Change) -> ChipPlan:
        side = round(self._settings.chip_px / change.zoom)
        row, col = self._shown_pixel(rng, label)
        at = rng.uniform(_EDGE_SHARE, 1 - _EDGE_SHARE, size=2) * side
        wanted = Window(row - int(at[0]), col - int(at[1]), side, side)
        inside = self._windows[label]
        return self._within(inside, wanted, change)

    def _background_plan(self, rng: np.random.Generator) -> ChipPlan:
        side = self._settings.chip_px
        label = int(rng.choice(np.array(list(self._windows))))
        inside = self._windows[label]
        if rng.random() < 0.5:
            row = inside.row + int(rng.integers(max(1, inside.rows - side + 1)))
            col = inside.col + int(rng.integers(max(1, inside.cols - side + 1)))
            return self._within(inside, Window(row, col, side, side), Change())
        row, col = self._index.pixel(label)
        extent = self._source.extent
        at = (
            near(rng, row, extent.row, extent.rows - side, reach=_FAR_CHIPS * side),
            near(rng, col, extent.col, extent.cols - side, reach=_FAR_CHIPS * side),
        )
        wanted = Window(*at, side, side)
        return ChipPlan(shifted_into(wanted, extent), None, Change())

    def _within(self, inside: Window, wanted: Window, change: Change) -> ChipPlan:
        window = shifted_into(wanted, inside)
        bands = len(self._source.bands)
        is_small = inside.rows * inside.cols * bands * 4 <= CACHE_BYTES // 16
        return ChipPlan(window, inside if is_small else None, change)

    def _shown_pixel(self, rng: np.random.Generator, label: int) -> tuple[int, int]:
        outline, grid = self._index.outlines[label], self._source.grid
        left, bottom, right, top = outline.bounds
        draws = rng.uniform((left, bottom), (right, top), size=(8, 2))
        for x, y in draws[shapely.contains_xy(outline, draws)]:
            row = math.floor((grid.origin_y - y) / grid.pixel_m)
            return row, math.floor((x - grid.origin_x) / grid.pixel_m)
        return self._index.pixel(label)

    def _cut(self, plan: ChipPlan) -> tuple[NDArray[np.float32], NDArray[np.uint8], float]:
        pixels = self._images.part(plan.window, plan.inside)
        image = scaled_values(pixels, self._source.scaling)
        answer = self._answer(plan)
        target, hidden = answer.target, ~pixels.valid | answer.hidden
        if hidden.any():
            image[:, hidden] = MEAN_SCALED
            target = np.where(hidden, np.uint8(IGNORED), target)
        counted = 1.0 - float(hidden.mean())
        side, change = self._settings.chip_px, plan.change
        image = changed_image(resized_image(image, side), change)
        return image, changed_target(resized_target(target, side), change), counted

    def _answer(self, plan: ChipPlan) -> Answer:
        """Burnt once per sub-image: outlines cost more than the pixels that they are burnt into."""
        if plan.inside is None:
            return self._answered(plan.window)
        whole, at = self._answers.get(plan.inside), plan.window.within(plan.inside)
        return Answer(whole.target[at], whole.hidden[at])

    def _answered(self, window: Window) -> Answer:
        return Answer(self._index.target(window), in_validation(window, self._split))


def hidden_split(split: Split, phase: Phase) -> Split:
    """The split as a phase sees it: a refit hides nothing."""
    return split if phase is Phase.FIT else replace(split, validation=())


def _teaching(
    index: LabelIndex, split: Split
) -> tuple[tuple[int, ...], tuple[tuple[int, ...], ...]]:
    positives: list[int] = []
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for i, label in enumerate(index.labels):
        if label.polarity is Polarity.IGNORE or index.subset(i, split) is Subset.VALIDATION:
            continue
        if label.polarity is Polarity.POSITIVE:
            positives.append(i)
        else:
            groups[label.origin, label.reason].append(i)
    return tuple(positives), tuple(tuple(groups[key]) for key in sorted(groups))
