"""Who has which candidates before them, and where an analyst left the queue.

A claim only keeps a candidate out of other analysts' queues; it never stops a word from being
saved. One that has expired counts for nothing.
"""

from collections.abc import Sequence
from datetime import datetime

from rtsproj.store.bulk import bulk_insert
from rtsproj.store.database import Connection

HELD = """
SELECT candidate_id, analyst FROM claim
WHERE analyst <> ? AND expires_at > ? AND candidate_id IN (SELECT unnest(?::BIGINT[]))
"""
FEW = 50
"""Rows up to which single inserts are faster than a bulk read."""


def claim(
    connection: Connection, wanted: Sequence[int], analyst: str, *, now: datetime, until: datetime
) -> dict[int, str]:
    """Make these the analyst's only claims, as far as nobody else holds them.

    Returns:
        Candidate -> analyst who holds it, of those that were not granted.
    """
    held = dict(connection.execute(HELD, [analyst, now, list(wanted)]).fetchall())
    connection.execute("DELETE FROM claim WHERE analyst = ? OR expires_at <= ?", [analyst, now])
    granted = [one for one in wanted if one not in held]
    columns = {"candidate_id": "BIGINT", "analyst": "VARCHAR", "expires_at": "TIMESTAMP"}
    if len(granted) > FEW:
        rows = ({"candidate_id": c, "analyst": analyst, "expires_at": until} for c in granted)
        bulk_insert(connection, "claim", columns, rows)
    else:
        for one in granted:
            connection.execute("INSERT INTO claim VALUES (?, ?, ?)", [one, analyst, until])
    return held


def release(connection: Connection, analyst: str) -> int:
    """Give an analyst's claims back; returns how many there were."""
    counted = connection.execute(
        "SELECT count(*) FROM claim WHERE analyst = ?", [analyst]
    ).fetchall()[0][0]
    connection.execute("DELETE FROM claim WHERE analyst = ?", [analyst])
    return int(counted)


def keep_bookmark(
    connection: Connection, analyst: str, candidate_id: int, place: tuple[str, str], now: datetime
) -> None:
    """Remember the candidate, the order and the filter that the analyst has before them."""
    connection.execute("DELETE FROM bookmark WHERE analyst = ?", [analyst])
    connection.execute(
        "INSERT INTO bookmark VALUES (?, ?, ?, ?, ?)", [analyst, candidate_id, *place, now]
    )
