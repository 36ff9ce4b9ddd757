"""Look at a job through its folder alone: no database, whichever session began it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rtsproj.domain.requests import TrainRequest, run_request
from rtsproj.errors import RtsError
from rtsproj.imagery.samples import Samples, read_samples
from rtsproj.jobs.curves import CurvePoint, curve_points
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.state import JobStatus, read_events, status_of
from rtsproj.jobs.tail import Tail
from rtsproj.settings import TrainSettings
from rtsproj.workflow.jobs import Job, list_jobs
from rtsproj.workflow.project import Project
from rtsproj.workflow.sweep import SweepLook, look_at_sweep

Stamp = tuple[int, ...]
"""Modification times, ns; a change means that there is something new to read."""
NEWEST_LOG = 500
"""Lines of the log that are kept for a screen."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One event of a job: UTC ISO 8601, kind, sentence."""

    at: str
    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class TrainLook:
    """What a monitor shows of a training.

    Attributes:
        status: state, progress, ETA, newest figures by name.
        network: architecture and encoder.
        device: what it runs on, empty before the worker says so.
        steps: of the fit.
        patience: validations without gain after which it ends.
        points: the newest point of each step, phase by phase, of the newest network.
        samples: newest predictions beside the truth, None before the first validation.
        checkpoint_s: s since the newest saved state, None where there is none.
        log: events, oldest first.
        sweep: how far a sweep is, whose one run all the other figures are of; None elsewhere.
        is_validated: False where no known slump could be kept from training to score it.
    """

    status: JobStatus
    network: str
    device: str
    steps: int
    patience: int
    points: tuple[CurvePoint, ...]
    samples: Samples | None
    checkpoint_s: float | None
    log: tuple[LogLine, ...]
    sweep: SweepLook | None = None
    is_validated: bool = True


def monitored_job(project: Project, verb: str, job_id: int | None = None) -> Job | None:
    """The job of this number, or the newest one of this verb; None where there is none yet."""
    found = [one for one in list_jobs(project) if one.verb == verb]
    if job_id is not None:
        found = [one for one in found if one.job_id == job_id]
    return found[-1] if found else None


def stamp_of(*paths: Path) -> Stamp:
    """When files changed last; 0 = missing."""
    return tuple(_mtime(path) for path in paths)


def read_log(folder: JobFolder) -> tuple[LogLine, ...]:
    """Events of a job as lines, oldest first."""
    return tuple(
        LogLine(str(row.get("at", "")), str(row.get("kind", "")), _sentence(row))
        for row in read_events(folder)[-NEWEST_LOG:]
    )


def worker_output(folder: JobFolder, *, most_lines: int = 400) -> tuple[str, ...]:
    """The end of what the worker printed, such as a traceback."""
    try:
        with folder.log.open("rb") as stream:
            size = stream.seek(0, 2)
            stream.seek(max(0, size - 200 * most_lines))
            text = stream.read().decode("utf-8", "replace")
    except OSError:
        return ()
    return tuple(text.splitlines()[-most_lines:])


class TrainWatch:
    """Follows one training, of a sweep the run that is at work; what was read once is kept."""

    def __init__(self, path: Path, *, now: Callable[[], float] = time.time) -> None:
        self._folder = JobFolder(path)
        self._part = self._folder
        """The folder of the run, or the job's own."""
        self._now = now
        self._tail = Tail(self._part.curve)
        self._points: dict[tuple[int, int], CurvePoint] = {}
        self._member = 0
        self._samples: Samples | None = None
        self._sampled = 0
        self._request: TrainRequest | None = None

    def stamp(self) -> Stamp:
        """Changes when there is something new."""
        one, part = self._folder, self._part
        return stamp_of(one.heartbeat, one.events, part.curve, part.samples, one.done, one.launched)

    def look(self) -> TrainLook:
        """Read what is new."""
        folder, request = self._folder, self._read_request()
        sweep = look_at_sweep(folder, request) if request else None
        self._follow(folder.run(sweep.run) if sweep else folder)
        for point in curve_points(self._tail.lines()):
            self._take(point)
        self._read_samples()
        settings = _settings(request, sweep) if request else None
        return TrainLook(
            status=status_of(folder),
            network=f"{settings.architecture} {settings.encoder}" if settings else "",
            device=device_of(folder),
            steps=settings.steps if settings else 0,
            patience=settings.patience if settings else 0,
            points=tuple(self._points[key] for key in sorted(self._points)),
            samples=self._samples,
            checkpoint_s=self._checkpoint_s(),
            log=read_log(folder),
            sweep=sweep,
            is_validated=request is None or bool(request.split.validation),
        )

    def _follow(self, part: JobFolder) -> None:
        if part != self._part:
            self._part, self._tail = part, Tail(part.curve)
            self._points.clear()
            self._samples, self._sampled = None, 0

    def _take(self, point: CurvePoint) -> None:
        if point.member != self._member:
            self._member = point.member
            self._points.clear()
        self._points[point.phase, point.step] = point

    def _read_request(self) -> TrainRequest | None:
        if self._request is None:
            try:
                found = self._folder.read_request()
            except RtsError:
                return None
            self._request = found if isinstance(found, TrainRequest) else None
        return self._request

    def _read_samples(self) -> None:
        made = _mtime(self._part.samples)
        if made != self._sampled:
            try:
                self._samples = read_samples(self._part.samples.read_bytes())
            except OSError:
                return
            self._sampled = made

    def _checkpoint_s(self) -> float | None:
        made = [_mtime(one) for one in self._part.checkpoint.glob("*.pt")]
        return max(0.0, self._now() - max(made) / 1e9) if made else None


def _settings(request: TrainRequest, sweep: SweepLook | None) -> TrainSettings:
    """Those of the run; those of the sweep for a run whose settings do not go together."""
    try:
        return run_request(request, sweep.changes).settings if sweep else request.settings
    except RtsError:
        return request.settings


def _sentence(row: dict[str, Any]) -> str:
    """An event's message, with the scores that it brings."""
    message, scores = str(row.get("message", "")), row.get("scores")
    if not isinstance(scores, dict) or "pixel_iou" not in scores:
        return message
    objects = scores.get("objects", {}).get("0.3", {})
    return f"{message}: IoU {scores['pixel_iou']:.3f}, F1 {objects.get('f1', 0.0):.3f}"


def device_of(folder: JobFolder) -> str:
    """Device and precision that the newest worker chose; empty before."""
    for row in reversed(read_events(folder)):
        backend = row.get("backend")
        if isinstance(backend, dict):
            return f"{backend.get('name', '')} {backend.get('precision', '')}".strip()
    return ""


def _mtime(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
