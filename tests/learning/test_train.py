"""A training resumes bit by bit, stops early, refits, and says what it did."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from trainings import killed_before, messages, run
from workshop import TINY, World, train_job

from rtsproj.errors import DamagedError, InterruptedJobError, RtsError
from rtsproj.jobs.files import sha256_of
from rtsproj.jobs.reporter import Reporter
from rtsproj.jobs.weights import resolve_weights
from rtsproj.learning import loop
from rtsproj.learning.loop import Trainer
from rtsproj.learning.model_file import load_model, read_info
from rtsproj.learning.samples import Batch, Sampler
from rtsproj.learning.schedule import rate_at
from rtsproj.learning.session import Ledger
from rtsproj.learning.train import train
from rtsproj.settings import Loss, Schedule, TrainSettings
from rtsproj.workflow.monitor import TrainWatch

# rasterio silences these by a filter that threads share; between them one slips through
pytestmark = [
    pytest.mark.filterwarnings("ignore:Dataset has no geotransform"),
    pytest.mark.filterwarnings("ignore:The given matrix is equal to Affine.identity"),
]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, world: World) -> dict[str, object]:
    torch.set_num_threads(1)
    return run(train_job(tmp_path_factory.mktemp("u") / "1-train", world))


@pytest.mark.parametrize("steps", [(1,), (3,), (4,), (7,), (2, 3, 6)])
def test_a_killed_training_ends_with_the_same_bits(
    steps: tuple[int, ...],
    tmp_path: Path,
    world: World,
    undisturbed: dict[str, object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job = train_job(tmp_path / "1-train", world)
    for step in steps:
        killed_before(step, monkeypatch, job)
    assert run(job) == undisturbed


def test_a_stopped_training_saves_its_step_and_ends_with_the_same_bits(
    tmp_path: Path, world: World, undisturbed: dict[str, object]
) -> None:
    job = train_job(tmp_path / "1-train", world)
    asked = iter([False, False, False, True])
    reporter = Reporter(job[0], stopping=lambda: next(asked))
    with pytest.raises(InterruptedJobError, match="stopped after step 3 of 8"):
        train(*job, reporter)
    assert run(job) == undisturbed
    assert "resumed after step 3" in messages(job)


def test_its_course_and_its_samples_are_there_for_a_later_look(
    tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = train_job(tmp_path / "1-train", world)
    killed_before(7, monkeypatch, job)
    run(job)
    look = TrainWatch(job[0].path).look()
    scored = [one for one in look.points if one.pixel_iou is not None]
    assert [(one.phase, one.step) for one in scored] == [(1, 4), (1, 8)]
    assert look.samples is not None
    assert look.samples.step == 8
    assert {one.rgb.shape[2] for one in look.samples.chosen} == {3}
    assert {"data_wait", "patience", "stale"} <= set(look.status.metrics)


def test_a_corrupt_checkpoint_falls_back_to_the_one_before_and_says_so(
    tmp_path: Path,
    world: World,
    undisturbed: dict[str, object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job = train_job(tmp_path / "1-train", world)
    killed_before(5, monkeypatch, job)
    newest = max(job[0].checkpoint.glob("*.pt"))
    data = bytearray(newest.read_bytes())
    data[len(data) // 2] ^= 4
    newest.write_bytes(data)
    assert run(job) == undisturbed
    told = messages(job)
    assert f"{newest.name} does not match its recorded sha256" in told
    assert "resumed after step 2" in told


def test_without_any_whole_checkpoint_the_training_starts_again(
    tmp_path: Path,
    world: World,
    undisturbed: dict[str, object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job = train_job(tmp_path / "1-train", world)
    killed_before(5, monkeypatch, job)
    for path in job[0].checkpoint.glob("*.pt"):
        path.write_bytes(b"")
    assert run(job) == undisturbed


FEW = replace(TINY, steps=3, validate_every=3, checkpoint_every=1)


def test_another_number_of_threads_is_told(
    tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = train_job(tmp_path / "1-train", world, settings=FEW)
    killed_before(2, monkeypatch, job)
    torch.set_num_threads(2)
    try:
        run(job)
    finally:
        torch.set_num_threads(1)
    assert "resumed with 2 threads instead of 1" in messages(job)


def test_a_checkpoint_of_another_request_is_passed_over(
    tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, request = train_job(tmp_path / "1-train", world, settings=FEW)
    killed_before(2, monkeypatch, (job, request))
    job.request.write_text(job.request.read_text() + "\n")
    run((job, request))
    assert "belongs to another request" in messages((job, request))


REFIT = replace(TINY, refit="all", steps=6, validate_every=3)


def test_a_refit_learns_from_every_label_over_the_whole_schedule(
    tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run(train_job(tmp_path / "1-train", world, settings=REFIT))
    assert isinstance(whole["refit"], dict)
    assert whole["refit"]["steps"] == REFIT.steps
    # killed in the fit and twice in the refit, it ends with the same bits
    job = train_job(tmp_path / "2-train", world, settings=REFIT)
    killed_before(4, monkeypatch, job)
    killed_before(0, monkeypatch, job, phase=2)
    killed_before(2, monkeypatch, job, phase=2)
    assert run(job) == whole


def test_without_validation_labels_the_training_runs_its_steps_and_says_so(
    tmp_path: Path, world: World
) -> None:
    job = train_job(tmp_path / "1-train", world, validation=(), settings=REFIT)
    found = run(job)
    assert (found["scores"], found["steps_run"], found["refit"]) == ({}, 6, None)
    assert "no slump lies in a validation block" in messages(job)


def test_scores_without_gain_end_the_training_early_and_the_best_weights_are_kept(
    tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ranks = iter([(0.5, 0.5), (0.4, 0.9), (0.5, 0.5), (0.9, 0.9)])
    states: list[dict[str, torch.Tensor]] = []

    class Fixed:
        def __init__(self, rank: tuple[float, float]) -> None:
            self.rank = rank

        def row(self) -> dict[str, float]:
            return {"f1": self.rank[0]}

    def scored(self: object, network: torch.nn.Module, *_: object) -> Fixed:
        states.append({k: v.clone() for k, v in network.state_dict().items()})
        return Fixed(next(ranks))

    monkeypatch.setattr(loop.Validator, "scores", scored)
    settings = replace(TINY, validate_every=1, patience=2)
    job = train_job(tmp_path / "1-train", world, settings=settings)
    found = run(job)
    assert (found["best_step"], found["steps_run"]) == (1, 3)
    saved = load_file(job[0].model)
    assert all(torch.equal(saved[k], states[0][k]) for k in saved)


def test_patience_does_not_count_before_anything_was_found() -> None:
    nothing = Ledger(step=4, best_rank=(0.0, 0.0), stale=9)
    trainer = object.__new__(Trainer)
    trainer._steps = 10
    assert not trainer._is_enough(nothing)


def test_a_loss_that_is_no_number_ends_the_job_with_a_reason(
    tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Sampler.batch

    def odd(self: Sampler, step: int) -> Batch:
        batch = whole(self, step)
        batch.images[:] = float("nan")
        return batch

    monkeypatch.setattr(Sampler, "batch", odd)
    with pytest.raises(RtsError, match="the loss is nan after step 1"):
        run(train_job(tmp_path / "1-train", world))


def test_labels_that_differ_from_the_request_are_refused(tmp_path: Path, world: World) -> None:
    job = train_job(tmp_path / "1-train", world)
    job[0].labels.write_text("")
    with pytest.raises(DamagedError, match="does not match the digest"):
        run(job)


def test_the_published_optimiser_trains_and_resumes_with_the_same_bits(
    tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(
        TINY, optimizer="sgd", learning_rate=0.007, schedule="poly", steps=4, validate_every=4
    )
    whole = run(train_job(tmp_path / "1-train", world, settings=settings))
    job = train_job(tmp_path / "2-train", world, settings=settings)
    killed_before(3, monkeypatch, job)
    assert run(job) == whole


@pytest.mark.parametrize("loss", ["bce", "focal", "focal_tversky"])
def test_every_loss_and_bf16_train(loss: Loss, tmp_path: Path, world: World) -> None:
    settings = replace(TINY, loss=loss, precision="bf16", steps=2, validate_every=2)
    found = run(train_job(tmp_path / "1-train", world, settings=settings))
    assert isinstance(found["backend"], dict)
    assert found["backend"]["precision"] == "bf16"


def test_the_header_of_the_model_tells_where_it_comes_from(tmp_path: Path, world: World) -> None:
    job, request = train_job(tmp_path / "1-train", world)
    run((job, request))
    info = read_info(job.model)
    assert info.training_sha256 == request.training_sha256
    assert info.scaling == request.source.scaling
    assert (info.pixel_m, info.margin_px, info.weights_origin) == (3.0, 16, "random")


@pytest.mark.slow
def test_with_package_weights_a_short_training_finds_the_slumps(
    tmp_path: Path, world: World
) -> None:
    settings = TrainSettings(
        chip_px=64, batch=8, steps=40, validate_every=20, checkpoint_every=40, buffer_m=60.0
    )
    folder, request = train_job(tmp_path / "1-train", world, settings=settings)
    found = resolve_weights(settings.weights)
    request = replace(request, weights_path=found.path, weights_sha256=found.sha256)
    folder.request.unlink()
    folder.write_request(request)
    result = run((folder, request))
    assert isinstance(result["scores"], dict)
    assert result["scores"]["objects"]["0.3"]["f1"] >= 0.6
    assert result["weights"]["matched"] == 288  # type: ignore[index]


@pytest.mark.parametrize(
    ("architecture", "encoder"), [("Unet", "resnet18"), ("FPN", "mobilenet_v2")]
)
def test_other_networks_train_and_are_loaded_again(
    architecture: str, encoder: str, tmp_path: Path, world: World
) -> None:
    settings = replace(
        TINY, architecture=architecture, encoder=encoder, steps=2, batch=2, validate_every=2
    )
    job = train_job(tmp_path / "1-train", world, settings=settings)
    run(job)
    network, info = load_model(job[0].model, sha256_of(job[0].model))
    assert (info.spec.architecture, info.spec.encoder, info.members) == (architecture, encoder, 1)
    with torch.inference_mode():
        assert network(torch.rand(2, 4, 64, 64)).shape == (2, 1, 64, 64)


def test_repeatable_kernels_are_used_for_the_training_alone(
    tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []
    whole = Trainer._step

    def watched(self: Trainer, at: int, batch: Batch) -> tuple[float, float]:
        seen.append(torch.are_deterministic_algorithms_enabled())
        return whole(self, at, batch)

    monkeypatch.setattr(Trainer, "_step", watched)
    settings = replace(TINY, steps=2, validate_every=2, deterministic=True)
    run(train_job(tmp_path / "1-train", world, settings=settings))
    assert seen == [True, True]
    assert not torch.are_deterministic_algorithms_enabled()


@pytest.mark.parametrize("schedule", ["poly", "constant"])
def test_the_schedule_of_the_settings_is_followed(
    schedule: Schedule, tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates: list[float] = []
    whole = Trainer._step

    def watched(self: Trainer, at: int, batch: Batch) -> tuple[float, float]:
        rates.append(whole(self, at, batch)[0])
        return rates[-1], 0.0

    monkeypatch.setattr(Trainer, "_step", watched)
    settings = replace(TINY, steps=3, validate_every=3, schedule=schedule)
    run(train_job(tmp_path / "1-train", world, settings=settings))
    expected = [rate_at(schedule, n, steps=3, peak=TINY.learning_rate)[0] for n in range(3)]
    assert rates == expected
