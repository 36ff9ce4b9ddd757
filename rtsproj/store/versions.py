"""Outline versions: edits that an analyst made; journal line first, never changed, never deleted.

A version belongs to a candidate, or to a slump that no candidate drew (a seed, a drawing). While
its candidate is accepted, or its slump stands, the newest version is the slump's outline.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rtsproj.domain.drawings import GONE
from rtsproj.journal.lines import Entry
from rtsproj.store.candidates import add_part
from rtsproj.store.database import Connection, insert, next_id, rows, scalar
from rtsproj.store.ledger import Line, keep_mark, known_candidates, next_seq, write_entry
from rtsproj.store.outlines import SHAPE_NAMES, add_outline

OF_CANDIDATE = """
SELECT version_id, parent, step, geom_source, area_m2, added_by, added_at, ST_AsWKB(geom) AS wkb
FROM outline_version WHERE candidate_id = ? ORDER BY version_id
"""
OF_MODEL = """
SELECT candidate_id, job_id, iteration, seq, tiles, pixels, score_mean, score_max, area_m2, cut,
       ST_AsWKB(geom) AS wkb
FROM candidate WHERE candidate_id = ?
"""
COUNTED = """
SELECT slump_id, relation FROM slump_outline WHERE candidate_id = ?
ORDER BY outline_id DESC LIMIT 1
"""
KEPT = (
    *("candidate_id", "slump_id", "iteration", "parent", "step", "geom_source"),
    *SHAPE_NAMES,
    "note",
)
OLDER = {"note": "", "bulk": 0}
"""What journal lines written before schema 8 do not hold, and rows may leave out."""


def model_outline(connection: Connection, candidate_id: int) -> dict[str, Any] | None:
    """What the model drew: job, place, scores and wkb; None where there is no such candidate."""
    found = rows(connection, OF_MODEL, [candidate_id])
    return found[0] if found else None


def versions_of(connection: Connection, candidate_id: int) -> list[dict[str, Any]]:
    """All versions of a candidate's outline, oldest first."""
    return rows(connection, OF_CANDIDATE, [candidate_id])


def save_versions(
    connection: Connection, journal: Path, versions: Sequence[Mapping[str, Any]], *, by: str
) -> list[int]:
    """Save versions in one journal line; returns their ids.

    Args:
        connection: inside a writing transaction, the journal taken in.
        journal: folder of the journal files.
        versions: columns of ``outline_version`` but ids, ``bulk`` and words, ``wkb`` as bytes;
            ``note`` may be left out; ``parts`` holds candidates that a split takes off, with
            their own ids.
        by: analyst.

    Raises:
        RtsError: the line cannot be written; nothing was saved.
    """
    first = next_seq(connection)
    bulk = first if len(versions) > 1 else 0
    kept = [
        {
            "version_id": first + number,
            **{name: {**OLDER, **one}[name] for name in KEPT},
            "bulk": bulk,
            "wkb": bytes(one["wkb"]).hex(),
            "parts": [{**part, "geom": bytes(part["geom"]).hex()} for part in one["parts"]],
            "added_at": one["added_at"].isoformat(),
        }
        for number, one in enumerate(versions)
    ]
    entry = write_entry(connection, journal, Line(first, "outlines", {"versions": kept}), by=by)
    apply(connection, entry)
    return [one["version_id"] for one in kept]


def named(connection: Connection, entry: Entry) -> bool:
    """True where every candidate of a journal line is in the database."""
    wanted = {one["candidate_id"] for one in entry.payload["versions"]} - {None}
    return known_candidates(connection, sorted(wanted)) == wanted


def apply(connection: Connection, entry: Entry) -> int:
    """Write a journal line's versions into the database; returns how many."""
    for one in entry.payload["versions"]:
        _apply_one(connection, {**OLDER, **one}, by=entry.analyst)
    keep_mark(connection, entry)
    return len(entry.payload["versions"])


def _apply_one(connection: Connection, one: Mapping[str, Any], *, by: str) -> None:
    geom = bytes.fromhex(one["wkb"])
    row = {name: one[name] for name in ("version_id", *KEPT, "bulk", "added_at")}
    insert(connection, "outline_version", {**row, "geom": geom, "added_by": by})
    for part in one["parts"]:
        add_part(connection, {**part, "geom": bytes.fromhex(part["geom"])})
    outline = {name: one[name] for name in SHAPE_NAMES}
    outline |= {"geom": geom, "geom_source": one["geom_source"], "added_by": by}
    outline |= {name: one[name] for name in ("iteration", "added_at")}
    if one["candidate_id"] is None:
        _apply_to_slump(connection, one, outline)
        return
    forget = "DELETE FROM candidate_distance WHERE candidate_id = ?"
    connection.execute(forget, [one["candidate_id"]])
    counted = rows(connection, COUNTED, [one["candidate_id"]])
    if counted:
        relation = "part" if counted[0]["relation"] == "part" else "edit"
        of = {"slump_id": counted[0]["slump_id"], "candidate_id": one["candidate_id"]}
        add_outline(connection, {**outline, **of, "relation": relation})


def _apply_to_slump(
    connection: Connection, one: Mapping[str, Any], outline: Mapping[str, Any]
) -> None:
    slump_id = one["slump_id"]
    known = scalar(connection, "SELECT count(*) FROM slump WHERE slump_id = ?", [slump_id])
    relation = "retired" if one["step"] in GONE else "edit"
    if not known:
        relation = "new"
        row = {"slump_id": slump_id, "origin": "found", "first_iteration": one["iteration"]}
        insert(connection, "slump", row)
    add_outline(connection, {**outline, "slump_id": slump_id, "relation": relation})


def next_slump_id(connection: Connection) -> int:
    """Id of the next slump; safe inside the exclusive transaction."""
    return next_id(connection, "slump", "slump_id")
