"""Run trainings in this process, to their end or to a kill."""

import json

import pytest

from rtsproj.domain.requests import TrainRequest
from rtsproj.jobs.files import sha256_of
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.reporter import Reporter
from rtsproj.jobs.state import read_events
from rtsproj.learning.loop import Trainer
from rtsproj.learning.samples import Batch
from rtsproj.learning.train import train

Job = tuple[JobFolder, TrainRequest]


class Kill(BaseException):
    """Ends a training at once, like SIGKILL: nothing is saved."""


def run(job: Job) -> dict[str, object]:
    """Train to the end; returns what identifies the result."""
    train(*job, Reporter(job[0]))
    scores = json.loads(job[0].scores.read_text())
    scores.pop("seconds")
    if scores["refit"]:
        scores["refit"].pop("seconds", None)
    return {**scores, "model": sha256_of(job[0].model)}


def killed_before(
    step: int, monkeypatch: pytest.MonkeyPatch, job: Job, *, phase: int = 1, member: int = 0
) -> None:
    """Train until a step of a phase of a network is about to begin."""
    with monkeypatch.context() as patched:
        whole = Trainer._step

        def counted(self: Trainer, at: int, batch: Batch) -> tuple[float, float]:
            if (at, self._phase, self._session.member) == (step, phase, member):
                raise Kill
            return whole(self, at, batch)

        patched.setattr(Trainer, "_step", counted)
        with pytest.raises(Kill):
            run(job)


def messages(job: Job) -> str:
    return "\n".join(str(one["message"]) for one in read_events(job[0]))
