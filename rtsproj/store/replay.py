"""Take in journal lines that the database lacks, in the order in which they were said."""

from pathlib import Path

from rtsproj.errors import DamagedError
from rtsproj.journal.lines import (
    Entry,
    Mark,
    analyst_of,
    cut_torn_tail,
    journal_files,
    read_entries,
)
from rtsproj.store import decisions, versions
from rtsproj.store.database import Connection
from rtsproj.store.ledger import next_seq, read_marks

APPLY = {"decisions": decisions.apply, "outlines": versions.apply}
NAMED = {"decisions": decisions.named, "outlines": versions.named}


def replay(connection: Connection, journal: Path) -> int:
    """Take in what is missing; returns the number of decisions and outline versions.

    A line that speaks of a candidate which this database has not collected yet waits, and so do
    the lines after it: after the collection of that job the next call goes on.

    Raises:
        DamagedError: a line is damaged or out of order.
    """
    taken = 0
    for entry in sorted(_missing(connection, journal), key=lambda one: one.seq):
        expected = next_seq(connection)
        if entry.seq != expected:
            raise DamagedError(
                f"journal of {entry.analyst}: decision {entry.seq} follows {expected - 1}",
                hint="a journal file is missing or was changed; restore journal/ from a backup",
            )
        if not NAMED[entry.kind](connection, entry):
            break
        taken += APPLY[entry.kind](connection, entry)
    return taken


def waiting_lines(connection: Connection, journal: Path) -> int:
    """Journal lines that are not in the database yet."""
    return len(_missing(connection, journal))


def _missing(connection: Connection, journal: Path) -> list[Entry]:
    marks = read_marks(connection)
    entries: list[Entry] = []
    for path in journal_files(journal):
        known = marks.get(analyst_of(path), Mark())
        if path.stat().st_size != known.size_bytes:
            if path.stat().st_size > known.size_bytes:
                cut_torn_tail(path)
            entries.extend(read_entries(path, after=known))
    return entries
