"""Lay the tile grid: exactly the squares that hold valid pixels of the area."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from rtsproj.domain.grid import ProjectGrid, Window
from rtsproj.domain.requests import ImagerySource, Scaling
from rtsproj.domain.scenes import Role, SceneSpec, reading_order
from rtsproj.errors import NeedsError
from rtsproj.geometry.grid import tiles_over, window_of
from rtsproj.geometry.measures import measure
from rtsproj.imagery.mosaic import Mosaic
from rtsproj.imagery.scaling import measure_scaling
from rtsproj.imagery.shapes import burn
from rtsproj.store import facts, scenes, sources, tiles
from rtsproj.workflow.project import Project, reading, writing
from rtsproj.workflow.scenes import Progress, grid_of, require_unchanged


@dataclass(frozen=True, slots=True)
class Tiling:
    """The grid after laying it.

    Attributes:
        added: tiles added now.
        tiles: tiles in all.
        valid_km2: km2 of valid pixels in them, geodesic.
        cells: (row, col, valid share 0..1) of every tile, for the map.
    """

    added: int
    tiles: int
    valid_km2: float
    cells: tuple[tuple[int, int, float], ...]


@dataclass(frozen=True, slots=True)
class Ground:
    """What is searched: the map scenes in reading order, the grid, and the area."""

    scenes: tuple[SceneSpec, ...]
    grid: ProjectGrid
    bands: tuple[str, ...]
    area: shapely.Geometry
    extent: Window


def read_ground(project: Project) -> Ground:
    """Collect what searching and training read.

    Raises:
        NeedsError: no map scene yet.
    """
    with reading(project) as connection:
        values = facts.read_facts(connection)
        specs = reading_order(scenes.scene_specs(connection, Role.MAP))
        feet = scenes.footprints(connection)
        given = sources.read_area(connection)
    grid = grid_of(values)
    covered = shapely.union_all([shapely.from_wkb(feet[one.scene_id]) for one in specs])
    area = shapely.union_all(shapely.from_wkb(list(given))) if given else covered
    searched = area.intersection(covered)
    if searched.is_empty:
        raise NeedsError(
            "the area meets no map scene", hint="check `rtsproj area add` and `rtsproj scene list`"
        )
    return Ground(
        specs, grid, tuple(values["bands"].split(",")), area, window_of(grid, covered.bounds)
    )


def lay_tiles(project: Project, *, progress: Progress | None = None) -> Tiling:
    """Add every tile that is missing; run again after new scenes it adds what they bring."""
    ground = read_ground(project)
    require_unchanged(ground.scenes)
    core_px = project.settings.grid.core_px
    with reading(project) as connection:
        known = {(tile.row, tile.col): tile for tile in tiles.read_tiles(connection)}
    searched = window_of(ground.grid, ground.area.bounds)
    wanted = [
        (row, col)
        for row, col in tiles_over(ground.extent, core_px)
        if Window(row * core_px, col * core_px, core_px, core_px).meets(searched)
    ]
    fresh, counts = [], []
    with Mosaic(ground.scenes, ground.grid, ground.bands) as mosaic:
        for number, (row, col) in enumerate(wanted):
            if progress:
                progress(number, len(wanted), "tiles")
            window = Window(row * core_px, col * core_px, core_px, core_px)
            valid_px = int(np.count_nonzero(_searchable(mosaic, window, ground)))
            if valid_px == 0:
                continue
            tile = _tile_row(window, ground, valid_px)
            if (row, col) in known:
                counts.append((known[row, col].tile_id, valid_px, float(tile["valid_m2"])))
            else:
                fresh.append({"grid_row": row, "grid_col": col, "core_px": core_px, **tile})
    _settle_scaling(project, ground)
    with writing(project, f"lay {len(fresh)} tiles") as connection:
        tiles.add_tiles(connection, fresh)
        tiles.update_valid(connection, counts)
    return _tiling(project, added=len(fresh))


def read_source(project: Project) -> ImagerySource:
    """What a job needs to read the search mosaic.

    Raises:
        NeedsError: the tiles were not laid yet.
    """
    ground = read_ground(project)
    with reading(project) as connection:
        text = facts.read_fact(connection, "scaling")
    if text is None:
        raise NeedsError("the tile grid is not laid yet", hint="run `rtsproj tile`")
    low, high = (tuple(map(float, part.split(","))) for part in text.split("|"))
    return ImagerySource(
        ground.grid, ground.scenes, ground.bands, Scaling(low, high), ground.extent
    )


def _searchable(mosaic: Mosaic, window: Window, ground: Ground) -> np.ndarray:
    inside = np.zeros((window.rows, window.cols), np.uint8)
    burn([ground.area], window, ground.grid, value=1, out=inside)
    if not inside.any():
        return inside.astype(bool)
    searchable: np.ndarray = mosaic.valid(window) & (inside == 1)
    return searchable


def _tile_row(window: Window, ground: Ground, valid_px: int) -> dict[str, Any]:
    square = shapely.box(*ground.grid.bounds(window))
    share = valid_px / (window.rows * window.cols)
    valid_m2 = measure(square, ground.grid.crs).area_m2 * share
    return {"valid_px": valid_px, "valid_m2": valid_m2, "geom": shapely.to_wkb(square)}


def _settle_scaling(project: Project, ground: Ground) -> None:
    with reading(project) as connection:
        if facts.read_fact(connection, "scaling") is not None:
            return
    core_px = project.settings.grid.core_px
    windows = [
        Window(row * core_px, col * core_px, core_px, core_px)
        for row, col in tiles_over(ground.extent, core_px)
    ]
    with Mosaic(ground.scenes, ground.grid, ground.bands) as mosaic:
        scaling = measure_scaling(mosaic, windows, rule=project.settings.imagery.scaling)
    text = "|".join(",".join(map(repr, side)) for side in (scaling.low, scaling.high))
    with writing(project, "record the scaling") as connection:
        facts.settle_fact(connection, "scaling", text)


def _tiling(project: Project, *, added: int) -> Tiling:
    with reading(project) as connection:
        found = connection.execute(
            "SELECT grid_row, grid_col, valid_px / (core_px * core_px), valid_m2 FROM tile "
            "ORDER BY grid_row, grid_col"
        ).fetchall()
    cells = tuple((int(row), int(col), float(share)) for row, col, share, _ in found)
    return Tiling(added, len(cells), sum(row[3] for row in found) / 1e6, cells)
