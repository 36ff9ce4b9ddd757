"""Jobs for tests of monitors: real folders and rows, but no worker."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

import numpy as np
import pytest
from textual.app import App

from rtsproj.domain.sweeps import SweepRow
from rtsproj.domain.tiles import Outcome, TileOutcome
from rtsproj.imagery.samples import Sample, Samples, samples_bytes
from rtsproj.jobs import tables
from rtsproj.jobs.curves import CurvePoint, append_point
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.lock import held_lock
from rtsproj.jobs.reporter import Reporter
from rtsproj.store import tiles
from rtsproj.workflow.jobs import Job
from rtsproj.workflow.project import Project, reading
from rtsproj.workflow.train import Sweep, start_training

RUNS = ({"learning_rate": 0.001}, {"learning_rate": 5.0}, {"learning_rate": 0.002})
"""Runs of a sweep."""


def toasts(app: App) -> list[str]:
    """What the screen has said in passing."""
    return [one.message for one in app._notifications]


def launches(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the folders that were launched, in place of workers."""
    found: list[str] = []
    monkeypatch.setattr(
        "rtsproj.workflow.jobs.launch", lambda folder, **_: found.append(folder.path.name)
    )
    return found


def training(project: Project, monkeypatch: pytest.MonkeyPatch) -> Job:
    """A training that was asked for and that no worker has begun."""
    launches(monkeypatch)
    return start_training(project, by="ann")


def point(step: int, *, iou: float | None = None, phase: int = 1) -> CurvePoint:
    f1 = None if iou is None else min(1.0, iou + 0.1)
    return CurvePoint(phase, step, 1.0 / step, 1.0 / step, 1e-3, iou, f1, 1.0)


def sample(iou: float) -> Sample:
    rows, cols = np.mgrid[:24, :32].astype(np.uint8)
    rgb = np.stack([rows * 8, cols * 6, rows + cols], axis=-1).astype(np.uint8)
    truth = (rows > 10).astype(np.uint8)
    return Sample(rgb, truth, (truth * 200).astype(np.uint8), iou)


def tell_course(folder: JobFolder) -> None:
    """What a worker leaves after nine steps and two validations."""
    reporter = Reporter(folder)
    reporter.started("worker started")
    reporter.note("training on CPU in fp32", backend={"name": "CPU", "precision": "fp32"})
    for step in range(1, 10):
        append_point(folder.curve, point(step, iou={4: 0.41, 8: 0.62}.get(step)))
    shown = Samples(8, (sample(0.2), sample(0.9)))
    folder.samples.write_bytes(samples_bytes(shown))
    figures = {"step": 9, "steps": 60, "learning_rate": 1e-3, "seconds_per_step": 0.5}
    more = {"data_wait": 0.07, "best_step": 8, "f1": 0.72, "pixel_iou": 0.62, "phase": 1}
    gpu = {"stale": 0, "patience": 4, "memory_gb": 61, "memory_of_gb": 139, "gpu_load": 0.97}
    reporter.progress(
        0.15, "training: step 9 of 60, loss 0.111", metrics={**figures, **more, **gpu}
    )


def sweeping(project: Project, monkeypatch: pytest.MonkeyPatch) -> JobFolder:
    """A sweep whose first run has ended, whose second has failed, and whose third is at work."""
    launches(monkeypatch)
    folder = JobFolder(start_training(project, by="ann", sweep=Sweep(RUNS)).folder)
    rows = (
        SweepRow(1, RUNS[0], pixel_iou=0.58, f1=0.71, best_step=40),
        SweepRow(2, RUNS[1], error="the loss is nan after step 3"),
    )
    for row in rows:
        end_run(folder, row)
    run = folder.run(3)
    run.create()
    for step in range(1, 10):
        append_point(run.curve, point(step, iou={4: 0.41, 8: 0.62}.get(step)))
    run.samples.write_bytes(samples_bytes(Samples(8, (sample(0.2), sample(0.9)))))
    reporter = Reporter(folder)
    reporter.note("training on CPU in fp32", backend={"name": "CPU", "precision": "fp32"})
    figures = {"step": 9, "steps": 60, "learning_rate": 2e-3, "seconds_per_step": 0.5, "phase": 1}
    reporter.progress(0.72, "run 3 of 3, training: step 9 of 60", metrics=figures)
    reporter.interrupted("stopped after step 9 of 60")
    return folder


def end_run(folder: JobFolder, row: SweepRow) -> None:
    """What a run of a sweep leaves behind."""
    folder.run(row.run).create()
    folder.run(row.run).row.write_text(json.dumps(asdict(row)))


@contextmanager
def at_work(folder: JobFolder) -> Iterator[Reporter]:
    """This process is the job's worker."""
    with held_lock(folder):
        yield Reporter(folder)


def give_tiles(project: Project, folder: JobFolder) -> list[int]:
    """Write the tiles of a search into its folder; returns their ids."""
    with reading(project) as connection:
        found = tiles.read_tiles(connection)
    tables.write_tiles(folder.tiles, found)
    return [one.tile_id for one in found]


def tell_tile(folder: JobFolder, tile_id: int, outcome: Outcome, message: str = "") -> None:
    told = TileOutcome(tile_id, outcome, outlines=int(outcome is Outcome.DONE), message=message)
    tables.append_outcomes(folder.outcomes, [told])
