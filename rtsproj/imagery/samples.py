"""A few pictures of what a network says beside what is true, as one small file of a training."""

import io
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]
SIDE_PX = 128
"""px; a larger place is thinned to at most this."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One place of the validation blocks.

    Attributes:
        rgb: (rows, cols, 3) uint8.
        truth: (rows, cols) uint8: 1 slump, 0 none, 255 not looked at.
        said: (rows, cols) uint8: probability 0..254.
        iou: 0..1, mapped against true pixels of the whole place.
    """

    rgb: Picture
    truth: Picture
    said: Picture
    iou: float


@dataclass(frozen=True, slots=True)
class Samples:
    """Worst and best places of one validation, worst first."""

    step: int
    chosen: tuple[Sample, ...]


def thinned(values: Picture) -> Picture:
    """Every n-th pixel of (rows, cols, …), so that no side is longer than ``SIDE_PX``."""
    step = max(1, -(-max(values.shape[:2]) // SIDE_PX))
    return np.ascontiguousarray(values[::step, ::step])


def worst_and_best(found: Sequence[Sample], *, most: int = 4) -> tuple[Sample, ...]:
    """Half of ``most`` from either end of the scores, worst first."""
    ordered = sorted(found, key=lambda one: one.iou)
    if len(ordered) <= most:
        return tuple(ordered)
    half = most // 2
    return (*ordered[:half], *ordered[-(most - half) :])


def samples_bytes(samples: Samples) -> bytes:
    """The file's content (npz)."""
    arrays: dict[str, npt.NDArray[np.generic]] = {
        "step": np.array(samples.step),
        "iou": np.array([one.iou for one in samples.chosen], np.float64),
    }
    for n, one in enumerate(samples.chosen):
        arrays |= {f"rgb{n}": one.rgb, f"truth{n}": one.truth, f"said{n}": one.said}
    stream = io.BytesIO()
    np.savez_compressed(stream, allow_pickle=False, **arrays)
    return stream.getvalue()


def read_samples(data: bytes) -> Samples | None:
    """Parse the file's content; None where it is no such file."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            chosen = tuple(
                Sample(file[f"rgb{n}"], file[f"truth{n}"], file[f"said{n}"], float(iou))
                for n, iou in enumerate(file["iou"])
            )
            return Samples(int(file["step"]), chosen)
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile, zlib.error):
        return None
