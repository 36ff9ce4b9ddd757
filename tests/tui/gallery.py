"""A project for golden frames: flat pictures, jobs by hand, nothing that a clock changes."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest
from desk import CRS, LEFT, PIXEL_M, TOP, add_known, add_model, catch_up_with, square
from rooms import give_tiles, point, training

from rtsproj.domain.decisions import Verdict
from rtsproj.domain.scenes import Role
from rtsproj.imagery.rasters import Placement, write_geotiff
from rtsproj.imagery.samples import Sample, Samples, samples_bytes
from rtsproj.jobs.curves import SpeedPoint, append_point
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.lock import Holder
from rtsproj.jobs.reporter import Reporter
from rtsproj.workflow.collect import catch_up
from rtsproj.workflow.converge import converge
from rtsproj.workflow.create import init_project
from rtsproj.workflow.decide import Word, decide
from rtsproj.workflow.project import Project, open_project
from rtsproj.workflow.scenes import SceneChoice, add_scenes

NAME = "rtsproj-golden-"
"""A folder of one length: a path must not move what stands beside it."""
SIDE = 320
"""px of a scene: no view of a candidate reaches beyond it."""
FIRST = [square(50 * n + 70, 80, 12) for n in range(4)]
SECOND = [square(50 * n + 74, 140 + 60 * row, 8 + 2 * n) for row in range(2) for n in range(4)]
FAILED_TILE = 3
SETTINGS = {"core_px = 512": "core_px = 64", "steps = 0": "steps = 60"}


class Clock:
    """Seconds that pass only when somebody looks."""

    def __init__(self) -> None:
        self._now = 1_800_000_000.0

    def __call__(self) -> float:
        self._now += 1.0
        return self._now


@contextmanager
def gallery() -> Iterator[Project]:
    """Two iterations, the second at its triage."""
    path = Path(mkdtemp(prefix=NAME, dir="/tmp"))
    try:
        with pytest.MonkeyPatch.context() as patch:
            holder = Holder("desk", "", 4711, "2027-01-15T08:00:00+00:00", "")
            patch.setattr("rtsproj.jobs.lock.this_process", lambda **_given: holder)
            yield walked(path, patch)
    finally:
        shutil.rmtree(path)


def walked(path: Path, patch: pytest.MonkeyPatch) -> Project:
    project = init_project(path / "project", title="corridor")
    settings = project.folder / "project.toml"
    text = settings.read_text(encoding="utf-8")
    for old, new in SETTINGS.items():
        text = text.replace(f"\n{old}\n", f"\n{new}\n")
    settings.write_text(text, encoding="utf-8")
    project = open_project(project.folder)
    add_scenes(project, [flat_scene(path, 2019)], SceneChoice(), by="ann")
    add_scenes(project, [flat_scene(path, 2017)], SceneChoice(role=Role.HISTORY), by="ann")
    add_known(project, path)
    add_model(project)
    catch_up_with(project, FIRST)
    said = (Verdict.ACCEPT, Verdict.ACCEPT, Verdict.REJECT, Verdict.UNSURE)
    for number, verdict in enumerate(said, start=1):
        reason = "river" if verdict is Verdict.REJECT else ""
        decide(project, number, Word(verdict, reason=reason), analyst="ann")
    converge(project, by="ann")
    trained(project, patch)
    searched(project)
    decide(project, 5, Word(Verdict.ACCEPT, evidence="headwall,growth"), analyst="ann")
    decide(project, 6, Word(Verdict.ACCEPT), analyst="ann")
    decide(project, 6, Word(Verdict.REJECT, reason="barren"), analyst="bob")
    decide(project, 7, Word(Verdict.UNSURE, note="shadow?"), analyst="bob")
    return project


def flat_scene(path: Path, year: int) -> Path:
    """Two flat halves."""
    values = np.full((4, SIDE, SIDE), 900, np.uint16)
    values[:, :, SIDE // 2 :] = 1500
    file = path / f"{year}0715_042310_1032_3B_AnalyticMS_SR.tif"
    write_geotiff(file, values, Placement(CRS, LEFT, TOP, PIXEL_M), nodata=0)
    return file


def flat_sample(iou: float) -> Sample:
    """A place that is half ground, half scar."""
    truth = np.zeros((32, 32), np.uint8)
    truth[16:] = 1
    rgb = np.where(truth[..., None] == 1, [168, 132, 104], [96, 100, 66]).astype(np.uint8)
    return Sample(rgb, truth, (truth * 200).astype(np.uint8), iou)


def trained(project: Project, patch: pytest.MonkeyPatch) -> None:
    """A training of sixty steps with its curve and samples, taken in."""
    folder, clock = JobFolder(training(project, patch).folder), Clock()
    reporter = Reporter(folder, now=clock)
    reporter.started("worker started")
    reporter.note("training on CPU in fp32", backend={"name": "CPU", "precision": "fp32"})
    for step in range(1, 61):
        iou = 0.8 * step / (step + 12) if step % 10 == 0 else None
        append_point(folder.curve, point(step, iou=iou))
    folder.samples.write_bytes(samples_bytes(Samples(60, (flat_sample(0.2), flat_sample(0.9)))))
    figures = {"step": 60, "steps": 60, "learning_rate": 1e-4, "seconds_per_step": 0.5}
    more = {"data_wait": 0.07, "best_step": 50, "f1": 0.74, "pixel_iou": 0.64, "phase": 1}
    reporter.progress(1.0, "training: step 60 of 60", metrics={**figures, **more})
    folder.outputs.mkdir(exist_ok=True)
    folder.model.write_bytes(b"no network at all")
    said = {
        "scores": {"pixel_iou": 0.64, "f1": 0.74, "objects": {}, "truths": 3},
        "validation_slumps": 3,
        "curve": [],
        "backend": {"device": "cpu"},
    }
    folder.scores.write_text(json.dumps(said))
    reporter.finished({}, outputs=[folder.model, folder.scores])
    catch_up(project)


def searched(project: Project) -> None:
    """A search with one failed tile and a steady pace, taken in."""
    catch_up_with(project, SECOND, failed=[FAILED_TILE])
    folder = JobFolder(project.folder / "jobs" / "4-infer")
    give_tiles(project, folder)
    for n in range(20):
        append_point(folder.speed, SpeedPoint(n, 1.5 * n, 1_800_000_000.0 + 5 * n))
