"""Lay the tile grid: exactly the squares that hold valid pixels of the area."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from rtsproj.domain.grid import ProjectGrid, Window
from rtsproj.domain.requests import ImagerySource, Scaling
from rtsproj.domain.scenes import Role, SceneSpec, reading_order
from rtsproj.errors import NeedsError
from rtsproj.geometry.grid import tiles_over, window_of
from rtsproj.geometry.measures import Geometries, measure_all
from rtsproj.imagery.mosaic import Mosaic
from rtsproj.imagery.scaling import measure_scaling
from rtsproj.imagery.shapes import AreaMask
from rtsproj.store import facts, scenes, sources, tiles
from rtsproj.store.bulk import Spool, hexadecimal
from rtsproj.store.database import Connection
from rtsproj.workflow.project import Progress, Project, reading, writing
from rtsproj.workflow.scenes import grid_of, no_map_scene, require_unchanged

Ints = npt.NDArray[np.int64]
BLOCK = 5_000
"""Squares that are looked at together."""


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


@dataclass(frozen=True, slots=True)
class _Block:
    """Squares (n, 2) that are read together; ``first`` and ``of`` say where among all."""

    squares: Ints
    first: int
    of: int
    core_px: int


def read_ground(
    project: Project, *, without_scene: int | None = None, without_area: bool = False
) -> Ground:
    """Collect what searching and training read.

    Args:
        project: the project.
        without_scene: a scene that is left out, as if it were removed.
        without_area: True = as if no area were set.

    Raises:
        NeedsError: there is no map scene, or the area meets none.
    """
    with reading(project) as connection:
        values = facts.read_facts(connection)
        found = scenes.scene_specs(connection, Role.MAP)
        feet = scenes.footprints(connection)
        given = () if without_area else sources.read_area(connection)
    specs = reading_order(one for one in found if one.scene_id != without_scene)
    if not specs:
        raise no_map_scene()
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
    """Bring the tiles in line with area and images: add what is missing, withdraw what is gone.

    Raises:
        UsageError: project.toml is not accepted, or a scene has changed.
    """
    return change_tiles(project, read_ground(project), lambda _: None, progress=progress)


def change_tiles(
    project: Project,
    ground: Ground,
    change: Callable[[Connection], None],
    *,
    progress: Progress | None = None,
) -> Tiling:
    """Apply a change of the inputs, and the tiles that follow from it, in one transaction.

    Args:
        project: the project.
        ground: what is left to search once the change is made.
        change: writes the change.
        progress: called per square while the images are read, before the transaction.

    Raises:
        UsageError: project.toml is not accepted, or a scene has changed.
    """
    core_px = project.settings_file.require().grid.core_px
    require_unchanged(ground.scenes)
    shapely.prepare(ground.area)
    squares = _squares(ground, core_px)
    with Spool() as spool:
        with Mosaic(ground.scenes, ground.grid, ground.bands) as mosaic:
            for start in range(0, max(1, len(squares)), BLOCK):
                block = _Block(squares[start : start + BLOCK], start, len(squares), core_px)
                spool.add("tile", tiles.LAID, _laid(block, ground, mosaic, progress))
        _settle_scaling(project, ground)
        with writing(project, "lay tiles") as connection:
            change(connection)
            added = tiles.take_in(connection, spool)
    return _tiling(project, added=added)


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


def _squares(ground: Ground, core_px: int) -> Ints:
    """(row, col) of every square of the grid that the area reaches, row by row; (n, 2)."""
    extent = ground.extent
    rows, cols = (
        range(start // core_px, -(-(start + size) // core_px))
        for start, size in ((extent.row, extent.rows), (extent.col, extent.cols))
    )
    met = [np.zeros((0, 2), np.int64)]
    for start in range(0, len(rows) * len(cols), BLOCK):
        row, col = np.divmod(np.arange(start, min(start + BLOCK, len(rows) * len(cols))), len(cols))
        at = np.column_stack((row + rows.start, col + cols.start))
        met.append(at[shapely.intersects(ground.area, square_boxes(at, ground.grid, core_px))])
    return np.concatenate(met)


def square_boxes(at: Ints, grid: ProjectGrid, core_px: int) -> Geometries:
    """Squares of the grid as geometries of the project CRS.

    Args:
        at: (n, 2), row and column of each.
        grid: the project grid.
        core_px: px, side of a square.
    """
    left = grid.origin_x + at[:, 1] * core_px * grid.pixel_m
    top = grid.origin_y - at[:, 0] * core_px * grid.pixel_m
    side_m = core_px * grid.pixel_m
    boxes: Geometries = shapely.box(left, top - side_m, left + side_m, top)
    return boxes


def _laid(
    block: _Block, ground: Ground, mosaic: Mosaic, progress: Progress | None
) -> dict[str, npt.NDArray[Any]]:
    """Columns of the squares that hold valid pixels; others are left out."""
    core_px = block.core_px
    boxes = square_boxes(block.squares, ground.grid, core_px)
    area = AreaMask(ground.area, ground.grid)
    valid_px = np.zeros(len(boxes), np.int64)
    for number, (row, col) in enumerate(block.squares.tolist()):
        if progress:
            progress(block.first + number, block.of, "tiles")
        window = Window(row * core_px, col * core_px, core_px, core_px)
        inside = area.of(window)
        if inside.any():
            valid_px[number] = np.count_nonzero(mosaic.valid(window) & inside)
    held = valid_px > 0
    share = valid_px[held] / core_px**2
    return {
        "grid_row": block.squares[held, 0],
        "grid_col": block.squares[held, 1],
        "core_px": np.full(len(share), core_px),
        "valid_px": valid_px[held],
        "valid_m2": measure_all(boxes[held], ground.grid.crs).area_m2 * share,
        "geom": hexadecimal(shapely.to_wkb(boxes[held])),
    }


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
            "WHERE withdrawn_at IS NULL ORDER BY grid_row, grid_col"
        ).fetchall()
    cells = tuple((int(row), int(col), float(share)) for row, col, share, _ in found)
    return Tiling(added, len(cells), sum(row[3] for row in found) / 1e6, cells)
