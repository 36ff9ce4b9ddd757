"""Slumps and their outlines: seeds, and what accepted candidates add."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from rtsproj.geometry.identity import KnownSlump, identify
from rtsproj.store.bulk import (
    Near,
    Shapes,
    Values,
    add_distances,
    constant_columns,
    insert_columns,
    read_shapes,
)
from rtsproj.store.database import Connection, insert, next_id, rows

CURRENT = """
SELECT outline_id, slump_id, candidate_id, ST_AsWKB(geom) AS wkb FROM current_outline
ORDER BY slump_id
"""
NEAR = """
SELECT slump_id, ST_AsWKB(geom) AS wkb, geom_source <> 'model' AS is_drawn FROM current_outline
WHERE minx <= ? AND maxx >= ? AND miny <= ? AND maxy >= ? AND candidate_id IS DISTINCT FROM ?
ORDER BY slump_id
"""
SHAPES = """
SELECT slump_id, (geom_source <> 'model')::BIGINT, ST_AsWKB(geom) FROM current_outline
"""
SHAPE_NAMES = ("area_m2", "perimeter_m", "lon", "lat", "minx", "miny", "maxx", "maxy")
"""Columns that measure an outline."""
SEED = {
    "outline_id": "BIGINT",
    "slump_id": "BIGINT",
    "iteration": "INTEGER",
    "relation": "VARCHAR",
    "geom_source": "VARCHAR",
    **dict.fromkeys(SHAPE_NAMES, "DOUBLE"),
    "geom": "GEOMETRY",
    "added_by": "VARCHAR",
}
Ints = npt.NDArray[np.int64]
_SHAPE = ", ".join(SHAPE_NAMES)
SHOWN = (
    f"SELECT iteration, {_SHAPE}, 'model' AS geom_source, 0 AS version_id, ST_AsWKB(geom) AS geom "  # noqa: S608 - constants
    f"FROM candidate WHERE candidate_id = ? UNION ALL "
    f"SELECT iteration, {_SHAPE}, geom_source, version_id, ST_AsWKB(geom) "
    f"FROM outline_version WHERE candidate_id = ? ORDER BY version_id DESC LIMIT 1"
)
"""The newest outline of a candidate: an edit, or what the model drew."""
STANDING = (
    f"SELECT slump_id, geom_source, {_SHAPE}, ST_AsWKB(geom) AS geom FROM current_outline "  # noqa: S608 - constants
    f"WHERE slump_id = ?"
)
MEETS = """
SELECT 1 FROM slump_outline WHERE minx <= ? AND maxx >= ? AND miny <= ? AND maxy >= ? LIMIT 1
"""
UNMEASURED = """
SELECT o.outline_id, ST_AsWKB(o.geom) FROM slump_outline o
WHERE o.outline_id NOT IN (SELECT outline_id FROM outline_distance WHERE source_id = ?)
ORDER BY o.outline_id
"""


def add_seeds(connection: Connection, shapes: Values, *, analyst: str) -> tuple[Ints, Ints]:
    """Add slumps known before the first iteration.

    Args:
        connection: inside a transaction.
        shapes: ``SHAPE_NAMES`` and geom.
        analyst: who knows them.

    Returns:
        (slump_ids, outline_ids), in the order of the shapes.
    """
    count = len(shapes["geom"])
    slump_ids = np.arange(count) + next_id(connection, "slump", "slump_id")
    outline_ids = np.arange(count) + next_id(connection, "slump_outline", "outline_id")
    insert_columns(
        connection,
        "slump",
        {"slump_id": "BIGINT", "origin": "VARCHAR", "first_iteration": "INTEGER"},
        {"slump_id": slump_ids, **constant_columns(count, origin="seed", first_iteration=0)},
    )
    shared = constant_columns(
        count, iteration=0, relation="seed", geom_source="manual", added_by=analyst
    )
    ids = {"outline_id": outline_ids, "slump_id": slump_ids}
    insert_columns(connection, "slump_outline", SEED, {**ids, **shapes, **shared})
    return slump_ids, outline_ids


def current_outlines(connection: Connection) -> list[dict[str, Any]]:
    """outline_id, slump_id, candidate_id (None for a seed) and wkb of each slump."""
    return rows(connection, CURRENT)


def outlines_near(
    connection: Connection, bounds: tuple[float, float, float, float], *, but: int
) -> tuple[bytes, ...]:
    """Current outlines (WKB) whose box meets a view, at most 500, without those of a candidate."""
    minx, miny, maxx, maxy = bounds
    found = rows(connection, f"{NEAR} LIMIT 500", [maxx, minx, maxy, miny, but])
    return tuple(bytes(one["wkb"]) for one in found)


def accept_candidate(connection: Connection, candidate_id: int, *, analyst: str) -> None:
    """Write what an accepted candidate means for the inventory, once per candidate.

    A candidate that was accepted before has its outline already: it counts again by itself, under
    the same slump id.
    """
    seen = "SELECT 1 FROM slump_outline WHERE candidate_id = ?"
    if connection.execute(seen, [candidate_id]).fetchall():
        return
    candidate = shown_outline(connection, candidate_id)
    box = [candidate["maxx"], candidate["minx"], candidate["maxy"], candidate["miny"]]
    # Most accepted candidates touch no slump: the view, which ranks them all, is asked only then.
    meets = connection.execute(MEETS, box).fetchall()
    near = rows(connection, NEAR, [*box, candidate_id]) if meets else []
    outline = shapely.from_wkb(bytes(candidate["geom"]))
    known = {one["slump_id"]: one for one in near}
    identity = identify(
        outline,
        [
            KnownSlump(slump_id, shapely.from_wkb(bytes(one["wkb"])), is_drawn=one["is_drawn"])
            for slump_id, one in known.items()
        ],
    )
    by = {
        "iteration": candidate["iteration"],
        "candidate_id": candidate_id,
        "added_by": analyst,
    }
    _absorb(connection, identity.absorbed, by)
    slump_id = identity.slump_id
    if identity.relation == "new":
        slump_id = next_id(connection, "slump", "slump_id")
        first = candidate["iteration"]
        insert(
            connection, "slump", {"slump_id": slump_id, "origin": "found", "first_iteration": first}
        )
    add_sighting(
        connection,
        {
            **candidate,
            **by,
            "geom": bytes(candidate["geom"]),
            "slump_id": slump_id,
            "relation": identity.relation,
        },
    )


def _absorb(connection: Connection, slump_ids: Sequence[int], row: Mapping[str, Any]) -> None:
    """Take slumps out of the inventory while the candidate named by ``row`` is accepted.

    It shows that they are parts of another one.
    """
    for slump_id in slump_ids:
        outline = rows(connection, STANDING, [slump_id])[0]
        given = {**outline, **row, "geom": bytes(outline["geom"]), "relation": "retired"}
        add_outline(connection, given)


def shown_outline(connection: Connection, candidate_id: int) -> dict[str, Any]:
    """Iteration, measures, geom_source and geom of a candidate's newest outline."""
    found = rows(connection, SHOWN, [candidate_id, candidate_id])[0]
    del found["version_id"]
    return found


def add_sighting(connection: Connection, row: Mapping[str, Any]) -> None:
    """Add an outline that a candidate gives a slump, with the candidate's distances to lines."""
    outline_id = add_outline(connection, row)
    connection.execute(
        "INSERT INTO outline_distance SELECT ?, kind, source_id, line_id, distance_m "
        "FROM candidate_distance WHERE candidate_id = ?",
        [outline_id, row["candidate_id"]],
    )


def slump_shapes(connection: Connection) -> Shapes:
    """([slump_id, 1 where a person digitised it], current outlines) of the inventory."""
    return read_shapes(connection, SHAPES)


def add_outline_distances(connection: Connection, kind: str, source_id: int, found: Near) -> None:
    """(outline_ids, line_ids, distances in m) of outlines to one line file."""
    add_distances(connection, ("outline_distance", "outline_id"), (kind, source_id), found)


def unmeasured_outlines(connection: Connection, source_id: int) -> Shapes:
    """([outline_id], outlines) of outline versions without a distance to a line file."""
    return read_shapes(connection, UNMEASURED, [source_id])


def add_outline(connection: Connection, row: Mapping[str, Any]) -> int:
    """Add a sighting or an edit; returns its outline_id."""
    outline_id = next_id(connection, "slump_outline", "outline_id")
    insert(connection, "slump_outline", {"outline_id": outline_id, **row})
    return outline_id
