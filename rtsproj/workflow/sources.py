"""Take in vector files: the area, training labels, roads and railway; and terrain."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from rtsproj.domain.attributes import first_value
from rtsproj.domain.ids import slump_name
from rtsproj.domain.labels import EXHAUSTIVE, Polarity
from rtsproj.domain.lines import PLACES, line_kind
from rtsproj.domain.places import Place
from rtsproj.domain.scenes import Role
from rtsproj.errors import UsageError
from rtsproj.geometry.crs import is_geographic, transform, utm_crs
from rtsproj.geometry.measures import measure
from rtsproj.geometry.repair import (
    Checked,
    Feature,
    Geometries,
    check_over_area,
    checked_lines,
    checked_places,
    checked_polygons,
    repeated_polygons,
)
from rtsproj.imagery.probe import ProbeChoice, read_scene
from rtsproj.store import facts, outlines, scenes, sources
from rtsproj.store.database import Connection
from rtsproj.vectors.read import VectorFile, read_features
from rtsproj.workflow.create import settle_crs
from rtsproj.workflow.distances import measure_source
from rtsproj.workflow.import_list import listing_refusals, write_list
from rtsproj.workflow.label_rows import GivenLabels, insert_labels
from rtsproj.workflow.project import Project, has_crs, reading, writing

CLASS_FIELD = "TrainClass"
"""Attribute of an ARTS file: Positive or Negative."""
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
    polarity: str = ""


@dataclass(frozen=True, slots=True)
class Added:
    """What a file brought.

    Attributes:
        source_id: its row in ``source``.
        features: geometries taken.
        repaired: ids of features whose geometry had to be made valid.
        area_m2: geodesic area of polygons, m2; 0 for lines.
        repeated: ids of polygons left out because they repeat another one or a known slump.
        listed: file that lists every one that was repaired or left out; empty where there is none.
        other_class: ids of polygons left out because their TrainClass is the other one.
    """

    source_id: int
    features: int
    repaired: tuple[str, ...]
    area_m2: float
    repeated: tuple[str, ...] = ()
    listed: str = ""
    other_class: tuple[str, ...] = ()


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
    """Take in training polygons; positives become the first slumps of the inventory.

    Of a file with the field TrainClass (ARTS) only the outlines of that class are taken.
    """
    return _add_labels(project, path, choice, _Teaching(polarity), by=by)


def add_exhaustive_area(project: Project, path: Path, *, by: str) -> Added:
    """Take in polygons in which every slump is labelled: all other ground in them is background."""
    area = _Teaching(Polarity.NEGATIVE, EXHAUSTIVE)
    return _add_labels(project, path, VectorChoice(), area, by=by)


@dataclass(frozen=True, slots=True)
class _Teaching:
    """What labels say to a training, and why where a person has not drawn each."""

    polarity: Polarity
    reason: str = ""


def _add_labels(
    project: Project, path: Path, choice: VectorChoice, teaches: _Teaching, *, by: str
) -> Added:
    polarity = teaches.polarity
    file, crs, checked = _checked(project, path, choice, checked_polygons)
    geoms = _to_project(checked.geoms, file, choice, crs=crs)
    _check_over_images(project, geoms, path, crs)
    settle_crs(project, crs, by=by)
    left_out = {
        number: f"its TrainClass is {props[CLASS_FIELD]}"
        for number, (_, _, props) in enumerate(file.features)
        if str(props.get(CLASS_FIELD) or polarity).lower() != polarity
    }
    other_class = len(left_out)
    with writing(project, f"labels {path.name}") as connection:
        taken = _Taken("label", path, file, choice, by, polarity)
        source_id = _source(connection, taken)
        if polarity is Polarity.POSITIVE:
            left_out |= _repeats(connection, file, geoms, but=left_out)
        kept = [number for number in range(len(geoms)) if number not in left_out]
        props = [file.features[number][2] for number in kept]
        given = GivenLabels(geoms[kept], props, polarity, source_id, by, teaches.reason)
        total = insert_labels(connection, given)
        for line in sources.line_sources(connection):
            measure_source(connection, line["source_id"], line["kind"], crs)
    reasons = {file.features[number][0]: reason for number, reason in left_out.items()}
    added = Added(
        source_id,
        len(kept),
        checked.repaired,
        total,
        repeated=tuple(reasons)[other_class:],
        other_class=tuple(reasons)[:other_class],
    )
    return _added(project, path, added, left_out=reasons)


def _repeats(
    connection: Connection, file: VectorFile, geoms: Geometries, *, but: Collection[int]
) -> dict[int, str]:
    """Number of each polygon that repeats another, and what it repeats.

    Args:
        connection: the project's.
        file: the polygons' file.
        geoms: its polygons in the project CRS.
        but: numbers of polygons that are left out already.
    """
    known = outlines.current_outlines(connection)
    shapes = [shapely.from_wkb(bytes(one["wkb"])) for one in known]
    asked = [number for number in range(len(geoms)) if number not in but]
    names = [slump_name(one["slump_id"]) for one in known]
    names += [f"feature {file.features[number][0]}" for number in asked]
    found = repeated_polygons(geoms[asked], shapes)
    return {asked[number]: f"repeats {names[at]}" for number, at in found.items()}


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
    """Take in lines of a kind, or points of an airstrip or a station.

    The distances of all outlines to them are measured at once.
    """
    wanted = line_kind(kind)
    check = checked_places if wanted in PLACES else checked_lines
    file, crs, checked = _checked(project, path, choice, check)
    geoms = _to_project(checked.geoms, file, choice, crs=crs)
    _check_over_images(project, geoms, path, crs)
    settle_crs(project, crs, by=by)
    lines = [
        {
            "line_class": first_value(props, CLASS_FIELDS) or kind,
            "line_name": first_value(props, NAME_FIELDS),
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


def _added(
    project: Project, path: Path, added: Added, *, left_out: Mapping[str, str] | None = None
) -> Added:
    """The same with the file that lists what was repaired and, with the reason, left out."""
    listed = [("repaired", fid, "its geometry was made valid") for fid in added.repaired]
    listed += [("left out", fid, reason) for fid, reason in (left_out or {}).items()]
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
) -> Geometries:
    source = file.crs or choice.assume_crs or crs
    shapes = np.array(geoms, dtype=object)
    if is_geographic(source):
        shapes = shapely.segmentize(shapes, LONGEST_DEG)
    return transform(shapes, source, crs)


def _check_over_images(
    project: Project, geoms: Sequence[BaseGeometry] | Geometries, path: Place, crs: str
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
    part = sources.Part(taken.file.layer, taken.choice.where, taken.polarity)
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
