"""Do whatever the project needs next, until a person is needed."""

from collections.abc import Callable
from dataclasses import dataclass

from rtsproj.domain.text import counted
from rtsproj.errors import NeedsError
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.state import JobStatus
from rtsproj.workflow.collect import catch_up
from rtsproj.workflow.converge import converge
from rtsproj.workflow.infer import start_search
from rtsproj.workflow.jobs import Job, find_job, follow_job, resume_job
from rtsproj.workflow.planner import NextAction, ProjectPlan
from rtsproj.workflow.project import Progress, Project
from rtsproj.workflow.status import status
from rtsproj.workflow.tiles import lay_tiles
from rtsproj.workflow.train import start_training


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done, in words; ``waits_for`` names what a person must do, if anything."""

    did: str
    waits_for: str


@dataclass(frozen=True, slots=True)
class Watch:
    """How progress is shown while ``next`` works.

    Attributes:
        job: called with a job's newest state.
        work: called with (done, of, what) for work inside this process.
        wait: False = a started job is left alone.
        note: called with what a person should know before a job starts.
    """

    job: Callable[[JobStatus], None]
    work: Progress
    wait: bool
    note: Callable[[str], None] = lambda _: None


def next_step(project: Project, watch: Watch, *, by: str) -> Step:
    """Do what the plan of the project says.

    Raises:
        NeedsError: a person is needed first, as for missing inputs or after a job that failed.
        RtsError: the step failed.
    """
    catch_up(project, progress=watch.work)
    plan = status(project).plan
    do = _ACTIONS.get(plan.action)
    if do is not None:
        return do(project, watch, plan, by)
    waits = "; ".join((*plan.blocked_by, plan.summary))
    return Step("", f"{waits}: {plan.command}")


def _missing(_project: Project, _watch: Watch, plan: ProjectPlan, _by: str) -> Step:
    raise NeedsError("the project needs inputs first", hint="; ".join(plan.blocked_by))


def _lay(project: Project, watch: Watch, _plan: ProjectPlan, _by: str) -> Step:
    tiling = lay_tiles(project, progress=watch.work)
    return Step(f"{counted(tiling.tiles, 'tile')}, {tiling.valid_km2:.1f} km2", "")


def _wait(project: Project, watch: Watch, plan: ProjectPlan, _by: str) -> Step:
    return _follow(project, find_job(project, plan.job_id), watch)


def _resume(project: Project, watch: Watch, plan: ProjectPlan, _by: str) -> Step:
    return _follow(project, resume_job(project, plan.job_id), watch)


def _failed(project: Project, _watch: Watch, plan: ProjectPlan, _by: str) -> Step:
    job = find_job(project, plan.job_id)
    change = f"{job.status.hint}; " if job.status.hint else ""
    raise NeedsError(
        "; ".join(plan.blocked_by),
        hint=f"{change}the log is {JobFolder(job.folder).log}; then `rtsproj {job.verb}` starts "
        f"a new job, or `rtsproj job resume {job.job_id}` goes on with this one as it was asked",
    )


def _train(project: Project, watch: Watch, _plan: ProjectPlan, by: str) -> Step:
    return _follow(project, start_training(project, by=by, note=watch.note), watch)


def _search(project: Project, watch: Watch, _plan: ProjectPlan, by: str) -> Step:
    return _follow(project, start_search(project, by=by, note=watch.note), watch)


def _converge(project: Project, _watch: Watch, plan: ProjectPlan, by: str) -> Step:
    if plan.blocked_by:
        return Step("", f"{'; '.join(plan.blocked_by)}: {plan.command}")
    outcome = converge(project, by=by)
    return Step(outcome.reason, "rtsproj report" if outcome.converged else "")


def _report(project: Project, _watch: Watch, plan: ProjectPlan, _by: str) -> Step:
    return Step("", f"nothing to do: {status(project).state}. See `{plan.command}`")


def _follow(project: Project, job: Job, watch: Watch) -> Step:
    name = f"job {job.job_id} ({job.verb})"
    if not watch.wait:
        return Step(f"{name} runs detached", f"follow it: rtsproj job attach {job.job_id}")
    follow_job(project, job.job_id, show=watch.job)
    catch_up(project, progress=watch.work)
    return Step(f"{name} is done", "")


_ACTIONS: dict[NextAction, Callable[[Project, Watch, ProjectPlan, str], Step]] = {
    NextAction.INPUTS: _missing,
    NextAction.TILE: _lay,
    NextAction.WAIT: _wait,
    NextAction.RESUME: _resume,
    NextAction.FAILED: _failed,
    NextAction.TRAIN: _train,
    NextAction.INFER: _search,
    NextAction.CONVERGE: _converge,
    NextAction.REPORT: _report,
}
"""What is done without a person; triage and failed tiles are left to one."""
