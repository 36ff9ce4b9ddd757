"""train and job show, as an outside program uses them; the worker runs in this process."""

import json
from dataclasses import replace

import pytest
import torch
from desk import make_project
from small import use_small

from rtsproj.domain.requests import TrainRequest
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.reporter import Reporter
from rtsproj.learning.job import run_training
from rtsproj.settings import settings_text
from rtsproj.workflow import jobs
from rtsproj.workflow.project import Project

# rasterio silences these by a filter that threads share; between them one slips through
pytestmark = [
    pytest.mark.filterwarnings("ignore:Dataset has no geotransform"),
    pytest.mark.filterwarnings("ignore:The given matrix is equal to Affine.identity"),
]


def work(folder: JobFolder) -> None:
    request = folder.read_request()
    assert isinstance(request, TrainRequest)
    run_training(folder, request, Reporter(folder))


@pytest.fixture
def project(tmp_path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose trainings take a second and have no validation."""
    torch.set_num_threads(1)
    monkeypatch.setattr(jobs, "launch", lambda folder, **_: work(folder))
    use_small(monkeypatch.setattr)
    made = make_project(tmp_path)
    train = replace(
        made.settings.train,
        encoder="tu-test_efficientnet",
        weights="random",
        chip_px=64,
        batch=2,
        steps=1,
        buffer_m=60.0,
    )
    grid = replace(made.settings.grid, validation_share=0.0)
    text = settings_text(replace(made.settings, train=train, grid=grid))
    (made.folder / "project.toml").write_text(text, encoding="utf-8")
    return made


def test_a_sweep_is_previewed_and_its_table_shown(run, project: Project) -> None:
    at = ("-C", project.folder)
    said = run(*at, "train", "--sweep", "loss=bce,focal", "--sweep", "seed=4", "--wait")
    assert said.code == 0, said.err
    assert "run 2: loss=focal, seed=4" in said.err
    assert "2 runs, no training yet to tell the time by" in said.err
    assert "no run has scores: none is best" in said.err
    assert "no model taken in" in said.err
    number, header, first, _ = said.out.splitlines()
    assert number == "1"
    assert header.split()[:4] == ["run", "settings", "F1", "IoU"]
    assert "loss=bce, seed=4" in first
    shown = run(*at, "job", "show", 1)
    assert "loss=focal, seed=4" in shown.out
    found = json.loads(run(*at, "job", "show", 1, "--json").out)
    assert [row["run"] for row in found["sweep"]] == [1, 2]
    assert (found["model"], found["card"]) == (None, None)


def test_a_model_s_job_points_to_its_card(run, project: Project) -> None:
    at = ("-C", project.folder)
    assert run(*at, "train", "--wait").code == 0
    card = json.loads(run(*at, "job", "show", 1, "--json").out)["card"]
    assert f"card   {card}" in run(*at, "job", "show", 1).out
    with open(card, encoding="utf-8") as stream:  # noqa: PTH123  as another program would
        assert stream.read().startswith("# Model ")


def test_what_cannot_be_trained_is_told(run, project: Project) -> None:
    for words, code, told in (
        (("--resume",), 4, "has no training to go on with"),
        (("--resume", "--sweep", "loss=bce"), 2, "goes on as the job was started"),
        (("--take", "best"), 2, "--take needs a sweep"),
        (("--sweep", "lose=1"), 2, "lose"),
        (("--sweep", "loss=dice"), 2, "dice"),
    ):
        said = run("-C", project.folder, "train", *words)
        assert (said.code, said.out) == (code, ""), words
        assert told in said.err, words
