"""Geodesic distances to roads and railway: measured once per outline and line file, then stored."""

from rtsproj.geometry.distances import LineIndex
from rtsproj.store import candidates, facts, outlines, sources
from rtsproj.store.bulk import Near, Shapes
from rtsproj.store.database import Connection


def measure_source(connection: Connection, source_id: int, kind: str, crs: str) -> None:
    """Measure every outline and candidate that lacks a distance to this line file."""
    index = line_index(connection, source_id, crs)
    drawn = outlines.unmeasured_outlines(connection, source_id)
    outlines.add_outline_distances(connection, kind, source_id, _nearest(index, drawn))
    measured = connection.execute(
        "SELECT 1 FROM candidate_distance WHERE source_id = ? LIMIT 1", [source_id]
    ).fetchall()
    if not measured:
        measure_candidates(connection, (source_id, kind), 1)


def measure_missing(connection: Connection) -> None:
    """Measure what edits and accepted edits have left without a distance; safe to repeat."""
    crs = facts.read_fact(connection, "crs") or ""
    for line in sources.line_sources(connection):
        source_id, kind = line["source_id"], line["kind"]
        edited = candidates.unmeasured_candidates(connection, source_id)
        drawn = outlines.unmeasured_outlines(connection, source_id)
        if not len(edited[1]) and not len(drawn[1]):
            continue
        index = line_index(connection, source_id, crs)
        found = _nearest(index, edited)
        candidates.add_candidate_distances(connection, kind, source_id, found)
        outlines.add_outline_distances(connection, kind, source_id, _nearest(index, drawn))


def measure_candidates(connection: Connection, source: tuple[int, str], first: int) -> None:
    """Measure the candidates from an id on to one line file, (source_id, kind)."""
    source_id, kind = source
    index = line_index(connection, source_id, facts.read_fact(connection, "crs") or "")
    for block in candidates.candidate_blocks(connection, first=first):
        found = _nearest(index, block)
        candidates.add_candidate_distances(connection, kind, source_id, found)


def line_index(connection: Connection, source_id: int, crs: str) -> LineIndex:
    """The lines of one file, ready to be asked."""
    (line_ids,), geoms = sources.read_lines(connection, source_id)
    return LineIndex(line_ids, geoms, crs)


def _nearest(index: LineIndex, wanted: Shapes) -> Near:
    (ids,), geoms = wanted
    return ids, *index.nearest(geoms)
