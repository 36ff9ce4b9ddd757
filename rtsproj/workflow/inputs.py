"""Inputs in use: images, areas, labels, lines, terrain."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import shapely

from rtsproj.geometry.measures import measure
from rtsproj.store import facts, scenes, sources
from rtsproj.store.database import Connection
from rtsproj.workflow.project import Project, has_crs, reading


class InputKind(StrEnum):
    """What can be listed and removed; the verb of the command line."""

    SCENE = "scene"
    AREA = "area"
    LABEL = "label"
    LINE = "line"
    TERRAIN = "terrain"


@dataclass(frozen=True, slots=True)
class Input:
    """One input in use.

    Attributes:
        kind: scene, area, label, line or terrain.
        id: number that people type: a scene's id, or a file's.
        uri: path or URL.
        detail: map or history; positive or negative; a kind of lines; empty for the others.
        layer: layer of a vector file.
        where_expr: attribute filter of a vector file.
        features: features taken; 1 for an image.
        area_m2: m2, geodesic, of polygons; None for the others.
        added_at: UTC.
        added_by: who added it.
    """

    kind: InputKind
    id: int
    uri: str
    detail: str
    layer: str | None
    where_expr: str | None
    features: int
    area_m2: float | None
    added_at: datetime
    added_by: str


def list_inputs(project: Project, kind: InputKind) -> tuple[Input, ...]:
    """Inputs of a kind in use, by id."""
    if not has_crs(project):
        return ()
    with reading(project) as connection:
        if kind is InputKind.SCENE:
            return tuple(_scene(row) for row in scenes.added_scenes(connection))
        found = sources.sources_in_use(connection, kind)
        return tuple(_source(connection, kind, row) for row in found)


def _scene(row: dict[str, object]) -> Input:
    return _input(InputKind.SCENE, {**row, "kind": row["role"], "features": 1})


def _source(connection: Connection, kind: InputKind, row: dict[str, object]) -> Input:
    if kind is InputKind.AREA:
        crs = facts.read_fact(connection, "crs") or ""
        shapes = shapely.from_wkb(list(sources.read_area(connection)))
        row = {**row, "area_m2": sum(measure(one, crs).area_m2 for one in shapes)}
    return _input(kind, row)


def _input(kind: InputKind, row: dict[str, object]) -> Input:
    named = {name: row.get(name) for name in Input.__slots__ if name not in ("kind", "detail")}
    return Input(kind=kind, detail=str(row["kind"]), **named)  # type: ignore[arg-type]
