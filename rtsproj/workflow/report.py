"""Gather the report from the database and write it."""

from dataclasses import dataclass
from pathlib import Path

import shapely

from rtsproj.domain.iterations import state_sentence
from rtsproj.domain.lines import ROUTES, LineKind
from rtsproj.errors import UsageError
from rtsproj.reports.summary import IterationLine, NearRow, Report, count_near
from rtsproj.store import iterations, scenes, sources
from rtsproj.store.database import Connection, rows, scalar
from rtsproj.workflow.project import Project, reading

NEAR = """
SELECT slump_id, name, kind, line_class, line_name, distance_m FROM proximity
ORDER BY distance_m, name, kind
"""
SLUMPS = """
SELECT count(*) AS slumps, count(*) FILTER (WHERE origin = 'seed') AS seeds,
       count(*) FILTER (WHERE origin = 'drawn') AS drawn,
       coalesce(sum(area_m2), 0) AS slump_area_m2, coalesce(max(area_m2), 0) AS largest_m2
FROM inventory
"""
AREA = "SELECT coalesce(sum(valid_m2), 0) / 1e6 FROM tile WHERE withdrawn_at IS NULL"
SEARCHED = """
SELECT coalesce(sum(valid_m2), 0) / 1e6 FROM tile
WHERE withdrawn_at IS NULL AND tile_id IN (
  SELECT tile_id FROM tile_outcome JOIN job USING (job_id)
  WHERE iteration = ? AND outcome <> 'failed')
"""
CLASSES = """
SELECT kind, coalesce(line_class, kind) AS line_class, count(*) AS lines FROM lines
GROUP BY ALL ORDER BY ALL
"""
FILES = """
SELECT uri, layer, where_expr, sha256, added_at FROM source
WHERE role = 'line' AND withdrawn_at IS NULL ORDER BY source_id
"""
DECISIONS = """
SELECT iteration, count(*) FILTER (WHERE act = 'say') AS said FROM decisions GROUP BY iteration
"""


@dataclass(frozen=True, slots=True)
class ReportLayers:
    """Geometries of the report's map, project CRS: (what, geometries)."""

    layers: tuple[tuple[str, tuple[shapely.Geometry, ...]], ...]


def collect_report(project: Project) -> Report:
    """The report as data."""
    settings = project.settings.report
    with reading(project) as connection:
        found = iterations.read_iterations(connection)
        latest = found[-1]
        totals = rows(connection, SLUMPS)[0]
        near = tuple(NearRow(**row) for row in rows(connection, NEAR))
        searched_in = max((r["iteration"] for r in found if r["tiles"]), default=0)
        said = {row["iteration"]: row["said"] for row in rows(connection, DECISIONS)}
        reason = state_sentence(iterations.state_of(connection, latest))
        return Report(
            project=project.settings.project.name,
            map_year=_map_year(connection),
            searched_km2=float(scalar(connection, SEARCHED, [searched_in])),
            valid_km2=float(scalar(connection, AREA)),
            **totals,
            converged=bool(latest["converged"]),
            reason=reason,
            iterations=tuple(_line(row, said.get(row["iteration"], 0)) for row in found),
            headline_m=settings.distance_m,
            counts=count_near(
                near, (*settings.table_m, settings.distance_m), slumps=totals["slumps"]
            ),
            near=tuple(one for one in near if one.distance_m <= settings.distance_m),
            line_classes=tuple(
                (row["kind"], row["line_class"], row["lines"]) for row in rows(connection, CLASSES)
            ),
            line_files=tuple(_file(row) for row in rows(connection, FILES)),
        )


def collect_drawing(project: Project) -> ReportLayers:
    """What the report's map shows."""
    with reading(project) as connection:
        area = sources.read_area(connection) or tuple(scenes.footprints(connection).values())
        outlines = connection.execute("SELECT ST_AsWKB(geom) FROM inventory").fetchall()
        lines = connection.execute("SELECT kind, ST_AsWKB(geom) FROM lines").fetchall()
    return ReportLayers(
        (
            ("area", tuple(shapely.from_wkb(list(area)))),
            *(
                (kind, tuple(shapely.from_wkb(bytes(w)) for k, w in lines if k == kind))
                for kind in LineKind
                if kind in ROUTES or any(k == kind for k, _ in lines)
            ),
            ("slump", tuple(shapely.from_wkb(bytes(w)) for (w,) in outlines)),
        )
    )


def write_report(target: Path, text: str) -> Path:
    """Write a rendered report, whole or not at all.

    Raises:
        UsageError: the folder cannot be written.
    """
    part = target.with_name(f".{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8")
        part.replace(target)
    except OSError as error:
        raise UsageError(
            f"{target} cannot be written: {error.strerror}", hint="choose another folder with -o"
        ) from error
    return target


def _map_year(connection: Connection) -> int | None:
    query = "SELECT max(year(acquired)) FROM scenes WHERE role = 'map'"
    return scalar(connection, query)  # type: ignore[no-any-return]


def _line(row: dict[str, object], decisions: int) -> IterationLine:
    names = [name for name in IterationLine.__slots__ if name != "decisions"]
    values = {name: row[name] for name in names}
    return IterationLine(**values, decisions=decisions)  # type: ignore[arg-type]


def _file(row: dict[str, object]) -> str:
    where = f" where {row['where_expr']}" if row["where_expr"] else ""
    return f"{row['uri']}{where}, sha256 {str(row['sha256'])[:12]}, {str(row['added_at'])[:10]}"
