"""Infer: tiles by state, pace, failures with their reasons, what was found so far."""

from typing import Any

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

from rtsproj.domain.iterations import Stage
from rtsproj.domain.text import counted, safe_text
from rtsproj.jobs.state import JobState
from rtsproj.tui.gateway.gateway import Gateway
from rtsproj.tui.keys import INFER, bindings
from rtsproj.tui.screens.monitor import MonitorScreen
from rtsproj.tui.screens.questions import TextPage
from rtsproj.tui.text import content
from rtsproj.tui.widgets.head import Head
from rtsproj.tui.widgets.key_line import KeyLine
from rtsproj.tui.widgets.lines import labelled_histogram, sparkline
from rtsproj.tui.widgets.tile_map import TileMap
from rtsproj.tui.words import area_text
from rtsproj.workflow.jobs import Job
from rtsproj.workflow.search_monitor import (
    DONE,
    FAILED,
    FOUND,
    PACE_S,
    SearchLook,
    SearchWatch,
    TileTold,
)

EDGES_M2 = (0.0, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e9)
EDGE_LABELS = ("<.1", ".2", ".5", "1", "2", "5", ">5")
"""Upper ends of the classes, ha."""
BARS = 4
"""Rows of the histogram."""
MOST_FAILURES = 50


class InferScreen(MonitorScreen):
    """Follows the newest search, or the one that is named."""

    VERB = "infer"
    BINDINGS = bindings(INFER)
    DEFAULT_CSS = """
    InferScreen {
        #tiles { width: 1fr; height: 1fr; }
        #told { width: 46; height: 1fr; }
        &.-narrow #told { width: 36; }
    }
    """

    def __init__(self, gateway: Gateway, *, job_id: int | None = None) -> None:
        super().__init__(gateway, job_id=job_id)
        self._shown = ""

    def compose(self) -> ComposeResult:
        """The map on the left, what is told of it on the right."""
        yield Head(self._gateway, place="infer")
        with Horizontal():
            yield TileMap(id="tiles")
            yield Static(id="told", classes="pane")
        yield KeyLine()

    def on_mount(self) -> None:
        """Name the panes."""
        self.query_one("#tiles").border_title = "tiles"
        self.query_one("#told").border_title = "now"

    def watch_of(self, job: Job) -> SearchWatch:
        """Follow this job's folder."""
        return self._gateway.monitors.watch_search(job.folder)

    def show_nothing(self) -> None:
        """Before the first search."""
        now = self._gateway.desk.newest
        waits = [safe_text(one) for one in now.blocked_by] if now else []
        lines = ["no search yet", "", "enter starts it, detached", "", *waits, self.settings_line()]
        self._tell("\n".join(lines))

    def show(self, look: Any) -> None:
        """Draw what is new."""
        self.query_one("#tiles", TileMap).show(look.grid)
        self._tell("\n".join(_told_lines(look, width=self.query_one("#told").size.width)))

    def action_move(self, rows: int, cols: int) -> None:
        """Move on the map."""
        self.query_one("#tiles", TileMap).move(rows, cols)

    def action_start(self) -> None:
        """Enter: start the search where it is next, else tell of the tile here."""
        now = self._gateway.desk.newest
        is_next = now is not None and now.stage is Stage.INFER
        is_over = self.state is JobState.FAILED or (self._job is not None and self._job.collected)
        if self.found is None or (is_next and is_over):
            super().action_start()
            return
        tile_id = self.query_one("#tiles", TileMap).tile_here()
        told = self._watch.tile(tile_id) if tile_id is not None else None
        if told is None:
            self.notify("no tile here")
        else:
            self.app.push_screen(TextPage(f"tile T{told.tile_id:04}", tile_lines(told)))

    def action_retry(self) -> None:
        """Search failed tiles again: a stopped job goes on, a finished one gets a follow-up."""
        if self.found is None or not self.found.failures:
            self.notify("no tile failed")
        elif self.is_at_work:
            self.notify("the job is running: F when it has ended", severity="warning")
        elif self.state is JobState.DONE:
            self.act("start")
        else:
            self.act("resume")

    def _tell(self, text: str) -> None:
        if text != self._shown:
            self._shown = text
            self.query_one("#told", Static).update(content(text))


def tile_lines(told: TileTold) -> list[str]:
    """A tile in words."""
    return [
        f"tile      T{told.tile_id:04}, grid row {told.row}, column {told.col}",
        f"state     {told.state}",
        f"outlines  {told.outlines} (before they are joined over tile edges)",
        f"searched  {told.valid_px:,} px",
        f"took      {told.seconds:.2f} s (reading, network, outlines)",
        *([f"reason    {safe_text(told.message)}"] if told.message else []),
    ]


def _told_lines(look: SearchLook, *, width: int) -> list[str]:
    states = look.grid.states
    done = int(((states == DONE) | (states == FOUND)).sum())
    failed = int((states == FAILED).sum())
    lines = [
        (
            f"{done + failed}/{counted(states.size, 'tile')}  "
            f"{int((states == FOUND).sum())} with outlines"
        ),
        safe_text(look.device),
        "",
        *_pace_lines(look, width=width),
        "",
        f"{counted(look.pieces, 'outline')} so far, before joining"
        if look.status.state is not JobState.DONE
        else f"{counted(len(look.areas_m2), 'outline')}",
    ]
    if look.areas_m2:
        lines += labelled_histogram(look.areas_m2, EDGES_M2, rows=BARS, labels=EDGE_LABELS)
        lines.append(f"ha · largest {area_text(max(look.areas_m2))}")
    if look.failures:
        lines += ["", f"✗ {len(look.failures)} failed · F tries again"]
        lines += [f"T{n:04} {safe_text(why)}" for n, why in look.failures[:MOST_FAILURES]]
    if look.status.error:
        lines += ["", safe_text(look.status.error), safe_text(look.status.hint)]
    return lines


def _pace_lines(look: SearchLook, *, width: int) -> list[str]:
    if not look.pace:
        return ["pace: not known yet"]
    ages = [age for age, _ in look.pace]
    columns = max(1, width - 4)
    slots: list[list[float]] = [[] for _ in range(columns)]
    for age, rate in look.pace:
        slots[min(columns - 1, int(columns * (1 - age / PACE_S)))].append(rate)
    first = min(columns - 1, int(columns * (1 - max(ages) / PACE_S)))
    values = [sum(one) / len(one) if one else 0.0 for one in slots[first:]]
    newest = look.pace[-1][1]
    title = f"pace {newest:.2f} Mpx/s · newest 5 min"
    return [title, sparkline(values, width=columns)]
