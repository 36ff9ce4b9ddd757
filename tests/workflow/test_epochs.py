"""Every scene is in a picture, and pictures of one year can be told apart."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import shapely
from desk import CRS, LEFT, PIXEL_M, TOP, search, square
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import box

from rtsproj.domain.scenes import Role, SceneSpec
from rtsproj.domain.views import Frame, Look
from rtsproj.imagery.rasters import Placement, write_geotiff
from rtsproj.tui.gateway.pictures import Pictures
from rtsproj.tui.pictures.view import View
from rtsproj.workflow.candidates import show_candidate
from rtsproj.workflow.epochs import epochs_of
from rtsproj.workflow.inputs import InputKind
from rtsproj.workflow.pictures import write_picture
from rtsproj.workflow.project import Project
from rtsproj.workflow.removal import remove_input
from rtsproj.workflow.scenes import SceneChoice, add_scenes

ANY_SCENE = SceneSpec(
    scene_id=0,
    path="x.tif",
    role=Role.HISTORY,
    acquired=date(2019, 7, 1),
    bands=("red", "green", "blue"),
    dtype="uint8",
    nodata=None,
    mask_path=None,
    clear_share=1.0,
    fingerprint="",
)
MAP = replace(ANY_SCENE, role=Role.MAP)


def feet(*lefts: float) -> dict[int, bytes]:
    """Footprints 100 m wide, by scene id from 1."""
    return {n: shapely.to_wkb(box(x, 0, x + 100, 100)) for n, x in enumerate(lefts, start=1)}


def of(spec: SceneSpec, number: int, day: str) -> SceneSpec:
    return replace(spec, scene_id=number, acquired=date.fromisoformat(day), path=f"{number}.tif")


def test_neighbours_make_one_picture_and_a_second_acquisition_another() -> None:
    specs = [
        of(MAP, 1, "2019-07-15"),
        of(ANY_SCENE, 2, "2016-07-01"),
        of(ANY_SCENE, 3, "2016-07-01"),
        of(ANY_SCENE, 4, "2016-09-01"),
    ]
    found = epochs_of(specs, feet(0, 0, 80, 10), dict.fromkeys(range(1, 5), "Landsat"))
    # reading order prefers the newer day: 4 comes first and leaves room for 3, not for 2
    assert [[one.scene_id for one in epoch.scenes] for epoch in found] == [[2], [4, 3], [1]]
    assert [one.is_searched for one in found] == [False, False, True]
    assert found[-1].label == "2019"


def test_a_history_scene_of_the_map_year_is_told_apart_by_day_and_sensor() -> None:
    specs = [of(MAP, 1, "2019-07-15"), of(ANY_SCENE, 2, "2019-08-20")]
    found = epochs_of(specs, feet(0, 0), {1: "Sentinel-2", 2: "Landsat"})
    assert [one.label for one in found] == ["2019-07-15 Sentinel-2", "2019-08-20 Landsat"]
    assert [one.is_searched for one in found] == [True, False]


def test_a_map_scene_below_another_has_its_own_picture() -> None:
    specs = [of(MAP, 1, "2019-07-15"), of(MAP, 2, "2018-07-15"), of(MAP, 3, "2019-07-15")]
    found = epochs_of(specs, feet(0, 0, 100), dict.fromkeys((1, 2, 3), ""))
    assert [[one.scene_id for one in epoch.scenes] for epoch in found] == [[2], [1, 3, 2]]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(Role),
            st.integers(0, 40),
            st.sampled_from(["", "Landsat", "Sentinel-2"]),
            st.integers(0, 300),
        ),
        max_size=12,
    )
)
def test_every_scene_is_in_a_picture_and_no_two_have_one_name(
    given_scenes: list[tuple[Role, int, str, int]],
) -> None:
    drawn = [(Role.MAP, 0, "", 0), *given_scenes]
    specs = [
        replace(of(ANY_SCENE, n, f"20{10 + month // 12}-{1 + month % 12:02}-01"), role=role)
        for n, (role, month, _, _) in enumerate(drawn, start=1)
    ]
    sensors = {n: sensor for n, (_, _, sensor, _) in enumerate(drawn, start=1)}
    found = epochs_of(specs, feet(*(left for _, _, _, left in drawn)), sensors)
    assert {one for epoch in found for one in epoch.scenes} == set(specs)
    assert len({one.label for one in found}) == len(found)
    assert [one.is_searched for one in found].count(True) == 1
    assert [one.year for one in found] == sorted(one.year for one in found)


def landsat(path: Path) -> Path:
    values = np.full((4, 64, 64), 700, np.uint16)
    file = path / "LC08_L2SP_20190820_SR.tif"
    write_geotiff(file, values, Placement(CRS, LEFT, TOP, 3 * PIXEL_M), nodata=0)
    return file


def test_a_history_scene_added_in_a_session_is_in_its_pictures(
    project: Project, tmp_path: Path
) -> None:
    search(project, [square(60, 60, 10)])
    door = Pictures(project)
    assert [one.title for one in door.sheet(1).views] == ["2019-07-15 · searched"]
    # WHEN somebody adds a scene of another sensor and of the same year
    added = add_scenes(project, [landsat(tmp_path)], SceneChoice(role=Role.HISTORY), by="bob")
    # THEN the open session shows it, told apart by day and sensor
    sheet = door.sheet(1)
    assert [one.title for one in sheet.views] == [
        "2019-07-15 · PlanetScope · searched",
        "2019-08-20 · Landsat",
    ]
    assert sheet.newest == 0
    assert [one.name(8) for one in sheet.views] == ["07-15 PS", "08-20 LS"]
    assert door.ready(1, Frame(), Look()) is sheet
    path = tmp_path / "evidence.png"
    write_picture(project, show_candidate(project, 1), path)
    assert path.stat().st_size > 0
    # AND a removed one is gone from it
    remove_input(project, InputKind.SCENE, added[0].scene_id, by="bob")
    assert [one.title for one in door.sheet(1).views] == ["2019-07-15 · searched"]


def test_a_name_is_the_year_where_nothing_else_is_of_that_year() -> None:
    view = View(2016, None, "", np.zeros((1, 1, 3), np.uint8), (), 1.0)
    assert (view.name(8), view.name(20)) == ("2016", "2016")
