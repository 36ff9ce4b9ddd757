"""Decisions: one or many; saved in the journal and in the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from rtsproj.domain.decisions import (
    CONFIDENCES,
    EVIDENCE,
    Act,
    NewDecision,
    Purpose,
    SavedDecision,
    Verdict,
)
from rtsproj.errors import UsageError
from rtsproj.store import decisions
from rtsproj.workflow.candidates import CandidateCard
from rtsproj.workflow.others import Seen, require_seen
from rtsproj.workflow.project import Project, writing

SAYABLE = (Verdict.ACCEPT, Verdict.REJECT, Verdict.UNSURE)
LONGEST_NOTE = 4000
"""Characters of a note."""


@dataclass(frozen=True, slots=True)
class Word:
    """What an analyst says of a candidate."""

    verdict: Verdict
    reason: str = ""
    note: str = ""
    evidence: str = ""
    confidence: str = ""
    flagged: bool = False
    purpose: Purpose = Purpose.TRIAGE


def decide(
    project: Project, candidate_id: int, word: Word, *, analyst: str, seen: Seen = None
) -> SavedDecision:
    """Save one decision; on return it is on disk twice.

    Args:
        project: the project.
        candidate_id: what it is about.
        word: what is said.
        analyst: who says so.
        seen: when the words of others were said that the analyst was shown; None = do not ask.

    Raises:
        DecidedElsewhereError: another analyst's word stands that was not shown; nothing was saved.
        UsageError: unknown candidate, verdict or reason; nothing was saved.
    """
    check_sayable(word)
    said = checked(project, candidate_id, word, analyst)
    return save_words(project, [said], by=said.analyst, seen=seen)[0]


def decide_many(
    project: Project, words: Mapping[int, Word], *, analyst: str, seen: Seen = None
) -> tuple[SavedDecision, ...]:
    """Save decisions on many candidates, all or none; see ``decide``.

    Raises:
        DecidedElsewhereError: words of others stand that were not shown; nothing was saved.
        UsageError: an unknown candidate, verdict or reason; nothing was saved.
    """
    for word in words.values():
        check_sayable(word)
    said = [checked(project, one, word, analyst) for one, word in words.items()]
    return save_words(project, said, by=analyst, seen=seen)


def amend(project: Project, saved: SavedDecision, **added: Any) -> SavedDecision:
    """Add to a decision just saved; one undo takes back both.

    Args:
        project: the project.
        saved: what was said.
        added: reason, note, evidence, confidence or flagged; others stay as they were said.

    Raises:
        DecidedElsewhereError: another analyst has decided since; nothing was saved.
        UsageError: a value is not accepted; nothing was saved.
    """
    word = replace(word_of(saved), **added)
    said = checked(project, saved.candidate_id, word, saved.analyst)
    more = replace(said, act=Act.AMEND, undoes=saved.decision_id)
    return save_words(project, [more], by=saved.analyst, seen={})[0]


def remark(
    project: Project, candidate_id: int, word: Word, *, analyst: str, seen: Seen = None
) -> SavedDecision:
    """Save a note, flag, confidence or evidence without a verdict; an open candidate stays open.

    Args:
        project: the project.
        candidate_id: what it is about.
        word: with the verdict that stands, ``withdraw`` for an open candidate.
        analyst: who says so.
        seen: as for ``decide``.

    Raises:
        DecidedElsewhereError: another analyst's word stands that was not shown; nothing was saved.
        UsageError: unknown candidate or value; nothing was saved.
    """
    said = replace(checked(project, candidate_id, word, analyst), act=Act.AMEND)
    return save_words(project, [said], by=analyst, seen=seen)[0]


def word_of(saved: SavedDecision) -> Word:
    """What a saved decision says."""
    return Word(**{name: getattr(saved, name) for name in Word.__slots__})


def standing_word(card: CandidateCard) -> Word:
    """The word that stands on a candidate with its marks; ``withdraw`` where it is open."""
    row = card.row
    verdict = Verdict.WITHDRAW if row.status == "open" or row.analyst is None else row.status
    return Word(
        Verdict(verdict),
        reason=(row.reason or "") if verdict == Verdict.REJECT else "",
        note=row.note or "",
        evidence=row.evidence or "",
        confidence=row.confidence or "",
        flagged=row.flagged,
    )


def save_words(
    project: Project, said: Sequence[NewDecision], *, by: str, seen: Seen = None
) -> tuple[SavedDecision, ...]:
    """Save checked decisions, all or none, in the journal of ``by``; none leaves no trace.

    Raises:
        DecidedElsewhereError: words of others stand that are not among ``seen``.
        UsageError: an unknown candidate; nothing was saved.
    """
    if not said:
        return ()
    with writing(project, f"{len(said)} decisions by {by}") as connection:
        if seen is not None:
            ids = [one.candidate_id for one in said if one.purpose is not Purpose.REPLICATE]
            require_seen(connection, ids, seen=seen, analyst=by)
        return decisions.save_decisions(connection, project.journal, said, by=by)


def checked(
    project: Project,
    candidate_id: int,
    word: Word,
    analyst: str,
    when: datetime | None = None,
) -> NewDecision:
    """A word as a decision ready to be saved.

    Args:
        project: its settings list the reasons and the evidence.
        candidate_id: what it is about.
        word: what is said.
        analyst: who says so.
        when: UTC without a zone; None = now.

    Raises:
        UsageError: a value is not accepted.
    """
    reasons = project.settings.triage.reasons
    _check_marks(project, word)
    if word.reason and (word.verdict is not Verdict.REJECT or word.reason not in reasons):
        raise UsageError(
            f"reason {word.reason!r} is not accepted with {word.verdict}",
            hint=f"reject reasons: {', '.join(reasons)} (triage.reasons in project.toml)",
        )
    if len(word.note) > LONGEST_NOTE:
        raise UsageError(f"the note has {len(word.note)} characters", hint="at most 4000")
    if not analyst.strip():
        raise UsageError("the analyst has no name", hint="give --as NAME")
    return NewDecision(
        candidate_id=candidate_id,
        verdict=word.verdict,
        reason=word.reason,
        note=word.note,
        analyst=analyst.strip(),
        decided_at=when or datetime.now(UTC).replace(tzinfo=None),
        evidence=word.evidence,
        confidence=word.confidence,
        flagged=word.flagged,
        purpose=word.purpose,
    )


def check_sayable(word: Word) -> None:
    """Refuse a verdict that only undo may write.

    Raises:
        UsageError: it is ``withdraw``.
    """
    if word.verdict not in SAYABLE:
        raise UsageError(f"verdict {word.verdict} cannot be said", hint="use `rtsproj undo`")


def _check_marks(project: Project, word: Word) -> None:
    known = (*EVIDENCE, *project.settings.triage.evidence)
    unknown = [one for one in word.evidence.split(",") if one and one not in known]
    if unknown:
        raise UsageError(f"evidence {unknown[0]!r} is not known", hint=f"one of {', '.join(known)}")
    if word.confidence not in CONFIDENCES:
        hint = f"one of {', '.join(CONFIDENCES[1:])}"
        raise UsageError(f"confidence {word.confidence!r} is not known", hint=hint)
