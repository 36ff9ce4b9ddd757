"""Iterations: opened, recorded with their settings, closed."""

import json
from collections.abc import Mapping
from typing import Any

from rtsproj.domain.iterations import IterationOutcome, Probe, SearchState, Stage
from rtsproj.store.database import Connection, insert, rows, scalar

LATEST = """
SELECT * FROM iterations WHERE iteration <= coalesce(?, iteration)
ORDER BY iteration DESC LIMIT 1
"""
NEW_SLUMPS = """
SELECT count(*) AS new_slumps, count(*) FILTER (WHERE s.origin = 'drawn') AS drawn
FROM slump_origin s JOIN current_outline o USING (slump_id)
WHERE s.origin <> 'seed' AND s.first_iteration = ?
"""
DRAWN_SINCE = """
SELECT count(*) FROM slump_origin s JOIN current_outline o USING (slump_id)
JOIN iteration_close k ON k.iteration = s.first_iteration
WHERE s.origin = 'drawn' AND k.iteration = ? AND s.drawn_at > k.closed_at
"""
BEFORE = "SELECT reason FROM iteration_close WHERE iteration < ? ORDER BY iteration DESC LIMIT 1"
PROBES = """
SELECT c.detail FROM job j JOIN job_collection c USING (job_id)
WHERE j.verb = 'infer' AND j.iteration = ? ORDER BY j.job_id
"""
OPEN = "SELECT count(*) FROM candidates WHERE status = 'open'"

OPEN_IN_CLOSED = """
SELECT candidate_id FROM candidates JOIN iteration_close USING (iteration) WHERE status = 'open'
"""


def open_iteration(connection: Connection, iteration: int, *, by: str) -> None:
    """Open an iteration; it grows from the inventory as it stands."""
    insert(connection, "iteration", {"iteration": iteration, "opened_by": by})


def has_begun(connection: Connection) -> bool:
    """True once an iteration is open."""
    return bool(connection.execute("SELECT 1 FROM iteration LIMIT 1").fetchall())


def latest_iteration(connection: Connection, *, until: int | None = None) -> dict[str, Any] | None:
    """Newest row of the view ``iterations``, up to a number; None where there is none."""
    found = rows(connection, LATEST, [until])
    return found[0] if found else None


def read_iterations(connection: Connection) -> list[dict[str, Any]]:
    """All rows of the view, in order."""
    return rows(connection, "FROM iterations ORDER BY iteration")


def open_in_closed(connection: Connection) -> frozenset[int]:
    """Candidates without a decision in iterations that were closed."""
    return frozenset(row["candidate_id"] for row in rows(connection, OPEN_IN_CLOSED))


def outcome_of(connection: Connection, row: Mapping[str, Any]) -> IterationOutcome:
    """What the stop rule looks at, of one row of the view."""
    return IterationOutcome(
        iteration=row["iteration"],
        open_candidates=int(scalar(connection, OPEN)),
        unsure=row["unsure"],
        accepted=row["accepted"],
        failed_tiles=row["failed_tiles"],
        probe=_probe(connection, row["iteration"]),
        **rows(connection, NEW_SLUMPS, [row["iteration"]])[0],
    )


def _probe(connection: Connection, iteration: int) -> Probe:
    """What the searches of an iteration have tried; those of older programs did not probe."""
    details = [json.loads(one["detail"]) for one in rows(connection, PROBES, [iteration])]
    probing = [one for one in details if one.get("asking", {}).get("probes")]
    return Probe(
        settles=not probing or iteration > 1,
        asked=sum(int(one["probes"]) for one in probing),
        far=sum(int(one.get("far", 0)) for one in probing),  # none before they were recorded
        left=sum(int(one["left"]) for one in probing),
        is_on=bool(probing),
    )


def state_of(connection: Connection, row: Mapping[str, Any]) -> SearchState:
    """What the state sentence depends on, of one row of the view."""
    before = connection.execute(BEFORE, [row["iteration"]]).fetchone()
    return SearchState(
        stage=Stage(row["stage"]),
        outcome=outcome_of(connection, row),
        tiles=int(scalar(connection, "SELECT count(*) FROM tiles")),
        searched=row["tiles"],
        recorded=row["reason"] or "",
        before=before[0] if before else "",
        drawn_since=int(scalar(connection, DRAWN_SINCE, [row["iteration"]])),
    )


def close_iteration(
    connection: Connection, outcome: IterationOutcome, *, converged: bool, reason: str, by: str
) -> None:
    """Write the verdict of the stop rule."""
    insert(
        connection,
        "iteration_close",
        {
            "iteration": outcome.iteration,
            "closed_by": by,
            "converged": converged,
            "reason": reason,
            "new_slumps": outcome.new_slumps,
        },
    )


def record_settings(connection: Connection, iteration: int, settings: Mapping[str, Any]) -> None:
    """Settings that the iteration used, ``table.key`` -> value; the newest training's stand."""
    connection.execute("DELETE FROM iteration_setting WHERE iteration = ?", [iteration])
    for key, value in settings.items():
        insert(
            connection,
            "iteration_setting",
            {"iteration": iteration, "key": key, "value": json.dumps(value)},
        )


def recorded_settings(connection: Connection, iteration: int) -> dict[str, Any]:
    """Settings that the iteration's newest training used, ``table.key`` -> value."""
    query = "SELECT key, value FROM iteration_setting WHERE iteration = ?"
    return {row["key"]: json.loads(row["value"]) for row in rows(connection, query, [iteration])}
