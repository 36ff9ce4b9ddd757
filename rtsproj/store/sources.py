"""Vector and terrain files that were taken in: their rows and their geometry."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rtsproj.store.bulk import Shapes, bulk_insert, read_shapes
from rtsproj.store.database import Connection, insert, next_id, rows

WITHDRAW = """
UPDATE source SET withdrawn_at = now() AT TIME ZONE 'UTC', withdrawn_by = ?
WHERE source_id = ? AND withdrawn_at IS NULL
"""
REPLACE_AREA = """
UPDATE source SET withdrawn_at = now() AT TIME ZONE 'UTC',
       withdrawn_by = (SELECT added_by FROM source WHERE source_id = ?)
WHERE role = 'area' AND source_id <> ? AND withdrawn_at IS NULL
"""
IN_USE = """
SELECT s.source_id AS id, s.uri, s.layer, s.where_expr, s.features, s.added_at, s.added_by,
       coalesce(l.kind, i.kind, '') AS kind, l.area_m2, t.gsd_m
FROM source s
LEFT JOIN (SELECT source_id, min(polarity) AS kind, sum(area_m2) AS area_m2 FROM label
           GROUP BY source_id) l USING (source_id)
LEFT JOIN (SELECT source_id, min(kind) AS kind FROM line GROUP BY source_id) i USING (source_id)
LEFT JOIN terrain t USING (source_id)
WHERE s.role = ? AND s.withdrawn_at IS NULL ORDER BY s.source_id
"""
HAS_SOURCE = """
SELECT 1 FROM source s WHERE role = ? AND sha256 = ? AND withdrawn_at IS NULL
AND layer IS NOT DISTINCT FROM ? AND where_expr IS NOT DISTINCT FROM ?
AND NOT EXISTS (SELECT 1 FROM label l WHERE l.source_id = s.source_id AND l.polarity <> ?)
"""


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of a file is used.

    Attributes:
        layer: its layer.
        where: attribute filter.
        polarity: of labels; empty for other roles.
    """

    layer: str | None
    where: str | None
    polarity: str = ""


def add_source(connection: Connection, facts: Mapping[str, Any]) -> int:
    """Insert a source row: role, uri, layer, where_expr, sha256, features, added_by."""
    source_id = next_id(connection, "source", "source_id")
    insert(connection, "source", {"source_id": source_id, **facts})
    return source_id


def withdraw_source(connection: Connection, source_id: int, *, by: str) -> None:
    """Take a file out of use; its rows stay, and no view of inputs in use shows them."""
    connection.execute(WITHDRAW, [by, source_id])


def sources_in_use(connection: Connection, role: str) -> list[dict[str, Any]]:
    """id, uri, layer, where_expr, features, added_at, added_by, kind, area_m2, gsd_m by id.

    Kind is a polarity, a kind of lines, or empty; area_m2 (labels) and gsd_m (terrain) are None
    where the role has none.
    """
    return rows(connection, IN_USE, [role])


def add_area(connection: Connection, source_id: int, geoms: Iterable[bytes]) -> None:
    """The area to be mapped; an earlier area is withdrawn, not erased."""
    connection.execute(REPLACE_AREA, [source_id, source_id])
    first = next_id(connection, "area", "area_id")
    for number, geom in enumerate(geoms):
        insert(
            connection, "area", {"area_id": first + number, "source_id": source_id, "geom": geom}
        )


def read_area(connection: Connection) -> tuple[bytes, ...]:
    """Polygons (WKB) of the area in use; empty = the map scenes' valid pixels."""
    query = """SELECT ST_AsWKB(geom) FROM area JOIN source USING (source_id)
               WHERE withdrawn_at IS NULL ORDER BY area_id"""
    return tuple(bytes(row[0]) for row in connection.execute(query).fetchall())


def add_terrain(connection: Connection, row: Mapping[str, Any]) -> None:
    """A terrain raster's row."""
    insert(
        connection, "terrain", {"terrain_id": next_id(connection, "terrain", "terrain_id"), **row}
    )


def terrain_rasters(connection: Connection) -> tuple[tuple[str, float | None], ...]:
    """(path, nodata) of the elevation rasters in use, finest pixels first."""
    query = """SELECT uri, nodata FROM terrain JOIN source USING (source_id)
               WHERE withdrawn_at IS NULL ORDER BY gsd_m, terrain_id"""
    return tuple((str(path), nodata) for path, nodata in connection.execute(query).fetchall())


def add_lines(
    connection: Connection, source_id: int, kind: str, lines: Sequence[Mapping[str, Any]]
) -> None:
    """Lines of one source: keys line_class, line_name, geom."""
    first = next_id(connection, "line", "line_id")
    bulk_insert(
        connection,
        "line",
        {
            "line_id": "BIGINT",
            "source_id": "BIGINT",
            "kind": "VARCHAR",
            "line_class": "VARCHAR",
            "line_name": "VARCHAR",
            "geom": "GEOMETRY",
        },
        (
            {"line_id": first + n, "source_id": source_id, "kind": kind, **line}
            for n, line in enumerate(lines)
        ),
    )


def line_sources(connection: Connection) -> list[dict[str, Any]]:
    """source_id and kind of the line files in use."""
    return rows(connection, "SELECT DISTINCT source_id, kind FROM lines ORDER BY source_id")


def read_lines(connection: Connection, source_id: int) -> Shapes:
    """([line_id], lines) of one source."""
    query = "SELECT line_id, ST_AsWKB(geom) FROM line WHERE source_id = ? ORDER BY line_id"
    return read_shapes(connection, query, [source_id])


def has_source(connection: Connection, role: str, sha256: str, *, part: Part) -> bool:
    """True where the same part of the same file is in use in the same role."""
    values = [role, sha256, part.layer, part.where, part.polarity]
    return bool(connection.execute(HAS_SOURCE, values).fetchall())
