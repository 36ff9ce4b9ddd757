"""Real workers, really killed: the resumed job ends like the undisturbed one."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from workshop import TINY, World, infer_job, train_job

from rtsproj.errors import ExitCode
from rtsproj.jobs import tables
from rtsproj.jobs.files import sha256_of
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.launch import launch, stop
from rtsproj.jobs.lock import is_held
from rtsproj.jobs.state import JobState, follow, read_events, status_of
from rtsproj.settings import InferSettings

pytestmark = pytest.mark.slow
SETTINGS = replace(TINY, steps=24, validate_every=12, checkpoint_every=3)
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


def start(folder: JobFolder) -> None:
    launch(folder, environment=ENVIRONMENT)


def ended(folder: JobFolder) -> JobState:
    """Wait until the job has ended and its worker is gone."""
    *_, last = follow(folder, poll_s=0.05)
    while is_held(folder):
        time.sleep(0.01)
    return last.state


def wait_for(condition: Callable[[], bool], folder: JobFolder) -> None:
    until = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < until, folder.log.read_text()
        assert status_of(folder).state in (JobState.QUEUED, JobState.RUNNING)
        time.sleep(0.005)


def kill(folder: JobFolder) -> None:
    os.kill(status_of(folder).pid, signal.SIGKILL)
    assert ended(folder) is JobState.DEAD


def trained(folder: JobFolder) -> tuple[str, dict[str, object]]:
    scores = json.loads(folder.scores.read_text())
    scores.pop("seconds")
    return sha256_of(folder.model), scores


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, world: World) -> JobFolder:
    """An undisturbed training by a worker of its own."""
    folder, _ = train_job(tmp_path_factory.mktemp("m") / "1-train", world, settings=SETTINGS)
    start(folder)
    assert ended(folder) is JobState.DONE, folder.log.read_text()
    return folder


def test_a_training_killed_twice_ends_with_the_same_model(
    tmp_path: Path, world: World, model: JobFolder
) -> None:
    folder, _ = train_job(tmp_path / "1-train", world, settings=SETTINGS)
    for step in (4, 13):
        start(folder)
        wait_for(lambda step=step: status_of(folder).metrics.get("step", 0) >= step, folder)
        kill(folder)
    start(folder)
    assert ended(folder) is JobState.DONE, folder.log.read_text()
    assert trained(folder) == trained(model)
    assert sum(one["message"].startswith("resumed") for one in read_events(folder)) == 2


def test_sigterm_saves_a_checkpoint_and_exits_75_and_hang_up_is_ignored(
    tmp_path: Path, world: World, model: JobFolder
) -> None:
    folder, _ = train_job(tmp_path / "1-train", world, settings=SETTINGS)
    command = [sys.executable, "-P", "-m", "rtsproj.worker", str(folder.path)]
    with subprocess.Popen(command, env=ENVIRONMENT) as process:
        wait_for(lambda: status_of(folder).metrics.get("step", 0) >= 2, folder)
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == ExitCode.INTERRUPTED
    assert status_of(folder).state is JobState.PAUSED
    start(folder)
    assert ended(folder) is JobState.DONE
    assert trained(folder) == trained(model)


def test_the_stop_file_pauses_a_job_and_a_launch_takes_the_wish_back(
    tmp_path: Path, world: World, model: JobFolder
) -> None:
    folder, _ = train_job(tmp_path / "1-train", world, settings=SETTINGS)
    start(folder)
    wait_for(lambda: status_of(folder).metrics.get("step", 0) >= 2, folder)
    stop(folder)
    assert ended(folder) is JobState.PAUSED
    start(folder)
    assert ended(folder) is JobState.DONE
    assert trained(folder) == trained(model)


@pytest.mark.parametrize("tiles", [20])
def test_a_search_killed_between_tiles_ends_with_the_same_outlines(
    tiles: int, tmp_path: Path, world: World, model: JobFolder
) -> None:
    named = (model.model, sha256_of(model.model))
    settings = InferSettings(threshold=0.02, min_px=4)
    whole, _ = infer_job(tmp_path / "2-infer", world, named, core_px=32, settings=settings)
    start(whole)
    assert ended(whole) is JobState.DONE, whole.log.read_text()
    folder, _ = infer_job(tmp_path / "3-infer", world, named, core_px=32, settings=settings)
    start(folder)
    wait_for(lambda: len(tables.known_outcomes(folder)) >= tiles, folder)
    kill(folder)
    before = tables.known_outcomes(folder)
    start(folder)
    assert ended(folder) is JobState.DONE, folder.log.read_text()
    assert folder.outlines.read_bytes() == whole.outlines.read_bytes()
    assert tables.read_outlines(folder.outlines)
    after = tables.known_outcomes(folder)
    assert len(after) == 64
    assert {k: after[k] for k in before} == before


def test_a_worker_that_cannot_even_start_is_dead_with_a_log(tmp_path: Path, world: World) -> None:
    folder, _ = train_job(tmp_path / "1-train", world)
    launch(folder, environment={**ENVIRONMENT, "PYTHONHOME": "/none"})
    assert ended(folder) is JobState.DEAD
    assert folder.log.read_text()
