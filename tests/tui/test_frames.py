"""Frames and looks of a real small project, and what the door keeps of them."""

import threading
from pathlib import Path

import numpy as np
import pytest
from desk import CRS, LEFT, PIXEL_M, SIDE, TOP, scene_file, search, square

from rtsproj.domain.candidates import Status
from rtsproj.domain.scenes import Role
from rtsproj.domain.views import MOST_STEPS, Bands, Frame, Look, Stretch
from rtsproj.imagery.rasters import Placement, write_geotiff
from rtsproj.tui.gateway.pictures import KEPT, Memory, Pictures
from rtsproj.tui.pictures.view import Cut, Line
from rtsproj.workflow import decide
from rtsproj.workflow import pictures as reading
from rtsproj.workflow.candidates import CandidateRow, list_candidates, show_candidate
from rtsproj.workflow.pictures import picture_source
from rtsproj.workflow.project import Project
from rtsproj.workflow.scenes import SceneChoice, add_scenes
from rtsproj.workflow.sources import add_terrain

SHAPES = [square(60, 80, 15), square(80, 82, 12), square(150, 30, 12)]
BOX = (0.0, 0.0, 100.0, 50.0)


@pytest.fixture
def found(project: Project) -> Project:
    search(project, SHAPES)
    return project


def queue(project: Project) -> tuple[CandidateRow, ...]:
    return list_candidates(project, status=Status.OPEN)


def candidate(project: Project) -> int:
    rows = queue(project)
    here = [
        r.candidate_id
        for r in rows
        if show_candidate(project, r.candidate_id).outline.equals(SHAPES[0])
    ]
    return here[0]


def older_year(project: Project, path: Path) -> None:
    add_scenes(project, [scene_file(path, year=2017)], SceneChoice(role=Role.HISTORY), by="ann")


def terrain(project: Project, path: Path) -> None:
    down, across = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    file = path / "dem.tif"
    write_geotiff(file, (down + across)[None], Placement(CRS, LEFT, TOP, PIXEL_M), nodata=-9999.0)
    add_terrain(project, file, by="ann")


@pytest.mark.parametrize(
    ("frame", "side_m"),
    [
        (Frame(), 300.0),
        (Frame(is_wide=True), 1500.0),
        (Frame(zoom=2), 600.0),
        (Frame(zoom=-2), 150.0),
        (Frame().zoomed(99), 300.0 * 2 ** (MOST_STEPS / 2)),
    ],
)
def test_a_frame_is_a_square_round_the_box(frame: Frame, side_m: float) -> None:
    left, bottom, right, top = frame.bounds(BOX)
    assert right - left == top - bottom == pytest.approx(side_m)
    assert ((left + right) / 2, (bottom + top) / 2) == (50.0, 25.0)


def test_panning_moves_by_a_quarter_and_toggling_comes_back_to_the_outline() -> None:
    moved = Frame().panned(1, -2, width_m=200.0)
    assert (moved.east_m, moved.north_m) == (50.0, -100.0)
    assert moved.is_own
    assert not moved.toggled().is_own
    assert moved.toggled().toggled() == Frame()
    assert Look().stretched().stretched().stretched() == Look()


def test_a_small_outline_is_seen_with_250_m_round_it() -> None:
    assert Frame().side_m((0, 0, 10, 10)) == 250.0


def test_a_project_of_one_year_shows_what_it_has_and_says_what_it_lacks(found: Project) -> None:
    door = Pictures(found)
    sheet = door.sheet(candidate(found))
    [view] = sheet.views
    assert (view.year, view.day, view.is_searched) == (2019, "2019-07-15", True)
    assert sheet.newest == 0
    assert door.offered()[Bands.DIFFERENCE] == "there is one year only"
    assert door.offered()[Bands.HILLSHADE] == "no terrain was added"
    look, why = door.next_look(Look(Bands.NDVI))
    assert look.bands is Bands.COLOUR
    assert "no difference: there is one year only" in why


def test_outlines_are_told_apart(found: Project) -> None:
    number = candidate(found)
    views = Pictures(found).sheet(number).views
    lines = [ring.line for ring in views[0].rings]
    assert lines.count(Line.OWN) == 1
    assert lines.count(Line.NEIGHBOUR) == 1
    wide = Pictures(found).sheet(number, Frame(is_wide=True)).views[0]
    assert [ring.line for ring in wide.rings].count(Line.INVENTORY) == 2
    own = views[0].rings[-1]
    assert own.line is Line.OWN
    middle = own.points.mean(axis=0)
    assert middle == pytest.approx([0.5, 0.5], abs=0.05)
    assert views[0].box is not None
    assert wide.box is None


@pytest.mark.parametrize("bands", list(Bands))
def test_every_look_of_a_rich_project_is_a_picture(
    project: Project, tmp_path: Path, bands: Bands
) -> None:
    older_year(project, tmp_path)
    terrain(project, tmp_path)
    search(project, SHAPES)
    door = Pictures(project)
    assert set(door.offered().values()) == {""}
    sheet = door.sheet(candidate(project), None, Look(bands))
    assert [one.year for one in sheet.views] == [2017, 2019]
    assert sheet.newest == 1
    for view in sheet.views:
        assert view.rgb.shape == (view.rgb.shape[0],) * 2 + (3,)
        assert view.rgb.std() > 0 or bands is Bands.HILLSHADE
        assert view.missing_share == 0
        assert view.words
    older, newer = (one.rgb for one in sheet.views)
    assert np.array_equal(older, newer) is (bands in (Bands.DIFFERENCE, Bands.HILLSHADE))


def test_the_vegetation_index_of_the_scene_is_what_is_shown(found: Project) -> None:
    number = candidate(found)
    source = picture_source(found)
    wish = reading.Wish(reading.box_of(show_candidate(found, number).outline))
    seen = reading.read_sight(
        source.imagery.epochs[0].scenes,
        source.imagery.grid,
        ("red", "nir"),
        wish.frame.bounds(wish.box),
    )
    red, nir = seen.pixels.values
    index = np.where(red + nir > 0, (nir - red) / (red + nir), 0)
    view = Pictures(found).sheet(number, None, Look(Bands.NDVI)).views[0]
    green = view.rgb[index > 0.6].astype(int)
    assert (green[:, 1] > green[:, 0]).all()


def test_the_stretch_of_the_scene_does_not_change_with_the_zoom(found: Project) -> None:
    number, door = candidate(found), Pictures(found)
    for stretch in (Stretch.SCENE, Stretch.FIXED):
        near, far = (
            door.sheet(number, Frame(zoom=zoom), Look(stretch=stretch)).views[0].rgb.astype(int)
            for zoom in (-2, 0)
        )
        side, start = len(near), (len(far) - len(near)) // 2
        differences = [
            np.abs(far[row : row + side, col : col + side] - near).max()
            for row in range(start - 1, start + 2)
            for col in range(start - 1, start + 2)
        ]
        assert min(differences) == 0, stretch


def test_missing_imagery_is_said_and_striped(found: Project) -> None:
    view = Pictures(found).sheet(candidate(found), Frame(is_wide=True)).views[0]
    assert 0.5 < view.missing_share < 1
    assert view.missing_words(Cut()) == f"NO IMAGERY {round(100 * view.missing_share)} %"
    inside = view.missing_words(Cut(0.49, 0.49, 0.02))
    assert inside in ("", "NO IMAGERY 100 %")
    assert view.rgb.min(axis=(0, 1)).min() >= 0
    assert not (view.rgb[0] == 0).all(axis=-1).any()


def test_a_sheet_is_read_once_and_the_next_ones_ahead(found: Project, monkeypatch) -> None:
    door = Pictures(found)
    ids = [row.candidate_id for row in queue(found)]
    door.prefetch([*ids, 999_999])
    monkeypatch.setattr(reading, "read_sight", lambda *_a, **_k: pytest.fail("read again"))
    sheets = [door.sheet(one) for one in ids]
    assert door.sheet(ids[0]) is sheets[0]
    door.forget(ids[0])
    again = door.sheet(ids[0])
    assert again is not sheets[0]
    assert again.views[0].rgb is sheets[0].views[0].rgb


def test_what_is_said_of_one_changes_the_outlines_round_the_others(found: Project) -> None:
    door = Pictures(found)
    ids = [row.candidate_id for row in queue(found)]
    number = candidate(found)
    other = next(one for one in ids if show_candidate(found, one).outline.equals(SHAPES[1]))
    before = [ring.line for ring in door.sheet(other).views[0].rings]
    decide.decide(found, number, decide.Word(decide.Verdict.ACCEPT), analyst="ann")
    door.forget(number)
    after = [ring.line for ring in door.sheet(other).views[0].rings]
    assert before.count(Line.INVENTORY) + 1 == after.count(Line.INVENTORY)
    assert [ring.line for ring in Pictures(found).sheet(other).views[0].rings] == after


def test_memory_keeps_the_newest_and_threads_may_share_it() -> None:
    memory = Memory(KEPT)
    made = []

    def work(start: int) -> None:
        for number in range(start, start + 200):
            assert (
                memory.get(number % 100, lambda n=number: made.append(n) or n % 100) == number % 100
            )

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(memory) == KEPT
    memory.drop(lambda key: key % 2 == 0)
    assert len(memory) < KEPT
    assert memory.peek("none") is None
