"""The journal's side of a save: one sequence for all that analysts say, a line, then its mark.

The line is on disk before the database changes. A crash between the two leaves a journal that is
ahead, and the next writer takes in what the database lacks (``store.replay``).
"""

from collections.abc import Mapping
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


def next_seq(connection: Connection) -> int:
    """The number of the next decision or outline version; project-wide, without gaps."""
    return int(scalar(connection, NEXT))


def write_entry(
    connection: Connection, journal: Path, *, by: str, kind: str, payload: Mapping[str, Any]
) -> Entry:
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
    seq = next_seq(connection)
    line = {
        "seq": seq,
        "time": datetime.now(UTC).isoformat(),
        "analyst": by,
        "kind": kind,
        "payload": payload,
    }
    return Entry(seq, by, kind, dict(payload), append(path, line, after=known))


def keep_mark(connection: Connection, entry: Entry) -> None:
    """Note how far the analyst's journal is contained in this database."""
    connection.execute(
        "INSERT OR REPLACE INTO journal_mark VALUES (?, ?, ?)",
        [entry.analyst, entry.mark.size_bytes, entry.mark.last_sha256],
    )


def known_candidates(connection: Connection, wanted: list[int]) -> set[int]:
    """Those of the given candidates that are in the database."""
    return {one for (one,) in connection.execute(KNOWN, [wanted]).fetchall()}
