"""What the monitors of training and search share: they follow a job folder, whoever began it."""

import time
from typing import Any

from textual import work

from rtsproj.domain.text import safe_text
from rtsproj.errors import RtsError
from rtsproj.jobs.state import JobState, JobStatus
from rtsproj.settings.file import changes
from rtsproj.tui.gateway.gateway import Gateway
from rtsproj.tui.screens.questions import Confirm, TextPage
from rtsproj.tui.screens.working import WorkingScreen
from rtsproj.tui.widgets.head import Head
from rtsproj.tui.widgets.lines import bar
from rtsproj.tui.words import changes_line, clock_text, duration_text
from rtsproj.workflow.jobs import RUNNING, Job
from rtsproj.workflow.monitor import LogLine, Stamp, stamp_of

LOOK_S = 1.0
"""s between two looks at the clock of the job's files."""
PROOF_S = 5.0
"""s after which a running job is looked at though its files stand still: its worker may be dead."""


class MonitorScreen(WorkingScreen):
    """Finds the job, reads its folder when a file of it has changed, stops and resumes it."""

    VERB = ""

    def __init__(self, gateway: Gateway, *, job_id: int | None = None) -> None:
        super().__init__()
        self._gateway = gateway
        self._job_id = job_id
        self._job: Job | None = None
        self._watch: Any = None
        self._stamp: Stamp = ()
        self._folders: Stamp = ()
        self._looked_at = 0.0
        self._settings = gateway.project.settings_file.read()
        self.found: Any = None
        """What the newest look saw."""

    def on_mount(self) -> None:
        """Find the job and begin to look."""
        self.find()
        self.set_interval(LOOK_S, self._tick)

    def show(self, look: Any) -> None:
        """Draw what a look saw."""
        raise NotImplementedError

    def show_nothing(self) -> None:
        """Say that there is no job yet, and what is next."""
        raise NotImplementedError

    def watch_of(self, job: Job) -> Any:
        """Make the watch of a job."""
        raise NotImplementedError

    def settings_line(self) -> str:
        """Settings that were edited since the program started; empty where none was."""
        file = self._gateway.project.settings_file
        now = file.read()
        if now.fault is not None:
            return f"project.toml is not accepted: {safe_text(now.fault.hint)}"
        found = changes(file.first, now.settings)
        return f"settings changed: {changes_line(found)}" if found else ""

    @property
    def state(self) -> JobState | None:
        """State of the job as last seen; None without a job."""
        return self.found.status.state if self.found is not None else None

    @property
    def is_at_work(self) -> bool:
        """True while a worker is at it."""
        return self.state in RUNNING

    def _tick(self) -> None:
        if not self.is_current:
            return  # covered by another screen: the next look is soon enough
        settings, self._settings = self._settings, self._gateway.project.settings_file.read()
        if self._settings is not settings or (
            self._job_id is None and self._jobs_folder() != self._folders
        ):
            self.find()
        elif self._watch is not None and (
            self._watch.stamp() != self._stamp
            or (self.is_at_work and time.monotonic() - self._looked_at > PROOF_S)
        ):
            self.look()

    def _jobs_folder(self) -> Stamp:
        return stamp_of(self._gateway.project.folder / "jobs")

    @work(thread=True, exclusive=True, group="look", exit_on_error=False)
    def find(self) -> None:
        """The job of this number, or the newest of this verb."""
        self._folders = self._jobs_folder()
        try:
            job = self._gateway.monitors.find(self.VERB, self._job_id)
            self._gateway.desk.status()
        except RtsError as error:
            self.app.call_from_thread(self.say, error)
            return
        self.app.call_from_thread(self._take, job)

    @work(thread=True, exclusive=True, group="look", exit_on_error=False)
    def look(self) -> None:
        """Read what is new in the folder; a finished job is taken into the database."""
        watch = self._watch
        if watch is None:
            return
        self._stamp, self._looked_at = watch.stamp(), time.monotonic()
        seen = watch.look()
        self.app.call_from_thread(self._show, seen)
        job = self._job
        if job is not None and not job.collected and seen.status.state is JobState.DONE:
            self._collect(job)

    def _collect(self, job: Job) -> None:
        try:
            collected = self._gateway.desk.collect()
            self._job = self._gateway.monitors.find(self.VERB, job.job_id)
            self._gateway.desk.status()
        except RtsError as error:
            self.app.call_from_thread(self.say, error)
            return
        text = f"job {job.job_id} is done and taken in; q and enter: what is next"
        text = "\n".join((text, *(note for one in collected for note in one.notes)))
        self.app.call_from_thread(self.notify, text, markup=False)

    @work(thread=True, exclusive=True, group="act", exit_on_error=False)
    def act(self, verb: str) -> None:
        """Start, stop or resume."""
        job = self._job
        try:
            if verb == "start":
                job = self._gateway.monitors.start(self.VERB, self.note_from_thread)
            elif job is not None and verb == "stop":
                self._gateway.jobs.stop(job.job_id)
            elif job is not None:
                self._gateway.jobs.resume(job.job_id)
        except RtsError as error:
            self.app.call_from_thread(self.say, error)
            return
        said = {"start": "runs detached", "stop": "stops after a checkpoint", "resume": "goes on"}
        if job is not None:
            own = self.settings_line() if verb == "start" else ""
            text = f"job {job.job_id} {said[verb]}" + (f" · {own}" if own else "")
            self.app.call_from_thread(self.notify, text, markup=False)
        self.app.call_from_thread(self.find)

    def action_start(self) -> None:
        """Enter: start a job; one that was interrupted is resumed instead."""
        job = self._job
        is_interrupted = self.state in (JobState.PAUSED, JobState.DEAD)
        if self.is_at_work and job is not None:
            self.notify(f"job {job.job_id} is {self.state}: nothing to start", markup=False)
        elif is_interrupted and job is not None and not job.collected:
            self.notify(f"job {job.job_id} is {self.state}: R resumes it", markup=False)
        else:
            self.act("start")

    def action_stop(self) -> None:
        """Ask, then stop; it can be resumed."""
        if not self.is_at_work or self._job is None:
            self.notify(f"no {self.VERB} job is running", severity="warning", markup=False)
            return
        question = f"Stop job {self._job.job_id}? It saves its state first; R goes on with it."
        self.app.push_screen(Confirm(question), self._stop)

    def action_resume(self) -> None:
        """Go on with a stopped, failed or dead job."""
        if self._can_resume():
            self.act("resume")
        else:
            what = f"job {self._job.job_id} is {self.state}" if self._job else "there is no job"
            self.notify(f"{what}: nothing to resume", severity="warning", markup=False)

    def action_log(self) -> None:
        """Events and the worker's own output, to the end."""
        if self._job is None:
            self.notify("there is no job yet", severity="warning")
            return
        folder = self._job.folder
        lines = [log_line(one) for one in self._gateway.monitors.log(folder)]
        lines += ["", "worker.log", *map(safe_text, self._gateway.monitors.output(folder))]
        self.app.push_screen(TextPage(f"log of job {self._job.job_id} · {folder}", lines))

    def action_back(self) -> None:
        """Leave; the job goes on."""
        self.dismiss()

    def _can_resume(self) -> bool:
        return self.state in (JobState.PAUSED, JobState.DEAD, JobState.FAILED)

    def _stop(self, is_wanted: bool | None) -> None:  # noqa: FBT001 - textual's callback
        if is_wanted:
            self.act("stop")

    def _take(self, job: Job | None) -> None:
        if job is None:
            self._job, self._watch, self.found = None, None, None
            self.query_one(Head).tell("no job yet", more=self.settings_line())
            self.show_nothing()
            return
        if self._job is None or self._job.job_id != job.job_id or self._watch is None:
            self._watch = self.watch_of(job)
        self._job = job
        self.look()

    def _show(self, seen: Any) -> None:
        self.found = seen
        if self._job is not None:
            text = head_text(self._job, seen.status)
            self.query_one(Head).tell(text, more=self.settings_line())
        self.show(seen)


def head_text(job: Job, status: JobStatus) -> str:
    """Number, state, how far, how long still."""
    share = f"{bar(status.fraction, width=16)} {100 * status.fraction:.0f} %"
    eta = f"  ~{duration_text(status.eta_s)} left" if status.eta_s else ""
    return f"job {job.job_id} {status.state}  {share}{eta}"


def log_line(one: LogLine) -> str:
    """Time of day and sentence of an event."""
    return f"{clock_text(one.at)} {safe_text(one.message)}"
