"""Change positive chips so that few slumps teach more (Huang 2020; Huang 2021); numpy only."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from rtsproj.settings import TrainSettings

ZOOM = (0.75, 1.25)
"""Smallest and largest zoom (Huang 2020)."""
_CHANCE = 0.5

Values = TypeVar("Values", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Change:
    """What is done to one chip, drawn before it is read.

    Attributes:
        zoom: > 1 shows less ground larger.
        flip_rows: up becomes down.
        flip_cols: left becomes right.
        quarter_turns: turns of 90 degrees.
        blur_px: sigma of a Gaussian, 0 = none.
        gain: factor round the middle of the scaled range.
        offset: added to scaled values.
    """

    zoom: float = 1.0
    flip_rows: bool = False
    flip_cols: bool = False
    quarter_turns: int = 0
    blur_px: float = 0.0
    gain: float = 1.0
    offset: float = 0.0


def drawn_change(rng: np.random.Generator, settings: TrainSettings) -> Change:
    """Draw a change; always as many draws, so that one setting does not shift the others."""
    chance = rng.random(4) < _CHANCE
    zoom, gain, offset = rng.uniform(*ZOOM), rng.uniform(-1, 1), rng.uniform(-1, 1)
    sigma, turns = rng.integers(1, 3), rng.integers(4)
    return Change(
        zoom=float(zoom) if settings.scale and chance[0] else 1.0,
        flip_rows=bool(settings.flip and chance[1]),
        flip_cols=bool(settings.flip and chance[2]),
        quarter_turns=int(turns) if settings.rotate else 0,
        blur_px=float(sigma) if settings.blur and chance[3] else 0.0,
        gain=1.0 + settings.brightness * float(gain),
        offset=0.5 * settings.brightness * float(offset),
    )


def changed_image(image: NDArray[np.float32], change: Change) -> NDArray[np.float32]:
    """Apply the change of values, then of places, to an image (bands, rows, cols) of scaled values.

    Zoom is not applied here: see ``resized_image``.
    """
    out = _blurred(image, change.blur_px) if change.blur_px else image
    if change.gain != 1.0 or change.offset:
        middle, gain = np.float32(0.5), np.float32(change.gain)
        moved = (out - middle) * gain + np.float32(0.5 + change.offset)
        out = moved.astype(np.float32, copy=False)
    return _placed(out, change)


def changed_target(target: NDArray[np.uint8], change: Change) -> NDArray[np.uint8]:
    """Apply the change of places to a target (rows, cols)."""
    return _placed(target, change)


def resized_image(image: NDArray[np.float32], side_px: int) -> NDArray[np.float32]:
    """Resample a square image (bands, n, n) to ``side_px``, bilinear between pixel centres."""
    if image.shape[1] == side_px:
        return image
    low, high, share = _between(image.shape[1], side_px)
    rows = image[:, low] * (1 - share)[:, None] + image[:, high] * share[:, None]
    out = rows[:, :, low] * (1 - share) + rows[:, :, high] * share
    return out.astype(np.float32, copy=False)


def resized_target(target: NDArray[np.uint8], side_px: int) -> NDArray[np.uint8]:
    """Resample a square target (n, n) to ``side_px`` by the nearest pixel."""
    side = target.shape[0]
    at = np.minimum((np.arange(side_px) + 0.5) * side / side_px, side - 1).astype(np.intp)
    # one axis after the other: nine times faster than by np.ix_
    out: NDArray[np.uint8] = target[at][:, at]
    return out


def _between(
    length: int, wanted: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    at = np.clip((np.arange(wanted) + 0.5) * length / wanted - 0.5, 0, length - 1)
    low = np.floor(at).astype(np.intp)
    return low, np.minimum(low + 1, length - 1), (at - low).astype(np.float32)


def _blurred(image: NDArray[np.float32], sigma_px: float) -> NDArray[np.float32]:
    reach = int(np.ceil(3 * sigma_px))
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma_px) ** 2).astype(np.float32)
    taps /= taps.sum()
    out = image
    for axis in (1, 2):
        pads = [(0, 0), (0, 0), (0, 0)]
        pads[axis] = (reach, reach)
        wide = np.pad(out, pads, mode="symmetric")
        length = out.shape[axis]
        out = wide[_part(axis, 0, length)] * taps[0]
        weighted = np.empty_like(out)
        for n, tap in enumerate(taps[1:], start=1):
            np.multiply(wide[_part(axis, n, n + length)], tap, out=weighted)
            out += weighted
    return out


def _part(axis: int, start: int, stop: int) -> tuple[slice, ...]:
    return tuple(slice(start, stop) if n == axis else slice(None) for n in range(3))


def _placed(values: NDArray[Values], change: Change) -> NDArray[Values]:
    if change.flip_rows:
        values = values[..., ::-1, :]
    if change.flip_cols:
        values = values[..., ::-1]
    return np.rot90(values, change.quarter_turns, axes=(-2, -1))
