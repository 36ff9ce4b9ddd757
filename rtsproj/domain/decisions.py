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
    """

    candidate_id: int
    verdict: Verdict
    reason: str
    note: str
    analyst: str
    decided_at: datetime
    act: Act = Act.SAY
    undoes: int = 0


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
