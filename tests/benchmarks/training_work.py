"""Training in a process of its own, with a worker's variables: ``training_work.py WHAT FOLDER``.

Prints one JSON list per figure: name, value, unit.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from workshop import World, make_world, train_job

from rtsproj.jobs.reporter import Reporter
from rtsproj.learning import train as training
from rtsproj.learning.loop import Trainer
from rtsproj.learning.samples import Batch, Phase, Sampler
from rtsproj.learning.session import Ledger
from rtsproj.settings import TrainSettings

STEPS = 5
"""Steps per leg; legs of the ways that are compared take turns and see the same machine."""
TURNS = 4
LITE0 = TrainSettings(
    weights="random",
    batch=8,
    chip_px=256,
    steps=10_000,
    validate_every=10_000,
    checkpoint_every=10_000,
)


@dataclass(frozen=True)
class Leg:
    """s per step, of wall and of processor."""

    wall: float
    work: float


class Course:
    """One training, run leg by leg."""

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer
        self._ledger = Ledger()
        self.leg()  # the first steps build what later ones use

    def leg(self) -> Leg:
        self.trainer._steps = self._ledger.step + STEPS
        began, worked = time.perf_counter(), time.process_time()
        self._ledger = self.trainer.run(self._ledger, carried={})
        wall, work = time.perf_counter() - began, time.process_time() - worked
        return Leg(wall / STEPS, work / STEPS)


@contextmanager
def course(folder: Path) -> Iterator[Course]:
    """106 slumps and 36 negatives in 1536 x 1536 px of four bands, as in stack 4.3."""
    whole = make_world(folder, side=1536)
    few = World(whole.source, whole.slumps[::10], whole.truth)
    job, request = train_job(folder / "1-train", few, settings=LITE0, validation=((1, 1), (7, 3)))
    with training._session(job, request, Reporter(job), ranks=training.ALONE) as session:
        yield Course(Trainer(session, Phase.FIT, steps=STEPS))


def say(name: str, value: float, unit: str) -> None:
    print(json.dumps([name, value, unit]), flush=True)


def work_loader(folder: Path) -> None:
    """The loader cuts chips beside the network, or every batch is there already.

    Two dozen batches have been cut before, so that most sub-images are in memory, as they are after
    the first tenth of a training. Each turn gives one ratio of two legs that follow each other.
    """
    cut, cutting = Sampler.batch, [0.0, 0.0]

    def timed(sampler: Sampler, step: int) -> Batch:
        began = time.thread_time()
        made = cut(sampler, step)
        cutting[0] += time.thread_time() - began
        cutting[1] += 1
        return made

    with course(folder) as run:
        kept = [cut(run.trainer._sampler, step) for step in range(100, 124)]
        ways: dict[str, Callable[[Sampler, int], Batch]] = {
            "loader": timed,
            "memory": lambda _sampler, step: kept[step % len(kept)],
        }
        spent: dict[str, list[Leg]] = {name: [] for name in ways}
        for turn in range(TURNS):
            for name in sorted(ways, reverse=bool(turn % 2)):
                Sampler.batch = ways[name]  # type: ignore[method-assign]
                spent[name].append(run.leg())
    pairs = list(zip(spent["memory"], spent["loader"], strict=True))
    walls = [memory.wall / loader.wall for memory, loader in pairs]
    for name, found in spent.items():
        say(f"training, {name}", 1 / median(one.wall for one in found), "steps/s")
    say("loader against memory, median of pairs", median(walls), "")
    say("the same, lowest pair", min(walls), "")
    say("the same, highest pair", max(walls), "")
    say("the same in processor time", median(m.work / one.work for m, one in pairs), "")
    chip = cutting[0] / cutting[1]
    say("cutting a batch, processor time", 1000 * chip, "ms")
    say("of a step's", 100 * chip / median(one.work for one in spent["memory"]), "%")


def work_divided(folder: Path) -> None:
    """What train.micro_batch costs in time: a second forward pass."""
    spent: dict[int, list[float]] = {8: [], 4: [], 2: []}
    with course(folder) as run:
        for _ in range(2):
            for micro, found in spent.items():
                run.trainer._micro = micro
                found.append(run.leg().wall)
    for micro in (4, 2):
        ratio = median(part / whole for part, whole in zip(spent[micro], spent[8], strict=True))
        say(f"a batch of 8 in parts of {micro}, time", ratio, "x")


if __name__ == "__main__":
    {"loader": work_loader, "divided": work_divided}[sys.argv[1]](Path(sys.argv[2]))
