"""What the worker makes of errors, signals and finished jobs; in this process, without a lock."""

import io
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from small import Small, use_small
from torch import nn
from workshop import BANDS, TINY, World, infer_job, model_info, train_job

from rtsproj.errors import ExitCode, InterruptedJobError
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.lock import held_lock, is_held
from rtsproj.jobs.reporter import Reporter
from rtsproj.jobs.state import JobState, read_events, status_of
from rtsproj.learning.model_file import save_model
from rtsproj.learning.network import NetworkSpec
from rtsproj.settings import InferSettings
from rtsproj.worker import run as worker
from rtsproj.worker.__main__ import main


class AcceleratorError(RuntimeError):
    """Named like torch's own."""


class OutOfMemoryError(RuntimeError):
    """Named like torch's own."""


class Breaking(nn.Module):
    """Two passes go well; the third one does not."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.inner, self.passes = network, 0

    @property
    def encoder(self) -> nn.Module:
        return self.inner.encoder  # type: ignore[return-value]

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.passes += 1
        if self.passes == 3:
            raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")
        logits: torch.Tensor = self.inner(images)
        return logits


@pytest.fixture(autouse=True)
def signals_restored() -> Iterator[None]:
    kinds = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)
    before = [signal.getsignal(one) for one in kinds]
    yield
    for kind, handler in zip(kinds, before, strict=True):
        signal.signal(kind, handler)


def run(folder: JobFolder) -> tuple[ExitCode, str]:
    log = io.StringIO()
    return worker.run_folder(folder.path, {}, log), log.getvalue()


def raising(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def train(*_: object) -> None:
        raise error

    monkeypatch.setattr(worker, "_train", train)


def broken(monkeypatch: pytest.MonkeyPatch, job: JobFolder) -> str:
    """Run a job with a network that raises: it fails with the reason, and leaves nothing behind."""
    torch.set_num_threads(1)
    use_small(monkeypatch.setattr, wrap=Breaking)
    before = set(threading.enumerate())
    code, log = run(job)
    status = status_of(job)
    assert (code, status.state) == (ExitCode.FAILED, JobState.FAILED)
    assert status.error == "RuntimeError: mat1 and mat2 shapes cannot be multiplied"
    assert "worker.log" in status.hint
    assert read_events(job)[-1]["kind"] == "failed"
    assert set(threading.enumerate()) <= before
    assert not is_held(job)
    assert not job.done.exists()
    return log


@pytest.mark.filterwarnings("ignore:Dataset has no geotransform")
@pytest.mark.filterwarnings("ignore:The given matrix is equal to Affine.identity")
def test_a_network_that_raises_within_a_step_fails_the_training(
    tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, _ = train_job(tmp_path / "1-train", world, settings=replace(TINY, checkpoint_every=1))
    assert "in _step" in broken(monkeypatch, job)
    assert [one.name for one in job.checkpoint.glob("*.pt")] != []


@pytest.mark.filterwarnings("ignore:Dataset has no geotransform")
@pytest.mark.filterwarnings("ignore:The given matrix is equal to Affine.identity")
def test_a_network_that_raises_within_a_shard_fails_the_search(
    tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, spec = (
        tmp_path / "model.safetensors",
        NetworkSpec("Unet", "tu-test_efficientnet", 16, BANDS),
    )
    digest = save_model(path, Breaking(Small(4)).state_dict(), model_info(spec))
    settings = InferSettings(threshold=0.5, engine="torch", span=1, batch=1, processes=1)
    job, _ = infer_job(tmp_path / "2-infer", world, (path, digest), settings=settings)
    assert "in search_shards" in broken(monkeypatch, job)


def test_an_error_of_ours_fails_the_job_with_reason_and_log(
    tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, _ = train_job(tmp_path / "1-train", world)
    raising(monkeypatch, ZeroDivisionError("division by zero"))
    code, log = run(job)
    assert code is ExitCode.FAILED
    assert "Traceback" in log
    status = status_of(job)
    assert (status.state, status.error) == (
        JobState.FAILED,
        "ZeroDivisionError: division by zero",
    )


@pytest.mark.parametrize(
    "error",
    [AcceleratorError("lost"), RuntimeError("CUDA error: unspecified launch failure")],
)
def test_a_lost_gpu_interrupts_the_job(
    error: Exception, tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, _ = train_job(tmp_path / "1-train", world)
    raising(monkeypatch, error)
    assert run(job)[0] is ExitCode.INTERRUPTED
    status = status_of(job)
    assert status.state is JobState.PAUSED
    assert "the GPU was lost" in status.message


def test_memory_that_ran_out_fails_with_what_to_lower(
    tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, _ = train_job(tmp_path / "1-train", world)
    raising(monkeypatch, OutOfMemoryError("CUDA out of memory"))
    assert run(job)[0] is ExitCode.FAILED
    assert "lower train.batch" in status_of(job).hint


def test_an_interruption_pauses_the_job(
    tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, _ = train_job(tmp_path / "1-train", world)
    raising(monkeypatch, InterruptedJobError("stopped after step 3", hint="resume"))
    assert run(job)[0] is ExitCode.INTERRUPTED
    assert (status_of(job).state, status_of(job).message) == (
        JobState.PAUSED,
        "stopped after step 3",
    )


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGUSR1, signal.SIGINT])
def test_a_signal_asks_the_work_loop_to_stop(
    kind: signal.Signals, tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, _ = train_job(tmp_path / "1-train", world)
    seen: list[bool] = []

    def train(folder: JobFolder, request: object, reporter: Reporter) -> None:
        seen.append(reporter.should_stop())
        signal.raise_signal(signal.SIGHUP)
        seen.append(reporter.should_stop())
        signal.raise_signal(kind)
        seen.append(reporter.should_stop())

    monkeypatch.setattr(worker, "_train", train)
    assert run(job)[0] is ExitCode.DONE
    assert seen == [False, False, True]


def test_a_finished_job_is_not_run_again(
    tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, _ = train_job(tmp_path / "1-train", world)
    Reporter(job).finished({}, outputs=[])
    raising(monkeypatch, ZeroDivisionError())
    assert run(job)[0] is ExitCode.DONE


def test_a_search_that_ended_with_failed_tiles_is_run_again(
    tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, _ = infer_job(tmp_path / "2-infer", world, (Path("/none"), ""))
    Reporter(job).finished({"failed_tiles": [{"tile_id": 3, "message": "torn"}]}, outputs=[])
    calls: list[int] = []
    monkeypatch.setattr(worker, "_search", lambda *_: calls.append(1))
    assert run(job)[0] is ExitCode.DONE
    assert calls == [1]
    assert not job.done.exists()


def test_a_scene_that_is_gone_stops_the_job_with_its_name(tmp_path: Path, world: World) -> None:
    scene = replace(world.source.scenes[0], path=str(tmp_path / "gone.tif"))
    moved = replace(world, source=replace(world.source, scenes=(scene,)))
    job, _ = train_job(tmp_path / "1-train", moved)
    assert run(job)[0] is ExitCode.FAILED
    assert "scene gone.tif is not at" in status_of(job).error
    assert "relink" in status_of(job).hint


def test_a_scene_that_changed_stops_the_job(tmp_path: Path, world: World) -> None:
    scene = replace(world.source.scenes[0], fingerprint="0" * 64)
    changed = replace(world, source=replace(world.source, scenes=(scene,)))
    job, _ = train_job(tmp_path / "1-train", changed)
    assert run(job)[0] is ExitCode.FAILED
    assert "scene scene.tif has changed" in status_of(job).error


def test_a_second_worker_is_busy_and_touches_nothing(tmp_path: Path, world: World) -> None:
    job, _ = train_job(tmp_path / "1-train", world)
    with held_lock(job):
        code, log = run(job)
    assert code is ExitCode.BUSY
    assert "is held by the worker with pid" in log
    assert not job.events.exists()


def test_a_damaged_request_fails_the_job(tmp_path: Path, world: World) -> None:
    job, _ = train_job(tmp_path / "1-train", world)
    job.request.write_text("{}")
    assert run(job)[0] is ExitCode.FAILED
    assert "request.json cannot be read" in status_of(job).error


def test_wrong_use_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == ExitCode.USAGE
    assert main([str(tmp_path)]) == ExitCode.USAGE
    assert "holds no request.json" in capsys.readouterr().err
