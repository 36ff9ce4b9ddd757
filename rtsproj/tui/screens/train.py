"""Train: curves of loss and scores, the device, the log, predictions beside the truth.

Of a sweep: the run that is at work, and in place of the log the table of those that have ended.
"""

from typing import Any

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

from rtsproj.domain.sweeps import SweepRow, changes_text
from rtsproj.domain.text import safe_text
from rtsproj.jobs.curves import CurvePoint
from rtsproj.jobs.state import ENDED
from rtsproj.tui.gateway.gateway import Gateway
from rtsproj.tui.ink import ACCENT, SECONDARY, SUCCESS
from rtsproj.tui.keys import TRAIN, bindings
from rtsproj.tui.screens.monitor import MonitorScreen, log_line
from rtsproj.tui.text import content
from rtsproj.tui.widgets.head import Head
from rtsproj.tui.widgets.key_line import KeyLine
from rtsproj.tui.widgets.lines import Curve, Curves, Plot, bar, smoothed
from rtsproj.tui.widgets.samples import SamplePictures
from rtsproj.tui.words import duration_text
from rtsproj.workflow.jobs import Job
from rtsproj.workflow.monitor import TrainLook, TrainWatch
from rtsproj.workflow.sweep import SweepLook

WEIGHTS = (0.9, 0.97, 0.0)
"""Steps of the smoothing key: weight of the past in the loss curve."""


class TrainScreen(MonitorScreen):
    """Follows the newest training, or the one that is named."""

    VERB = "train"
    BINDINGS = bindings(TRAIN)
    DEFAULT_CSS = """
    TrainScreen {
        #curves { height: 1fr; }
        #lower { height: 1fr; max-height: 16; }
        #figures { width: 34; height: 1fr; }
        #log { width: 1fr; height: 1fr; }
        #runs { width: 1fr; height: 1fr; display: none; }
        #samples { width: 1fr; height: 1fr; }
        &.-narrow #log { display: none; }
        &.-sweep #log { display: none; }
        &.-sweep #runs { display: block; }
        &.-narrow.-sweep #samples { display: none; }
        &.-narrow #figures { width: 33; }
    }
    """

    def __init__(self, gateway: Gateway, *, job_id: int | None = None) -> None:
        super().__init__(gateway, job_id=job_id)
        self._smoothing = 0
        self._shown: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        """Curves above; figures, log and samples below."""
        settings = self.app.display_settings  # type: ignore[attr-defined]
        yield Head(self._gateway, place="train")
        with Horizontal(id="curves"):
            yield Curves(id="loss", classes="pane")
            yield Curves(id="scores", classes="pane")
        with Horizontal(id="lower"):
            yield Static(id="figures", classes="pane")
            yield Static(id="log", classes="pane")
            yield Static(id="runs", classes="pane")
            yield SamplePictures(mode=settings.mode, grey=settings.grey, id="samples")
        yield KeyLine()

    def on_mount(self) -> None:
        """Name the panes."""
        titles = {
            "loss": "loss",
            "scores": "validation",
            "figures": "now",
            "log": "log",
            "runs": "runs that have ended, best first",
        }
        for name, title in titles.items():
            self.query_one(f"#{name}").border_title = title
        self.query_one("#samples").border_title = "samples · worst and best of validation"

    def watch_of(self, job: Job) -> TrainWatch:
        """Follow this job's folder."""
        return self._gateway.monitors.watch_training(job.folder)

    def show_nothing(self) -> None:
        """Before the first training."""
        now = self._gateway.desk.newest
        waits = [safe_text(one) for one in now.blocked_by] if now else []
        lines = ["no training yet", "", "enter starts it, detached:", "it goes on without you"]
        self._set("figures", "\n".join([*lines, "", *waits, self.settings_line()]))
        for name in ("loss", "scores"):
            self.query_one(f"#{name}", Curves).show(Plot(empty="no training yet"))

    def action_smooth(self) -> None:
        """Another smoothing of the loss curve."""
        self._smoothing = (self._smoothing + 1) % len(WEIGHTS)
        if self.found is not None:
            self._show_curves(self.found)

    def show(self, look: Any) -> None:
        """Draw what is new."""
        self._show_curves(look)
        self._set("figures", "\n".join(_figures(look)))
        rows = max(1, self.query_one("#log").size.height)
        self._set("log", "\n".join(log_line(one) for one in look.log[-rows:]))
        self.set_class(look.sweep is not None, "-sweep")
        if look.sweep is not None:
            self._set("runs", "\n".join(_run_lines(look.sweep.rows)))
        self.query_one("#samples", SamplePictures).show(look.samples)
        if look.samples is not None:
            title = f"samples after step {look.samples.step} · worst and best"
            self.query_one("#samples").border_title = title

    def _show_curves(self, look: TrainLook) -> None:
        points = _newest_phase(look.points)
        weight = WEIGHTS[self._smoothing]
        phase = " on all labels" if points and points[0].phase == 2 else ""
        steps = float(look.status.metrics.get("steps", look.steps) or 1)
        loss = self.query_one("#loss", Curves)
        newest = f" {points[-1].mean_loss:.3f}" if points else ""
        loss.border_title = f"loss{newest}{phase}{_run_text(look.sweep)}"
        loss.border_subtitle = f"smoothing {weight:g} (t)" if weight else "as it is (t)"
        losses = smoothed([one.loss for one in points], weight=weight)
        xs = tuple(float(one.step) for one in points)
        is_over = look.status.state in ENDED
        waiting = "no step was taken" if is_over else "the first steps are on their way"
        loss.show(Plot((Curve(xs, losses, ACCENT),), x_most=steps, empty=waiting))
        self._show_scores(look, waiting)

    def _show_scores(self, look: TrainLook, waiting: str) -> None:
        scored = [one for one in look.points if one.pixel_iou is not None and one.f1 is not None]
        pane = self.query_one("#scores", Curves)
        if not scored:
            pane.show(Plot(empty=_unscored(look) if look.points else waiting))
            return
        xs = tuple(float(one.step) for one in scored)
        best = look.status.metrics.get("best_step")
        pane.border_title = (
            f"validation  • IoU {scored[-1].pixel_iou:.2f}  • F1 {scored[-1].f1:.2f}"
        )
        pane.border_subtitle = f"▼ best step {best:.0f}" if best else ""
        iou = Curve(xs, tuple(one.pixel_iou or 0.0 for one in scored), SECONDARY, is_marked=True)
        f1 = Curve(xs, tuple(one.f1 or 0.0 for one in scored), SUCCESS, is_marked=True)
        mark = float(best) if best else None
        pane.show(Plot((iou, f1), x_most=float(look.steps or 1), y_most=1.0, x_mark=mark))

    def _set(self, name: str, text: str) -> None:
        if self._shown.get(name) != text:
            self._shown[name] = text
            self.query_one(f"#{name}", Static).update(content(text))


def _unscored(look: TrainLook) -> str:
    """Why there are no scores, although steps were taken."""
    if not look.is_validated:
        return "no validation: no known slump could be kept from training"
    return "no validation yet" if look.status.state in ENDED else "after the first validation"


def _newest_phase(points: tuple[CurvePoint, ...]) -> tuple[CurvePoint, ...]:
    newest = max((one.phase for one in points), default=0)
    return tuple(one for one in points if one.phase == newest)


def _run_text(sweep: SweepLook | None) -> str:
    if sweep is None:
        return ""
    has_ended = len(sweep.rows) == sweep.runs
    return f" · best: run {sweep.run}" if has_ended else f" · run {sweep.run} of {sweep.runs}"


def _run_lines(rows: tuple[SweepRow, ...]) -> list[str]:
    """The table of a sweep as far as it is."""
    if not rows:
        return ["none yet: the first run is at work"]
    return ["run    F1   IoU  settings", *(_run_line(one) for one in rows)]


def _run_line(row: SweepRow) -> str:
    shares = (row.f1, row.pixel_iou)
    scores = "".join("    - " if one is None else f"  {one:.2f}" for one in shares)
    failed = f": {row.error}" if row.error else ""
    return safe_text(f"{row.run:3}{scores}  {changes_text(row.changes)}{failed}")


def _figures(look: TrainLook) -> list[str]:
    status, told = look.status, look.status.metrics
    phase = "on all labels" if told.get("phase") == 2 else "fit"
    lines = [f"{safe_text(look.network)}", f"{safe_text(look.device)}"]
    if look.sweep is not None:
        lines += [safe_text(f"{key}={value}") for key, value in look.sweep.changes.items()]
    if "step" in told:
        rate, seconds = told.get("learning_rate", 0), told.get("seconds_per_step", 0)
        lines += [
            f"step {told['step']:.0f}/{told.get('steps', look.steps):.0f} {phase}",
            f"rate {rate:.1e}  {seconds:.2f} s/step",
            f"data wait {100 * told.get('data_wait', 0):.0f} %",
        ]
    if told.get("best_step"):
        f1, iou = told.get("f1", 0), told.get("pixel_iou", 0)
        lines += [
            f"best {told['best_step']:.0f}: F1 {f1:.2f} IoU {iou:.2f}",
            f"patience {told.get('stale', 0):.0f}/{told.get('patience', look.patience):.0f}",
        ]
    if "memory_of_gb" in told:
        used, whole = told.get("memory_gb", 0), max(1e-9, told["memory_of_gb"])
        lines.append(f"mem  {bar(used / whole, width=10)} {used:.0f}/{whole:.0f} GB")
    if "gpu_load" in told:
        lines.append(f"load {bar(told['gpu_load'], width=10)} {100 * told['gpu_load']:.0f} %")
    if look.checkpoint_s is not None:
        lines.append(f"checkpoint {duration_text(look.checkpoint_s)} old")
    lines.append(f"pid {status.pid} on {safe_text(status.host)}" if status.pid else "")
    if status.error:
        lines += [safe_text(status.error), safe_text(status.hint)]
    return [one for one in lines if one]
