"""Jobs: watched by their folders alone, stopped, resumed."""

from rtsproj.workflow.jobs import Job, glance, list_jobs, resume_job, stop_job
from rtsproj.workflow.project import Project


class Jobs:
    """Jobs of a project, of whatever session."""

    def __init__(self, project: Project, analyst: str) -> None:
        self._project = project
        self._analyst = analyst

    def list(self) -> tuple[Job, ...]:
        """All jobs, by number."""
        return list_jobs(self._project)

    def glance(self, jobs: tuple[Job, ...]) -> tuple[Job, ...]:
        """Newest state of jobs, from their folders alone."""
        return glance(jobs)

    def stop(self, job_id: int) -> None:
        """Ask a job to stop after a checkpoint."""
        stop_job(self._project, job_id)

    def resume(self, job_id: int) -> None:
        """Go on with a stopped job."""
        resume_job(self._project, job_id)
