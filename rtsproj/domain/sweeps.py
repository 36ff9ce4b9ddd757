"""Sweeps: trainings that differ in a few settings, and what came of each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rtsproj.domain.requests import Value

MOST_RUNS = 32
"""Runs of one sweep."""


@dataclass(frozen=True, slots=True)
class SweepRow:
    """One run; scores are those of the validation blocks, None where there are none.

    Attributes:
        run: number in the order of the preview, from 1.
        changes: settings that differ from project.toml.
        pixel_iou: 0..1.
        f1: 0..1, objects at IoU 0.3.
        precision: 0..1, likewise.
        recall: 0..1, likewise.
        best_step: step of the best scores.
        seconds: s of work.
        error: why the run failed; empty otherwise.
    """

    run: int
    changes: Mapping[str, Value]
    pixel_iou: float | None = None
    f1: float | None = None
    precision: float | None = None
    recall: float | None = None
    best_step: int = 0
    seconds: float = 0.0
    error: str = ""


def best_first(rows: Iterable[SweepRow]) -> tuple[SweepRow, ...]:
    """Rows by F1, then pixel IoU, then their number; runs without scores come last."""

    def key(row: SweepRow) -> tuple[float, float, int]:
        return (-(-1.0 if row.f1 is None else row.f1), -(row.pixel_iou or 0.0), row.run)

    return tuple(sorted(rows, key=key))


def changes_text(changes: Mapping[str, Value]) -> str:
    """Settings of a run in a few words."""
    return ", ".join(f"{key}={value}" for key, value in changes.items())
