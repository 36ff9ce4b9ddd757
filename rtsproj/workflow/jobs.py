"""Jobs from the desk's side: start, watch, stop, resume; results are collected by ``collect``."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rtsproj.domain.requests import InferRequest, TrainRequest
from rtsproj.errors import InterruptedJobError, NeedsError, RtsError, UsageError
from rtsproj.jobs.files import sha256_of
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.launch import launch, stop
from rtsproj.jobs.state import JobState, JobStatus, follow, status_of
from rtsproj.store import jobs
from rtsproj.workflow.project import Project, has_crs, reading, writing

RUNNING = frozenset({JobState.QUEUED, JobState.RUNNING, JobState.STALLED})
"""States in which a worker is at it."""
POLL_S = 0.3
"""s between two looks at a job folder."""


@dataclass(frozen=True, slots=True)
class Job:
    """One job as the doors show it.

    Attributes:
        job_id: the number that people type.
        iteration: whose turn it belongs to.
        verb: train or infer.
        folder: absolute path of the job folder.
        created_by: who started it.
        collected: True once its results are in the database.
        status: state, progress, ETA, newest message, as derived from the folder's files.
    """

    job_id: int
    iteration: int
    verb: str
    folder: Path
    created_by: str
    collected: bool
    status: JobStatus


@dataclass(frozen=True, slots=True)
class Where:
    """What runs a job.

    Attributes:
        cluster: address of a Dask scheduler whose workers search; empty = this machine.
        hold: True = nothing yet: somebody else will start workers on its folder.
    """

    cluster: str = ""
    hold: bool = False

    @property
    def arguments(self) -> tuple[str, ...]:
        """Further words for the worker."""
        return ("--cluster", self.cluster) if self.cluster else ()


HERE = Where()
"""This machine, now."""


def start_job(
    project: Project,
    folder: JobFolder,
    request: TrainRequest | InferRequest,
    *,
    by: str,
    where: Where = HERE,
) -> Job:
    """Freeze the request, write the job's row, launch the worker.

    Args:
        project: where the row goes.
        folder: holds the job's inputs.
        request: what is asked.
        by: who asks.
        where: what runs it.
    """
    folder.write_request(request)
    row = {
        "job_id": request.job,
        "iteration": request.iteration,
        "verb": request.verb,
        "folder": str(folder.path.relative_to(project.folder)),
        "request_sha256": sha256_of(folder.request),
        "created_by": by,
    }
    with writing(project, f"job {request.job}") as connection:
        jobs.add_job(connection, row)
    if not where.hold:
        launch(folder, arguments=where.arguments)
    return find_job(project, request.job)


def list_jobs(project: Project) -> tuple[Job, ...]:
    """All jobs, by number, with the state derived from their folders."""
    if not has_crs(project):
        return ()
    with reading(project) as connection:
        rows = jobs.read_jobs(connection)
    return tuple(
        Job(
            job_id=row["job_id"],
            iteration=row["iteration"],
            verb=row["verb"],
            folder=project.folder / row["folder"],
            created_by=row["created_by"],
            collected=row["collected_at"] is not None,
            status=status_of(JobFolder(project.folder / row["folder"])),
        )
        for row in rows
    )


def glance(found: Sequence[Job]) -> tuple[Job, ...]:
    """The same jobs with their newest state: reads job folders only, not the database."""
    return tuple(
        one if one.collected else replace(one, status=status_of(JobFolder(one.folder)))
        for one in found
    )


def find_job(project: Project, job_id: int) -> Job:
    """One job.

    Raises:
        UsageError: no such job.
    """
    found = [job for job in list_jobs(project) if job.job_id == job_id]
    if not found:
        raise UsageError(f"no job {job_id}", hint="`rtsproj job list` shows the numbers")
    return found[0]


def require_no_running_job(project: Project) -> None:
    """Refuse to start a job while another one runs or waits to be resumed.

    Raises:
        NeedsError: naming the job.
    """
    for job in list_jobs(project):
        if job.collected:
            continue
        if job.status.state in RUNNING:
            raise NeedsError(
                f"job {job.job_id} ({job.verb}) is {job.status.state}",
                hint=f"follow it: rtsproj job attach {job.job_id}",
            )


def stop_job(project: Project, job_id: int) -> Job:
    """Ask a job to stop after a checkpoint; it can be resumed."""
    job = find_job(project, job_id)
    if job.status.state not in RUNNING:
        raise NeedsError(
            f"job {job_id} is {job.status.state}, not running", hint="`rtsproj job list`"
        )
    stop(JobFolder(job.folder))
    return find_job(project, job_id)


def resume_job(project: Project, job_id: int, *, where: Where = HERE) -> Job:
    """Go on from the newest checkpoint; a job that is running or done is left as it is.

    A search may go on elsewhere than it began: on a cluster, or on this machine again.
    """
    job = find_job(project, job_id)
    is_held = job.status.state is JobState.QUEUED and not JobFolder(job.folder).launched.exists()
    is_at_work = job.status.state in RUNNING and not is_held
    if job.collected or is_at_work or job.status.state is JobState.DONE:
        return job
    launch(JobFolder(job.folder), arguments=where.arguments)
    return find_job(project, job_id)


def follow_job(
    project: Project,
    job_id: int,
    *,
    show: Callable[[JobStatus], None],
    sleep: Callable[[float], None] = time.sleep,
) -> JobStatus:
    """Watch a job to its end.

    Raises:
        InterruptedJobError: it was stopped or its worker died; it can be resumed.
        RtsError: it failed; its log is named.
    """
    folder = JobFolder(find_job(project, job_id).folder)
    status = status_of(folder)
    for status in follow(folder, poll_s=POLL_S, sleep=sleep):
        show(status)
    if status.state is JobState.FAILED:
        raise RtsError(
            f"job {job_id} failed: {status.error}", hint=f"{status.hint or 'see'} ({folder.log})"
        )
    if status.state is not JobState.DONE:
        raise InterruptedJobError(
            f"job {job_id} was interrupted: {status.error or status.message}",
            hint=f"go on with: rtsproj job resume {job_id}",
        )
    return status
