"""A screen on which an analyst says things of a candidate; each word is on disk before it shows."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

from textual import work

from rtsproj.domain.decisions import CONFIDENCES, EVIDENCE, SavedDecision, Verdict
from rtsproj.errors import RtsError
from rtsproj.tui.gateway.gateway import Gateway
from rtsproj.tui.review import Review
from rtsproj.tui.screens.dialogs import BulkPrompt, ReasonPrompt
from rtsproj.tui.screens.looking import LookingScreen
from rtsproj.tui.screens.questions import Line
from rtsproj.workflow.decide import Word, standing_word, word_of


class SayingScreen(LookingScreen):
    """Verdicts, reasons, marks, notes, bulk decisions, undo and redo.

    A subclass knows the queue: which row the cursor stands on, and where to go after a word.
    """

    def __init__(self, gateway: Gateway) -> None:
        super().__init__(gateway)
        self._state = Review()
        self._saving = asyncio.Lock()

    @property
    def _row(self) -> int:
        """Row of the queue that the cursor stands on."""
        return 0

    def _advance(self) -> None:
        """Go on after a word."""

    def _come_back(self, candidate_id: int) -> None:
        """Show a candidate again whose word was taken back."""

    def _show_saved(self, candidate_id: int) -> None:
        """Draw what a new word on a candidate changes."""

    def _read_here(self) -> None:
        """Read the candidate of the cursor again."""

    async def action_verdict(self, verdict: str) -> None:
        """Save a verdict, then go on; keys pressed meanwhile wait their turn."""
        async with self._saving:
            row = self._row
            one, queue = self._state.id_at(row), self._state.queue
            if one is None or queue is None:
                self.notify("nothing is open: q leaves", severity="warning")
                return
            if one in self._state.said:
                self.notify("decided already: u takes it back", severity="warning")
                return
            marks = self._standing(one)
            saved = await self._save(
                lambda: self._gateway.review.say(verdict, queue, row, marks=marks)
            )
        if saved is None:
            return
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

    async def action_evidence(self, number: int) -> None:
        """Toggle what was seen; saved at once."""
        keys = (*EVIDENCE, *self._gateway.project.settings.triage.evidence)
        if number >= len(keys):
            self.notify(
                "no such evidence: triage.evidence in project.toml adds keys 7 to 9",
                severity="warning",
            )
            return
        word = self._standing(self._state.id_at(self._row))
        if word is not None:
            seen = set(filter(None, word.evidence.split(","))) ^ {keys[number]}
            await self._mark(evidence=",".join(key for key in keys if key in seen))

    async def action_confidence(self) -> None:
        """Certain, probable, possible, not said."""
        word = self._standing(self._state.id_at(self._row))
        if word is not None:
            at = CONFIDENCES.index(word.confidence)
            await self._mark(confidence=CONFIDENCES[(at + 1) % len(CONFIDENCES)])

    async def action_flag(self) -> None:
        """Flag to come back, or not."""
        word = self._standing(self._state.id_at(self._row))
        if word is not None:
            await self._mark(flagged=not word.flagged)

    def action_note(self) -> None:
        """A note on this candidate."""
        one = self._state.id_at(self._row)
        word = self._standing(one)
        if word is not None:
            question = f"note on C-{one:05}; enter saves, esc leaves"
            self.app.push_screen(Line(question, word.note), self._take_note)

    def action_decide_marked(self) -> None:
        """One word on all that are marked."""
        if not self._state.marked:
            self.notify("nothing is marked: x marks", severity="warning")
            return
        self.app.push_screen(BulkPrompt(len(self._state.marked)), self._take_bulk)

    @property
    def _is_blind(self) -> bool:
        queue, row = self._state.queue, self._row
        return queue is not None and row < len(queue) and bool(queue.blind[row])

    async def _save(self, write: Callable[[], SavedDecision | None]) -> SavedDecision | None:
        """Save off the loop; what cannot be saved stays on the screen with the reason."""
        try:
            saved = await asyncio.to_thread(write)
        except RtsError as error:
            said = f"NOT SAVED: {error.what}: {error.hint}"
            self.notify(said, severity="error", markup=False, timeout=30)
            self.app.unsaved = error.what  # type: ignore[attr-defined]
            return None
        self.app.unsaved = ""  # type: ignore[attr-defined]
        if saved is not None:
            self._note_saved(saved)
        return saved

    async def _back_or_forth(self, step: Callable[[], SavedDecision | None], nothing: str) -> None:
        async with self._saving:
            before = self._state.newest
            saved = await self._save(step)
        if saved is None:
            if self._state.newest is before:
                self.notify(nothing, severity="warning")
            return
        self._come_back(saved.candidate_id)
        self._tell_reopened(saved)

    @work(thread=True, group="reopened", exit_on_error=False)
    def _tell_reopened(self, saved: SavedDecision) -> None:
        """An undo may open a candidate of a closed iteration: say what happens then."""
        text = self._gateway.review.reopened_by(saved)
        if text:
            self.app.call_from_thread(self.notify, text, severity="warning", markup=False)

    async def _mark(self, **marks: object) -> None:
        """Save marks: on the word that stands, or alone where none does."""
        one, newest = self._state.id_at(self._row), self._state.newest
        word = self._standing(one)
        if one is None or word is None or self._is_blind:
            self.notify("a blind repeat takes a verdict only", severity="warning")
            return
        review = self._gateway.review
        async with self._saving:
            if newest is not None and newest.candidate_id == one:
                await self._save(lambda: review.amend(newest, **marks))
            else:
                said = replace(word, **marks)  # type: ignore[arg-type]
                await self._save(lambda: review.remark(one, said))
        self._read_here()

    def _standing(self, candidate_id: int | None) -> Word | None:
        """The newest word on a candidate with its marks; None where nothing is known of it yet."""
        newest, card = self._state.newest, self._card
        if newest is not None and newest.candidate_id == candidate_id:
            return word_of(newest)
        if card is not None and card.row.candidate_id == candidate_id:
            return standing_word(card)
        return None

    def _note_saved(self, saved: SavedDecision) -> None:
        self._state.take(saved, at=time.monotonic())
        self._gateway.pictures.forget_word(saved.candidate_id)
        self._show_saved(saved.candidate_id)

    async def _take_reason(self, reason: str | None) -> None:
        if reason is None:
            await self.action_undo()
            return
        newest = self._state.newest
        if reason and newest is not None:
            async with self._saving:
                await self._save(lambda: self._gateway.review.amend(newest, reason=reason))
        self._advance()

    async def _take_note(self, note: str | None) -> None:
        if note is not None:
            await self._mark(note=note)

    async def _take_bulk(self, verdict: str | None) -> None:
        if verdict is None:
            return
        ids = sorted(self._state.marked)
        word = Word(Verdict(verdict))
        try:
            async with self._saving:
                saved = await asyncio.to_thread(self._gateway.review.decide_many, ids, word)
        except RtsError as error:
            self.say(error)
            return
        for one in saved:
            self._note_saved(one)
        self.notify(f"{len(saved)} saved: {verdict}, each undone by a u", markup=False)
        self._advance()
