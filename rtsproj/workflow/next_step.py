"""Do whatever the project needs next, until a person is needed."""

from collections.abc import Callable
from dataclasses import dataclass

from rtsproj.domain.iterations import Stage
from rtsproj.domain.text import counted
from rtsproj.errors import NeedsError
from rtsproj.jobs.state import JobState, JobStatus
from rtsproj.workflow.collect import catch_up
from rtsproj.workflow.converge import converge
from rtsproj.workflow.infer import start_search
from rtsproj.workflow.jobs import RUNNING, Job, follow_job, list_jobs, resume_job
from rtsproj.workflow.project import Progress, Project
from rtsproj.workflow.stages import missing_inputs
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
    """

    job: Callable[[JobStatus], None]
    work: Progress
    wait: bool


def next_step(project: Project, watch: Watch, *, by: str) -> Step:
    """Do one step.

    Raises:
        NeedsError: inputs are missing. RtsError: the step failed.
    """
    catch_up(project, progress=watch.work)
    job = _unfinished(project)
    if job is not None:
        return _follow(project, job, watch)
    return _BY_STAGE[status(project).stage](project, watch, by)


def _unfinished(project: Project) -> Job | None:
    waiting = [job for job in list_jobs(project) if not job.collected]
    return waiting[-1] if waiting else None


def _set_up(project: Project, watch: Watch, _by: str) -> Step:
    missing = missing_inputs(project)
    if len(missing) > 1 or (missing and "rtsproj tile" not in missing[0]):
        raise NeedsError("the project needs inputs first", hint="; ".join(missing))
    tiling = lay_tiles(project, progress=watch.work)
    return Step(f"{counted(tiling.tiles, 'tile')}, {tiling.valid_km2:.1f} km2", "")


def _train(project: Project, watch: Watch, by: str) -> Step:
    return _follow(project, start_training(project, by=by), watch)


def _search(project: Project, watch: Watch, by: str) -> Step:
    return _follow(project, start_search(project, by=by), watch)


def _triage(project: Project, _watch: Watch, _by: str) -> Step:
    waiting = status(project).counts["open"]
    return Step("", f"{counted(waiting, 'candidate')} to decide: rtsproj triage")


def _converge(project: Project, _watch: Watch, by: str) -> Step:
    said = converge(project, by=by)
    return Step(said.reason, "rtsproj report" if said.converged else "")


def _done(_project: Project, _watch: Watch, _by: str) -> Step:
    return Step("", "nothing: the zero-new rule is met. See `rtsproj report`")


def _follow(project: Project, job: Job, watch: Watch) -> Step:
    if job.status.state not in RUNNING and job.status.state is not JobState.DONE:
        job = resume_job(project, job.job_id)
    if not watch.wait:
        return Step(
            f"job {job.job_id} ({job.verb}) runs detached",
            f"follow it: rtsproj job attach {job.job_id}",
        )
    follow_job(project, job.job_id, show=watch.job)
    catch_up(project, progress=watch.work)
    return Step(f"job {job.job_id} ({job.verb}) is done", "")


_BY_STAGE: dict[Stage, Callable[[Project, Watch, str], Step]] = {
    Stage.SETUP: _set_up,
    Stage.TRAIN: _train,
    Stage.INFER: _search,
    Stage.TRIAGE: _triage,
    Stage.CONVERGE: _converge,
    Stage.DONE: _done,
}
