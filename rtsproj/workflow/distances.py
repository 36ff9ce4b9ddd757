"""Geodesic distances to roads and railway: measured once per outline and line file, then stored."""

from collections.abc import Sequence

import shapely

from rtsproj.geometry.distances import LineIndex
from rtsproj.store import candidates, facts, outlines, sources
from rtsproj.store.database import Connection


def measure_source(connection: Connection, source_id: int, kind: str, crs: str) -> None:
    """Measure every outline and candidate that lacks a distance to this line file."""
    known = {
        one
        for (one,) in connection.execute(
            "SELECT outline_id FROM outline_distance WHERE source_id = ?", [source_id]
        ).fetchall()
    }
    wanted = [(one, wkb) for one, wkb in outlines.all_outlines(connection) if one not in known]
    index = _index(connection, source_id, crs)
    found = _nearest(index, wanted)
    outlines.add_outline_distances(connection, kind, source_id, found)
    measured = connection.execute(
        "SELECT count(*) FROM candidate_distance WHERE source_id = ?", [source_id]
    ).fetchall()[0][0]
    if not measured:
        rows = _nearest(index, candidates.all_candidates(connection))
        candidates.add_candidate_distances(
            connection, [(one, kind, source_id, line, metres) for one, line, metres in rows]
        )


def measure_missing(connection: Connection) -> None:
    """Measure what edits and accepted edits have left without a distance; safe to repeat."""
    crs = facts.read_fact(connection, "crs") or ""
    for line in sources.line_sources(connection):
        source_id, kind = line["source_id"], line["kind"]
        edited = candidates.unmeasured_candidates(connection, source_id)
        drawn = outlines.unmeasured_outlines(connection, source_id)
        if not edited and not drawn:
            continue
        index = _index(connection, source_id, crs)
        candidates.add_candidate_distances(
            connection, [(one, kind, source_id, at, m) for one, at, m in _nearest(index, edited)]
        )
        outlines.add_outline_distances(connection, kind, source_id, _nearest(index, drawn))


def measure_candidates(
    connection: Connection, wanted: Sequence[tuple[int, bytes]], crs: str
) -> None:
    """Measure new candidates to every line file in use."""
    for line in sources.line_sources(connection):
        source_id, kind = line["source_id"], line["kind"]
        found = _nearest(_index(connection, source_id, crs), wanted)
        candidates.add_candidate_distances(
            connection, [(one, kind, source_id, at, metres) for one, at, metres in found]
        )


def _index(connection: Connection, source_id: int, crs: str) -> LineIndex:
    lines = sources.read_lines(connection, source_id)
    return LineIndex([(line_id, shapely.from_wkb(wkb)) for line_id, wkb in lines], crs)


def _nearest(index: LineIndex, wanted: Sequence[tuple[int, bytes]]) -> list[tuple[int, int, float]]:
    geoms = [shapely.from_wkb(wkb) for _, wkb in wanted]
    found = index.nearest(geoms)
    return [
        (one, line_id, metres) for (one, _), (line_id, metres) in zip(wanted, found, strict=True)
    ]
