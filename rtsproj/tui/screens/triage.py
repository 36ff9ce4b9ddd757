"""Triage: queue, pictures of every year, evidence, one-key verdicts saved before they show."""

import asyncio
from collections.abc import Callable

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widgets import Footer, Static

from rtsproj.domain.decisions import SavedDecision, Verdict
from rtsproj.domain.text import safe_text
from rtsproj.errors import RtsError
from rtsproj.tui.gateway.gateway import Gateway
from rtsproj.tui.gateway.pictures import Sheet
from rtsproj.tui.keys import TRIAGE, bindings
from rtsproj.tui.screens.dialogs import NotePrompt, ReasonPrompt
from rtsproj.tui.text import content
from rtsproj.tui.widgets.lazy_list import LazyList
from rtsproj.tui.widgets.picture import PictureView
from rtsproj.workflow.candidates import CandidateRow

MARKS = {"open": "○", "accept": "●", "reject": "✗", "unsure": "?"}
AHEAD = 3
"""Candidates whose pictures are read ahead."""


class TriageScreen(Screen[None]):
    """One candidate at a time."""

    BINDINGS = bindings(TRIAGE)

    def __init__(self, gateway: Gateway) -> None:
        super().__init__()
        self._gateway = gateway
        self._rows: list[CandidateRow] = []
        self._said: dict[int, str] = {}
        self._newest: SavedDecision | None = None
        self._sheet: Sheet | None = None
        self._year = 0
        self._other = 0
        self._outline = True
        self._wide = False

    def compose(self) -> ComposeResult:
        """Queue, picture, evidence."""
        yield Static(id="head")
        with Horizontal():
            yield LazyList(self._row_text, id="queue", classes="pane")
            with Vertical(id="middle"):
                yield PictureView(
                    mode=self.app.display_settings.mode,  # type: ignore[attr-defined]
                    grey=self.app.display_settings.grey,  # type: ignore[attr-defined]
                    id="picture",
                )
                yield Static(id="years")
            yield Static(id="evidence", classes="pane")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Name the panes and read the queue."""
        self.query_one("#queue").border_title = "queue"
        self.query_one("#evidence").border_title = "evidence"
        self.query_one("#picture").add_class("pane")
        self.query_one("#queue").focus()
        self.read_queue()

    @work(thread=True, exclusive=True, group="queue", exit_on_error=False)
    def read_queue(self) -> None:
        """Open candidates in queue order."""
        rows = list(self._gateway.review.queue())
        self.app.call_from_thread(self._take_queue, rows)

    @work(thread=True, exclusive=True, group="sheet", exit_on_error=False)
    def read_sheet(self, candidate_id: int, wide: bool) -> None:  # noqa: FBT001 - a state, passed on
        """Card and pictures of a candidate, then of the next ones."""
        try:
            sheet = self._gateway.pictures.sheet(candidate_id, wide=wide)
        except RtsError as error:
            self.app.call_from_thread(self._say, error)
            return
        self.app.call_from_thread(self._take_sheet, sheet)
        at = self._list.cursor
        for row in self._rows[at + 1 : at + 1 + AHEAD]:
            self._gateway.pictures.sheet(row.candidate_id, wide=wide)

    @on(LazyList.Moved)
    def show_candidate(self) -> None:
        """The cursor stands on another candidate."""
        row = self._current()
        if row is not None:
            self.read_sheet(row.candidate_id, self._wide)
        self._show_head()

    async def action_verdict(self, verdict: str) -> None:
        """Save a verdict, then go on; keys pressed meanwhile wait their turn."""
        row = self._current()
        if row is None:
            self.notify("nothing is open: q leaves", severity="warning")
            return
        if row.candidate_id in self._said:
            self.notify("decided already: u takes it back", severity="warning")
            return
        saved = await self._save(lambda: self._gateway.review.decide(row.candidate_id, verdict))
        if saved is None:
            return
        self._note_saved(saved)
        if saved.verdict is Verdict.REJECT:
            text = f"saved: reject #{saved.decision_id}"
            prompt = ReasonPrompt(text, self._gateway.project.settings.triage.reasons)
            self.app.push_screen(prompt, self._take_reason)
        else:
            self._advance()

    async def action_undo(self) -> None:
        """Take back the newest decision, also of an earlier session."""
        await self._back_or_forth(self._gateway.review.undo, "nothing to undo")

    async def action_redo(self) -> None:
        """Say again what undo took back."""
        await self._back_or_forth(self._gateway.review.redo, "nothing to redo")

    def action_skip(self) -> None:
        """No decision now."""
        self._list.move(1)

    def action_move(self, step: int) -> None:
        """Walk the queue."""
        self._list.move(step)

    def action_year(self, step: int) -> None:
        """Another year."""
        if self._sheet:
            self._year = max(0, min(len(self._sheet.views) - 1, self._year + step))
            self._show_picture()

    def action_blink(self) -> None:
        """Between the shown year and the searched one, or the oldest."""
        if self._sheet:
            newest = self._sheet.newest
            if self._year == newest:
                self._year = self._other if self._other != newest else 0
            else:
                self._other, self._year = self._year, newest
            self._show_picture()

    def action_outline(self) -> None:
        """Outline on or off; stays as set."""
        self._outline = not self._outline
        self._show_picture()

    def action_frame(self) -> None:
        """Tight or wide view."""
        self._wide = not self._wide
        self.show_candidate()

    def action_note(self) -> None:
        """A note on the decision just saved."""
        if self._newest is None:
            self.notify("decide first: a note belongs to a decision", severity="warning")
            return
        self.app.push_screen(NotePrompt(self._newest.note), self._take_note)

    @work(thread=True, exclusive=True, group="png", exit_on_error=False)
    def action_png(self) -> None:
        """Save the evidence picture."""
        if self._sheet is None:
            return
        try:
            path = self._gateway.pictures.png(self._sheet.card)
        except RtsError as error:
            self.app.call_from_thread(self._say, error)
            return
        self.app.call_from_thread(self.notify, f"saved {path}", markup=False)

    def action_toggle_queue(self) -> None:
        """Show or hide the queue."""
        self._list.display = not self._list.display

    def action_back(self) -> None:
        """Back to home; everything said is saved."""
        self.dismiss()

    @property
    def _list(self) -> LazyList:
        return self.query_one("#queue", LazyList)

    def _current(self) -> CandidateRow | None:
        at = self._list.cursor
        return self._rows[at] if 0 <= at < len(self._rows) else None

    async def _save(self, write: Callable[[], SavedDecision | None]) -> SavedDecision | None:
        try:
            return await asyncio.to_thread(write)
        except RtsError as error:
            self._say(error)
            return None

    async def _back_or_forth(self, step: Callable[[], SavedDecision | None], nothing: str) -> None:
        saved = await self._save(step)
        if saved is None:
            self.notify(nothing, severity="warning")
            return
        self._note_saved(saved)
        at = next(
            (n for n, r in enumerate(self._rows) if r.candidate_id == saved.candidate_id), None
        )
        if at is None:
            self.read_queue()
        else:
            self._list.cursor = at
        self._list.refresh()

    def _note_saved(self, saved: SavedDecision) -> None:
        self._newest = saved
        self._gateway.pictures.forget(saved.candidate_id)
        if saved.verdict is Verdict.WITHDRAW:
            self._said.pop(saved.candidate_id, None)
        else:
            self._said[saved.candidate_id] = saved.verdict
        words = f"saved #{saved.decision_id} {saved.verdict} {saved.reason} · u undoes"
        self.notify(words, timeout=2, markup=False)
        self._list.refresh()
        self._show_head()

    def _advance(self) -> None:
        """To the next candidate without a word; around the end to those that were skipped."""
        count, at = len(self._rows), self._list.cursor
        for step in range(1, count + 1):
            if self._rows[(at + step) % count].candidate_id not in self._said:
                self._list.cursor = (at + step) % count
                return
        self.notify("all decided: q, then converge", markup=False)

    async def _amend(self, **added: object) -> None:
        newest = self._newest
        if newest is None:
            return
        saved = await self._save(lambda: self._gateway.review.amend(newest, **added))
        if saved is not None:
            self._note_saved(saved)

    async def _take_reason(self, reason: str | None) -> None:
        if reason is None:
            await self.action_undo()
            return
        if reason:
            await self._amend(reason=reason)
        self._advance()

    async def _take_note(self, note: str | None) -> None:
        if note is not None:
            await self._amend(note=note)

    def _take_queue(self, rows: list[CandidateRow]) -> None:
        self._rows = rows
        self._list.set_total(len(rows))
        self.show_candidate()

    def _take_sheet(self, sheet: Sheet) -> None:
        row = self._current()
        if row is None or row.candidate_id != sheet.card.row.candidate_id:
            return
        self._sheet = sheet
        self._year, self._other = sheet.newest, 0
        self.query_one("#picture", PictureView).forget(sheet.views)
        self._show_picture()
        self.query_one("#evidence", Static).update(content(*self._evidence(sheet)))

    def _show_picture(self) -> None:
        if self._sheet is None:
            return
        view = self._sheet.views[self._year]
        self.query_one("#picture", PictureView).show(view, outline=self._outline)
        names = [
            f"▸{one.title[:4]}◂" if n == self._year else f" {one.title[:4]} "
            for n, one in enumerate(self._sheet.views)
        ]
        frame = "wide" if self._wide else "tight"
        self.query_one("#years", Static).update(content(" ".join(names) + f"   {frame} view"))

    def _show_head(self) -> None:
        total = len(self._rows)
        left = sum(row.candidate_id not in self._said for row in self._rows)
        row = self._current()
        name = f"C-{row.candidate_id:05}" if row else "nothing open"
        saved = f"   saved #{self._newest.decision_id}" if self._newest else ""
        title = safe_text(self._gateway.project.settings.project.name)
        text = f" rtsproj  {title}  triage  {total - left}/{total} decided   {name}{saved}"
        self.query_one("#head", Static).update(content(text))

    def _row_text(self, number: int) -> str:
        row = self._rows[number]
        mark = MARKS.get(self._said.get(row.candidate_id, row.status), "○")
        return f" {mark} C-{row.candidate_id:05} {row.area_m2 / 1e4:7.2f} ha {row.lineage}"

    def _evidence(self, sheet: Sheet) -> list[str]:
        card, row = sheet.card, sheet.card.row
        lines = [
            f"C-{row.candidate_id:05}  iteration {row.iteration}",
            f"{row.lat:.5f} N  {row.lon:.5f} E",
            f"{row.area_m2 / 1e4:.3f} ha   {card.perimeter_m:.0f} m round",
        ]
        for one in card.distances:
            name = safe_text(one.line_name or one.line_class or "")
            lines.append(f"{one.kind} {one.distance_m:.0f} m {name}")
        if row.status != "open" or not self._gateway.project.settings.triage.hide_score:
            lines.append(f"score {row.score_mean:.2f}, max {row.score_max:.2f}")
        if card.lineage_text:
            lines += ["", f"before: {safe_text(card.lineage_text)}"]
        if row.at_edge:
            lines += ["", "at the edge of the imagery or the area"]
        if card.history:
            lines += ["", "this place:"]
            lines += [
                f" C-{one.candidate_id:05} it. {one.iteration} {one.status}"
                + (f" {safe_text(one.reason)}" if one.reason else "")
                for one in card.history
            ]
        return lines

    def _say(self, error: RtsError) -> None:
        self.notify(f"{error.what}: {error.hint}", severity="error", markup=False)
