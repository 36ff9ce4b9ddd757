"""What is next: the one answer that ``next``, ``status`` and the home screen show and act on.

A job counts only where it can still change what is next: the newest one of the verb that the
iteration's stage waits for, unless its results are collected or a later one replaced it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from rtsproj.domain.iterations import Stage
from rtsproj.domain.text import counted
from rtsproj.jobs.state import JobState
from rtsproj.workflow.jobs import RUNNING, Job

TILE = "rtsproj tile"


class NextAction(StrEnum):
    """What the project needs next."""

    INPUTS = "inputs"
    """images or labels are missing."""
    TILE = "tile"
    WAIT = "wait"
    """a job is running, or its results are about to be collected."""
    RESUME = "resume"
    """a job was interrupted and goes on where it was."""
    FAILED = "failed"
    """a job failed: a person changes something first."""
    TRAIN = "train"
    INFER = "infer"
    TRIAGE = "triage"
    RETRY = "retry"
    """tiles failed: a person searches them again, or closes without them."""
    CONVERGE = "converge"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class ProjectPlan:
    """What is next and what stands in its way.

    Attributes:
        action: what is needed.
        command: the verb that does it.
        summary: the same in words.
        blocked_by: what the stage is blocked by; empty where the command can be run now.
        job_id: the job that it concerns, 0 = none.
    """

    action: NextAction
    command: str
    summary: str
    blocked_by: tuple[str, ...] = ()
    job_id: int = 0


@dataclass(frozen=True, slots=True)
class Situation:
    """What a plan depends on.

    Attributes:
        stage: of the newest iteration.
        iteration: its number.
        model_job: number of the job that trained its model, 0 = none.
        open_candidates: candidates without a decision, over all iterations.
        failed_tiles: tiles that its search could not do.
        unsearched_tiles: tiles of the grid that it has not searched, failed ones left out.
        drawn_since: slumps that were drawn after the newest iteration was closed.
        expected: new slumps to expect of the open candidates at the rate of the iteration before;
            None where there is none.
        missing: inputs that are missing, as ``missing_inputs`` lists them.
        jobs: all jobs, newest last.
    """

    stage: Stage
    iteration: int = 1
    model_job: int = 0
    open_candidates: int = 0
    failed_tiles: int = 0
    unsearched_tiles: int = 0
    drawn_since: int = 0
    expected: int | None = None
    missing: tuple[str, ...] = ()
    jobs: Sequence[Job] = ()


def plan_of(now: Situation) -> ProjectPlan:
    """Decide what is next."""
    if now.stage is Stage.SETUP:
        return _set_up(now)
    running = [one for one in now.jobs if not one.collected and one.status.state in RUNNING]
    blocked = tuple(_running_text(one) for one in running)
    if now.open_candidates and now.stage in (Stage.TRIAGE, Stage.DONE):
        return _triage(now, blocked)
    if running:
        return _wait(running[-1], blocked)
    job = _pending(now)
    if job is not None:
        return _unfinished(job)
    return _by_stage(now)


def _set_up(now: Situation) -> ProjectPlan:
    if [one for one in now.missing if TILE not in one]:
        command = now.missing[0].rpartition(": ")[2]
        return ProjectPlan(
            NextAction.INPUTS, command, now.missing[0].partition(": ")[0], now.missing
        )
    return ProjectPlan(NextAction.TILE, TILE, "lay the tile grid", now.missing)


def _triage(now: Situation, blocked: tuple[str, ...]) -> ProjectPlan:
    waiting = counted(now.open_candidates, "candidate")
    again = " again, after an undo" if now.stage is Stage.DONE else ""
    failed = (f"{counted(now.failed_tiles, 'tile')} failed",) if now.failed_tiles else ()
    return ProjectPlan(
        NextAction.TRIAGE,
        "rtsproj triage",
        f"review {waiting}{_expected_text(now)}",
        (f"{waiting} to decide{again}", *blocked, *failed),
    )


def _expected_text(now: Situation) -> str:
    if now.expected is None:
        return ""
    return (
        f": about {counted(now.expected, 'new slump')} at the rate of iteration {now.iteration - 1}"
    )


def _wait(job: Job, blocked: tuple[str, ...]) -> ProjectPlan:
    return ProjectPlan(
        NextAction.WAIT,
        f"rtsproj job attach {job.job_id}",
        f"wait for job {job.job_id} ({job.verb})",
        blocked,
        job.job_id,
    )


def _pending(now: Situation) -> Job | None:
    """The newest job that still can change what is next.

    A training that ended before the iteration's model was trained has been replaced. A training
    that failed after it leaves that model: the search goes on with it.
    """
    verb = "train" if now.stage is Stage.TRAIN else "infer"
    found = [one for one in now.jobs if one.iteration == now.iteration]
    newest = found[-1] if found else None
    if newest is None or newest.collected or now.stage is Stage.DONE:
        return None
    if newest.verb == verb:
        return newest
    retrains = now.stage is Stage.INFER and newest.job_id > now.model_job
    return newest if retrains and newest.status.state is not JobState.FAILED else None


def _unfinished(job: Job) -> ProjectPlan:
    number, name = job.job_id, f"job {job.job_id} ({job.verb})"
    if job.status.state is JobState.DONE:
        return _wait(job, (f"{name} is done, its results are not collected yet",))
    if job.status.state is JobState.FAILED:
        return ProjectPlan(
            NextAction.FAILED,
            f"rtsproj job show {number}",
            f"see why {name} failed; `rtsproj {job.verb}` starts a new one",
            (f"{name} failed: {job.status.error}",),
            number,
        )
    was = "was stopped" if job.status.state is JobState.PAUSED else "ended without a result"
    share = f"{100 * job.status.fraction:.0f} %"
    return ProjectPlan(
        NextAction.RESUME,
        f"rtsproj job resume {number}",
        f"resume {name} from {share}",
        (f"{name} {was} at {share}",),
        number,
    )


def _by_stage(now: Situation) -> ProjectPlan:
    if now.stage is Stage.CONVERGE and now.failed_tiles:
        failed = counted(now.failed_tiles, "tile")
        return ProjectPlan(
            NextAction.RETRY,
            "rtsproj infer",
            f"search {failed} again; `rtsproj converge --despite-failures` closes without them",
            (f"{failed} failed",),
        )
    if now.stage is Stage.DONE and (now.unsearched_tiles or now.drawn_since):
        added = (("tile", "added", now.unsearched_tiles), ("slump", "drawn", now.drawn_since))
        return ProjectPlan(
            NextAction.CONVERGE,
            "rtsproj converge --again",
            "open another iteration for what was added",
            tuple(
                f"{counted(number, what)} {how} since the search stopped"
                for what, how, number in added
                if number
            ),
        )
    return _PLANS[now.stage]


def _running_text(job: Job) -> str:
    name = f"job {job.job_id} ({job.verb}) is {job.status.state}"
    return f"{name}, {100 * job.status.fraction:.0f} %"


_PLANS = {
    Stage.TRAIN: ProjectPlan(
        NextAction.TRAIN, "rtsproj train", "train this iteration's model (detached)"
    ),
    Stage.INFER: ProjectPlan(
        NextAction.INFER, "rtsproj infer", "search the area with it (detached)"
    ),
    Stage.TRIAGE: ProjectPlan(NextAction.TRIAGE, "rtsproj triage", "review the candidates"),
    Stage.CONVERGE: ProjectPlan(NextAction.CONVERGE, "rtsproj converge", "check the stop rule"),
    Stage.DONE: ProjectPlan(NextAction.REPORT, "rtsproj report", "read the report"),
}
