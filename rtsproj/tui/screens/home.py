"""Home: where the project stands, what is next on enter, jobs with their progress."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from rtsproj.domain.iterations import Stage
from rtsproj.domain.text import counted, safe_text
from rtsproj.errors import RtsError
from rtsproj.jobs.state import JobState
from rtsproj.tui.gateway.gateway import Gateway
from rtsproj.tui.keys import HOME, bindings
from rtsproj.tui.screens.working import WorkingScreen
from rtsproj.tui.summary import (
    action_line,
    inventory_words,
    iteration_lines,
    job_line,
    next_words,
    stage_words,
)
from rtsproj.tui.text import content
from rtsproj.tui.widgets.area_map import AreaMap, short_legend
from rtsproj.tui.widgets.head import Head
from rtsproj.tui.widgets.key_line import KeyLine
from rtsproj.workflow.area_map import MapLayers
from rtsproj.workflow.jobs import RUNNING, Job
from rtsproj.workflow.overview import Overview
from rtsproj.workflow.planner import NextAction
from rtsproj.workflow.status import Status

STAGES = (Stage.TRAIN, Stage.INFER, Stage.TRIAGE, Stage.CONVERGE)
PLACES = {
    NextAction.INPUTS: "data",
    NextAction.TRIAGE: "triage",
    NextAction.RETRY: "infer",
    NextAction.CONVERGE: "converge",
    NextAction.REPORT: "report",
}
"""Screen on which a person does what is next."""
LOOK_S = 1.0
"""s between two looks at the project; nothing is drawn unless something changed."""


class HomeScreen(WorkingScreen):
    """One glance tells where one is and what comes next."""

    BINDINGS = bindings(HOME)
    DEFAULT_CSS = """
    HomeScreen {
        #below { height: 1fr; }
        #area { width: 1fr; }
        #side { width: 79; height: 1fr; }
        #log { height: 1fr; min-height: 3; }
        &.-narrow #area { display: none; }
        &.-narrow #side { width: 1fr; }
        &.-normal #area { width: 40; }
        &.-normal #side { width: 1fr; }
    }
    """

    def __init__(self, gateway: Gateway) -> None:
        super().__init__()
        self._gateway = gateway
        self._now: Status | None = None
        self._seen: tuple[float, ...] = ()
        self._shown: dict[str, str] = {}
        self._is_read = False
        self._waiting: Callable[[], None] | None = None

    def compose(self) -> ComposeResult:
        """Stages on top; map, iterations, jobs and log below."""
        yield Head(self._gateway, place="home")
        with Horizontal(id="stages"):
            for stage in STAGES:
                yield Static(id=f"stage-{stage}", classes="pane stage")
        with Horizontal(id="below"):
            yield AreaMap(has_cursor=False, id="area")
            with Vertical(id="side"):
                for name in ("next", "iterations", "jobs", "log"):
                    yield Static(id=name, classes="pane")
        yield KeyLine()

    def on_mount(self) -> None:
        """Name the panes and begin to look."""
        self.query_one("#next").border_title = "next"
        self.query_one("#iterations").border_title = "iterations"
        self.query_one("#jobs").border_title = "jobs · they go on when the connection drops"
        self.query_one("#log").border_title = "done last"
        self.query_one("#area").border_title = "area"
        self.look()
        self.set_interval(LOOK_S, self._look_if_changed)

    def on_screen_resume(self) -> None:
        """Another screen may have changed the project."""
        self._is_read = False
        self.look()

    def _look_if_changed(self) -> None:
        if not self.is_current:
            return  # it looks again when it comes to the front
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
            seen = self._gateway.facts.overview()
        except RtsError as error:
            self._is_read, self._waiting = True, None
            self.app.call_from_thread(self.say, error)
            return
        self.app.call_from_thread(self._show, now, seen)
        self.app.call_from_thread(self._catch_up)

    @work(thread=True, exclusive=True, group="map", exit_on_error=False)
    def read_map(self) -> None:
        """Read the area's layers; the map stands as it was where the project is busy."""
        try:
            layers = self._gateway.maps.layers()
        except RtsError:
            return
        self.app.call_from_thread(self._show_map, layers)

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
            step = self._gateway.desk.next(self.note_from_thread)
        except RtsError as error:
            self.app.call_from_thread(self.say, error)
            return
        self.app.call_from_thread(self.notify, step.did or step.waits_for, markup=False)
        self.app.call_from_thread(self.look)

    def _must_wait(self, act: Callable[[], None]) -> bool:
        """True while the project is read: the newest key acts once it is."""
        if not self._is_read:
            self._waiting = act
            self.notify("reading the project…", timeout=2)
        return not self._is_read

    def _catch_up(self) -> None:
        self._is_read = True
        act, self._waiting = self._waiting, None
        if act is not None and self.is_current:
            act()

    def action_next(self) -> None:
        """Enter: the next thing to do."""
        if self._must_wait(self.action_next) or self._now is None:
            return
        plan = self._now.plan
        if plan.action in PLACES:
            self.action_open(PLACES[plan.action])
        elif plan.action is NextAction.FAILED:
            self.action_open(next(one.verb for one in self._now.jobs if one.job_id == plan.job_id))
        elif plan.action is NextAction.WAIT:
            self.notify(f"{'; '.join(plan.blocked_by)}: nothing to do", markup=False)
        else:
            self.notify("starting…", timeout=2)
            self.start_next()

    def action_open(self, place: str) -> None:
        """Another screen, or why it is empty yet."""
        now = self._now
        is_asked = place in ("triage", "converge", "report", "map", "sql")
        if is_asked and now is None and self._must_wait(lambda: self.action_open(place)):
            return
        if place == "triage" and now is not None and now.counts["open"] == 0:
            self.notify("no candidate waits for a decision", severity="warning")
        elif (
            place in ("converge", "report", "map", "sql") and now is not None and not now.iterations
        ):
            self.notify("nothing to look at yet: add images first (i)", severity="warning")
        else:
            self.app.go(place)  # type: ignore[attr-defined]

    def _job(self, states: "frozenset[JobState] | set[JobState]") -> Job | None:
        jobs = self._now.jobs if self._now else ()
        found = [job for job in jobs if not job.collected and job.status.state in states]
        return found[-1] if found else None

    def _show_map(self, layers: MapLayers) -> None:
        area = self.query_one("#area", AreaMap)
        area.show(layers)
        area.border_subtitle = short_legend(layers)

    def _show(self, now: Status, seen: Overview) -> None:
        self._now = now
        if now.iterations and self.is_current and self.query_one("#area").display:
            self.read_map()
        self.query_one("#iterations").border_subtitle = inventory_words(now, seen)
        self._set("log", "\n".join(map(action_line, seen.actions)) or "nothing yet")
        self._seen = tuple(_stamp(path) for path in self._watched())
        counts = now.counts
        self.query_one(Head).tell(
            f"{safe_text(now.folder)}   {now.area_km2:,.1f} km²  "
            f"{counted(counts['scenes'], 'scene')}"
        )
        for stage in STAGES:
            self._show_stage(stage, now)
        self._set("next", next_words(now))
        self._set("iterations", "\n".join(iteration_lines(now.iterations, most=8)))
        self._show_jobs(now.jobs)

    def _show_jobs(self, jobs: tuple[Job, ...]) -> None:
        if self._now is not None:
            self._now = replace(self._now, jobs=jobs)
        self._set("jobs", "\n".join(job_line(job) for job in jobs[-4:]) or "none yet")

    def _show_stage(self, stage: Stage, now: Status) -> None:
        pane = self.query_one(f"#stage-{stage}", Static)
        order = [*STAGES, Stage.DONE]
        here = now.stage is stage
        past = now.stage in order and order.index(stage) < order.index(now.stage)
        mark = "◀ here" if here else "✓" if past else "·"
        pane.border_title = f"{STAGES.index(stage) + 1} {stage} {mark}"
        pane.set_class(here, "here")
        last = now.iterations[-1] if now.iterations else None
        self._set(f"stage-{stage}", stage_words(stage, last, now))

    def _set(self, name: str, text: str) -> None:
        """Draw only what changed: an idle screen sends nothing."""
        if self._shown.get(name) != text:
            self._shown[name] = text
            self.query_one(f"#{name}", Static).update(content(text))


def _stamp(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
