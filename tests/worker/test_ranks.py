"""Several processes train what one would; what one of them meets, all do at the same step."""

import io
import multiprocessing
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from small import Hungry, use_small
from torch import nn
from workshop import TINY, World, train_job

from rtsproj.errors import ExitCode, InterruptedJobError, UsageError
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.launch import (
    gpu_count,
    launch,
    processes_of,
    worker_command,
    worker_environment,
)
from rtsproj.jobs.lock import is_held
from rtsproj.jobs.reporter import Reporter
from rtsproj.jobs.state import JobState, follow, read_events, status_of
from rtsproj.learning import train
from rtsproj.learning.loop import Trainer
from rtsproj.learning.ranks import Ranks
from rtsproj.learning.samples import Batch
from rtsproj.worker.run import run_folder

SETTINGS = replace(TINY, steps=4, validate_every=4, checkpoint_every=2)


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network whose answer does not depend on how a batch is divided, here and when forked."""
    use_small(monkeypatch.setattr, plain=True)


def started(folder: JobFolder, world: int) -> list[BaseProcess]:
    """Workers as torchrun starts them, but forked: torch need not be loaded again."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(world)}

    def work(rank: int) -> None:
        os.environ.update(shared, RANK=str(rank), LOCAL_RANK=str(rank))
        torch.set_num_threads(1)  # threads of the parent are gone in a forked child
        os._exit(run_folder(folder.path, os.environ, io.StringIO()))

    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=work, args=(rank,)) for rank in range(world)]
    for one in processes:
        one.start()
    return list(processes)


@contextmanager
def ranks(folder: JobFolder, world: int) -> Iterator[list[BaseProcess]]:
    """Several workers of a folder, which end by themselves."""
    processes = started(folder, world)
    try:
        yield processes
        for one in processes:
            one.join(60)
    finally:
        for one in processes:
            one.kill()
            one.join()


@pytest.mark.usefixtures("plain")
def test_two_processes_end_with_the_weights_of_one_also_from_its_checkpoint(
    tmp_path: Path, world: World
) -> None:
    # GIVEN the training by one process, and the same one stopped after three steps
    torch.set_num_threads(1)
    whole, request = train_job(tmp_path / "1-train", world, settings=SETTINGS)
    train.train(whole, request, Reporter(whole))
    half, _ = train_job(tmp_path / "2-train", world, settings=SETTINGS)
    asked = iter([False, False, False, True])
    with pytest.raises(InterruptedJobError, match="stopped after step 3"):
        train.train(half, request, Reporter(half, stopping=lambda: next(asked)))
    # WHEN two processes train it from the start, and two go on with the stopped one
    both, _ = train_job(tmp_path / "3-train", world, settings=SETTINGS)
    for folder in (both, half):
        with ranks(folder, 2):
            pass
        # THEN the weights are those of one process but for the order of sums
        assert status_of(folder).state is JobState.DONE
        found = load_file(folder.model)
        for name, value in load_file(whole.model).items():
            assert torch.allclose(found[name], value, atol=2e-4), name
    told = [str(row["message"]) for row in read_events(half)]
    assert any("resumed with 2 processes instead of 1" in one for one in told)
    assert sum(one.startswith("training on") for one in told) == 2


@pytest.mark.usefixtures("plain")
def test_a_lost_process_interrupts_the_job_and_a_stop_saves_its_step(
    tmp_path: Path, world: World
) -> None:
    settings = replace(SETTINGS, steps=100_000, validate_every=100_000, checkpoint_every=1)
    folder, _ = train_job(tmp_path / "1-train", world, settings=settings)
    with ranks(folder, 2) as processes:
        wait_for_step(folder, 2)
        processes[1].kill()
    assert processes[0].exitcode == ExitCode.INTERRUPTED
    status = status_of(folder)
    assert status.state is JobState.PAUSED
    assert "a process of the training was lost" in status.message
    # WHEN it goes on and all are asked to stop, as torchrun does
    with ranks(folder, 2) as processes:
        wait_for_step(folder, int(status.metrics["step"]) + 1)
        for one in reversed(processes):
            os.kill(int(one.pid or 0), signal.SIGTERM)
    assert [one.exitcode for one in processes] == [ExitCode.INTERRUPTED, ExitCode.DONE]
    assert "stopped after step" in status_of(folder).message


@pytest.mark.usefixtures("plain")
def test_a_signal_that_one_process_hears_stops_all_and_changes_no_weight(
    tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN an undisturbed training by two processes
    whole, _ = train_job(tmp_path / "1-train", world, settings=SETTINGS)
    with ranks(whole, 2):
        pass
    # WHEN the second process alone gets a scheduler's signal in its second step
    step = Trainer._step

    def signalled(self: Trainer, at: int, batch: Batch) -> tuple[float, float]:
        if (at, self._session.ranks.rank) == (1, 1):
            signal.raise_signal(signal.SIGUSR1)
        return step(self, at, batch)

    half, _ = train_job(tmp_path / "2-train", world, settings=SETTINGS)
    with monkeypatch.context() as patched:
        patched.setattr(Trainer, "_step", signalled)
        with ranks(half, 2) as processes:
            pass
    # THEN both stop behind that step, and go on as if nothing had been
    assert [one.exitcode for one in processes] == [ExitCode.INTERRUPTED, ExitCode.DONE]
    assert (status_of(half).state, status_of(half).message) == (
        JobState.PAUSED,
        "stopped after step 2 of 4",
    )
    with ranks(half, 2):
        pass
    assert status_of(half).state is JobState.DONE
    assert half.model.read_bytes() == whole.model.read_bytes()


@pytest.mark.usefixtures("plain")
def test_a_launcher_that_dies_leaves_a_saved_training(tmp_path: Path, world: World) -> None:
    settings = replace(SETTINGS, steps=100_000, validate_every=100_000, checkpoint_every=50_000)
    folder, _ = train_job(tmp_path / "1-train", world, settings=settings)

    def launcher() -> None:
        for one in started(folder, 2):
            one.join()

    parent = multiprocessing.get_context("fork").Process(target=launcher)
    parent.start()
    wait_for_step(folder, 2)
    parent.kill()
    parent.join()
    until = time.monotonic() + 60
    while is_held(folder):
        assert time.monotonic() < until
        time.sleep(0.01)
    assert status_of(folder).state is JobState.PAUSED
    assert "stopped after step" in status_of(folder).message
    assert list(folder.checkpoint.glob("*.pt"))


@pytest.mark.parametrize("backward", [False, True])
def test_memory_that_runs_out_on_one_process_makes_all_go_on_with_half(
    backward: bool, tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN the training by one process, and a second process that cannot take two chips
    torch.set_num_threads(1)
    use_small(monkeypatch.setattr, plain=True)
    whole, request = train_job(tmp_path / "1-train", world, settings=SETTINGS)
    train.train(whole, request, Reporter(whole))

    def wrap(made: nn.Module) -> nn.Module:
        most = 1 if os.environ.get("RANK") == "1" else 9
        return Hungry(made, most, backward=backward)

    use_small(monkeypatch.setattr, plain=True, wrap=wrap)
    both, _ = train_job(tmp_path / "2-train", world, settings=SETTINGS)
    with ranks(both, 2):
        pass
    # THEN both halve, once, and the weights are those of the whole batch
    assert status_of(both).state is JobState.DONE, read_events(both)
    told = [str(row["message"]) for row in read_events(both)]
    assert sum("memory ran out with 2 chips" in one for one in told) == 1
    found = load_file(both.model)
    for name, value in load_file(whole.model).items():
        assert torch.allclose(found[f"inner.{name}"], value, atol=2e-4), name


def wait_for_step(folder: JobFolder, step: int) -> None:
    until = time.monotonic() + 60
    while status_of(folder).metrics.get("step", 0) < step:
        assert time.monotonic() < until, read_events(folder)
        time.sleep(0.01)


@pytest.mark.soak
def test_the_desk_launches_several_processes(tmp_path: Path, world: World) -> None:
    settings = replace(SETTINGS, steps=2, validate_every=2, processes=2)
    folder, _ = train_job(tmp_path / "1-train", world, settings=settings)
    launch(folder, environment={**os.environ, "OMP_NUM_THREADS": "1"})
    *_, last = follow(folder, poll_s=0.05)
    assert last.state is JobState.DONE, folder.log.read_text()
    assert "2 processes" in str([row["message"] for row in read_events(folder)])


def test_a_batch_that_cannot_be_shared_out_is_refused() -> None:
    with pytest.raises(UsageError, match=r"train\.batch = 8 cannot be shared out to 3"):
        Ranks(0, 3).require_equal_shares(8)


def test_the_desk_starts_as_many_processes_as_share_the_batch(tmp_path: Path, world: World) -> None:
    _, request = train_job(
        tmp_path / "1-train", world, settings=replace(TINY, processes=0, batch=8)
    )
    three = {"CUDA_VISIBLE_DEVICES": "0,1,2"}
    assert gpu_count(three) == 3
    assert gpu_count({"CUDA_VISIBLE_DEVICES": ""}) == 0
    assert processes_of(request, three) == 2
    assert processes_of(request, {"CUDA_VISIBLE_DEVICES": ""}) == 1
    four = replace(request, settings=replace(TINY, processes=4))
    assert processes_of(four, {}) == 4
    # AND one for a sweep, however many GPUs there are
    assert processes_of(replace(request, runs=({"loss": "bce"},)), three) == 1
    assert processes_of(replace(four, runs=({"loss": "bce"},)), {}) == 1
    alone = worker_command(JobFolder(tmp_path), 1)
    assert alone[1:4] == ["-P", "-m", "rtsproj.worker"]
    several = worker_command(JobFolder(tmp_path), 2)
    assert several[2:6] == ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    assert several[6:] == alone[2:]
    shared = worker_environment({}, processes=2)
    assert shared["PYTHONSAFEPATH"] == "1"
    assert "SIGUSR1" in shared["PET_SIGNALS_TO_HANDLE"]
    assert "PET_SIGNALS_TO_HANDLE" not in worker_environment({})


def test_a_repeatable_training_has_its_variable(tmp_path: Path) -> None:
    name = "CUBLAS_WORKSPACE_CONFIG"
    assert worker_environment({}, settings=replace(TINY, deterministic=True))[name] == ":4096:8"
    assert name not in worker_environment({}, settings=TINY)
