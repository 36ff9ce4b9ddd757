"""What a job tells of its course, point by point: the same file for a live and for a later look.

``curve.jsonl`` of a training, ``speed.jsonl`` of a search. A resumed training writes the steps
after its checkpoint again: the newest line of a step counts.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from rtsproj.jobs.files import append_line

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """A training after a step.

    Attributes:
        phase: 1 = fit, 2 = fit again on all labels.
        step: steps done in this phase.
        loss: of the step's batch.
        mean_loss: moving mean of it.
        learning_rate: of the step.
        pixel_iou: 0..1, where this step was validated.
        f1: 0..1, objects at IoU 0.3, likewise.
        at: s since 1970.
        member: network of the ensemble, from 0.
    """

    phase: int
    step: int
    loss: float
    mean_loss: float
    learning_rate: float
    pixel_iou: float | None
    f1: float | None
    at: float
    member: int = 0


@dataclass(frozen=True, slots=True)
class SpeedPoint:
    """A search at a moment.

    Attributes:
        done: tiles with an outcome.
        mpx: million valid pixels searched by this start.
        at: s since 1970.
    """

    done: int
    mpx: float
    at: float


def append_point(path: Path, point: CurvePoint | SpeedPoint) -> None:
    """Add one point; on disk when this returns."""
    append_line(path, json.dumps(asdict(point), separators=(",", ":")))


def curve_points(lines: Iterable[str]) -> tuple[CurvePoint, ...]:
    """Points of a training; a line that is none is passed over."""
    return _parsed(lines, CurvePoint)


def speed_points(lines: Iterable[str]) -> tuple[SpeedPoint, ...]:
    """Points of a search; a line that is none is passed over."""
    return _parsed(lines, SpeedPoint)


def _parsed(lines: Iterable[str], kind: type[T]) -> tuple[T, ...]:
    found: list[T] = []
    for line in lines:
        try:
            raw: Any = json.loads(line)
            found.append(kind(**raw))
        except (ValueError, TypeError):
            continue
    return tuple(found)
