"""An ensemble is trained network by network, resumed in any of them, and kept in one file."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from small import use_small
from trainings import Kill, killed_before, messages, run
from workshop import TINY, World, train_job

from rtsproj.errors import DamagedError, UsageError
from rtsproj.jobs.files import sha256_of
from rtsproj.learning import members
from rtsproj.learning.model_file import (
    Ensemble,
    MeanOfMembers,
    ensemble_state,
    load_model,
    read_info,
)
from rtsproj.workflow.monitor import TrainWatch

# rasterio silences these by a filter that threads share; between them one slips through
pytestmark = [
    pytest.mark.filterwarnings("ignore:Dataset has no geotransform"),
    pytest.mark.filterwarnings("ignore:The given matrix is equal to Affine.identity"),
]

SHORT = replace(TINY, steps=3, validate_every=3, checkpoint_every=2)
TWO = replace(SHORT, members=2)


@pytest.fixture(autouse=True, scope="module")
def small() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        use_small(patched.setattr)
        yield


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory, world: World) -> Path:
    """A finished job of two networks."""
    torch.set_num_threads(1)
    job = train_job(tmp_path_factory.mktemp("two") / "1-train", world, settings=TWO)
    run(job)
    return job[0].path


def test_each_network_is_the_one_that_its_seed_alone_would_give(
    tmp_path: Path, world: World, two: Path
) -> None:
    saved = load_file(two / "outputs" / "model.safetensors")
    for n in range(2):
        alone = train_job(tmp_path / f"{n}", world, settings=replace(SHORT, seed=SHORT.seed + n))
        run(alone)
        for name, value in load_file(alone[0].model).items():
            assert torch.equal(saved[f"members.{n}.{name}"], value), name


def test_the_loaded_ensemble_answers_with_a_channel_per_network(two: Path) -> None:
    path = two / "outputs" / "model.safetensors"
    network, info = load_model(path, sha256_of(path))
    assert (info.members, read_info(path).members) == (2, 2)
    assert isinstance(network, Ensemble)
    images = torch.rand(3, 4, 64, 64)
    with torch.inference_mode():
        logits = network(images)
        mean = MeanOfMembers(network)(images)
    assert logits.shape == (3, 2, 64, 64)
    assert not torch.equal(logits[:, 0], logits[:, 1])
    assert torch.allclose(torch.sigmoid(mean[:, 0]), torch.sigmoid(logits).mean(1), atol=1e-6)


def test_its_scores_are_those_of_the_mean_and_those_of_each_network(
    tmp_path: Path, world: World
) -> None:
    job = train_job(tmp_path / "1-train", world, settings=TWO)
    found = run(job)
    rows = found["members"]
    assert isinstance(rows, list)
    assert [one["seed"] for one in rows] == [1, 2]
    assert isinstance(found["scores"], dict)
    assert found["scores"]["truths"] == rows[0]["scores"]["truths"] == rows[1]["scores"]["truths"]
    assert "mean probability of 2 networks" in messages(job)
    assert job[0].samples.exists()
    look = TrainWatch(job[0].path).look()
    assert {one.member for one in look.points} == {1}


@pytest.mark.parametrize("refit", ["none", "all"])
def test_it_resumes_in_any_network_and_phase_with_the_same_bits(
    refit: str, tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(TWO, refit=refit)
    whole = run(train_job(tmp_path / "1-train", world, settings=settings))
    job = train_job(tmp_path / "2-train", world, settings=settings)
    killed_before(1, monkeypatch, job, member=0)
    killed_before(2, monkeypatch, job, member=1)
    if refit == "all":
        killed_before(2, monkeypatch, job, member=1, phase=2)
    # AND the kept result of the first network is lost on the way
    kept = job[0].checkpoint / "members" / "00.pt"
    kept.write_bytes(kept.read_bytes()[:-1])
    assert run(job) == whole


def test_a_kill_after_the_last_network_repeats_none(
    tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = train_job(tmp_path / "1-train", world, settings=TWO)
    with monkeypatch.context() as patched:
        patched.setattr("rtsproj.learning.train._write", lambda *_: (_ for _ in ()).throw(Kill()))
        with pytest.raises(Kill):
            run(job)
    monkeypatch.setattr(members, "_fitted", lambda *_: pytest.fail("trained again"))
    run(job)


def warm(tmp_path: Path, world: World, two: Path, **changes: object) -> dict[str, object]:
    path = two / "outputs" / "model.safetensors"
    settings = replace(TWO, warm_start="last", **changes)  # type: ignore[arg-type]
    folder, request = train_job(tmp_path / "3-train", world, settings=settings)
    folder.request.unlink()
    request = replace(request, warm_path=str(path), warm_sha256=sha256_of(path), warm_model=7)
    folder.write_request(request)
    return {**run((folder, request)), "path": folder.model}


def test_a_warm_start_takes_the_whole_network_of_each_member(
    tmp_path: Path, world: World, two: Path
) -> None:
    # GIVEN a training too gentle to change anything
    found = warm(tmp_path, world, two, learning_rate=1e-8, members=3, steps=1)
    before = load_file(two / "outputs" / "model.safetensors")
    after = load_file(found["path"])  # type: ignore[arg-type]
    # THEN members 0, 1, 2 have the weights of members 0, 1, 0
    for name, value in after.items():
        if name.endswith(("weight", "bias")):
            _, n, rest = name.split(".", 2)
            assert torch.allclose(value, before[f"members.{int(n) % 2}.{rest}"], atol=1e-6)
    assert read_info(found["path"]).weights_origin == "model 7"  # type: ignore[arg-type]
    assert found["weights"]["how"] == "model"  # type: ignore[index]


def test_a_warm_start_of_another_network_is_refused(
    tmp_path: Path, world: World, two: Path
) -> None:
    with pytest.raises(UsageError, match="model 7 is DeepLabV3Plus") as caught:
        warm(tmp_path, world, two, architecture="Unet")
    assert "train.warm_start" in caught.value.hint


def test_a_warm_start_from_a_changed_file_is_refused(
    tmp_path: Path, world: World, two: Path
) -> None:
    copy = tmp_path / "copy" / "outputs" / "model.safetensors"
    copy.parent.mkdir(parents=True)
    copy.write_bytes((two / "outputs" / "model.safetensors").read_bytes())
    folder, request = train_job(tmp_path / "3-train", world, settings=SHORT)
    folder.request.unlink()
    request = replace(request, warm_path=str(copy), warm_sha256="0" * 64, warm_model=7)
    folder.write_request(request)
    with pytest.raises(DamagedError, match="does not match its recorded sha256"):
        run((folder, request))


def test_one_network_keeps_its_plain_names() -> None:
    state = {"a.weight": torch.ones(1)}
    assert ensemble_state([state]) == state
    assert set(ensemble_state([state, state])) == {"members.0.a.weight", "members.1.a.weight"}
