"""Write inventory, candidates or labels to a file that a GIS opens, with the right CRS."""

from pathlib import Path

import shapely

from rtsproj.errors import UsageError
from rtsproj.store import facts
from rtsproj.store.database import rows
from rtsproj.vectors.write import write_features
from rtsproj.workflow.project import Project, reading
from rtsproj.workflow.sql import write_parquet

QUERIES = {
    "inventory": "SELECT * EXCLUDE (outline_id) FROM inventory ORDER BY slump_id",
    "candidates": "SELECT * FROM candidates ORDER BY candidate_id",
    "labels": "SELECT * EXCLUDE (sha256) FROM labels ORDER BY label_id",
}
SUFFIXES = (".gpkg", ".parquet", ".geojson", ".fgb", ".csv", ".shp")


def export(project: Project, target: Path, *, what: str = "inventory") -> int:
    """Write a table; the suffix chooses the format.

    GeoJSON is written in WGS84 as its standard asks (RFC 7946), everything else in the project CRS.

    Returns:
        Number of rows.

    Raises:
        UsageError: unknown suffix or table, or the file cannot be written.
    """
    if target.suffix not in SUFFIXES:
        raise UsageError(
            f"{target}: suffix {target.suffix!r} is not known", hint=f"use {' '.join(SUFFIXES)}"
        )
    if what not in QUERIES:
        raise UsageError(f"cannot export {what!r}", hint=f"one of {', '.join(QUERIES)}, benchmark")
    text = QUERIES[what]
    with reading(project) as connection:
        crs = facts.read_fact(connection, "crs") or ""
        named = text.replace(" FROM ", ", ST_AsWKB(geom) AS wkb FROM ", 1)
        found = rows(connection, named)
    if target.suffix == ".parquet":
        write_parquet(project, text, target)
        return len(found)
    for row in found:
        row.pop("geom")
        row["geometry"] = shapely.from_wkb(bytes(row.pop("wkb")))
    write_features(target, found, crs=crs, layer=what)
    return len(found)
