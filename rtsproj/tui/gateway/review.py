"""The queue, and what the analyst says."""

from rtsproj.domain.decisions import SavedDecision, Verdict
from rtsproj.workflow import candidates, decide
from rtsproj.workflow.project import Project


class Review:
    """One analyst's triage."""

    def __init__(self, project: Project, analyst: str) -> None:
        self._project = project
        self._analyst = analyst

    def queue(self) -> tuple[candidates.CandidateRow, ...]:
        """Open candidates in queue order."""
        return candidates.queue(self._project)

    def decide(self, candidate_id: int, verdict: str) -> SavedDecision:
        """Save a verdict; on return it is on disk."""
        word = decide.Word(Verdict(verdict))
        return decide.decide(self._project, candidate_id, word, analyst=self._analyst)

    def amend(self, saved: SavedDecision, **added: object) -> SavedDecision:
        """Add a reason or a note to a decision just saved."""
        return decide.amend(self._project, saved, **added)

    def undo(self) -> SavedDecision | None:
        """Take back the analyst's newest decision."""
        return _first(decide.undo(self._project, times=1, analyst=self._analyst))

    def redo(self) -> SavedDecision | None:
        """Say again what undo took back."""
        return _first(decide.redo(self._project, times=1, analyst=self._analyst))


def _first(found: tuple[SavedDecision, ...]) -> SavedDecision | None:
    return found[0] if found else None
