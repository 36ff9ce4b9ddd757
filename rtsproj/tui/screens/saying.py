"""A screen on which an analyst says things of a candidate; each word is on disk before it shows."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

from rtsproj.domain.decisions import CONFIDENCES, EVIDENCE, SavedDecision, Verdict
from rtsproj.errors import RtsError
from rtsproj.tui.gateway.gateway import Gateway
from rtsproj.tui.gateway.review import word_for
from rtsproj.tui.review import Review
from rtsproj.tui.screens.dialogs import BulkPrompt, ReasonPrompt
from rtsproj.tui.screens.looking import LookingScreen
from rtsproj.tui.screens.questions import Line
from rtsproj.workflow.decide import Word, standing_word


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

    def _show_saved(self) -> None:
        """Draw what a new word changes."""

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
            card = self._card
            like = card if card is not None and card.row.candidate_id == one else None
            word = word_for(verdict, like=like, queue=queue, row=row)
            saved = await self._save(lambda: self._gateway.review.decide(one, word))
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
        card = self._card
        if card is not None:
            seen = set(filter(None, (card.row.evidence or "").split(",")))
            seen ^= {keys[number]}
            await self._mark(evidence=",".join(key for key in keys if key in seen))

    async def action_confidence(self) -> None:
        """Certain, probable, possible, not said."""
        card = self._card
        if card is not None:
            at = CONFIDENCES.index(card.row.confidence or "")
            await self._mark(confidence=CONFIDENCES[(at + 1) % len(CONFIDENCES)])

    async def action_flag(self) -> None:
        """Flag to come back, or not."""
        if self._card is not None:
            await self._mark(flagged=not self._card.row.flagged)

    def action_note(self) -> None:
        """A note on this candidate."""
        if self._card is not None:
            question = f"note on C-{self._card.row.candidate_id:05}; enter saves, esc leaves"
            self.app.push_screen(Line(question, self._card.row.note or ""), self._take_note)

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
            self.notify(
                f"NOT SAVED: {error.what}: {error.hint}", severity="error", markup=False, timeout=30
            )
            return None
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

    async def _mark(self, **marks: object) -> None:
        """Save marks: on the word that stands, or alone where none does."""
        card = self._card
        if card is None or self._is_blind:
            self.notify("a blind repeat takes a verdict only", severity="warning")
            return
        one, newest = card.row.candidate_id, self._state.newest
        review = self._gateway.review
        async with self._saving:
            if newest is not None and newest.candidate_id == one:
                await self._save(lambda: review.amend(newest, **marks))
            else:
                word = replace(standing_word(card), **marks)  # type: ignore[arg-type]
                await self._save(lambda: review.remark(one, word))
        self._read_here()

    def _note_saved(self, saved: SavedDecision) -> None:
        self._state.take(saved, at=time.monotonic())
        self._gateway.pictures.forget(saved.candidate_id)
        words = f"saved #{saved.decision_id} {saved.verdict} {saved.reason} · u undoes"
        self.notify(words, timeout=2, markup=False)
        self._show_saved()

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
            self._say(error)
            return
        for one in saved:
            self._note_saved(one)
        self._advance()
