"""Where chips and sub-images lie: windows of the grid, moved into the images."""

import math

import numpy as np

from rtsproj.domain.grid import Window
from rtsproj.domain.requests import TrainRequest
from rtsproj.learning.augment import ZOOM
from rtsproj.learning.targets import LabelIndex
from rtsproj.settings import TrainSettings


def near(rng: np.random.Generator, at: int, start: int, length: int, *, reach: int) -> int:
    """A place within ``reach`` of ``at`` and within [start, start + length], each as likely.

    Drawn round ``at`` alone and moved into the images afterwards, most chips of a small image would
    lie on its border.
    """
    low = max(start, at - reach)
    high = max(low, min(start + length, at + reach))
    return int(rng.integers(low, high + 1))


def sub_image(index: LabelIndex, label: int, request: TrainRequest) -> Window:
    """A label's rectangle with its buffer, at least as large as a chip, inside the imagery."""
    window = index.window(label, buffer_m=request.settings.buffer_m)
    least = least_side(request.settings)
    return shifted_into(_at_least(window, least), request.source.extent)


def least_side(settings: TrainSettings) -> int:
    """px; side of a sub-image that holds any chip of the settings."""
    return math.ceil(settings.chip_px / ZOOM[0]) + 1 if settings.scale else settings.chip_px


def shifted_into(window: Window, frame: Window) -> Window:
    """Move a window into a frame as far as it fits; its size stays.

    Along an axis where the window is longer than the frame, it is centred on it.
    """
    return Window(
        _start(window.row, window.rows, frame.row, frame.rows),
        _start(window.col, window.cols, frame.col, frame.cols),
        window.rows,
        window.cols,
    )


def _start(start: int, length: int, frame_start: int, frame_length: int) -> int:
    if length >= frame_length:
        return frame_start - (length - frame_length) // 2
    return min(max(start, frame_start), frame_start + frame_length - length)


def _at_least(window: Window, side: int) -> Window:
    rows, cols = max(window.rows, side), max(window.cols, side)
    row = window.row - (rows - window.rows) // 2
    return Window(row, window.col - (cols - window.cols) // 2, rows, cols)
