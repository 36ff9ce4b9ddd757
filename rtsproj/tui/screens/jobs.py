"""Jobs: every job of every session, with the log of the chosen one."""

from textual import work
from textual.app import ComposeResult
from textual.widgets import Static

from rtsproj.domain.text import counted, safe_text
from rtsproj.errors import RtsError
from rtsproj.tui.gateway.gateway import Gateway
from rtsproj.tui.keys import JOBS, bindings
from rtsproj.tui.screens.monitor import LOOK_S, log_line
from rtsproj.tui.screens.questions import Confirm, TextPage
from rtsproj.tui.screens.working import WorkingScreen
from rtsproj.tui.text import content
from rtsproj.tui.widgets.head import Head
from rtsproj.tui.widgets.key_line import KeyLine
from rtsproj.tui.widgets.lazy_list import LazyList
from rtsproj.tui.widgets.lines import bar
from rtsproj.tui.words import duration_text
from rtsproj.workflow.jobs import RUNNING, Job
from rtsproj.workflow.monitor import LogLine, Stamp, stamp_of


class JobsScreen(WorkingScreen):
    """The list reads job folders only; the database once, and again when a job was added."""

    BINDINGS = bindings(JOBS)
    DEFAULT_CSS = """
    JobsScreen {
        #list { height: 1fr; }
        #log { height: 1fr; }
    }
    """

    def __init__(self, gateway: Gateway) -> None:
        super().__init__()
        self._gateway = gateway
        self._jobs: tuple[Job, ...] = ()
        self._seen: Stamp = ()
        self._log: tuple[int, tuple[LogLine, ...]] = (0, ())

    def compose(self) -> ComposeResult:
        """List and log."""
        yield Head(self._gateway, place="jobs")
        yield LazyList(self._row, id="list", classes="pane")
        yield Static(id="log", classes="pane")
        yield KeyLine()

    def on_mount(self) -> None:
        """Name the panes and begin to look."""
        self.query_one("#list").border_title = "jobs · newest first · they go on without you"
        self.query_one("#log").border_title = "log"
        self.find()
        self.set_interval(LOOK_S, self._tick)

    @work(thread=True, exclusive=True, group="look", exit_on_error=False)
    def find(self) -> None:
        """Read the list of jobs."""
        self._seen = self._stamp()
        try:
            found = self._gateway.jobs.list()
        except RtsError as error:
            self.app.call_from_thread(self.say, error)
            return
        self.app.call_from_thread(self._show, tuple(reversed(found)))

    @work(thread=True, exclusive=True, group="look", exit_on_error=False)
    def glance(self) -> None:
        """Newest state of each job, from the folders alone."""
        self.app.call_from_thread(self._show, self._gateway.jobs.glance(self._jobs))

    @work(thread=True, exclusive=True, group="log", exit_on_error=False)
    def read_log(self, job: Job) -> None:
        """Events of the chosen job."""
        lines = self._gateway.monitors.log(job.folder)
        self.app.call_from_thread(self._show_log, job, lines)

    @work(thread=True, exclusive=True, group="act", exit_on_error=False)
    def act(self, verb: str, job: Job) -> None:
        """Stop or resume."""
        try:
            if verb == "stop":
                self._gateway.jobs.stop(job.job_id)
            else:
                self._gateway.jobs.resume(job.job_id)
        except RtsError as error:
            self.app.call_from_thread(self.say, error)
            return
        said = "stops after a checkpoint" if verb == "stop" else "goes on"
        self.app.call_from_thread(self.notify, f"job {job.job_id} {said}", markup=False)
        self.app.call_from_thread(self.find)

    def on_lazy_list_moved(self) -> None:
        """The log follows the cursor."""
        job = self._here()
        if job is not None:
            self.read_log(job)

    def action_move(self, step: int) -> None:
        """Move in the list."""
        self.query_one("#list", LazyList).move(step)

    def action_attach(self) -> None:
        """Open the monitor of the job here."""
        job = self._here()
        if job is not None:
            self.app.go(job.verb, job_id=job.job_id)  # type: ignore[attr-defined]

    def action_stop(self) -> None:
        """Ask, then stop."""
        job = self._here()
        if job is None or job.status.state not in RUNNING:
            self.notify("that job is not running", severity="warning")
            return
        question = f"Stop job {job.job_id} ({job.verb})? It saves its state first; R goes on."

        def stop(is_wanted: bool | None) -> None:  # noqa: FBT001 - textual's callback
            if is_wanted:
                self.act("stop", job)

        self.app.push_screen(Confirm(question), stop)

    def action_resume(self) -> None:
        """Go on with the job here."""
        job = self._here()
        if job is not None:
            self.act("resume", job)

    def action_log(self) -> None:
        """The whole log."""
        job = self._here()
        if job is None:
            return
        lines = [log_line(one) for one in self._gateway.monitors.log(job.folder)]
        lines += ["", "worker.log", *map(safe_text, self._gateway.monitors.output(job.folder))]
        self.app.push_screen(TextPage(f"log of job {job.job_id}", lines))

    def action_back(self) -> None:
        """Back."""
        self.dismiss()

    def _tick(self) -> None:
        if not self.is_current:
            return  # covered by another screen: the next look is soon enough
        stamp = self._stamp()
        if stamp[:1] != self._seen[:1]:
            self.find()
        elif stamp != self._seen or any(one.status.state in RUNNING for one in self._jobs):
            self._seen = stamp
            self.glance()

    def _stamp(self) -> Stamp:
        folder = self._gateway.project.folder / "jobs"
        newest = [one.folder for one in self._jobs[:3] if not one.collected]
        return stamp_of(folder, *(one / "events.jsonl" for one in newest))

    def _here(self) -> Job | None:
        row = self.query_one("#list", LazyList).cursor
        return self._jobs[row] if row < len(self._jobs) else None

    def _show(self, jobs: tuple[Job, ...]) -> None:
        if jobs != self._jobs:
            self._jobs = jobs
            self.query_one("#list", LazyList).set_total(len(jobs))
            running = sum(one.status.state in RUNNING and not one.collected for one in jobs)
            self.query_one(Head).tell(f"{counted(len(jobs), 'job')}, {running} running")
            self.on_lazy_list_moved()
        elif not jobs:
            self.query_one("#log", Static).update(content("no job yet: train from home (enter)"))

    def _show_log(self, job: Job, lines: tuple[LogLine, ...]) -> None:
        if self._log == (job.job_id, lines):
            return
        self._log = (job.job_id, lines)
        pane = self.query_one("#log", Static)
        pane.border_title = f"log of job {job.job_id} {job.verb}"
        rows = max(1, pane.size.height - 3)
        status = job.status
        place = f"pid {status.pid} on {safe_text(status.host)}" if status.pid else "not begun"
        head = [f"{place}, by {safe_text(job.created_by)}", safe_text(job.folder)]
        if status.error:
            head.append(f"{safe_text(status.error)}: {safe_text(status.hint)}")
        pane.update(content(*head, "", *(log_line(one) for one in lines[-rows:])))

    def _row(self, row: int) -> str:
        if row >= len(self._jobs):
            return ""
        job = self._jobs[row]
        status = job.status
        state = "taken in" if job.collected else str(status.state)
        left = f"~{duration_text(status.eta_s)} left" if status.eta_s else ""
        told = safe_text(status.error or status.message) if not job.collected else ""
        share = f"{bar(status.fraction, width=8)} {100 * status.fraction:3.0f} %"
        who = f"{status.pid or '-':>7} {safe_text(job.created_by):8}"
        which = f"{job.job_id:>4} {job.verb:5} it.{job.iteration:<3}"
        return f"{which} {state:9} {share} {who} {left} {told}"
