"""Monitors of jobs, of whatever session: they read job folders, never a process."""

from collections.abc import Callable
from pathlib import Path

from rtsproj.jobs.folder import JobFolder
from rtsproj.workflow.infer import start_search
from rtsproj.workflow.jobs import Job, glance
from rtsproj.workflow.monitor import (
    LogLine,
    TrainWatch,
    monitored_job,
    read_log,
    worker_output,
)
from rtsproj.workflow.project import Project
from rtsproj.workflow.search_monitor import SearchWatch
from rtsproj.workflow.train import start_training


class Monitors:
    """Find a job, follow it, start one."""

    def __init__(self, project: Project, analyst: str) -> None:
        self._project = project
        self._analyst = analyst

    def find(self, verb: str, job_id: int | None) -> Job | None:
        """The job of this number, or the newest of this verb."""
        return monitored_job(self._project, verb, job_id)

    def newest(self, job: Job) -> Job:
        """The same job as its folder tells it now."""
        return glance((job,))[0]

    def watch_training(self, folder: Path) -> TrainWatch:
        """Follow a training."""
        return TrainWatch(folder)

    def watch_search(self, folder: Path) -> SearchWatch:
        """Follow a search."""
        return SearchWatch(folder)

    def log(self, folder: Path) -> tuple[LogLine, ...]:
        """What happened, oldest first."""
        return read_log(JobFolder(folder))

    def output(self, folder: Path) -> tuple[str, ...]:
        """The end of what the worker printed."""
        return worker_output(JobFolder(folder))

    def start(self, verb: str, note: Callable[[str], None]) -> Job:
        """Start the training or search, detached; ``note`` takes what to know before."""
        if verb == "train":
            return start_training(self._project, by=self._analyst, note=note)
        return start_search(self._project, by=self._analyst, note=note)
