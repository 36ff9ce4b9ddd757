"""What several analysts said of one place: pairs for agreement, disputes, whole histories."""

from collections.abc import Sequence
from typing import Any

from rtsproj.store.database import Connection, rows, scalar

PAIRS = """
SELECT first_verdict, second_verdict, first_analyst = second_analyst AS is_same
FROM paired_opinion ORDER BY candidate_id
"""
WORDS = """
SELECT d.decision_id, d.candidate_id, d.iteration, d.verdict, d.reason, d.note, d.evidence,
       d.confidence, d.flagged, d.purpose, d.analyst, d.decided_at, d.act
FROM decisions d WHERE d.candidate_id IN (SELECT unnest(?::BIGINT[])) ORDER BY d.decision_id
"""
REASONS = """
SELECT reason, count(*) AS n FROM verdict WHERE verdict = 'reject' GROUP BY reason
ORDER BY n DESC, reason
"""
DISPUTED = "SELECT count(*) FROM disagreement"


def paired_verdicts(connection: Connection) -> list[dict[str, Any]]:
    """First and second word on each candidate with two opinions; ``is_same`` analyst or not."""
    return rows(connection, PAIRS)


def words_of(connection: Connection, candidate_ids: Sequence[int]) -> list[dict[str, Any]]:
    """Everything that was said of some candidates, in order."""
    return rows(connection, WORDS, [list(candidate_ids)])


def reason_counts(connection: Connection) -> list[tuple[str, int]]:
    """Reject reasons with the number of candidates they stand for."""
    return [(row["reason"], int(row["n"])) for row in rows(connection, REASONS)]


def disputes(connection: Connection) -> int:
    """Candidates on which analysts differ and nobody has adjudicated since."""
    return int(scalar(connection, DISPUTED))
