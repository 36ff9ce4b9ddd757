"""Second opinions: agreement between and within analysts, disputes, the words on one place."""

from dataclasses import dataclass
from datetime import datetime
from math import isnan

from rtsproj.statistics.agreement import Agreement, agreement
from rtsproj.store import opinions
from rtsproj.workflow.candidates import CandidateCard
from rtsproj.workflow.project import Project, reading

ENOUGH = 50
"""Pairs from which agreement says something (method 8.5)."""
FEWEST = 10
"""Pairs below which only their count is told."""


@dataclass(frozen=True, slots=True)
class Opinions:
    """How far opinions agree.

    Attributes:
        between: pairs of two analysts.
        within: blind repeats by the same analyst.
        disputed: candidates on which analysts differ and nobody has adjudicated since.
    """

    between: Agreement
    within: Agreement
    disputed: int


@dataclass(frozen=True, slots=True)
class Said:
    """One word on a candidate, as history shows it; fields as in the view ``decisions``."""

    decision_id: int
    candidate_id: int
    iteration: int
    verdict: str
    reason: str
    note: str
    evidence: str
    confidence: str
    flagged: bool
    purpose: str
    analyst: str
    decided_at: datetime
    act: str


def collect_opinions(project: Project) -> Opinions:
    """Agreement over all candidates that two opinions were given on."""
    with reading(project) as connection:
        found = opinions.paired_verdicts(connection)
        disputed = opinions.disputes(connection)
    pairs = [(row["first_verdict"], row["second_verdict"], bool(row["is_same"])) for row in found]
    return Opinions(
        between=agreement([(a, b) for a, b, is_same in pairs if not is_same]),
        within=agreement([(a, b) for a, b, is_same in pairs if is_same]),
        disputed=disputed,
    )


def words_on(project: Project, card: CandidateCard) -> tuple[Said, ...]:
    """Everything that was said of a candidate and of others at its place, over all iterations."""
    ids = [card.row.candidate_id, *(one.candidate_id for one in card.history)]
    with reading(project) as connection:
        found = opinions.words_of(connection, ids)
    return tuple(Said(**row) for row in found)


def reason_counts(project: Project) -> tuple[tuple[str, int], ...]:
    """Reject reasons that stand, with their numbers; the project's list first, then others."""
    with reading(project) as connection:
        counted = dict(opinions.reason_counts(connection))
    names = (*project.settings.triage.reasons, "")
    listed = [(name, counted.pop(name, 0)) for name in names]
    return (*listed, *sorted(counted.items()))


def agreement_text(found: Agreement) -> str:
    """48/50, kappa 0.91 (0.80 to 1.00), AC1 0.94: always together, with n."""
    if found.n == 0:
        return "no pair yet"
    if found.n < FEWEST:
        return f"{found.agreed}/{found.n} agree; too few for kappa, {ENOUGH} are wanted"
    low, high = found.kappa_interval
    kappa = (
        "kappa undefined, all one class"
        if isnan(found.kappa)
        else f"kappa {found.kappa:.2f} ({low:.2f} to {min(high, 1.0):.2f})"
    )
    few = "" if found.n >= ENOUGH else f"; few: {ENOUGH} are wanted"
    return f"{found.agreed}/{found.n} ({100 * found.raw:.0f} %), {kappa}, AC1 {found.ac1:.2f}{few}"
