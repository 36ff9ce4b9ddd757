"""What a training tells of itself: waiting shares, points when they are due, its device."""

from pathlib import Path

import pytest

from rtsproj.jobs.curves import CurvePoint, curve_points
from rtsproj.jobs.tail import Tail
from rtsproj.learning import telemetry
from rtsproj.learning.backend import Backend
from rtsproj.learning.telemetry import Telemetry, device_metrics

CPU = Backend("cpu", "fp32", "CPU", 1)
GPU = Backend("cuda", "bf16", "H100", 1)


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def point(step: int, iou: float | None = None) -> CurvePoint:
    return CurvePoint(1, step, 0.5, 0.5, 1e-3, iou, iou, 0.0)


def test_the_share_of_waiting_is_measured_between_asking_and_getting(tmp_path: Path) -> None:
    clock = Clock()
    told = Telemetry(tmp_path / "curve.jsonl", CPU, now=clock)

    def batches():
        for n in range(3):
            clock.at += 1  # s of waiting
            yield n

    seen = []
    for batch in told.waited(batches()):
        seen.append(batch)
        clock.at += 3  # s of work
    assert seen == [0, 1, 2]
    # THEN the first wait is all there was, later ones are a quarter
    assert told.metrics()["data_wait"] == pytest.approx(0.9 * (0.9 + 0.1 * 0.25) + 0.1 * 0.25)


def test_points_are_written_once_a_second_and_scores_always(tmp_path: Path) -> None:
    clock, path = Clock(), tmp_path / "curve.jsonl"
    told = Telemetry(path, CPU, now=clock)
    for step in range(1, 7):
        told.tell(point(step, iou=0.5 if step == 3 else None))
        clock.at += 0.4
    assert [one.step for one in curve_points(Tail(path).lines())] == [1, 3, 6]


def test_a_processor_tells_no_memory_and_a_gpu_tells_what_the_driver_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing() -> int:
        raise ModuleNotFoundError

    assert device_metrics(CPU) == {}
    monkeypatch.setattr(telemetry.torch.cuda, "mem_get_info", lambda: (20 << 30, 80 << 30))
    monkeypatch.setattr(telemetry.torch.cuda, "utilization", lambda: 97)
    assert device_metrics(GPU) == {"memory_gb": 60.0, "memory_of_gb": 80.0, "gpu_load": 0.97}
    monkeypatch.setattr(telemetry.torch.cuda, "utilization", missing)
    assert "gpu_load" not in device_metrics(GPU)
