"""An input that is taken back is used nowhere; what depended on it is told before, and follows."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from desk import (
    CRS,
    LEFT,
    PIXEL_M,
    SIDE,
    TOP,
    add_model,
    catch_up_with,
    geojson,
    scene_file,
    search,
    square,
    write_settings,
)

from rtsproj.domain.decisions import Verdict
from rtsproj.domain.labels import Polarity
from rtsproj.domain.scenes import Role
from rtsproj.errors import NeedsError, UsageError
from rtsproj.imagery.rasters import Placement, write_geotiff
from rtsproj.store import labels
from rtsproj.store.database import rows
from rtsproj.workflow.area_map import read_layers
from rtsproj.workflow.candidates import list_candidates
from rtsproj.workflow.create import init_project
from rtsproj.workflow.decide import Word, decide
from rtsproj.workflow.inputs import InputKind, list_inputs
from rtsproj.workflow.pictures import picture_source
from rtsproj.workflow.project import Project, reading, writing
from rtsproj.workflow.removal import preview_removal, remove_input
from rtsproj.workflow.scenes import SceneChoice, add_scenes, list_scenes
from rtsproj.workflow.sources import VectorChoice, add_area, add_labels, add_terrain
from rtsproj.workflow.stages import latest
from rtsproj.workflow.status import status
from rtsproj.workflow.tiles import lay_tiles

CORE = 32


def query(project: Project, text: str) -> list[dict[str, object]]:
    with reading(project) as connection:
        return rows(connection, text)


def east(path: Path, *, left: float, value: int = 900) -> Path:
    """A scene of 64 x 192 px whose left edge lies ``left`` px east of the first one's."""
    values = np.full((4, SIDE, 64), value, np.uint16)
    file = path / f"20190716_{value}_3B_AnalyticMS_SR.tif"
    write_geotiff(file, values, Placement(CRS, LEFT + left * PIXEL_M, TOP, PIXEL_M), nodata=0)
    return file


@pytest.fixture
def tiled(tmp_path: Path) -> Project:
    """Two map scenes side by side on a grid of 32 px: 36 tiles of the first, 12 of the second."""
    project = init_project(tmp_path / "tiled", title="tiled")
    grid = replace(project.settings.grid, core_px=CORE)
    write_settings(project, replace(project.settings, grid=grid))
    add_scenes(project, [scene_file(tmp_path), east(tmp_path, left=SIDE)], SceneChoice(), by="ann")
    lay_tiles(project)
    return project


def test_a_removed_scene_takes_its_tiles_out_of_use_and_they_come_back_with_it(
    tiled: Project, tmp_path: Path
) -> None:
    told = preview_removal(tiled, InputKind.SCENE, 2)
    assert (told.tiles, told.tiles_without_imagery) == (12, 12)
    assert status(tiled).counts["tiles"] == 48  # a preview changes nothing
    # WHEN the second scene is removed
    done = remove_input(tiled, InputKind.SCENE, 2, by="eva")
    # THEN its tiles are used by nothing, its row stays with day and name
    assert (done.tiles_before, done.tiles) == (48, 36)
    now = status(tiled)
    assert (now.counts["tiles"], now.counts["scenes"]) == (36, 1)
    assert lay_tiles(tiled).tiles == 36
    layers = read_layers(tiled)
    assert layers.tiles is not None
    assert (layers.tiles.states >= 0).sum() == 36
    (row,) = query(tiled, "SELECT withdrawn_by, withdrawn_at FROM scene WHERE scene_id = 2")
    assert row["withdrawn_by"] == "eva"
    assert row["withdrawn_at"] is not None
    assert [one.scene_id for one in list_scenes(tiled)] == [1]
    # AND the same tiles are in use again when the image is added again
    add_scenes(tiled, [tmp_path / "20190716_900_3B_AnalyticMS_SR.tif"], SceneChoice(), by="ann")
    assert (lay_tiles(tiled).added, status(tiled).counts["tiles"]) == (12, 48)
    assert len(query(tiled, "FROM tile")) == 48


def test_a_scene_below_another_one_leaves_every_tile_in_use(tiled: Project, tmp_path: Path) -> None:
    add_scenes(tiled, [east(tmp_path, left=SIDE, value=901)], SceneChoice(), by="ann")
    told = preview_removal(tiled, InputKind.SCENE, 3)
    assert (told.tiles, told.tiles_without_imagery) == (12, 0)
    assert remove_input(tiled, InputKind.SCENE, 3, by="ann").tiles == 48


def test_the_only_scene_may_be_added_anew_with_other_bands(tmp_path: Path) -> None:
    project = init_project(tmp_path / "project", title="first")
    file = scene_file(tmp_path)
    wrong = ("red", "green", "blue", "nir")
    add_scenes(project, [file], SceneChoice(bands=wrong), by="ann")
    lay_tiles(project)
    remove_input(project, InputKind.SCENE, 1, by="ann")
    with pytest.raises(NeedsError, match="no map scene"):
        lay_tiles(project)
    with pytest.raises(NeedsError, match="no map scene"):
        picture_source(project)
    with pytest.raises(NeedsError, match="no map scene"):
        read_layers(project)
    assert status(project).counts["tiles"] == 0
    right = ("blue", "green", "red", "nir")
    add_scenes(project, [file], SceneChoice(bands=right), by="ann")
    facts = {r["key"]: r["value"] for r in query(project, "FROM project_fact")}
    assert facts["bands"] == "blue,green,red,nir"
    assert lay_tiles(project).tiles > 0


def test_a_removed_history_scene_is_in_no_picture(project: Project, tmp_path: Path) -> None:
    old = scene_file(tmp_path, year=2016)
    add_scenes(project, [old], SceneChoice(role=Role.HISTORY), by="ann")
    assert len(picture_source(project).imagery.epochs) == 2
    remove_input(project, InputKind.SCENE, 2, by="ann")
    assert len(picture_source(project).imagery.epochs) == 1


def test_a_removed_area_gives_back_the_tiles_of_all_images(tiled: Project, tmp_path: Path) -> None:
    area = geojson(tmp_path / "area.geojson", [square(0, 0, 64)])
    add_area(tiled, area, VectorChoice(), by="ann")
    assert lay_tiles(tiled).tiles == 4
    (one,) = list_inputs(tiled, InputKind.AREA)
    assert one.area_m2 == pytest.approx((64 * PIXEL_M) ** 2, rel=0.01)
    assert preview_removal(tiled, InputKind.AREA, one.id).tiles == 4
    assert remove_input(tiled, InputKind.AREA, one.id, by="ann").tiles == 48
    assert list_inputs(tiled, InputKind.AREA) == ()


def test_removed_lines_leave_no_distance_anywhere(project: Project) -> None:
    search(project, [square(60, 60, 10)])
    (road,) = list_inputs(project, InputKind.LINE)
    assert (road.detail, road.features) == ("road", 1)
    told = preview_removal(project, InputKind.LINE, road.id)
    assert told.distances == 3  # two slumps and a candidate
    remove_input(project, InputKind.LINE, road.id, by="ann")
    assert status(project).counts["lines"] == 0
    assert not query(project, "FROM proximity")
    assert {r["nearest_m"] for r in query(project, "FROM inventory")} == {None}


def test_removed_terrain_shades_no_picture(project: Project, tmp_path: Path) -> None:
    heights = np.zeros((1, 40, 40), np.float32)
    file = tmp_path / "dem.tif"
    write_geotiff(file, heights, Placement(CRS, LEFT, TOP, PIXEL_M), nodata=-9999.0)
    add_terrain(project, file, by="ann")
    (one,) = list_inputs(project, InputKind.TERRAIN)
    assert len(picture_source(project).terrain) == 1
    remove_input(project, InputKind.TERRAIN, one.id, by="ann")
    assert picture_source(project).terrain == ()


def training_set(project: Project, iteration: int) -> set[tuple[str, str]]:
    with writing(project, "sync") as connection:
        labels.sync_labels(connection, iteration, by="ann")
        found = labels.training_labels(connection, iteration)
    return {(one.polarity.value, one.origin) for one in found}


def test_removed_labels_leave_inventory_and_training_but_no_decision_is_touched(
    project: Project,
) -> None:
    """Seed 1 is found again, much larger, and accepted; seed 2 is only matched."""
    search(project, [square(20, 20, 34), square(100, 20, 10), square(60, 60, 10)])
    found = list_candidates(project)
    assert [one.lineage for one in found] == ["partial", "same", "fresh"]
    decide(project, 1, Word(Verdict.ACCEPT), analyst="ann")
    decide(project, 3, Word(Verdict.REJECT, "barren"), analyst="ann")
    before = query(project, "FROM decision")
    told = preview_removal(project, InputKind.LABEL, 1)
    assert (told.labels, told.slumps, told.slumps_removed) == (2, 2, 1)
    assert (told.candidates, told.decided) == (2, 1)
    # WHEN the label file is removed
    done = remove_input(project, InputKind.LABEL, 1, by="eva")
    # THEN only the slump that no decision supports leaves the inventory
    assert [r["slump_id"] for r in query(project, "FROM inventory ORDER BY slump_id")] == [1]
    assert query(project, "FROM decision") == before
    # AND the candidate that its seed had answered for is asked
    assert done.asked_again == 1
    assert [(one.status, one.lineage) for one in list_candidates(project)] == [
        ("accept", "partial"),
        ("open", "fresh"),
        ("reject", "fresh"),
    ]
    assert latest(project)["stage"] == "triage"
    # AND the training of the next iteration uses what is left
    assert training_set(project, 2) == {
        ("positive", "accepted"),
        ("negative", "rejected"),
        ("ignore", "open"),
    }
    assert list_inputs(project, InputKind.LABEL) == ()


def test_a_slump_leaves_when_its_last_support_is_undone(project: Project) -> None:
    search(project, [square(20, 20, 26)])
    decide(project, 1, Word(Verdict.ACCEPT), analyst="ann")
    remove_input(project, InputKind.LABEL, 1, by="ann")
    assert [r["slump_id"] for r in query(project, "FROM inventory")] == [1]
    decide(project, 1, Word(Verdict.REJECT, "barren"), analyst="ann")
    assert query(project, "FROM inventory") == []


def test_labels_removed_before_training_are_not_in_it(project: Project, tmp_path: Path) -> None:
    assert latest(project)["stage"] == "train"
    ponds = geojson(tmp_path / "ponds.geojson", [square(60, 60, 10)])
    add_labels(project, ponds, VectorChoice(), polarity=Polarity.NEGATIVE, by="ann")
    assert training_set(project, 1) == {("positive", "seed"), ("negative", "given")}
    (_, negative) = list_inputs(project, InputKind.LABEL)
    assert (negative.detail, preview_removal(project, InputKind.LABEL, negative.id).labels) == (
        "negative",
        1,
    )
    remove_input(project, InputKind.LABEL, negative.id, by="ann")
    assert training_set(project, 1) == {("positive", "seed")}
    assert (latest(project)["positives"], latest(project)["negatives"]) == (2, 0)
    remove_input(project, InputKind.LABEL, 1, by="ann")
    now = status(project)
    assert (now.stage, now.counts["labels"], now.counts["slumps"]) == ("setup", 0, 0)
    assert "add known slumps" in now.blocked_by[0]
    # AND the same file can be added again
    add_labels(
        project, tmp_path / "seeds.geojson", VectorChoice(), polarity=Polarity.POSITIVE, by="ann"
    )
    assert status(project).stage == "train"


def test_a_trained_iteration_keeps_its_labels_in_its_record(project: Project) -> None:
    add_model(project)
    remove_input(project, InputKind.LABEL, 1, by="ann")
    assert latest(project)["positives"] == 2
    assert training_set(project, 1) == set()  # a second training of it does without them


def test_an_unknown_input_is_refused(project: Project) -> None:
    with pytest.raises(UsageError, match="no line 99 is in use"):
        preview_removal(project, InputKind.LINE, 99)
    remove_input(project, InputKind.LINE, 2, by="ann")
    with pytest.raises(UsageError, match="no line 2 is in use"):
        remove_input(project, InputKind.LINE, 2, by="ann")


def test_candidates_of_the_next_search_do_not_know_a_removed_seed(project: Project) -> None:
    add_model(project)
    remove_input(project, InputKind.LABEL, 1, by="ann")
    catch_up_with(project, [square(100, 20, 10)])
    (one,) = list_candidates(project)
    assert (one.lineage, one.relation, one.slump_id) == ("fresh", "new", None)
