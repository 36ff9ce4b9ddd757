"""Decisions: journal line, fsync, then the database, in one turn of the project lock."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rtsproj.domain.decisions import Act, NewDecision, Purpose, SavedDecision, Verdict
from rtsproj.errors import UsageError
from rtsproj.journal.lines import Entry
from rtsproj.store.bulk import bulk_insert
from rtsproj.store.database import Connection, rows, scalar
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
    "bulk": "BIGINT",
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
OLDER = {"evidence": "", "confidence": "", "flagged": False, "purpose": "triage", "bulk": 0}
"""What journal lines written before schema 4, and before 7 (bulk), do not hold."""
Standing = tuple[str, str, str, str]
"""Analyst, verdict, reason and note of a word that stands."""
FEW = 20
"""Rows up to which single inserts are faster than a bulk read."""
UNDOABLE = """
WITH u AS (
  SELECT * FROM decision d WHERE analyst = ? AND act <> 'undo'
  AND NOT EXISTS (SELECT 1 FROM decision u WHERE u.undoes = d.decision_id))
"""
REDOABLE = """
WITH u AS (
  SELECT s.* EXCLUDE (decision_id, bulk), d.decision_id, d.bulk
  FROM decision d JOIN decision s ON s.decision_id = d.undoes
  WHERE d.analyst = ? AND d.act = 'undo'
  AND NOT EXISTS (SELECT 1 FROM decision u WHERE u.undoes = d.decision_id)
  AND NOT EXISTS (SELECT 1 FROM decision l WHERE l.analyst = d.analyst AND l.act IN ('say', 'amend')
                  AND l.decision_id > d.decision_id)
  AND NOT EXISTS (SELECT 1 FROM outline_version w WHERE w.added_by = d.analyst
                  AND w.step IN ('drawn', 'removed') AND w.parent = 0
                  AND w.version_id > d.decision_id))
"""
NEWEST_STEP = """
SELECT u.* FROM u, (FROM u ORDER BY decision_id DESC LIMIT 1) n
WHERE u.decision_id = n.decision_id OR (n.bulk > 0 AND u.bulk = n.bulk) ORDER BY u.decision_id DESC
"""
"""The newest decision, or all that still stand of the act that it belongs to; newest first, so that
of two decisions on one candidate the older one is taken back last."""
BEFORE = """
SELECT * FROM decision d
WHERE candidate_id IN (SELECT unnest(?::BIGINT[])) AND act <> 'undo'
AND decision_id NOT IN (SELECT unnest(?::BIGINT[]))
AND NOT EXISTS (SELECT 1 FROM decision u WHERE u.undoes = d.decision_id)
QUALIFY row_number() OVER (PARTITION BY candidate_id, purpose = 'replicate'
                           ORDER BY decision_id DESC) = 1
"""
"""The decision that counts for each candidate once some are undone, of any analyst."""

STANDING = """
SELECT candidate_id, analyst, verdict, coalesce(reason, ''), coalesce(note, '') FROM verdict
WHERE candidate_id IN (SELECT unnest(?::BIGINT[]))
"""

# Of the table: the view verdict ranks every decision first, 780 ms at a million, this takes 3 ms.
WORDS_OF_OTHERS = """
SELECT candidate_id, analyst, verdict, coalesce(reason, '') AS reason, decided_at FROM (
  SELECT * FROM decision
  WHERE candidate_id IN (SELECT unnest(?::BIGINT[])) AND purpose <> 'replicate'
  QUALIFY row_number() OVER (PARTITION BY candidate_id ORDER BY decision_id DESC) = 1)
WHERE analyst <> ? AND verdict <> 'withdraw'
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
    bulk = first if len(decisions) > 1 else 0
    saved = tuple(
        SavedDecision(decision_id=first + number, **_values(one), bulk=bulk)
        for number, one in enumerate(decisions)
    )
    rows_ = [{name: _plain(getattr(one, name)) for name in COLUMNS} for one in saved]
    line = Line(first, "decisions", {"decisions": rows_})
    entry = write_entry(connection, journal, line, by=by)
    apply(connection, entry)
    return saved


def undo(connection: Connection, journal: Path, *, analyst: str) -> tuple[SavedDecision, ...]:
    """Take back the analyst's newest act that still stands; empty where there is none.

    An act is one decision, or several that were saved at once. Each candidate gets the word back
    that stood before, or none (``withdraw``).
    """
    taken = rows(connection, UNDOABLE + NEWEST_STEP, [analyst])
    ids = ([one["candidate_id"] for one in taken], [one["decision_id"] for one in taken])
    before = {_place(one): one for one in rows(connection, BEFORE, ids)}
    again = [_again(one, before.get(_place(one), SILENT), act=Act.UNDO) for one in taken]
    return save_decisions(connection, journal, again, by=analyst) if again else ()


def redo(connection: Connection, journal: Path, *, analyst: str) -> tuple[SavedDecision, ...]:
    """Repeat what the analyst's newest undo took back; empty where there is nothing."""
    found = rows(connection, REDOABLE + NEWEST_STEP, [analyst])
    again = [_again(one, one, act=Act.REDO) for one in found]
    return save_decisions(connection, journal, again, by=analyst) if again else ()


def newest_step(connection: Connection, *, analyst: str, redoes: bool = False) -> int:
    """Number of the decision that ``undo`` or ``redo`` would begin with; 0 where there is none."""
    steps = REDOABLE if redoes else UNDOABLE
    query = f"{steps} SELECT coalesce(max(decision_id), 0) FROM u"  # noqa: S608 - constants
    return int(scalar(connection, query, [analyst]))


def standing(connection: Connection, candidate_ids: Sequence[int]) -> dict[int, Standing]:
    """Candidate -> the word that stands, where one does."""
    found = connection.execute(STANDING, [list(candidate_ids)]).fetchall()
    return {one: (analyst, verdict, reason, note) for one, analyst, verdict, reason, note in found}


def words_of_others(
    connection: Connection, candidate_ids: Sequence[int], *, analyst: str
) -> list[dict[str, Any]]:
    """Words of other analysts that stand on some candidates."""
    return rows(connection, WORDS_OF_OTHERS, [list(candidate_ids), analyst])


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


def _place(decision: dict[str, Any]) -> tuple[int, bool]:
    """Which word a decision is one of: a candidate's verdict, or its blind second opinion."""
    return decision["candidate_id"], decision["purpose"] == Purpose.REPLICATE


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
