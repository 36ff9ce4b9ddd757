"""Figures of training: ratios measured side by side, printed, never asserted.

Run by hand: pytest -m bench tests/benchmarks/test_training.py -s
"""

import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import pytest
from figures import note, told  # noqa: F401 - a fixture of every test here
from workshop import World, make_world, train_job

from rtsproj.domain.requests import TrainRequest
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.reporter import Reporter
from rtsproj.learning import train as training
from rtsproj.learning.loop import Trainer
from rtsproj.learning.samples import Batch, Phase, Sampler
from rtsproj.learning.session import Ledger
from rtsproj.settings import TrainSettings

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.bench
STEPS = 3
"""Steps per leg; legs of the two loops take turns, so that both see the same machine."""
LITE0 = TrainSettings(weights="random", batch=8, chip_px=256, steps=10_000, validate_every=10_000)


@pytest.fixture
def job(tmp_path: Path) -> tuple[JobFolder, TrainRequest]:
    """106 slumps and 36 negatives in 1536 x 1536 px of four bands, as in stack 4.3."""
    whole = make_world(tmp_path, side=1536)
    few = World(whole.source, whole.slumps[::10], whole.truth)
    settings = replace(LITE0, checkpoint_every=10_000)
    return train_job(tmp_path / "1-train", few, settings=settings, validation=((1, 1), (7, 3)))


def leg(trainer: Trainer, ledger: Ledger) -> tuple[Ledger, float, float]:
    """A few steps of the real loop; also s of wall and of processor."""
    trainer._steps = ledger.step + STEPS
    began, worked = time.perf_counter(), time.process_time()
    ledger = trainer.run(ledger, carried={})
    return ledger, time.perf_counter() - began, time.process_time() - worked


def test_steps_per_second_against_batches_in_memory(
    job: tuple[JobFolder, TrainRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loader cuts chips beside the network, or every batch is there already.

    Two dozen batches have been cut before, so that most sub-images are in memory, as they are after
    the first tenth of a training.
    """
    folder, request = job
    cut = Sampler.batch
    with training._session(folder, request, Reporter(folder), ranks=training.ALONE) as session:
        trainer = Trainer(session, Phase.FIT, steps=STEPS)
        kept = [trainer._sampler.batch(step) for step in range(100, 124)]
        ways: dict[str, Callable[[Sampler, int], Batch]] = {
            "loader": cut,
            "memory": lambda _self, step: kept[step % len(kept)],
        }
        spent: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        ledger, *_ = leg(trainer, Ledger())
        for turn in range(2):
            for name in sorted(ways, reverse=bool(turn % 2)):
                monkeypatch.setattr(Sampler, "batch", ways[name])
                ledger, wall, worked = leg(trainer, ledger)
                spent[name].append((wall, worked))
    wall = {name: median(one[0] for one in found) / STEPS for name, found in spent.items()}
    work = {name: median(one[1] for one in found) / STEPS for name, found in spent.items()}
    note("training with the loader", 1 / wall["loader"], "steps/s")
    note("training from memory", 1 / wall["memory"], "steps/s")
    note("training, loader against memory", wall["memory"] / wall["loader"], "")
    note("the same in processor time", work["memory"] / work["loader"], "")


def test_a_divided_batch_against_the_whole(job: tuple[JobFolder, TrainRequest]) -> None:
    """What train.micro_batch costs in time: a second forward pass."""
    folder, request = job
    with training._session(folder, request, Reporter(folder), ranks=training.ALONE) as session:
        trainer = Trainer(session, Phase.FIT, steps=STEPS)
        ledger, *_ = leg(trainer, Ledger())
        spent: dict[int, list[float]] = {8: [], 4: [], 2: []}
        for _ in range(2):
            for micro, found in spent.items():
                trainer._micro = micro
                ledger, wall, _ = leg(trainer, ledger)
                found.append(wall)
    whole = median(spent[8])
    for micro in (4, 2):
        note(f"a batch of 8 in parts of {micro}, time", median(spent[micro]) / whole, "x")
