"""A screen on which an analyst says things of a candidate; each word is on disk before it shows."""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from textual import work

from rtsproj.domain.decisions import CONFIDENCES, EVIDENCE, SavedDecision, Verdict
from rtsproj.domain.text import safe_text
from rtsproj.errors import RtsError
from rtsproj.tui.gateway.gateway import Gateway
from rtsproj.tui.gateway.review import ShownCandidate
from rtsproj.tui.review import Review
from rtsproj.tui.screens.dialogs import BulkPrompt, ReasonPrompt, SecondOpinion
from rtsproj.tui.screens.looking import LookingScreen
from rtsproj.tui.screens.questions import Line
from rtsproj.workflow.decide import (
    Word,
    standing_word,
    word_of,
)
from rtsproj.workflow.others import DecidedElsewhereError, OtherWord
from rtsproj.workflow.undo import Saved, act_text, decisions_of

One = TypeVar("One", bound=Saved)
Write = Callable[[], Sequence[One]]
"""Saves decisions, or takes an act back; empty where there is nothing to save."""


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
            if one in self._state.others:
                self._ask_second(self._state.others[one], verdict)
                return
            await self._say(verdict, row, self._shown(one))

    async def _say(self, verdict: str, row: int, shown: ShownCandidate) -> None:
        """Save a verdict, then go on; a word of another analyst that was not shown is shown."""
        queue = self._state.queue
        if queue is None:
            return
        try:
            saved = await self._save(
                lambda: (self._gateway.review.say(verdict, queue, row, shown=shown),)
            )
        except DecidedElsewhereError as error:
            self._ask_second(error.others[0], verdict)
            return
        if saved is None:
            return
        if saved[0].verdict is Verdict.REJECT:
            text = f"saved: reject #{saved[0].decision_id}"
            prompt = ReasonPrompt(text, self._gateway.project.settings.triage.reasons)
            self.app.push_screen(prompt, self._take_reason)
        else:
            self._advance()

    def _ask_second(self, other: OtherWord, verdict: str) -> None:
        """Show what another analyst has decided; a second opinion is asked for as one."""
        self._note_others([other.candidate_id], [other])
        row, one = self._row, other.candidate_id

        async def answered(is_wanted: bool | None) -> None:  # noqa: FBT001 - textual's callback
            if not is_wanted:
                self._advance()
                return
            shown = replace(self._shown(one), word_at=other.decided_at)
            async with self._saving:
                await self._say(verdict, row, shown)

        self.app.push_screen(SecondOpinion(safe_text(other.text), verdict), answered)

    def _note_others(self, ids: Iterable[int], others: Sequence[OtherWord]) -> None:
        """Other analysts have decided candidates of the queue."""
        changed = self._state.take_others(ids, others)
        for one in changed:
            self._gateway.pictures.forget_word(one)
            self._show_saved(one)
        here = self._state.id_at(self._row)
        if here in changed and here in self._state.others:
            text = safe_text(self._state.others[here].text)
            self.notify(text, severity="warning", markup=False)

    async def action_undo(self) -> None:
        """Take back the newest act, also of an earlier session."""
        await self._back_or_forth(self._gateway.review.undo, "undone")

    async def action_redo(self) -> None:
        """Repeat what undo took back."""
        await self._back_or_forth(self._gateway.review.redo, "redone")

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
        ids = sorted(self._state.marked)

        async def answered(verdict: str | None) -> None:
            if verdict is not None:
                await self._take_bulk(ids, verdict)

        self.app.push_screen(BulkPrompt(len(ids)), answered)

    @property
    def _is_blind(self) -> bool:
        queue, row = self._state.queue, self._row
        return queue is not None and row < len(queue) and bool(queue.blind[row])

    async def _save(self, write: Write[One]) -> Sequence[One] | None:
        """Save off the loop; what cannot be saved stays on the screen with the reason."""
        try:
            saved = await asyncio.to_thread(write)
        except DecidedElsewhereError:
            raise
        except RtsError as error:
            said = f"NOT SAVED: {error.what}: {error.hint}"
            self.notify(said, severity="error", markup=False, timeout=30)
            self.app.unsaved = error.what  # type: ignore[attr-defined]
            return None
        self.app.unsaved = ""  # type: ignore[attr-defined]
        for one in decisions_of(saved):
            self._note_saved(one)
        return saved

    async def _back_or_forth(self, step: Write[Saved], what: str) -> None:
        async with self._saving:
            saved = await self._save(step)
        if saved is None:
            return
        if not saved:
            self.notify(
                f"nothing is {what}: no decision or drawing of yours stands there",
                severity="warning",
            )
            return
        decided = decisions_of(saved)
        if len(saved) > 1 or not decided:
            self.notify(act_text(saved, what), markup=False)
        if decided:
            self._come_back(decided[-1].candidate_id)
        else:
            self._show_outlines_again()
        self._tell_reopened(saved)

    def _show_outlines_again(self) -> None:
        """A drawn slump came or went: the picture here shows the outlines that are left."""
        here = self._state.id_at(self._row)
        if here is not None:
            self._gateway.pictures.forget(here)
            self._read_here()

    @work(thread=True, group="reopened", exit_on_error=False)
    def _tell_reopened(self, saved: Sequence[Saved]) -> None:
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
        said = replace(self._shown(one), marks=replace(word, **marks))  # type: ignore[arg-type]
        try:
            async with self._saving:
                if newest is not None and newest.candidate_id == one:
                    await self._save(lambda: (review.amend(newest, **marks),))
                else:
                    await self._save(lambda: (review.remark(one, said),))
        except DecidedElsewhereError as error:
            self._refuse(error)
        self._read_here()

    def _refuse(self, error: DecidedElsewhereError) -> None:
        """Nothing was saved: other analysts have decided meanwhile."""
        self._note_others([one.candidate_id for one in error.others], error.others)
        self.notify(f"not saved: {safe_text(error.what)}", severity="warning", markup=False)

    def _shown(self, candidate_id: int) -> ShownCandidate:
        """What the screen shows of a candidate; in a triage no word of others is the question."""
        card, queue = self._card, self._state.queue
        is_here = card is not None and card.row.candidate_id == candidate_id
        is_asked = queue is not None and queue.kind == "adjudication"
        word_at = card.row.decided_at if card is not None and is_here and is_asked else None
        return ShownCandidate(self._standing(candidate_id), word_at)

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
            try:
                async with self._saving:
                    await self._save(lambda: (self._gateway.review.amend(newest, reason=reason),))
            except DecidedElsewhereError as error:
                self._refuse(error)
        self._advance()

    async def _take_note(self, note: str | None) -> None:
        if note is not None:
            await self._mark(note=note)

    async def _take_bulk(self, ids: Sequence[int], verdict: str) -> None:
        word = Word(Verdict(verdict))
        try:
            async with self._saving:
                saved = await self._save(lambda: self._gateway.review.decide_many(ids, word))
        except DecidedElsewhereError as error:
            self._refuse(error)  # and unmarks theirs: X decides the others
            return
        if saved is None:
            return
        self.notify(f"{len(saved)} saved: {verdict}; one u takes all of them back", markup=False)
        self._advance()
