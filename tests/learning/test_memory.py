"""A batch that does not fit into memory is divided; the training goes on and resumes alike."""

from dataclasses import replace
from pathlib import Path

import pytest
from small import Hungry, use_small
from trainings import killed_before, messages, run
from workshop import TINY, World, train_job

from rtsproj.errors import RtsError

# rasterio silences these by a filter that threads share; between them one slips through
pytestmark = [
    pytest.mark.filterwarnings("ignore:Dataset has no geotransform"),
    pytest.mark.filterwarnings("ignore:The given matrix is equal to Affine.identity"),
]

SHORT = replace(TINY, steps=4, validate_every=4, checkpoint_every=3)


def hungry(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    use_small(monkeypatch.setattr, wrap=lambda made: Hungry(made, most))


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    use_small(monkeypatch.setattr)


@pytest.mark.parametrize("step", [1, 2])
def test_a_training_in_micro_batches_resumes_with_the_same_bits(
    step: int, tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(SHORT, micro_batch=2, checkpoint_every=2)
    whole = run(train_job(tmp_path / "1-train", world, settings=settings))
    job = train_job(tmp_path / "2-train", world, settings=settings)
    for at in (step, 3):
        killed_before(at, monkeypatch, job)
    assert run(job) == whole


def test_where_memory_runs_out_the_micro_batch_is_halved_and_kept_over_a_resume(
    tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    hungry(monkeypatch, 2)
    whole = train_job(tmp_path / "1-train", world, settings=SHORT)
    expected = run(whole)
    assert messages(whole).count("memory ran out with 4 chips") == 1
    assert "going on with 2" in messages(whole)
    # WHEN it is resumed from a checkpoint, it does not try the whole batch again
    job = train_job(tmp_path / "2-train", world, settings=SHORT)
    killed_before(3, monkeypatch, job)
    assert run(job) == expected
    assert messages(job).count("memory ran out") == 1
    # AND a training that was asked for that size from the start has the same weights
    asked = replace(SHORT, micro_batch=2)
    assert run(train_job(tmp_path / "3-train", world, settings=asked)) == expected


def test_where_one_chip_is_too_much_the_job_fails_with_what_to_lower(
    tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    hungry(monkeypatch, 0)
    job = train_job(tmp_path / "1-train", world, settings=replace(SHORT, batch=2))
    with pytest.raises(RtsError, match="memory ran out with 1 chip") as caught:
        run(job)
    assert "train.chip_px" in caught.value.hint
