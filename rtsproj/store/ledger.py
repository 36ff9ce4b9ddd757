"""The journal's side of a save: one sequence for all that analysts say, a line, then its mark.

The line is on disk before the database changes. A crash between the two leaves a journal that is
ahead, and the next writer takes in what the database lacks (``store.replay``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rtsproj.errors import DamagedError
from rtsproj.journal.lines import Entry, Mark, append, journal_path
from rtsproj.store.database import Connection, rows, scalar

NEXT = """
SELECT greatest((SELECT coalesce(max(decision_id), 0) FROM decision),
                (SELECT coalesce(max(version_id), 0) FROM outline_version)) + 1
"""
KNOWN = "SELECT candidate_id FROM candidate WHERE candidate_id IN (SELECT unnest(?::BIGINT[]))"
KNOWN_ONE = "SELECT candidate_id FROM candidate WHERE candidate_id = ?"

# A row that is there is changed in place: INSERT OR REPLACE costs twice as much.
MOVE_MARK = """
UPDATE journal_mark SET size_bytes = ?, last_sha256 = ? WHERE analyst = ? RETURNING analyst
"""
FIRST_MARK = "INSERT INTO journal_mark (size_bytes, last_sha256, analyst) VALUES (?, ?, ?)"


@dataclass(frozen=True, slots=True)
class Line:
    """What one journal line says.

    Attributes:
        seq: number of the first decision or outline version in it, from ``next_seq``.
        kind: decisions or outlines.
        payload: the words themselves.
    """

    seq: int
    kind: str
    payload: Mapping[str, Any]


def next_seq(connection: Connection) -> int:
    """The number of the next decision or outline version; project-wide, without gaps."""
    return int(scalar(connection, NEXT))


def write_entry(connection: Connection, journal: Path, line: Line, *, by: str) -> Entry:
    """Append one line to the analyst's journal; on return it is on disk.

    Raises:
        DamagedError: the journal holds lines that the database could not take in.
        RtsError: the line cannot be written.
    """
    row = rows(connection, "FROM journal_mark WHERE analyst = ?", [by])
    known = Mark(row[0]["size_bytes"], row[0]["last_sha256"]) if row else Mark()
    path = journal_path(journal, by)
    if path.exists() and path.stat().st_size > known.size_bytes:
        raise DamagedError(
            f"not saved: {path} holds decisions that the database lacks",
            hint="collect the jobs that they speak of, or run `rtsproj doctor`",
        )
    written = {
        "seq": line.seq,
        "time": datetime.now(UTC).isoformat(),
        "analyst": by,
        "kind": line.kind,
        "payload": line.payload,
    }
    mark = append(path, written, after=known)
    return Entry(line.seq, by, line.kind, dict(line.payload), mark)


def keep_mark(connection: Connection, entry: Entry) -> None:
    """Note how far the analyst's journal is contained in this database."""
    mark = [entry.mark.size_bytes, entry.mark.last_sha256, entry.analyst]
    if not connection.execute(MOVE_MARK, mark).fetchall():
        connection.execute(FIRST_MARK, mark)


def read_marks(connection: Connection) -> dict[str, Mark]:
    """How far each analyst's journal is contained in this database."""
    return {
        row["analyst"]: Mark(row["size_bytes"], row["last_sha256"])
        for row in rows(connection, "FROM journal_mark")
    }


def known_candidates(connection: Connection, wanted: list[int]) -> set[int]:
    """Those of the given candidates that are in the database."""
    if len(wanted) == 1:  # by the key alone: a third of the cost of the list
        found = connection.execute(KNOWN_ONE, wanted).fetchall()
    else:
        found = connection.execute(KNOWN, [wanted]).fetchall()
    return {one for (one,) in found}
