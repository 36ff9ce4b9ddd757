"""Decisions: what analysts said of candidates; append-only."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Verdict(StrEnum):
    """What an analyst said; ``withdraw`` takes the newest word back."""

    ACCEPT = "accept"
    REJECT = "reject"
    UNSURE = "unsure"
    WITHDRAW = "withdraw"


class Act(StrEnum):
    """Why a decision row was written."""

    SAY = "say"
    AMEND = "amend"
    """adds a reason or a note to the analyst's own decision."""
    UNDO = "undo"
    REDO = "redo"


class Purpose(StrEnum):
    """Why a candidate was shown to the analyst."""

    TRIAGE = "triage"
    REPLICATE = "replicate"
    """a blind second opinion: kept, compared, and never the candidate's verdict."""
    ADJUDICATION = "adjudication"
    """settles a disagreement or an unsure one."""


EVIDENCE = ("headwall", "bare_floor", "flow_or_toe", "crescent", "growth", "no_vegetation")
"""Evidence bits 1-6 (method 8.3)."""
CONFIDENCES = ("", "certain", "probable", "possible")
"""How sure an analyst is; empty = not said."""
REASON_KEYS = {
    "m": "mining",
    "r": "river",
    "b": "barren",
    "w": "water",
    "s": "snow",
    "o": "other",
}
"""Keys of the prompt after a reject (method 8.3)."""


@dataclass(frozen=True, slots=True)
class NewDecision:
    """A decision before it is saved.

    Attributes:
        candidate_id: what it is about.
        verdict: accept, reject, unsure, or withdraw (undo).
        reason: reject reason of the project's list, or empty.
        note: free text.
        analyst: who said so.
        decided_at: UTC.
        act: said by the analyst, or the undo or redo of an earlier row.
        undoes: decision id that an undo or redo takes back, 0 = none.
        evidence: comma-joined keys of what the analyst saw.
        confidence: certain, probable, possible or empty.
        flagged: True = to come back to.
        purpose: triage, replicate or adjudication.
    """

    candidate_id: int
    verdict: Verdict
    reason: str
    note: str
    analyst: str
    decided_at: datetime
    act: Act = Act.SAY
    undoes: int = 0
    evidence: str = ""
    confidence: str = ""
    flagged: bool = False
    purpose: Purpose = Purpose.TRIAGE


@dataclass(frozen=True, slots=True)
class SavedDecision:
    """A decision that is on disk in the journal and in the database."""

    decision_id: int
    candidate_id: int
    verdict: Verdict
    reason: str
    note: str
    analyst: str
    decided_at: datetime
    act: Act
    undoes: int
    evidence: str
    confidence: str
    flagged: bool
    purpose: Purpose
    bulk: int = 0
    """First decision id of the act that saved several at once; 0 = saved alone."""
