"""The area as arrays in project coordinates: outline, tiles, lines, slumps and candidates."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from rtsproj.domain.lines import PLACES, LineKind
from rtsproj.geometry.crs import WGS84, transform
from rtsproj.store import area_map, facts, scenes, sources
from rtsproj.workflow.project import Project, reading
from rtsproj.workflow.scenes import no_map_scene

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
States = npt.NDArray[np.int8]
OPEN, UNSURE, ACCEPTED, REJECTED, SLUMP = range(5)
"""States of points."""


@dataclass(frozen=True, slots=True)
class Points:
    """Candidates or slumps: centres of their boxes, m of the project CRS, ascending ids."""

    ids: Ints
    x: Floats
    y: Floats
    width_m: Floats
    area_m2: Floats
    states: States


@dataclass(frozen=True, slots=True)
class Segments:
    """Lines as straight pieces: starts and ends, (n, 2) m of the project CRS."""

    start: Floats
    end: Floats


NO_SEGMENTS = Segments(np.zeros((0, 2)), np.zeros((0, 2)))


@dataclass(frozen=True, slots=True)
class Tiles:
    """States of tiles on a dense grid.

    Attributes:
        states: (rows, cols): 0 not searched, 2 searched, 3 found, 4 failed, -1 no tile.
        left: m, west edge of column 0.
        top: m, north edge of row 0.
        side_m: m of a tile's side.
    """

    states: States
    left: float
    top: float
    side_m: float


@dataclass(frozen=True, slots=True)
class MapLayers:
    """All that the map shows.

    Attributes:
        crs: of every coordinate.
        bounds: left, bottom, right, top of the area, m.
        area: outline of what is mapped.
        roads: road segments.
        railways: railway segments.
        tiles: None before the grid is laid.
        slumps: the inventory.
        candidates: of all iterations, those linked to a judged place left out.
        sites: segments of airstrips and stations; a point is one without length.
    """

    crs: str
    bounds: tuple[float, float, float, float]
    area: Segments
    roads: Segments
    railways: Segments
    tiles: Tiles | None
    slumps: Points
    candidates: Points
    sites: Segments = NO_SEGMENTS

    def lonlat(self, x: float, y: float) -> tuple[float, float]:
        """Degrees WGS84 of a place."""
        point = transform(shapely.Point(x, y), self.crs, WGS84)
        return float(point.x), float(point.y)


def read_layers(project: Project) -> MapLayers:
    """Read the map once; a frame reads nothing.

    Raises:
        NeedsError: the project is still empty, or has neither an area nor a scene.
    """
    with reading(project) as connection:
        values = facts.read_facts(connection)
        area = sources.read_area(connection) or tuple(scenes.footprints(connection).values())
        lines = area_map.line_geometries(connection)
        tiles = area_map.tile_columns(connection)
        slumps = area_map.slump_columns(connection)
        candidates = area_map.candidate_columns(connection)
    if not area:
        raise no_map_scene()
    whole = shapely.union_all(shapely.from_wkb(list(area)))
    left, bottom, right, top = whole.bounds
    return MapLayers(
        crs=values["crs"],
        bounds=(float(left), float(bottom), float(right), float(top)),
        area=segments_of([whole.boundary]),
        roads=_lines(lines, LineKind.ROAD),
        railways=_lines(lines, LineKind.RAILWAY),
        sites=_lines(lines, *PLACES),
        tiles=_tiles(tiles, values),
        slumps=_points(slumps),
        candidates=_points(candidates),
    )


def read_outlines(project: Project, bounds: tuple[float, float, float, float]) -> Segments:
    """Outlines of candidates, and of slumps without one, in a view; at most 400."""
    with reading(project) as connection:
        found = area_map.outlines_in(connection, bounds)
    return segments_of([shapely.from_wkb(wkb).boundary for wkb in found])


def segments_of(lines: Sequence[shapely.Geometry]) -> Segments:
    """Straight pieces of lines, all parts together; a point is a piece without length."""
    parts = shapely.get_parts(np.array(lines, dtype=object)) if len(lines) else np.array([], object)
    xy, owner = shapely.get_coordinates(parts, return_index=True)
    same = owner[1:] == owner[:-1]
    points = shapely.get_coordinates(
        parts[shapely.get_type_id(parts) == shapely.GeometryType.POINT]
    )
    return Segments(np.concatenate([xy[:-1][same], points]), np.concatenate([xy[1:][same], points]))


def nearest(points: Points, x: float, y: float, *, within_m: float) -> int | None:
    """Index of the point whose outline may lie closest; None where none is near."""
    if not points.ids.size:
        return None
    reach = within_m + float(points.width_m.max()) / 2
    close = np.flatnonzero((np.abs(points.x - x) <= reach) & (np.abs(points.y - y) <= reach))
    if not close.size:
        return None
    apart = np.hypot(points.x[close] - x, points.y[close] - y)
    at = int(close[apart.argmin()])
    return at if apart.min() <= within_m + points.width_m[at] / 2 else None


def _lines(lines: Sequence[tuple[str, bytes]], *kinds: LineKind) -> Segments:
    return segments_of([shapely.from_wkb(wkb) for kind, wkb in lines if kind in kinds])


def _points(columns: area_map.Columns) -> Points:
    return Points(
        ids=columns["id"].astype(np.int64),
        x=columns["x"].astype(float),
        y=columns["y"].astype(float),
        width_m=columns["width_m"].astype(float),
        area_m2=columns["area_m2"].astype(float),
        states=columns["state"].astype(np.int8),
    )


def _tiles(columns: area_map.Columns, values: dict[str, str]) -> Tiles | None:
    rows, cols = columns["grid_row"], columns["grid_col"]
    if not rows.size:
        return None
    side_m = float(columns["core_px"][0]) * float(values["pixel_m"])
    states = np.full((np.ptp(rows) + 1, np.ptp(cols) + 1), -1, np.int8)
    states[rows - rows.min(), cols - cols.min()] = columns["state"]
    return Tiles(
        states,
        left=float(values["origin_x"]) + float(cols.min()) * side_m,
        top=float(values["origin_y"]) - float(rows.min()) * side_m,
        side_m=side_m,
    )
