"""Take in vector files: the area, training labels, roads and railway; and terrain."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from rtsproj.domain.labels import Polarity
from rtsproj.domain.places import Place
from rtsproj.domain.scenes import Role
from rtsproj.errors import UsageError
from rtsproj.geometry.crs import is_geographic, transform, utm_crs
from rtsproj.geometry.measures import measure
from rtsproj.geometry.repair import (
    Checked,
    Feature,
    check_over_area,
    checked_lines,
    checked_polygons,
    repeated_polygons,
)
from rtsproj.imagery.probe import ProbeChoice, read_scene
from rtsproj.store import facts, iterations, labels, outlines, scenes, sources
from rtsproj.store.database import Connection
from rtsproj.vectors.read import VectorFile, read_features
from rtsproj.workflow.create import settle_crs
from rtsproj.workflow.distances import measure_source
from rtsproj.workflow.import_list import listing_refusals, write_list
from rtsproj.workflow.project import Project, has_crs, reading, writing

CLASS_FIELDS = ("highway", "railway", "road_class", "fclass", "class", "type")
"""Attributes that may hold a line's class, in the order they are tried."""
LONGEST_DEG = 0.005
"""Degrees; longer edges get points between before they are projected (a chord of 100 km lies up to
3.4 m off, statistics 12.1)."""
NAME_FIELDS = ("name", "name:en", "ref", "road_name")


@dataclass(frozen=True, slots=True)
class VectorChoice:
    """Which part of a vector file is taken.

    Attributes:
        layer: layer name; None = the only one.
        where: attribute filter such as ``highway in ('trunk','primary')``.
        assume_crs: CRS of a file that names none.
    """

    layer: str | None = None
    where: str | None = None
    assume_crs: str | None = None


@dataclass(frozen=True, slots=True)
class _Taken:
    """A file about to get its source row."""

    role: str
    path: Path
    file: VectorFile
    choice: VectorChoice
    by: str


@dataclass(frozen=True, slots=True)
class Added:
    """What a file brought.

    Attributes:
        source_id: its row in ``source``.
        features: geometries taken.
        repaired: ids of features whose geometry had to be made valid.
        area_m2: geodesic area of polygons, m2; 0 for lines.
        repeated: ids of polygons left out because they repeat another one or a known slump.
        listed: file that lists every repaired and repeated one; empty where there is none.
    """

    source_id: int
    features: int
    repaired: tuple[str, ...]
    area_m2: float
    repeated: tuple[str, ...] = ()
    listed: str = ""


def add_area(project: Project, path: Path, choice: VectorChoice, *, by: str) -> Added:
    """Set what is to be mapped; an earlier area is withdrawn."""
    file, crs, checked = _checked(project, path, choice, checked_polygons)
    geoms = _to_project(checked.geoms, file, choice, crs=crs)
    settle_crs(project, crs, by=by)
    with writing(project, f"area {path.name}") as connection:
        source_id = _source(connection, _Taken("area", path, file, choice, by))
        sources.add_area(connection, source_id, [shapely.to_wkb(geom) for geom in geoms])
    total = sum(measure(geom, crs).area_m2 for geom in geoms)
    return _added(project, path, Added(source_id, len(geoms), checked.repaired, total))


def add_labels(
    project: Project, path: Path, choice: VectorChoice, *, polarity: Polarity, by: str
) -> Added:
    """Take in training polygons; positives become the first slumps of the inventory."""
    file, crs, checked = _checked(project, path, choice, checked_polygons)
    geoms = _to_project(checked.geoms, file, choice, crs=crs)
    _check_over_images(project, geoms, path, crs)
    settle_crs(project, crs, by=by)
    with writing(project, f"labels {path.name}") as connection:
        source_id = _source(connection, _Taken("label", path, file, choice, by))
        doubled: tuple[int, ...] = ()
        if polarity is Polarity.POSITIVE:
            known = [
                shapely.from_wkb(bytes(r["wkb"])) for r in outlines.current_outlines(connection)
            ]
            doubled = repeated_polygons(geoms, known)
        kept = [geom for number, geom in enumerate(geoms) if number not in doubled]
        total = _add_label_rows(connection, source_id, kept, polarity=polarity, by=by)
        for line in sources.line_sources(connection):
            measure_source(connection, line["source_id"], line["kind"], crs)
    ids = tuple(file.features[number][0] for number in doubled)
    return _added(project, path, Added(source_id, len(kept), checked.repaired, total, ids))


def read_polygons(
    project: Project, path: Path, choice: VectorChoice
) -> tuple[tuple[tuple[str, BaseGeometry], ...], tuple[str, ...]]:
    """(feature, polygon in the project CRS) of a file, and the features that were repaired.

    Raises:
        UsageError: the file or a feature cannot be used; every such feature is listed.
    """
    file, crs, checked = _checked(project, path, choice, checked_polygons)
    geoms = _to_project(checked.geoms, file, choice, crs=crs)
    ids = (fid for fid, _, _ in file.features)
    return tuple(zip(ids, geoms, strict=True)), checked.repaired


def add_lines(project: Project, path: Path, choice: VectorChoice, *, kind: str, by: str) -> Added:
    """Take in roads or railway; distances of all outlines to them are measured at once."""
    file, crs, checked = _checked(project, path, choice, checked_lines)
    geoms = _to_project(checked.geoms, file, choice, crs=crs)
    _check_over_images(project, geoms, path, crs)
    settle_crs(project, crs, by=by)
    lines = [
        {
            "line_class": _first(props, CLASS_FIELDS) or kind,
            "line_name": _first(props, NAME_FIELDS),
            "geom": shapely.to_wkb(geom),
        }
        for geom, (_, _, props) in zip(geoms, file.features, strict=True)
    ]
    with writing(project, f"lines {path.name}") as connection:
        source_id = _source(connection, _Taken("line", path, file, choice, by))
        sources.add_lines(connection, source_id, kind, lines)
        measure_source(connection, source_id, kind, crs)
    return _added(project, path, Added(source_id, len(geoms), checked.repaired, 0.0))


def add_terrain(project: Project, place: Place, *, by: str) -> Added:
    """Register an elevation raster in place.

    Raises:
        UsageError: it cannot be read, or does not reach the area.
    """
    choice = ProbeChoice(acquired=date.min, bands=("elevation",))
    record = read_scene(place, Role.HISTORY, choice)
    footprint = shapely.from_wkb(record.footprint_wkb)
    lonlat = transform(footprint, record.crs, "EPSG:4326").centroid
    crs = settle_crs(project, utm_crs(lonlat.x, lonlat.y), by=by)
    here = transform(footprint, record.crs, crs)
    _check_over_images(project, [here], place, crs)
    with writing(project, f"terrain {place.name}") as connection:
        source_id = sources.add_source(
            connection,
            {
                "role": "terrain",
                "uri": record.spec.path,
                "sha256": record.spec.fingerprint,
                "features": 1,
                "added_by": by,
            },
        )
        row = {
            "source_id": source_id,
            "crs": record.crs,
            "gsd_m": record.gsd_m,
            "nodata": record.spec.nodata,
            "footprint": shapely.to_wkb(here),
        }
        sources.add_terrain(connection, row)
    return Added(source_id, 1, (), 0.0)


def _checked(
    project: Project,
    path: Path,
    choice: VectorChoice,
    check: Callable[[Sequence[Feature]], Checked],
) -> tuple[VectorFile, str, Checked]:
    """A file, the project CRS and its usable geometries; every refused feature is listed."""
    with listing_refusals(project, path):
        file, crs = _read(project, path, choice)
        return file, crs, check([(fid, geom) for fid, geom, _ in file.features])


def _added(project: Project, path: Path, added: Added) -> Added:
    """The same with the file that lists what was repaired and left out."""
    listed = [("repaired", fid, "its geometry was made valid") for fid in added.repaired]
    listed += [("left out", fid, "repeats another outline") for fid in added.repeated]
    return replace(added, listed=write_list(project, path, listed))


def _read(project: Project, path: Path, choice: VectorChoice) -> tuple[VectorFile, str]:
    file = read_features(path, layer=choice.layer, where=choice.where)
    if not file.features:
        selected = f" where {choice.where}" if choice.where else ""
        raise UsageError(
            f"{path} has no feature{selected}", hint="check the file, --layer and --where"
        )
    if file.crs is None and choice.assume_crs is None:
        raise UsageError(f"{path} has no CRS", hint="give --assume-crs EPSG:n")
    if has_crs(project):
        with reading(project) as connection:
            return file, facts.read_fact(connection, "crs") or ""
    geoms = [geom for _, geom, _ in file.features if geom is not None and not geom.is_empty]
    if not geoms:
        raise UsageError(f"{path} has only empty geometries", hint="check the file")
    lonlat = transform(geoms[0], file.crs or choice.assume_crs or "", "EPSG:4326").centroid
    asked = project.settings.project.crs
    return file, utm_crs(lonlat.x, lonlat.y) if asked == "auto" else asked


def _to_project(
    geoms: Sequence[BaseGeometry], file: VectorFile, choice: VectorChoice, *, crs: str
) -> list[BaseGeometry]:
    source = file.crs or choice.assume_crs or crs
    if is_geographic(source):
        geoms = [shapely.segmentize(geom, LONGEST_DEG) for geom in geoms]
    return [transform(geom, source, crs) for geom in geoms]


def _check_over_images(
    project: Project, geoms: Sequence[BaseGeometry], path: Place, crs: str
) -> None:
    """Labels, lines and terrain must reach the area or, where none is set, the images."""
    if not has_crs(project):
        return
    with reading(project) as connection:
        given = sources.read_area(connection) or tuple(scenes.footprints(connection).values())
    if given:
        area = shapely.union_all(shapely.from_wkb(list(given)))
        check_over_area(geoms, area, crs, str(path))


def _source(connection: Connection, taken: _Taken) -> int:
    role, sha256 = taken.role, taken.file.sha256
    part = (taken.file.layer, taken.choice.where)
    if sources.has_source(connection, role, sha256, part=part):
        raise UsageError(
            f"{taken.path} was taken in before, with the same layer and filter",
            hint="nothing to do",
        )
    return sources.add_source(
        connection,
        {
            "role": role,
            "uri": str(taken.path.absolute()),
            "layer": taken.file.layer,
            "where_expr": taken.choice.where,
            "sha256": sha256,
            "features": len(taken.file.features),
            "added_by": taken.by,
        },
    )


def _add_label_rows(
    connection: Connection,
    source_id: int,
    geoms: Sequence[BaseGeometry],
    *,
    polarity: Polarity,
    by: str,
) -> float:
    crs = facts.read_fact(connection, "crs") or ""
    latest = iterations.latest_iteration(connection)
    number = latest["iteration"] if latest else 1
    positive = polarity is Polarity.POSITIVE
    total, added = 0.0, []
    for geom in geoms:
        found = measure(geom, crs)
        minx, miny, maxx, maxy = geom.bounds
        row: dict[str, Any] = {
            "source_id": source_id,
            "polarity": polarity.value,
            "origin": "seed" if positive else "given",
            "reason": "",
            "from_iteration": number,
            "area_m2": found.area_m2,
            "geom": shapely.to_wkb(geom),
            "added_by": by,
        }
        if positive:
            shape = {
                "area_m2": found.area_m2,
                "perimeter_m": found.perimeter_m,
                "lon": found.lon,
                "lat": found.lat,
                "minx": minx,
                "miny": miny,
                "maxx": maxx,
                "maxy": maxy,
                "geom": row["geom"],
            }
            row["slump_id"], row["outline_id"] = outlines.add_seed(connection, shape, analyst=by)
        added.append(row)
        total += found.area_m2
    labels.add_labels(connection, added)
    return total


def _first(props: dict[str, Any], names: Sequence[str]) -> str | None:
    for name in names:
        value = props.get(name)
        if value not in (None, ""):
            return str(value)
    return None
