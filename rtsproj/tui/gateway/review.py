"""The queue, what the analyst says, the outline ladder, second opinions."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from rtsproj.domain.decisions import SavedDecision, Verdict
from rtsproj.workflow import decide, ladder, opinions
from rtsproj.workflow import queue as queues
from rtsproj.workflow.candidates import CandidateCard, show_candidate
from rtsproj.workflow.decide import Word
from rtsproj.workflow.project import Project
from rtsproj.workflow.reopened import reopened_by


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

    def decide(self, candidate_id: int, word: Word) -> SavedDecision:
        """Save a verdict; on return it is on disk."""
        return decide.decide(self._project, candidate_id, word, analyst=self._analyst)

    def say(
        self, verdict: str, queue: queues.Queue, row: int, *, marks: Word | None
    ) -> SavedDecision:
        """Save a verdict on a row of a queue; on return it is on disk.

        Args:
            verdict: accept, reject or unsure.
            queue: what is shown.
            row: which of it.
            marks: the word that stands, if the screen knows it; else it is read.
        """
        one = int(queue.ids[row])
        if marks is None and not queue.blind[row]:
            marks = decide.standing_word(show_candidate(self._project, one))
        return self.decide(one, word_for(verdict, marks=marks, queue=queue, row=row))

    def decide_many(self, ids: Sequence[int], word: Word) -> tuple[SavedDecision, ...]:
        """Save one word on many candidates, all or none."""
        words = dict.fromkeys(ids, word)
        return decide.decide_many(self._project, words, analyst=self._analyst)

    def amend(self, saved: SavedDecision, **added: object) -> SavedDecision:
        """Add a reason, a note or marks to a decision just saved."""
        return decide.amend(self._project, saved, **added)

    def remark(self, candidate_id: int, word: Word) -> SavedDecision:
        """Save marks or a note without a verdict."""
        return decide.remark(self._project, candidate_id, word, analyst=self._analyst)

    def undo(self) -> SavedDecision | None:
        """Take back the analyst's newest decision."""
        return _first(decide.undo(self._project, times=1, analyst=self._analyst))

    def reopened_by(self, saved: SavedDecision) -> str:
        """One sentence where an undo has opened a candidate of a closed iteration, else empty."""
        return reopened_by(self._project, [saved])

    def redo(self) -> SavedDecision | None:
        """Say again what undo took back."""
        return _first(decide.redo(self._project, times=1, analyst=self._analyst))

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


def _first(found: tuple[SavedDecision, ...]) -> SavedDecision | None:
    return found[0] if found else None
