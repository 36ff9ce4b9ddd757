"""Trainings, sweeps and warm starts from the desk; the worker runs in this process."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from desk import add_known, catch_up_with, scene_file, square, write_settings
from small import use_small

from rtsproj.domain.decisions import Verdict
from rtsproj.domain.iterations import Stage
from rtsproj.domain.requests import TrainRequest
from rtsproj.errors import InterruptedJobError, NeedsError, UsageError
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.reporter import Reporter
from rtsproj.learning.job import run_training
from rtsproj.settings import Settings, TrainSettings, settings_text
from rtsproj.settings.file import SettingsFile
from rtsproj.store import jobs as job_rows
from rtsproj.workflow import jobs as desk_jobs
from rtsproj.workflow import sweep as sweeps
from rtsproj.workflow.collect import catch_up
from rtsproj.workflow.converge import converge
from rtsproj.workflow.create import init_project
from rtsproj.workflow.decide import Word, decide
from rtsproj.workflow.infer import start_search
from rtsproj.workflow.jobs import list_jobs
from rtsproj.workflow.model_card import card_path
from rtsproj.workflow.monitor import TrainWatch
from rtsproj.workflow.next_step import Watch, next_step
from rtsproj.workflow.project import Project, open_project, reading
from rtsproj.workflow.scenes import SceneChoice, add_scenes
from rtsproj.workflow.status import status
from rtsproj.workflow.sweep import plan_runs, preview_sweep, sweep_table
from rtsproj.workflow.train import (
    Sweep,
    model_row,
    resume_training,
    start_training,
    weights_text,
)

# rasterio silences these by a filter that threads share; between them one slips through
pytestmark = [
    pytest.mark.filterwarnings("ignore:Dataset has no geotransform"),
    pytest.mark.filterwarnings("ignore:The given matrix is equal to Affine.identity"),
]

TINY = TrainSettings(
    encoder="tu-test_efficientnet",
    weights="random",
    chip_px=64,
    batch=2,
    steps=2,
    validate_every=2,
    checkpoint_every=1,
    buffer_m=60.0,
    refit="none",
)
FRESH = square(60, 80, 15)


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def tiny_project(path: Path, **changes: object) -> Project:
    """A project whose trainings take a second; the second seed's block is for validation."""
    project = init_project(path / "project", title="desk")
    train = replace(TINY, **changes)  # type: ignore[arg-type]
    grid = replace(project.settings.grid, block_px=64, core_px=64, margin_px=16)
    settings = replace(project.settings, train=train, grid=replace(grid, validation_share=0.5))
    (project.folder / "project.toml").write_text(settings_text(settings), encoding="utf-8")
    project = open_project(project.folder)
    add_scenes(project, [scene_file(path)], SceneChoice(), by="ann")
    add_known(project, path)
    return project


def work(folder: JobFolder, *, stopping: Callable[[], bool] = lambda: False) -> None:
    request = folder.read_request()
    assert isinstance(request, TrainRequest)
    run_training(folder, request, Reporter(folder, stopping=stopping))


@pytest.fixture(autouse=True)
def worker_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_jobs, "launch", lambda folder, **_: work(folder))
    use_small(monkeypatch.setattr)


RUNS = ({"loss": "bce", "learning_rate": 0.001}, {"loss": "bce_dice", "learning_rate": 0.001})


def test_a_sweep_leaves_its_table_and_takes_nothing_in(tmp_path: Path) -> None:
    project = tiny_project(tmp_path)
    with pytest.raises(NeedsError, match="iteration 1 has no training to go on with"):
        resume_training(project)
    job = start_training(project, by="ann", sweep=Sweep(RUNS))
    [collected] = catch_up(project)
    assert not collected.has_model
    table = sweep_table(JobFolder(job.folder))
    assert sorted(row.run for row in table) == [1, 2]
    assert [row.f1 for row in table] == sorted((row.f1 for row in table), reverse=True)
    with reading(project) as connection:
        detail = job_rows.collection_detail(connection, job.job_id)
    assert [row["changes"] for row in detail["sweep"]] == [row.changes for row in table]
    assert model_row(project, 1) is None
    assert status(project).stage is Stage.TRAIN
    # AND its runs kept no checkpoints
    assert not list(job.folder.glob("runs/*/checkpoint"))


def test_the_best_run_is_taken_in_where_that_was_asked_for_also_after_a_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tiny_project(tmp_path)
    asked = iter([False] * 3 + [True] + [False] * 99)
    stopped = lambda folder, **_: work(folder, stopping=lambda: next(asked))  # noqa: E731
    monkeypatch.setattr(desk_jobs, "launch", stopped)
    # GIVEN a sweep that is stopped in its second run, and one run that cannot be trained
    runs = (*RUNS, {"encoder": "resnet_none"})
    with pytest.raises(InterruptedJobError, match="stopped after step 1"):
        start_training(project, by="ann", sweep=Sweep(runs, take_best=True))
    folder = JobFolder(project.folder / "jobs" / "1-train")
    # AND a monitor that shows the run it was stopped in
    watch = TrainWatch(folder.path)
    assert shown(watch) == (2, [1])
    assert [one.step for one in watch.look().points] == [1]
    first = folder.run(1).row
    made = first.stat().st_mtime_ns
    job = resume_training(project)
    assert first.stat().st_mtime_ns == made
    [collected] = catch_up(project)
    assert collected.has_model
    # THEN the model is the best run's, with a card, and the failed run stands last with its reason
    table = sweep_table(JobFolder(job.folder))
    assert "resnet_none" in table[-1].error
    assert shown(watch) == (table[0].run, [one.run for one in table])
    row = model_row(project, 1)
    assert row is not None
    card = card_path(project, str(row["sha256"])).read_text(encoding="utf-8")
    assert f"loss                    {table[0].changes['loss']}" in card
    assert status(project).stage is Stage.INFER


def shown(watch: TrainWatch) -> tuple[int, list[int]]:
    """The run that a monitor shows, and those of its table."""
    sweep = watch.look().sweep
    assert sweep is not None
    return sweep.run, [one.run for one in sweep.rows]


def refuse_other_network(project: Project) -> None:
    own = project.settings
    write_settings(project, replace(own, train=replace(own.train, architecture="Unet")))
    with pytest.raises(UsageError, match="model 1 is DeepLabV3Plus"):
        start_training(project, by="ann")
    write_settings(project, own)


def test_the_next_iteration_starts_from_the_model_before(tmp_path: Path) -> None:
    project = tiny_project(tmp_path, warm_start="last")
    # GIVEN the first iteration, which has no model to start from and says so
    assert "no earlier iteration has a model" in weights_text(project)
    start_training(project, by="ann")
    catch_up(project)
    first = model_row(project, 1)
    assert first is not None
    assert first["weights_origin"] == "random"
    # whose pace tells the time of a sweep
    said = json.loads(str(first["scores"]))
    assert preview_sweep(project, ({"steps": 4},)).seconds == pytest.approx(2 * said["seconds"])
    catch_up_with(project, [FRESH])
    decide(project, 1, Word(Verdict.ACCEPT), analyst="ann")
    converge(project, by="ann")
    # AND another network, which is refused
    refuse_other_network(project)
    # WHEN the second one is trained
    assert f"the whole network of model {first['model_id']}" in weights_text(project)
    start_training(project, by="ann")
    catch_up(project)
    second = model_row(project, 2)
    assert second is not None
    origin = (second["weights_origin"], second["weights_sha256"])
    assert origin == (f"model {first['model_id']}", first["sha256"])
    card = card_path(project, str(second["sha256"])).read_text(encoding="utf-8")
    assert str(first["sha256"]) in card
    assert "accepted" in card
    # AND once the file is gone, no third one starts from it
    (project.folder / str(second["path"])).unlink()
    (project.folder / str(first["path"])).unlink()
    with pytest.raises(UsageError, match="model 1 is missing or has changed"):
        weights_text(project)


def test_the_product_of_the_lists_is_planned() -> None:
    runs = plan_runs(["learning_rate=1e-3,2e-3", "train.loss=bce, bce_dice"], TINY)
    assert [dict(run) for run in runs] == [
        {"learning_rate": 1e-3, "loss": "bce"},
        {"learning_rate": 1e-3, "loss": "bce_dice"},
        {"learning_rate": 2e-3, "loss": "bce"},
        {"learning_rate": 2e-3, "loss": "bce_dice"},
    ]
    assert plan_runs(["rotate=true,false", "steps=5"], TINY)[0] == {"rotate": True, "steps": 5}


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (["loss"], "no list of values"),
        (["loss="], "no list of values"),
        (["loss=bce", "train.loss=bce"], "was given before"),
        (["lose=bce"], "lose"),
        (["loss=dice"], "dice"),
        (["steps=0"], "0"),
        (["weights=random"], "settled before the job starts"),
        (["seed=1,2,3,4,5,6", "steps=1,2,3,4,5,6"], "36 runs"),
    ],
)
def test_a_sweep_that_cannot_be_is_refused_with_its_reason(given: list[str], named: str) -> None:
    with pytest.raises(UsageError) as caught:
        plan_runs(given, TINY)
    assert named in f"{caught.value.what} {caught.value.hint}"


def test_the_time_of_a_sweep_follows_steps_and_pixels(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sweeps, "list_jobs", lambda _: ())
    path = tmp_path / "project.toml"
    path.write_text(settings_text(replace(Settings(), train=TINY)), encoding="utf-8")
    project = Project(tmp_path, SettingsFile(path), None)  # type: ignore[arg-type]
    assert preview_sweep(project, RUNS).seconds is None
    monkeypatch.setattr(sweeps, "_seconds_per_pixel", lambda _: 1 / (2 * 64 * 64))
    assert preview_sweep(project, RUNS).seconds == pytest.approx(4.0)
    longer = ({"steps": 20}, {"chip_px": 128})
    assert preview_sweep(project, longer).seconds == pytest.approx(28.0)


def test_a_job_is_made_of_the_settings_at_that_moment(tmp_path: Path) -> None:
    project = tiny_project(tmp_path)
    path = project.folder / "project.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("\nsteps = 2\n", "\nsteps = 1\n"), encoding="utf-8")
    watch = Watch(job=lambda _: None, work=lambda *_: None, wait=False)
    next_step(project, watch, by="ann")
    [job] = list_jobs(project)
    request = JobFolder(job.folder).read_request()
    assert isinstance(request, TrainRequest)
    assert request.settings.steps == 1
    with reading(project) as connection:
        recorded = connection.execute(
            "SELECT value FROM iteration_setting WHERE key = 'train.steps'"
        ).fetchall()
    assert recorded == [("1",)]


def test_a_broken_project_toml_starts_no_job(tmp_path: Path) -> None:
    project = tiny_project(tmp_path)
    path = project.folder / "project.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("\nsteps = 2\n", "\nsteps = -2\n"), encoding="utf-8")
    for start in (start_training, start_search):
        with pytest.raises(UsageError, match="steps = -2 is not accepted"):
            start(project, by="ann")
    assert not list_jobs(project)
