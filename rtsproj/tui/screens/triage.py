"""Triage: queue, pictures of every year, evidence, one-key verdicts saved before they show."""

import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

from rtsproj.domain.text import safe_text
from rtsproj.errors import RtsError
from rtsproj.tui.display import display_of
from rtsproj.tui.gateway.gateway import Gateway
from rtsproj.tui.gateway.pictures import Sheet
from rtsproj.tui.keys import TRIAGE, bindings
from rtsproj.tui.review import ASCII_GLYPHS
from rtsproj.tui.screens.place import PlacePage, ReasonsPage
from rtsproj.tui.screens.questions import Line
from rtsproj.tui.screens.saying import SayingScreen
from rtsproj.tui.text import content
from rtsproj.tui.widgets.evidence import Shown, evidence_lines
from rtsproj.tui.widgets.head import Head
from rtsproj.tui.widgets.key_line import KeyLine
from rtsproj.tui.widgets.lazy_list import LazyList
from rtsproj.tui.widgets.picture_pane import PicturePane
from rtsproj.workflow.queue import ORDERS, Kind, Queue, Wanted

if TYPE_CHECKING:
    from textual.timer import Timer

AHEAD = 3
"""Candidates whose pictures are read ahead."""
REST_S = 0.06
"""s that the cursor rests before a picture is read, so that a held key stays light."""
CARD = (60, 16)
"""Columns and rows below which only the text card is shown."""
LINE = (20, 5)
"""Columns and rows below which only the status line is shown."""
CLAIM_S = 1.0
"""s that the cursor rests before the next candidates are claimed."""
OTHERS_S = 1.0
"""s between two looks at the journals of other analysts."""
AROUND = 200
"""Rows before and after the cursor whose words of others are read."""


class TriageScreen(SayingScreen):
    """One candidate at a time."""

    BINDINGS = bindings(TRIAGE)

    def __init__(
        self, gateway: Gateway, *, candidate_id: int | None = None, kind: Kind = "triage"
    ) -> None:
        super().__init__(gateway)
        self._open_at = candidate_id
        self._wanted = Wanted(kind, gateway.project.settings.triage.order)
        self._rest: Timer | None = None
        self._claim_rest: Timer | None = None
        self._journals = gateway.review.journals_of_others()

    def compose(self) -> ComposeResult:
        """Queue, picture, evidence."""
        yield Head(self._gateway, place=self._wanted.kind)
        with Horizontal(id="workbench"):
            yield LazyList(self._row_text, id="queue", classes="pane")
            yield PicturePane(id="middle")
            yield Static(id="evidence", classes="pane")
        yield KeyLine()

    def on_mount(self) -> None:
        """Name the panes and read the queue."""
        if display_of(self.app).is_ascii:
            self._state.glyphs = ASCII_GLYPHS
        self.query_one("#evidence").border_title = "evidence"
        self._list.focus()
        self._gateway.review.sit_down()
        self._state.start_clock(time.monotonic())
        pause_min = self._gateway.project.settings.triage.break_min
        if pause_min > 0:
            self.set_interval(60 * pause_min, self._remind)
        self.read_queue(resume=True)
        self.set_interval(OTHERS_S, self._look_at_others)

    def on_resize(self) -> None:
        """Too small for a picture: the text card alone; smaller still: one line."""
        width, height = self.app.size
        self.set_class(width < CARD[0] or height < CARD[1], "-card")
        self.set_class(width < LINE[0] or height < LINE[1], "-line")

    @work(thread=True, exclusive=True, group="queue", exit_on_error=False)
    def read_queue(self, *, resume: bool = False) -> None:
        """The first batch at once, then the whole queue."""
        review = self._gateway.review
        try:
            mark = review.bookmark() if resume and self._wanted.kind == "triage" else None
            if mark is not None:
                self._wanted = mark.wanted
            at = self._open_at or (mark.candidate_id if mark else None)
            first = review.first_batch(self._wanted, at=at)
            self.app.call_from_thread(self._take_queue, first, at)
            if not first.whole:
                self.app.call_from_thread(self._take_queue, review.queue(self._wanted), at)
        except RtsError as error:
            self.app.call_from_thread(self.say, error)

    @work(thread=True, exclusive=True, group="sheet", exit_on_error=False)
    def read_sheet(self, candidate_id: int, ahead: list[int]) -> None:
        """Card and pictures of a candidate, then of the next ones, encoded for this pane."""
        pane, pictures = self._pane, self._gateway.pictures
        frame, look = pane.frame, pane.look
        try:
            sheet = pictures.sheet(candidate_id, frame, look)
        except RtsError as error:
            self.app.call_from_thread(self.say, error)
            return
        self.app.call_from_thread(self._take_sheet, sheet)
        pictures.prefetch(ahead, frame, look)
        for one in ahead:
            found = pictures.ready(one, frame, look)
            if found is not None:
                pane.warm(found)

    @work(thread=True, exclusive=True, group="claim", exit_on_error=False)
    def claim(self, ids: list[int]) -> None:
        """Keep what comes next out of other queues, and remember the place."""
        try:
            held = self._gateway.review.claim(ids, self._wanted)
        except RtsError:
            return  # a busy project: the next rest of the cursor claims again
        if held:
            names = ", ".join(sorted(set(held.values())))
            text = f"{len(held)} of the next are before {names}: they are left out"
            self.app.call_from_thread(self.notify, text, markup=False)
            self.app.call_from_thread(self.read_queue)

    def _look_at_others(self) -> None:
        """Read what others have decided, once one of their journals has grown."""
        queue = self._state.queue
        if queue is None or queue.kind != "triage":
            return
        before, self._journals = self._journals, self._gateway.review.journals_of_others()
        if self._journals != before:
            first = max(0, self._row - AROUND)
            rows = range(first, min(len(queue), self._row + AROUND))
            self.read_others([int(queue.ids[row]) for row in rows if not queue.blind[row]])

    @work(thread=True, exclusive=True, group="others", exit_on_error=False)
    def read_others(self, ids: list[int]) -> None:
        """What other analysts have decided of these."""
        self.app.call_from_thread(self._note_others, ids, self._gateway.review.others(ids))

    @on(LazyList.Moved)
    def show_candidate(self) -> None:
        """The cursor stands on another candidate."""
        self._pane.reset_frame()
        self._show_head()
        if self._card is not None and self._card.row.candidate_id != self._state.id_at(self._row):
            self._sheet = None  # a key that needs the picture waits for the new one
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(REST_S, self._read_here)
        self._claim_soon()

    def _claim_soon(self) -> None:
        """Claim what comes next, once the cursor rests on a queue that is read."""
        if self._claim_rest is not None:
            self._claim_rest.stop()
        self._claim_rest = self.set_timer(CLAIM_S, self._claim_here)

    @on(PicturePane.Wanted)
    def _read_here(self) -> None:
        row = self._list.cursor
        one = self._state.id_at(row)
        if one is None:
            return
        ahead = [self._state.id_at(row + step) for step in range(1, AHEAD + 1)]
        self.read_sheet(one, [other for other in ahead if other is not None])

    def _show_at_once(self) -> None:
        """After a verdict: what was read ahead is shown without waiting for a thread."""
        self._pane.reset_frame()
        self._show_head()
        one = self._state.id_at(self._list.cursor)
        pane = self._pane
        found = self._gateway.pictures.ready(one, pane.frame, pane.look) if one else None
        if found is not None:
            self._take_sheet(found)

    def action_skip(self) -> None:
        """No decision now."""
        one = self._state.id_at(self._list.cursor)
        if one is not None and one not in self._state.said:
            self._state.skipped.add(one)
        self._list.move(1)
        self._list.refresh()

    def action_move(self, step: int) -> None:
        """Walk the queue."""
        self._list.move(step)

    def action_mark(self) -> None:
        """Mark for a bulk decision, or not; on to the next."""
        one = self._state.id_at(self._list.cursor)
        if one is not None and one not in self._state.said:
            self._state.marked ^= {one}
            self._list.move(1)
            self._list.refresh()
            self._show_head()

    def action_filter(self) -> None:
        """Shrink the queue."""
        question = "filter: >1ha <0.2ha near<500 road<500 it=2 flag edge grown C-00012 note:TEXT"
        self.app.push_screen(Line(question, self._wanted.filter), self._take_filter)

    def action_order(self) -> None:
        """The next order of the queue."""
        at = ORDERS.index(self._wanted.order)
        self._wanted = replace(self._wanted, order=ORDERS[(at + 1) % len(ORDERS)])
        self.read_queue()

    def action_edit_outline(self) -> None:
        """The outline ladder."""
        one = self._state.id_at(self._list.cursor)
        if one is not None:
            self.app.go("outline", candidate_id=one)  # type: ignore[attr-defined]

    def action_map(self) -> None:
        """This candidate on the map."""
        one = self._state.id_at(self._list.cursor)
        self.app.go("map", candidate_id=one)  # type: ignore[attr-defined]

    def action_draw(self) -> None:
        """Draw a slump that no model found, near this candidate."""
        one = self._state.id_at(self._list.cursor)
        self.app.go("draw", candidate_id=one)  # type: ignore[attr-defined]

    def action_history(self) -> None:
        """Everything that was said of this place."""
        if self._card is not None and not self._is_blind:
            self.app.push_screen(PlacePage(self._gateway, self._card))

    def action_reasons(self) -> None:
        """Reject reasons and their numbers."""
        self.app.push_screen(ReasonsPage(self._gateway))

    def action_toggle_queue(self) -> None:
        """Show or hide the queue."""
        self._list.display = not self._list.display

    @work(thread=True, exit_on_error=False)
    def action_back(self) -> None:
        """Back to where one came from; everything said is saved, claims go back."""
        with suppress(RtsError):  # claims that stay are the analyst's own, and expire
            self._gateway.review.release()
        self.app.call_from_thread(self._close)

    def _close(self) -> None:
        if self.is_active:  # a second key of the same moment would close the screen below
            self.dismiss()

    def on_screen_resume(self) -> None:
        """Another screen may have edited the outline or decided."""
        if self._card is not None:
            self._gateway.pictures.forget(self._card.row.candidate_id)
            self._read_here()

    @property
    def _list(self) -> LazyList:
        return self.query_one("#queue", LazyList)

    @property
    def _row(self) -> int:
        return self._list.cursor

    def _show_saved(self, candidate_id: int) -> None:
        queue = self._state.queue
        row = queue.place_of(candidate_id) if queue is not None else None
        if row is not None:
            self._list.refresh_row(row)
        self._show_head()

    def _come_back(self, candidate_id: int) -> None:
        queue = self._state.queue
        at = queue.place_of(candidate_id) if queue is not None else None
        if at is None:
            self._open_at = candidate_id
            self.read_queue()
        else:
            self._list.cursor = at
            self._read_here()

    def _advance(self) -> None:
        """To the next candidate without a word; round the end to those that were skipped."""
        at = self._state.next_open(self._list.cursor)
        if at is not None:
            self._list.cursor = at
            self._show_at_once()
        else:
            self.notify("all decided: q, then converge", markup=False)
            self._read_here()

    def _take_filter(self, text: str | None) -> None:
        if text is not None:
            self._wanted = replace(self._wanted, filter=text.strip())
            self.read_queue()

    def _take_queue(self, queue: Queue, at: int | None) -> None:
        here = self._state.id_at(self._list.cursor)
        self._state.take_queue(queue)
        wanted = [one for one in (at if here is None else here, at) if one is not None]
        places = [place for one in wanted if (place := queue.place_of(one)) is not None]
        self._list.set_total(len(queue))
        if places and places[0] != self._list.cursor:
            self._list.cursor = places[0]
        self._list.border_title = f"{queue.kind} · {queue.order}"
        self._list.border_subtitle = safe_text(queue.filter)
        self._show_head()
        if len(queue):
            self._read_here()
            self._claim_soon()
        elif queue.whole:
            self._show_empty(queue)

    def _show_empty(self, queue: Queue) -> None:
        self._sheet = None
        self._pane.clear()
        text = "nothing answers to the filter: / changes it" if queue.filter else "nothing is open"
        self.query_one("#evidence", Static).update(content(text))

    def _take_sheet(self, sheet: Sheet) -> None:
        if self._state.id_at(self._list.cursor) != sheet.card.row.candidate_id:
            return
        if sheet is self._sheet:
            return  # on the screen already: drawing it again would only cost bytes
        self._sheet = sheet
        self._pane.show(sheet)
        self._state.note_area(sheet.card.row.candidate_id, sheet.card.row.area_m2)
        pane = self.query_one("#evidence", Static)
        settings = self._gateway.project.settings.triage
        one = sheet.card.row.candidate_id
        said = self._state.said.get(one, "")
        shown = Shown(
            card=sheet.card,
            own=settings.evidence,
            hide_score=settings.hide_score and sheet.card.row.status == "open",
            is_blind=self._is_blind and not said,
            said=said,
            rows=pane.content_size.height,
            criteria=settings.criteria,
        )
        pane.update(content(*evidence_lines(shown)), layout=False)

    def _show_head(self) -> None:
        one = self._state.id_at(self._list.cursor)
        name = f"C-{one:05}" if one is not None else "nothing open"
        marked = f"   {len(self._state.marked)} marked" if self._state.marked else ""
        text = f"{self._state.progress_text()}   {name}{marked}"
        head = self.query_one(Head)
        head.tell(text, saved=self._state.saved_text(), more=self._state.pace_text())

    def _row_text(self, number: int) -> str:
        return self._state.row_text(number, here=number == self._list.cursor)

    def _remind(self) -> None:
        minutes = self._gateway.project.settings.triage.break_min
        text = f"{minutes:g} minutes at the screen: eyes off it for a while; everything is saved"
        self.notify(text, timeout=20)

    def _claim_here(self) -> None:
        queue = self._state.queue
        if queue is None or queue.kind != "triage" or not len(queue):
            return
        ahead = self._gateway.project.settings.triage.claim_ahead
        at = self._list.cursor
        ids = [int(one) for one in queue.ids[at : at + ahead] if int(one) not in self._state.said]
        if ids:
            self.claim(ids)
