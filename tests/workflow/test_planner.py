"""What is next: a truth table over stages and the states of jobs."""

from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from rtsproj.domain.iterations import Stage
from rtsproj.jobs.state import JobState, JobStatus
from rtsproj.workflow.jobs import RUNNING, Job
from rtsproj.workflow.planner import NextAction, Situation, plan_of

IDLE = JobStatus(JobState.DONE, 0.4, None, "", "", "", 0, {}, "the loss is nan", "lower the rate")


def job(number: int, verb: str, state: JobState, *, collected: bool = False, iteration: int = 1):
    status = replace(IDLE, state=state)
    return Job(number, iteration, verb, Path(f"{number}-{verb}"), "ann", collected, status)


DONE = job(1, "train", JobState.DONE, collected=True)
MODEL = {"model_job": 1}
MISSING = ("add images to search: rtsproj scene add PATH…", "lay the tile grid: rtsproj tile")

TABLE = [
    (Situation(Stage.SETUP, missing=MISSING), NextAction.INPUTS, "rtsproj scene add PATH…"),
    (Situation(Stage.SETUP, missing=MISSING[1:]), NextAction.TILE, "rtsproj tile"),
    (Situation(Stage.TRAIN), NextAction.TRAIN, "rtsproj train"),
    (
        Situation(Stage.TRAIN, jobs=(job(1, "train", JobState.PAUSED),)),
        NextAction.RESUME,
        "rtsproj job resume 1",
    ),
    (
        Situation(Stage.TRAIN, jobs=(job(1, "train", JobState.DEAD),)),
        NextAction.RESUME,
        "rtsproj job resume 1",
    ),
    (
        Situation(Stage.TRAIN, jobs=(job(1, "train", JobState.FAILED),)),
        NextAction.FAILED,
        "rtsproj job show 1",
    ),
    (
        Situation(Stage.TRAIN, jobs=(job(1, "train", JobState.DONE),)),
        NextAction.WAIT,
        "rtsproj job attach 1",
    ),
    # a job of an earlier iteration is over
    (
        Situation(Stage.TRAIN, iteration=2, jobs=(job(1, "infer", JobState.FAILED),)),
        NextAction.TRAIN,
        "rtsproj train",
    ),
    # train, job stop 1, train --wait: job 2 has replaced job 1
    (
        Situation(
            Stage.INFER,
            model_job=2,
            jobs=(
                job(1, "train", JobState.PAUSED),
                job(2, "train", JobState.DONE, collected=True),
            ),
        ),
        NextAction.INFER,
        "rtsproj infer",
    ),
    # a second training that was stopped is gone on with; one that failed leaves the first model
    (
        Situation(Stage.INFER, **MODEL, jobs=(DONE, job(2, "train", JobState.PAUSED))),
        NextAction.RESUME,
        "rtsproj job resume 2",
    ),
    (
        Situation(Stage.INFER, **MODEL, jobs=(DONE, job(2, "train", JobState.FAILED))),
        NextAction.INFER,
        "rtsproj infer",
    ),
    (
        Situation(Stage.INFER, **MODEL, jobs=(DONE, job(2, "infer", JobState.FAILED))),
        NextAction.FAILED,
        "rtsproj job show 2",
    ),
    (
        Situation(Stage.INFER, **MODEL, jobs=(DONE, job(2, "infer", JobState.PAUSED))),
        NextAction.RESUME,
        "rtsproj job resume 2",
    ),
    (Situation(Stage.TRIAGE, open_candidates=3), NextAction.TRIAGE, "rtsproj triage"),
    (
        Situation(
            Stage.TRIAGE, open_candidates=3, **MODEL, jobs=(DONE, job(3, "infer", JobState.RUNNING))
        ),
        NextAction.TRIAGE,
        "rtsproj triage",
    ),
    (Situation(Stage.CONVERGE, failed_tiles=2), NextAction.RETRY, "rtsproj infer"),
    (Situation(Stage.CONVERGE), NextAction.CONVERGE, "rtsproj converge"),
    (Situation(Stage.DONE), NextAction.REPORT, "rtsproj report"),
    (Situation(Stage.DONE, open_candidates=1), NextAction.TRIAGE, "rtsproj triage"),
    (
        Situation(Stage.DONE, unsearched_tiles=4),
        NextAction.CONVERGE,
        "rtsproj converge --again",
    ),
    (Situation(Stage.DONE, drawn_since=1), NextAction.CONVERGE, "rtsproj converge --again"),
]


@pytest.mark.parametrize(
    ("given", "action", "command"), TABLE, ids=[str(n) for n in range(len(TABLE))]
)
def test_each_situation_has_one_answer(given: Situation, action: NextAction, command: str) -> None:
    plan = plan_of(given)
    assert (plan.action, plan.command) == (action, command)


@pytest.mark.parametrize(
    ("stage", "state", "verb"),
    list(product((Stage.TRAIN, Stage.INFER, Stage.CONVERGE), RUNNING, ("train", "infer"))),
)
def test_a_running_job_is_waited_for(stage: Stage, state: JobState, verb: str) -> None:
    plan = plan_of(Situation(stage, **MODEL, jobs=(DONE, job(2, verb, state))))
    assert (plan.action, plan.job_id) == (NextAction.WAIT, 2)
    assert plan.blocked_by == (f"job 2 ({verb}) is {state}, 40 %",)


@pytest.mark.parametrize("verb", ["train", "infer"])
def test_a_failed_job_is_never_offered_for_resuming_nor_started_again(verb: str) -> None:
    stage = Stage.TRAIN if verb == "train" else Stage.INFER
    plan = plan_of(Situation(stage, jobs=(job(7, verb, JobState.FAILED),)))
    assert plan.action is NextAction.FAILED
    assert "resume" not in plan.command
    assert plan.blocked_by == (f"job 7 ({verb}) failed: the loss is nan",)


@pytest.mark.parametrize(("stage", "state"), list(product(Stage, JobState)))
def test_every_state_has_a_plan(stage: Stage, state: JobState) -> None:
    for verb, collected in product(("train", "infer"), (False, True)):
        missing = MISSING if stage is Stage.SETUP else ()
        jobs = (job(1, verb, state, collected=collected),)
        plan = plan_of(Situation(stage, missing=missing, jobs=jobs))
        assert plan.command.startswith("rtsproj ")
        assert plan.summary
