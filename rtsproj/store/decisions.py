"""Decisions: journal line, fsync, then the database, in one turn of the project lock.

A crash between the two leaves a journal that is ahead: the next writer replays what the database
lacks, so that an acknowledged decision is never lost and an unacknowledged one is never torn.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rtsproj.domain.decisions import Act, NewDecision, Purpose, SavedDecision, Verdict
from rtsproj.errors import DamagedError, UsageError
from rtsproj.journal.lines import (
    Entry,
    Mark,
    analyst_of,
    append,
    cut_torn_tail,
    journal_files,
    journal_path,
    read_entries,
)
from rtsproj.store.bulk import bulk_insert
from rtsproj.store.database import Connection, Database, rows, scalar
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


def save_decisions(
    database: Database, journal: Path, decisions: Sequence[NewDecision], *, by: str
) -> tuple[SavedDecision, ...]:
    """Save decisions, all or none; on return they are in the journal and in the database.

    Args:
        database: the project's.
        journal: folder of the journal files.
        decisions: at least one.
        by: analyst whose journal file takes the line.

    Raises:
        UsageError: a candidate does not exist. DamagedError: the journal's chain is broken.
    """
    with database.writing(f"{len(decisions)} decisions by {by}") as connection:
        replay(connection, journal)
        _check_candidates(connection, decisions)
        return _save(connection, journal, decisions, by=by)


def undo(database: Database, journal: Path, *, analyst: str) -> SavedDecision | None:
    """Take back the analyst's newest decision that still stands; None where there is none.

    The candidate gets the word back that stood before, or none (``withdraw``).
    """
    with database.writing(f"undo by {analyst}") as connection:
        replay(connection, journal)
        found = rows(connection, UNDOABLE, [analyst])
        if not found:
            return None
        target = found[0]
        first = _root(connection, target)
        before = rows(connection, BEFORE, [target["candidate_id"], first, target["purpose"]])
        again = _again(target, before[0] if before else SILENT, act=Act.UNDO)
        return _save(connection, journal, [again], by=analyst)[0]


def redo(database: Database, journal: Path, *, analyst: str) -> SavedDecision | None:
    """Say again what the analyst's newest undo took back; None where there is nothing."""
    with database.writing(f"redo by {analyst}") as connection:
        replay(connection, journal)
        found = rows(connection, REDOABLE, [analyst])
        if not found:
            return None
        target = found[0]
        return _save(connection, journal, [_again(target, target, act=Act.REDO)], by=analyst)[0]


def replay(connection: Connection, journal: Path) -> int:
    """Take in journal lines that the database lacks; returns the number of decisions.

    Raises:
        DamagedError: a line is damaged, out of order, or names an unknown candidate.
    """
    marks = {
        row["analyst"]: Mark(row["size_bytes"], row["last_sha256"])
        for row in rows(connection, "FROM journal_mark")
    }
    entries: list[Entry] = []
    for path in journal_files(journal):
        known = marks.get(analyst_of(path), Mark())
        if path.stat().st_size != known.size_bytes:
            if path.stat().st_size > known.size_bytes:
                cut_torn_tail(path)
            entries.extend(read_entries(path, after=known))
    for entry in sorted(entries, key=lambda one: one.seq):
        expected = _next_seq(connection)
        if entry.seq != expected:
            raise DamagedError(
                f"journal of {entry.analyst}: decision {entry.seq} follows {expected - 1}",
                hint="a journal file is missing or was changed; restore journal/ from a backup",
            )
        _apply(connection, entry)
    return sum(len(entry.payload["decisions"]) for entry in entries)


def _save(
    connection: Connection, journal: Path, decisions: Sequence[NewDecision], *, by: str
) -> tuple[SavedDecision, ...]:
    first = _next_seq(connection)
    saved = tuple(
        SavedDecision(
            decision_id=first + number,
            candidate_id=one.candidate_id,
            verdict=one.verdict,
            reason=one.reason,
            note=one.note,
            analyst=one.analyst,
            decided_at=one.decided_at,
            act=one.act,
            undoes=one.undoes,
            evidence=one.evidence,
            confidence=one.confidence,
            flagged=one.flagged,
            purpose=one.purpose,
        )
        for number, one in enumerate(decisions)
    )
    payload = {"decisions": [{name: _plain(getattr(s, name)) for name in COLUMNS} for s in saved]}
    row = rows(connection, "FROM journal_mark WHERE analyst = ?", [by])
    known = Mark(row[0]["size_bytes"], row[0]["last_sha256"]) if row else Mark()
    line = {
        "seq": first,
        "time": datetime.now(UTC).isoformat(),
        "analyst": by,
        "kind": "decisions",
        "payload": payload,
    }
    mark = append(journal_path(journal, by), line, after=known)
    _apply(connection, Entry(first, by, "decisions", payload, mark))
    return saved


def _apply(connection: Connection, entry: Entry) -> None:
    decisions = [{**OLDER, **one} for one in entry.payload["decisions"]]
    known = {
        one
        for (one,) in connection.execute(
            "SELECT candidate_id FROM candidate WHERE candidate_id IN (SELECT unnest(?::BIGINT[]))",
            [[one["candidate_id"] for one in decisions]],
        ).fetchall()
    }
    missing = [one["candidate_id"] for one in decisions if one["candidate_id"] not in known]
    if missing:
        raise DamagedError(
            f"journal of {entry.analyst}: candidate {missing[0]} is not in the database",
            hint="the database is older than the journal: collect its jobs again, then repeat",
        )
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
    connection.execute(
        "INSERT OR REPLACE INTO journal_mark VALUES (?, ?, ?)",
        [entry.analyst, entry.mark.size_bytes, entry.mark.last_sha256],
    )


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
    found = connection.execute(
        "SELECT candidate_id FROM candidate WHERE candidate_id IN (SELECT unnest(?::BIGINT[]))",
        [wanted],
    ).fetchall()
    unknown = sorted(set(wanted) - {one for (one,) in found})
    if unknown:
        some = ", ".join(map(str, unknown[:10]))
        raise UsageError(
            f"no candidate {some}" + (f" and {len(unknown) - 10} more" if unknown[10:] else ""),
            hint="`rtsproj candidate list` shows the ids; nothing was saved",
        )


def _next_seq(connection: Connection) -> int:
    return int(scalar(connection, "SELECT coalesce(max(decision_id), 0) + 1 FROM decision"))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
