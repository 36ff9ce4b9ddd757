"""Home: where the project stands, what is next on enter, jobs with their progress."""

from dataclasses import replace
from pathlib import Path

from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widgets import Footer, Static

from rtsproj.domain.iterations import Stage
from rtsproj.domain.text import safe_text
from rtsproj.errors import RtsError
from rtsproj.jobs.state import JobState
from rtsproj.tui.gateway.gateway import Gateway
from rtsproj.tui.keys import HOME, bindings
from rtsproj.tui.text import content
from rtsproj.tui.widgets.head import Head
from rtsproj.workflow.jobs import RUNNING, Job
from rtsproj.workflow.status import IterationRow, Status

STAGES = (Stage.TRAIN, Stage.INFER, Stage.TRIAGE, Stage.CONVERGE)
LOOK_S = 1.0
"""s between two looks at the project; nothing is drawn unless something changed."""


class HomeScreen(Screen[None]):
    """One glance tells where one is and what comes next."""

    BINDINGS = bindings(HOME)

    def __init__(self, gateway: Gateway) -> None:
        super().__init__()
        self._gateway = gateway
        self._now: Status | None = None
        self._seen: tuple[float, ...] = ()
        self._shown: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        """Stages on top, iterations and jobs below."""
        yield Head(self._gateway, place="home")
        with Horizontal(id="stages"):
            for stage in STAGES:
                yield Static(id=f"stage-{stage}", classes="pane stage")
        with Vertical():
            yield Static(id="next", classes="pane")
            yield Static(id="iterations", classes="pane")
            yield Static(id="jobs", classes="pane")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Name the panes and begin to look."""
        self.query_one("#next").border_title = "next"
        self.query_one("#iterations").border_title = "iterations"
        self.query_one("#jobs").border_title = "jobs · they go on when the connection drops"
        self.look()
        self.set_interval(LOOK_S, self._look_if_changed)

    def on_screen_resume(self) -> None:
        """Another screen may have changed the project."""
        self.look()

    def _look_if_changed(self) -> None:
        stamps = tuple(_stamp(path) for path in self._watched())
        if stamps != self._seen:
            self._seen = stamps
            self.look()
        elif self._job(RUNNING) is not None:
            self.glance()

    def _watched(self) -> tuple[Path, ...]:
        folder = self._gateway.project.folder
        return (folder / "project.duckdb", folder / "project.duckdb.wal")

    @work(thread=True, exclusive=True, group="look", exit_on_error=False)
    def look(self) -> None:
        """Read the state; finished jobs are taken in."""
        try:
            self._gateway.desk.collect()
            now = self._gateway.desk.status()
        except RtsError as error:
            self.app.call_from_thread(self._say, error)
            return
        self.app.call_from_thread(self._show, now)

    @work(thread=True, exclusive=True, group="look", exit_on_error=False)
    def glance(self) -> None:
        """Follow running jobs by their folders; the project is read when one has ended."""
        if self._now is None:
            return
        jobs = self._gateway.jobs.glance(self._now.jobs)
        if any(not job.collected and job.status.state is JobState.DONE for job in jobs):
            self.app.call_from_thread(self.look)
        else:
            self.app.call_from_thread(self._show_jobs, jobs)

    @work(thread=True, exclusive=True, group="act", exit_on_error=False)
    def start_next(self) -> None:
        """Start what is next."""
        try:
            step = self._gateway.desk.next()
        except RtsError as error:
            self.app.call_from_thread(self._say, error)
            return
        self.app.call_from_thread(self.notify, step.did or step.waits_for, markup=False)
        self.app.call_from_thread(self.look)

    def action_next(self) -> None:
        """Enter: the next thing to do."""
        stage = self._now.stage if self._now else Stage.SETUP
        running = self._job(RUNNING)
        if stage is Stage.TRIAGE:
            self.action_open("triage")
        elif stage is Stage.CONVERGE:
            self.action_open("converge")
        elif stage is Stage.DONE:
            self.action_open("report")
        elif running is not None:
            self.notify(f"job {running.job_id} is running: nothing to do", markup=False)
        else:
            self.notify("starting…", timeout=2)
            self.start_next()

    def action_open(self, place: str) -> None:
        """Another screen, or why it is empty yet."""
        now = self._now
        if place == "triage" and (now is None or now.counts["open"] == 0):
            self.notify("no candidate waits for a decision", severity="warning")
        elif place in ("converge", "report", "map", "sql") and (now is None or not now.iterations):
            self.notify("nothing to look at yet: add images first (i)", severity="warning")
        else:
            self.app.go(place)  # type: ignore[attr-defined]

    def _job(self, states: "frozenset[JobState] | set[JobState]") -> Job | None:
        jobs = self._now.jobs if self._now else ()
        found = [job for job in jobs if not job.collected and job.status.state in states]
        return found[-1] if found else None

    def _say(self, error: RtsError) -> None:
        self.notify(f"{error.what}: {error.hint}", severity="error", markup=False)

    def _show(self, now: Status) -> None:
        self._now = now
        self._seen = tuple(_stamp(path) for path in self._watched())
        counts = now.counts
        self.query_one(Head).tell(
            f"{safe_text(now.folder)}   {now.area_km2:,.1f} km²  {counts['scenes']} scenes"
        )
        for stage in STAGES:
            self._show_stage(stage, now)
        waits = "\n".join(f"waits: {safe_text(one)}" for one in now.blocked_by)
        self._set("next", f"enter: {_next_words(now)}" + (f"\n{waits}" if waits else ""))
        self._set("iterations", "\n".join(_iteration_lines(now.iterations)))
        self._show_jobs(now.jobs)

    def _show_jobs(self, jobs: tuple[Job, ...]) -> None:
        if self._now is not None:
            self._now = replace(self._now, jobs=jobs)
        self._set("jobs", "\n".join(_job_line(job) for job in jobs[-6:]) or "none yet")

    def _show_stage(self, stage: Stage, now: Status) -> None:
        pane = self.query_one(f"#stage-{stage}", Static)
        order = [*STAGES, Stage.DONE]
        here = now.stage is stage
        past = now.stage in order and order.index(stage) < order.index(now.stage)
        mark = "◀ you are here" if here else "✓" if past else "·"
        pane.border_title = f"{STAGES.index(stage) + 1} {stage} {mark}"
        pane.set_class(here, "here")
        last = now.iterations[-1] if now.iterations else None
        self._set(f"stage-{stage}", _stage_words(stage, last, now))

    def _set(self, name: str, text: str) -> None:
        """Draw only what changed: an idle screen sends nothing."""
        if self._shown.get(name) != text:
            self._shown[name] = text
            self.query_one(f"#{name}", Static).update(content(text))


def _stage_words(stage: Stage, last: IterationRow | None, now: Status) -> str:
    if last is None:
        return "waits for images\nand known slumps"
    return {
        Stage.TRAIN: f"{last.positives} positives\n{last.negatives} negatives",
        Stage.INFER: f"{now.counts['tiles']} tiles\n{last.candidates} candidates",
        Stage.TRIAGE: f"{now.counts['open']} open, {last.hidden} known\n"
        f"{last.accepted} yes {last.rejected} no {last.unsure} unsure",
        Stage.CONVERGE: f"{last.new_slumps} new slumps\n{last.slumps_so_far} so far",
    }[stage]


def _next_words(now: Status) -> str:
    return {
        Stage.SETUP: "lay the tile grid, once images and labels are there",
        Stage.TRAIN: "train this iteration's model (detached)",
        Stage.INFER: "search the area with it (detached)",
        Stage.TRIAGE: f"review {now.counts['open']} candidates",
        Stage.CONVERGE: "check the stop rule",
        Stage.DONE: "read the report",
    }[now.stage]


def _iteration_lines(iterations: tuple[IterationRow, ...]) -> list[str]:
    lines = ["it.  stage     pos   cand  known  yes   no   unsure  open  new  slumps"]
    lines += [
        f"{one.iteration:<4} {one.stage:<9} {one.positives:<5} {one.candidates:<5} {one.hidden:<6}"
        f" {one.accepted:<5} {one.rejected:<4} {one.unsure:<7} {one.open:<5} {one.new_slumps:<4}"
        f" {one.slumps_so_far}"
        for one in iterations
    ]
    return lines


def _job_line(job: Job) -> str:
    state = "collected" if job.collected else str(job.status.state)
    bar = f"{'█' * round(20 * job.status.fraction):─<20}"
    eta = job.status.eta_s
    left = f" ~{eta / 60:.0f} min left" if eta and job.status.state in RUNNING else ""
    words = safe_text(job.status.error or job.status.message)
    return f"{job.job_id:>3} {job.verb:5} {state:9} {bar}{left} {words}"


def _stamp(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
