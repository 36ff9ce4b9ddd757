"""Decisions: journal line, fsync, then the database, in one turn of the project lock."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rtsproj.domain.decisions import Act, NewDecision, Purpose, SavedDecision, Verdict
from rtsproj.errors import UsageError
from rtsproj.journal.lines import Entry
from rtsproj.store.bulk import bulk_insert
from rtsproj.store.database import Connection, rows
from rtsproj.store.ledger import Line, keep_mark, known_candidates, next_seq, write_entry
from rtsproj.store.outlines import accept_candidate

COLUMNS = {
    "decision_id": "BIGINT",
    "candidate_id": "BIGINT",
    "verdict": "VARCHAR",
    "reason": "VARCHAR",
    "note": "VARCHAR",
    "analyst": "VARCHAR",
    "decided_at": "TIMESTAMP",
    "act": "VARCHAR",
    "undoes": "BIGINT",
    "evidence": "VARCHAR",
    "confidence": "VARCHAR",
    "flagged": "BOOLEAN",
    "purpose": "VARCHAR",
}
SAID = ("verdict", "reason", "note", "evidence", "confidence", "flagged")
"""What an analyst says in a decision."""
SILENT: dict[str, Any] = {
    "verdict": "withdraw",
    "reason": "",
    "note": "",
    "evidence": "",
    "confidence": "",
    "flagged": False,
}
OLDER = {"evidence": "", "confidence": "", "flagged": False, "purpose": "triage"}
"""What journal lines written before schema 4 do not hold."""
Standing = tuple[str, str, str, str]
"""Analyst, verdict, reason and note of a word that stands."""
FEW = 20
"""Rows up to which single inserts are faster than a bulk read."""
UNDOABLE = """
SELECT * FROM decision d WHERE analyst = ? AND act <> 'undo'
AND NOT EXISTS (SELECT 1 FROM decision u WHERE u.undoes = d.decision_id)
ORDER BY decision_id DESC LIMIT 1
"""
REDOABLE = """
SELECT s.* EXCLUDE (decision_id), d.decision_id
FROM decision d JOIN decision s ON s.decision_id = d.undoes
WHERE d.analyst = ? AND d.act = 'undo'
AND NOT EXISTS (SELECT 1 FROM decision u WHERE u.undoes = d.decision_id)
AND NOT EXISTS (SELECT 1 FROM decision l WHERE l.analyst = d.analyst AND l.act IN ('say', 'amend')
                AND l.decision_id > d.decision_id)
ORDER BY d.decision_id DESC LIMIT 1
"""
BEFORE = """
SELECT * FROM decision
WHERE candidate_id = ? AND decision_id < ? AND (purpose = 'replicate') = (? = 'replicate')
ORDER BY decision_id DESC LIMIT 1
"""

STANDING = """
SELECT candidate_id, analyst, verdict, coalesce(reason, ''), coalesce(note, '') FROM verdict
WHERE candidate_id IN (SELECT unnest(?::BIGINT[]))
"""


def save_decisions(
    connection: Connection, journal: Path, decisions: Sequence[NewDecision], *, by: str
) -> tuple[SavedDecision, ...]:
    """Save decisions, all or none; once the transaction ends they are on disk twice.

    Args:
        connection: inside a writing transaction, the journal taken in.
        journal: folder of the journal files.
        decisions: at least one.
        by: analyst whose journal file takes the line.

    Raises:
        UsageError: a candidate does not exist. DamagedError: the journal's chain is broken.
    """
    _check_candidates(connection, decisions)
    first = next_seq(connection)
    saved = tuple(
        SavedDecision(decision_id=first + number, **_values(one))
        for number, one in enumerate(decisions)
    )
    rows_ = [{name: _plain(getattr(one, name)) for name in COLUMNS} for one in saved]
    line = Line(first, "decisions", {"decisions": rows_})
    entry = write_entry(connection, journal, line, by=by)
    apply(connection, entry)
    return saved


def undo(connection: Connection, journal: Path, *, analyst: str) -> SavedDecision | None:
    """Take back the analyst's newest decision that still stands; None where there is none.

    The candidate gets the word back that stood before, or none (``withdraw``).
    """
    found = rows(connection, UNDOABLE, [analyst])
    if not found:
        return None
    target = found[0]
    first = _root(connection, target)
    before = rows(connection, BEFORE, [target["candidate_id"], first, target["purpose"]])
    again = _again(target, before[0] if before else SILENT, act=Act.UNDO)
    return save_decisions(connection, journal, [again], by=analyst)[0]


def redo(connection: Connection, journal: Path, *, analyst: str) -> SavedDecision | None:
    """Say again what the analyst's newest undo took back; None where there is nothing."""
    found = rows(connection, REDOABLE, [analyst])
    if not found:
        return None
    again = _again(found[0], found[0], act=Act.REDO)
    return save_decisions(connection, journal, [again], by=analyst)[0]


def standing(connection: Connection, candidate_ids: Sequence[int]) -> dict[int, Standing]:
    """Candidate -> the word that stands, where one does."""
    found = connection.execute(STANDING, [list(candidate_ids)]).fetchall()
    return {one: (analyst, verdict, reason, note) for one, analyst, verdict, reason, note in found}


def named(connection: Connection, entry: Entry) -> bool:
    """True where every candidate of a journal line is in the database."""
    wanted = {one["candidate_id"] for one in entry.payload["decisions"]}
    return known_candidates(connection, sorted(wanted)) == wanted


def apply(connection: Connection, entry: Entry) -> int:
    """Write a journal line's decisions into the database; returns how many."""
    decisions = [{**OLDER, **one} for one in entry.payload["decisions"]]
    if len(decisions) > FEW:
        bulk_insert(connection, "decision", COLUMNS, decisions)
    else:
        slots = ", ".join("?" for _ in COLUMNS)
        for one in decisions:
            connection.execute(
                f"INSERT INTO decision ({', '.join(COLUMNS)}) VALUES ({slots})",  # noqa: S608 - constants
                [one[name] for name in COLUMNS],
            )
    for one in decisions:
        if one["verdict"] == Verdict.ACCEPT and one["purpose"] != Purpose.REPLICATE:
            accept_candidate(connection, one["candidate_id"], analyst=one["analyst"])
    keep_mark(connection, entry)
    return len(decisions)


def _values(one: NewDecision) -> dict[str, Any]:
    return {name: getattr(one, name) for name in NewDecision.__slots__}


def _again(target: dict[str, Any], said: dict[str, Any], *, act: Act) -> NewDecision:
    words = {name: said[name] for name in SAID}
    return NewDecision(
        **{**words, "verdict": Verdict(said["verdict"])},
        candidate_id=target["candidate_id"],
        purpose=Purpose(target["purpose"]),
        analyst=target["analyst"],
        decided_at=datetime.now(UTC).replace(tzinfo=None),
        act=act,
        undoes=target["decision_id"],
    )


def _root(connection: Connection, target: dict[str, Any]) -> int:
    """The decision that a chain of amendments began with."""
    while target["act"] == Act.AMEND and target["undoes"] > 0:
        query = "SELECT * FROM decision WHERE decision_id = ?"
        target = rows(connection, query, [target["undoes"]])[0]
    return int(target["decision_id"])


def _check_candidates(connection: Connection, decisions: Sequence[NewDecision]) -> None:
    wanted = sorted({one.candidate_id for one in decisions})
    unknown = sorted(set(wanted) - known_candidates(connection, wanted))
    if unknown:
        some = ", ".join(map(str, unknown[:10]))
        raise UsageError(
            f"no candidate {some}" + (f" and {len(unknown) - 10} more" if unknown[10:] else ""),
            hint="`rtsproj candidate list` shows the ids; nothing was saved",
        )


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
