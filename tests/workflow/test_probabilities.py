"""Outlines that grow from a point out of the probabilities that a search has kept."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from desk import LEFT, PIXEL_M, TOP, catch_up_with, scene_file, search, square, write_settings

from rtsproj.domain.grid import ProjectGrid, Window
from rtsproj.errors import NeedsError, UsageError
from rtsproj.imagery.probability import NO_PIXEL, probability_bytes
from rtsproj.store.database import rows, scalar
from rtsproj.workflow import probabilities
from rtsproj.workflow.create import init_project
from rtsproj.workflow.drawing import GROWN, Drawing, draw_slump
from rtsproj.workflow.probabilities import grow_outline
from rtsproj.workflow.project import Project, reading
from rtsproj.workflow.scenes import SceneChoice, add_scenes
from rtsproj.workflow.tiles import lay_tiles


def place(col: float, row: float) -> tuple[float, float]:
    return LEFT + col * PIXEL_M, TOP - row * PIXEL_M


def write_cone(
    project: Project, centre: tuple[int, int], radius: float, *, without: Sequence[int] = ()
) -> int:
    """A cone of probabilities over all tiles of the newest search; returns their number."""
    with reading(project) as connection:
        query = "SELECT folder FROM job WHERE verb = 'infer' ORDER BY job_id DESC LIMIT 1"
        folder = scalar(connection, query)
        found = rows(connection, "SELECT tile_id, grid_row, grid_col, core_px FROM tile")
    target = project.folder / folder / "outputs" / "tiles"
    target.mkdir(parents=True, exist_ok=True)
    grid = ProjectGrid("EPSG:32646", PIXEL_M, LEFT, TOP)
    for tile in found:
        side = tile["core_px"]
        top, left = tile["grid_row"] * side, tile["grid_col"] * side
        row, col = np.mgrid[top : top + side, left : left + side] + 0.5
        share = np.clip(1 - np.hypot(row - centre[1], col - centre[0]) / radius, 0, 1)
        values = (254 * share).astype(np.uint8)
        values[(row > 192) | (col > 192)] = NO_PIXEL
        if tile["tile_id"] not in without:
            data = probability_bytes(values, Window(top, left, side, side), grid)
            (target / f"{tile['tile_id']}.tif").write_bytes(data)
    return len(found)


@pytest.fixture
def searched(tmp_path: Path) -> Project:
    """36 tiles of 32 px, searched."""
    project = init_project(tmp_path / "tiled", title="tiled")
    grid = replace(project.settings.grid, core_px=32)
    write_settings(project, replace(project.settings, grid=grid))
    add_scenes(project, [scene_file(tmp_path)], SceneChoice(), by="ann")
    lay_tiles(project)
    search(project, [square(60, 80, 15)])
    return project


@pytest.mark.parametrize("cut", [0.3, 0.5, 0.8])
def test_a_lower_cut_grows_farther(searched: Project, cut: float) -> None:
    assert write_cone(searched, (100, 100), 40) == 36  # the outline crosses edges of tiles
    found = grow_outline(searched, place(100.5, 100.5), cut)
    assert found.is_valid
    radius_m = 40 * (1 - cut) * PIXEL_M
    assert found.area == pytest.approx(math.pi * radius_m**2, rel=0.1)
    saved = draw_slump(searched, found, Drawing("ann", geom_source=GROWN))
    with reading(searched) as connection:
        query = "SELECT geom_source FROM inventory WHERE slump_id = ?"
        assert scalar(connection, query, [saved.slump_id]) == "model_edited"


def test_only_what_hangs_together_with_the_point_grows(searched: Project) -> None:
    write_cone(searched, (100, 100), 40)
    with pytest.raises(UsageError, match=r"the probability here is 0\.2\d, the cut is 0\.5"):
        grow_outline(searched, place(130, 100), 0.5)


def test_it_is_said_where_no_probability_was_kept(searched: Project) -> None:
    with pytest.raises(NeedsError, match="has kept no probability at this place"):
        grow_outline(searched, place(100, 100), 0.5)
    write_cone(searched, (100, 100), 40)
    for outside in (place(-40, 100), place(100, 5000)):
        with pytest.raises(NeedsError, match="has kept no probability at this place"):
            grow_outline(searched, outside, 0.5)


def test_the_window_widens_until_the_outline_ends_inside(
    searched: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_cone(searched, (100, 100), 60)
    whole = grow_outline(searched, place(100, 100), 0.3)
    monkeypatch.setattr(probabilities, "REACH_PX", 8)
    assert grow_outline(searched, place(100, 100), 0.3).equals(whole)
    monkeypatch.setattr(probabilities, "MOST_REACH_PX", 16)
    with pytest.raises(UsageError, match="reaches further than 48 m"):
        grow_outline(searched, place(100, 100), 0.3)


def test_an_earlier_search_does_not_stand_in_for_the_newest(searched: Project) -> None:
    write_cone(searched, (100, 100), 40)
    before = grow_outline(searched, place(100, 100), 0.5)
    catch_up_with(searched, [])  # its model saw nothing here: no tile was kept
    with pytest.raises(NeedsError, match="the newest search has kept no probability"):
        grow_outline(searched, place(100, 100), 0.5)
    write_cone(searched, (100, 100), 20)
    assert grow_outline(searched, place(100, 100), 0.5).area < before.area / 2


def test_a_tile_without_probabilities_ends_the_outline(searched: Project) -> None:
    with reading(searched) as connection:
        gone = rows(connection, "SELECT tile_id FROM tile WHERE grid_row = 2 AND grid_col = 3")
    write_cone(searched, (100, 100), 40, without=[gone[0]["tile_id"]])
    found = grow_outline(searched, place(100, 100), 0.5)
    left, bottom, _, _ = square(96, 64, 32).bounds
    inside = found.intersection(shapely.box(left, bottom, left + 96, bottom + 96))
    assert inside.area < PIXEL_M**2  # corners are cut by half a pixel
    assert found.area > 100 * PIXEL_M**2
