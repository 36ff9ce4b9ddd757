"""The queue, what the analyst says, the outline ladder, second opinions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from rtsproj.domain.decisions import SavedDecision, Verdict
from rtsproj.workflow import decide, ladder, opinions, undo
from rtsproj.workflow import queue as queues
from rtsproj.workflow.candidates import CandidateCard, show_candidate
from rtsproj.workflow.decide import Word
from rtsproj.workflow.others import OtherWord, Stamp, journals_of_others, words_of_others
from rtsproj.workflow.project import Project
from rtsproj.workflow.reopened import reopened_by
from rtsproj.workflow.undo import Saved


@dataclass(frozen=True, slots=True)
class ShownCandidate:
    """What a screen shows of a candidate.

    Attributes:
        marks: the word that stands with its marks; None where the screen has not read it.
        word_at: when the word of another analyst was said that is shown; None without.
    """

    marks: Word | None = None
    word_at: datetime | None = None


class Review:
    """One analyst's triage."""

    def __init__(self, project: Project, analyst: str) -> None:
        self._project = project
        self._analyst = analyst

    def sit_down(self) -> None:
        """The analyst begins to decide; ``release`` ends it."""
        queues.sit_down(self._project)

    def first_batch(self, wanted: queues.Wanted, *, at: int | None) -> queues.Queue:
        """What is shown at once, its first candidates claimed; ``at`` = where to begin."""
        return queues.open_queue(self._project, wanted, analyst=self._analyst, at=at)

    def queue(self, wanted: queues.Wanted) -> queues.Queue:
        """All candidates that wait for this analyst."""
        return queues.read_queue(self._project, wanted, analyst=self._analyst)

    def bookmark(self) -> queues.Bookmark | None:
        """Where the analyst left off."""
        return queues.bookmark(self._project, analyst=self._analyst)

    def claim(self, ids: Sequence[int], wanted: queues.Wanted) -> Mapping[int, str]:
        """Keep these out of other analysts' queues; returns those that somebody else holds."""
        return queues.claim_ahead(self._project, ids, wanted, analyst=self._analyst)

    def release(self) -> int:
        """Give the claims back."""
        return queues.release(self._project, analyst=self._analyst)

    def say(
        self, verdict: str, queue: queues.Queue, row: int, *, shown: ShownCandidate
    ) -> SavedDecision:
        """Save a verdict on a row of a queue; on return it is on disk.

        Args:
            verdict: accept, reject or unsure.
            queue: what is shown.
            row: which of it.
            shown: what the screen shows of it.

        Raises:
            DecidedElsewhereError: another analyst's word stands that was not shown.
        """
        one, marks = int(queue.ids[row]), shown.marks
        if marks is None and not queue.blind[row]:
            marks = decide.standing_word(show_candidate(self._project, one))
        word = word_for(verdict, marks=marks, queue=queue, row=row)
        seen = {one: shown.word_at}
        return decide.decide(self._project, one, word, analyst=self._analyst, seen=seen)

    def decide_many(self, ids: Sequence[int], word: Word) -> tuple[SavedDecision, ...]:
        """Save one word on many candidates, all or none; those of others are refused."""
        words = dict.fromkeys(ids, word)
        return decide.decide_many(self._project, words, analyst=self._analyst, seen={})

    def others(self, ids: Sequence[int]) -> tuple[OtherWord, ...]:
        """What other analysts have decided of candidates."""
        return words_of_others(self._project, ids, analyst=self._analyst)

    def journals_of_others(self) -> Stamp:
        """Sizes of the other analysts' journals; another stamp = one of them has decided."""
        return journals_of_others(self._project, analyst=self._analyst)

    def amend(self, saved: SavedDecision, **added: object) -> SavedDecision:
        """Add a reason, a note or marks to a decision just saved."""
        return decide.amend(self._project, saved, **added)

    def remark(self, candidate_id: int, shown: ShownCandidate) -> SavedDecision:
        """Save marks or a note without a verdict."""
        word = shown.marks or Word(Verdict.WITHDRAW)
        seen = {candidate_id: shown.word_at}
        return decide.remark(self._project, candidate_id, word, analyst=self._analyst, seen=seen)

    def undo(self) -> tuple[Saved, ...]:
        """Take back the analyst's newest act: decisions, or slumps that were drawn."""
        return undo.undo(self._project, times=1, analyst=self._analyst)

    def reopened_by(self, saved: Sequence[Saved]) -> str:
        """One sentence where an undo has opened a candidate of a closed iteration, else empty."""
        return reopened_by(self._project, saved)

    def redo(self) -> tuple[Saved, ...]:
        """Repeat what undo took back."""
        return undo.redo(self._project, times=1, analyst=self._analyst)

    def words(self, card: CandidateCard) -> tuple[opinions.Said, ...]:
        """Everything that was said of a place."""
        return opinions.words_on(self._project, card)

    def reasons(self) -> tuple[tuple[str, int], ...]:
        """Reject reasons with their numbers."""
        return opinions.reason_counts(self._project)

    def opinions(self) -> opinions.Opinions:
        """Agreement and disputes."""
        return opinions.collect_opinions(self._project)

    def outlines(self, candidate_id: int) -> tuple[ladder.Version, ...]:
        """Every outline of a candidate; the last one counts."""
        return ladder.history(self._project, candidate_id)

    def step(self, candidate_id: int, step: str) -> ladder.Kept:
        """One step of the outline ladder, saved."""
        return ladder.take_step(self._project, candidate_id, step, analyst=self._analyst)

    def threshold(self, candidate_id: int, direction: int) -> ladder.Kept:
        """The outline at the next lower or higher cut, saved."""
        cut = ladder.next_cut(self._project, candidate_id, direction)
        return ladder.take_threshold(self._project, candidate_id, cut, analyst=self._analyst)

    def undo_step(self, candidate_id: int) -> ladder.Kept | None:
        """Back to the outline before."""
        return ladder.undo_step(self._project, candidate_id, analyst=self._analyst)


def word_for(verdict: str, *, marks: Word | None, queue: queues.Queue, row: int) -> Word:
    """A verdict with the marks that the candidate carries already, for the queue it stands in.

    A blind repeat carries none: it must not show what was said before.
    """
    purpose = queue.purpose(row)
    if marks is None or queue.blind[row]:
        return Word(Verdict(verdict), purpose=purpose)
    return replace(marks, verdict=Verdict(verdict), reason="", purpose=purpose)
