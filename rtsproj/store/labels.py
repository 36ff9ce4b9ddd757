"""Labels: given ones, and those that decisions make or end."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from rtsproj.domain.labels import Polarity, TrainingLabel
from rtsproj.store.bulk import Values, bulk_insert, insert_columns
from rtsproj.store.database import Connection, next_id, rows

COLUMNS = {
    "label_id": "BIGINT",
    "source_id": "BIGINT",
    "slump_id": "BIGINT",
    "outline_id": "BIGINT",
    "candidate_id": "BIGINT",
    "polarity": "VARCHAR",
    "origin": "VARCHAR",
    "reason": "VARCHAR",
    "from_iteration": "INTEGER",
    "area_m2": "DOUBLE",
    "geom": "GEOMETRY",
    "added_by": "VARCHAR",
}
GIVEN = {
    **{name: kind for name, kind in COLUMNS.items() if name != "candidate_id"},
    "source_uid": "VARCHAR",
    "source_date": "VARCHAR",
    "source_name": "VARCHAR",
    "attributes": "JSON",
}
"""Columns of labels that a file gives."""
END_POSITIVES = """
UPDATE label SET until_iteration = ? WHERE until_iteration IS NULL AND polarity = 'positive'
AND outline_id NOT IN (SELECT outline_id FROM current_outline)
"""
END_NEGATIVES = """
UPDATE label SET until_iteration = ? WHERE until_iteration IS NULL AND origin = 'rejected'
AND candidate_id NOT IN (SELECT candidate_id FROM verdict WHERE verdict = 'reject')
"""
END_WITHDRAWN = """
UPDATE label SET until_iteration = ? WHERE (until_iteration IS NULL OR until_iteration > ?)
AND source_id IN (SELECT source_id FROM source WHERE withdrawn_at IS NOT NULL)
"""
NEW_POSITIVES = """
SELECT o.outline_id, o.slump_id, o.candidate_id, o.area_m2, ST_AsWKB(o.geom) AS geom,
       CASE WHEN o.candidate_id IS NOT NULL THEN 'accepted'
            WHEN s.origin = 'drawn' THEN 'given' ELSE 'seed' END AS origin,
       CASE WHEN o.candidate_id IS NULL AND s.origin = 'drawn' THEN 'drawn' ELSE '' END AS reason
FROM current_outline o JOIN slump_origin s USING (slump_id) WHERE o.outline_id NOT IN (
  SELECT outline_id FROM label WHERE until_iteration IS NULL AND outline_id IS NOT NULL)
ORDER BY o.outline_id
"""
NEW_NEGATIVES = """
SELECT c.candidate_id, v.reason, c.area_m2, ST_AsWKB(c.geom) AS geom
FROM candidate c JOIN verdict v USING (candidate_id)
WHERE v.verdict = 'reject' AND c.candidate_id NOT IN (
  SELECT candidate_id FROM label WHERE until_iteration IS NULL AND origin = 'rejected')
ORDER BY c.candidate_id
"""
LIVE = """
SELECT label_id, polarity, origin, reason, ST_AsWKB(geom) AS wkb FROM label
WHERE from_iteration <= ? AND (until_iteration IS NULL OR ? < until_iteration) ORDER BY label_id
"""
UNDECIDED = """
SELECT c.candidate_id, s.status, ST_AsWKB(c.geom) AS wkb
FROM candidate c JOIN (SELECT candidate_id, status, lineage FROM candidates) s USING (candidate_id)
WHERE s.status IN ('open', 'unsure') AND s.lineage <> 'same' ORDER BY c.candidate_id
"""


def add_labels(connection: Connection, labels: Iterable[Mapping[str, Any]]) -> None:
    """Insert labels; missing columns are NULL."""
    first = next_id(connection, "label", "label_id")
    blank: dict[str, Any] = dict.fromkeys(COLUMNS)
    bulk_insert(
        connection,
        "label",
        COLUMNS,
        ({**blank, **row, "label_id": first + n} for n, row in enumerate(labels)),
    )


def add_given_labels(connection: Connection, given: Values) -> None:
    """Insert labels of a file: columns of ``GIVEN`` but label_id; negatives have no slump."""
    first = next_id(connection, "label", "label_id")
    ids = np.arange(len(given["geom"])) + first
    types = {name: kind for name, kind in GIVEN.items() if name in given or name == "label_id"}
    insert_columns(connection, "label", types, {"label_id": ids, **given})


def sync_labels(connection: Connection, iteration: int, *, by: str) -> None:
    """Bring labels in line with the decisions: what now stands joins, what was undone ends.

    Positives are the current outlines of the inventory; negatives the rejected candidates. The
    outline of a drawn slump is ``given`` for the reason ``drawn``. Labels of withdrawn files end.
    """
    end_withdrawn(connection, iteration)
    connection.execute(END_POSITIVES, [iteration])
    connection.execute(END_NEGATIVES, [iteration])
    shared = {"from_iteration": iteration, "added_by": by}
    positives = [
        {**row, "geom": bytes(row["geom"]), "polarity": "positive", **shared}
        for row in rows(connection, NEW_POSITIVES)
    ]
    negatives = [
        {
            **row,
            "geom": bytes(row["geom"]),
            "polarity": "negative",
            "origin": "rejected",
            **shared,
        }
        for row in rows(connection, NEW_NEGATIVES)
    ]
    add_labels(connection, [*positives, *negatives])


def end_withdrawn(connection: Connection, iteration: int) -> None:
    """End the labels of withdrawn files: an iteration from this one on does not use them."""
    connection.execute(END_WITHDRAWN, [iteration, iteration])


def training_labels(connection: Connection, iteration: int) -> tuple[TrainingLabel, ...]:
    """Every label that an iteration may use, and the undecided candidates as ignore."""
    live = tuple(
        TrainingLabel(
            row["label_id"],
            Polarity(row["polarity"]),
            row["origin"],
            row["reason"],
            bytes(row["wkb"]),
        )
        for row in rows(connection, LIVE, [iteration, iteration])
    )
    undecided = tuple(
        TrainingLabel(-row["candidate_id"], Polarity.IGNORE, row["status"], "", bytes(row["wkb"]))
        for row in rows(connection, UNDECIDED)
    )
    return live + undecided
