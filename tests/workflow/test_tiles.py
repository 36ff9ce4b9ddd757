"""The tiles are the squares that hold valid pixels of the area, each counted pixel by pixel."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from desk import CRS, LEFT, PIXEL_M, SIDE, TOP, geojson, square, write_settings
from one_by_one import measure
from shapely.affinity import rotate

from rtsproj.imagery.rasters import Placement, write_geotiff
from rtsproj.store.database import rows
from rtsproj.workflow.create import init_project
from rtsproj.workflow.project import Project, reading
from rtsproj.workflow.scenes import SceneChoice, add_scenes
from rtsproj.workflow.sources import VectorChoice, add_area
from rtsproj.workflow.tiles import lay_tiles

CORE = 32
TABLE = """
SELECT grid_row, grid_col, valid_px, valid_m2, tile_id, ST_AsWKB(geom) AS wkb FROM tile
ORDER BY grid_row, grid_col
"""
AREA = rotate(square(30, 40, 110), 17).difference(square(70, 80, 40))
WIDER = square(4, 4, 180)


def expected(clear: np.ndarray, area: shapely.Geometry) -> dict[tuple[int, int], int]:
    """Valid pixels of each square: their centre lies in the area."""
    col, row = np.meshgrid(np.arange(SIDE), np.arange(SIDE))
    x, y = LEFT + (col + 0.5) * PIXEL_M, TOP - (row + 0.5) * PIXEL_M
    valid = clear & shapely.contains_xy(area, x, y)
    counted = valid.reshape(SIDE // CORE, CORE, SIDE // CORE, CORE).sum(axis=(1, 3))
    return {(int(r), int(c)): int(counted[r, c]) for r, c in zip(*np.nonzero(counted), strict=True)}


def laid(project: Project) -> dict[tuple[int, int], int]:
    """Valid pixels of each tile; its area and square are checked on the way."""
    with reading(project) as connection:
        found = rows(connection, TABLE)
    assert sorted(row["tile_id"] for row in found) == list(range(1, len(found) + 1))
    for row in found:
        box = square(row["grid_col"] * CORE, row["grid_row"] * CORE, CORE)
        assert shapely.from_wkb(bytes(row["wkb"])) == box
        assert row["valid_m2"] == measure(box, CRS)[0] * (row["valid_px"] / CORE**2)
    return {(row["grid_row"], row["grid_col"]): row["valid_px"] for row in found}


@pytest.fixture
def clear() -> np.ndarray:
    """Where the scene has a valid pixel: not in a corner, not in one whole tile."""
    col, row = np.meshgrid(np.arange(SIDE), np.arange(SIDE))
    clear: np.ndarray = col + row > 90
    clear[128:160, 64:96] = False
    return clear


def test_tiles_of_an_area_with_a_hole_and_of_a_wider_one(tmp_path: Path, clear: np.ndarray) -> None:
    values = np.where(clear, np.arange(SIDE) + 500, 0).astype(np.uint16)
    file = tmp_path / "20190715_042310_1032_3B_AnalyticMS_SR.tif"
    write_geotiff(file, np.stack([values] * 4), Placement(CRS, LEFT, TOP, PIXEL_M), nodata=0)
    project = init_project(tmp_path / "project", title="tiles")
    grid = replace(project.settings.grid, core_px=CORE)
    write_settings(project, replace(project.settings, grid=grid))
    add_scenes(project, [file], SceneChoice(), by="ann")
    add_area(project, geojson(tmp_path / "area.geojson", [AREA]), VectorChoice(), by="ann")
    told: list[int] = []
    # WHEN the grid is laid over an area with a hole
    tiling = lay_tiles(project, progress=lambda done, of, _: told.append(of - done))
    # THEN it holds exactly the squares with valid pixels
    first = expected(clear, AREA)
    assert laid(project) == first
    assert (tiling.added, tiling.tiles) == (len(first), len(first))
    assert told == list(range(len(told), 0, -1))
    # AND again nothing is added
    assert lay_tiles(project).added == 0
    # AND a wider area adds what it brings and counts the others anew
    add_area(project, geojson(tmp_path / "wider.geojson", [WIDER]), VectorChoice(), by="ann")
    wider = expected(clear, WIDER)
    assert lay_tiles(project).added == len(set(wider) - set(first))
    assert laid(project) == {**first, **wider}
