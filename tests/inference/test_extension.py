"""Outlines that a network detected in part are extended, as far as digitised slumps prove it."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry
from torch import nn
from workshop import BANDS, GRID, World, infer_job, make_world, wkb

from rtsproj.domain.candidates import Outline
from rtsproj.domain.extension import Extension
from rtsproj.domain.requests import InferRequest
from rtsproj.geometry.outlines import to_crs, to_pixels
from rtsproj.imagery.rasters import Placement, write_geotiff
from rtsproj.inference import extension, surfaces
from rtsproj.inference.extension import best_outlines, write_extended
from rtsproj.inference.shards import conclude, search, work_of
from rtsproj.inference.surfaces import Extender, parts_of
from rtsproj.jobs import tables
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.reporter import Reporter

# rasterio silences these by a filter that threads share; between them one slips through
pytestmark = [
    pytest.mark.filterwarnings("ignore:Dataset has no geotransform"),
    pytest.mark.filterwarnings("ignore:The given matrix is equal to Affine.identity"),
]

Job = tuple[JobFolder, InferRequest]
MODEL = (Path("/none"), "")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


@pytest.fixture
def job(tmp_path: Path, world: World) -> Job:
    made = infer_job(tmp_path / "job", world, MODEL)
    tables.write_places(made[0].known, [wkb(one) for one in world.slumps[:6]])
    return made


def _outline(
    shape: BaseGeometry, *, seq: int = 0, score: float = 0.8, stability: float = 1.0
) -> Outline:
    return Outline(
        seq=seq,
        wkb=shapely.to_wkb(to_crs(shape, GRID)),
        score_mean=score,
        score_max=0.9,
        pixels=round(shape.area),
        tiles=(seq + 1,),
        at_edge=False,
        cut=0.5,
        stability=stability,
    )


def _part(slump: BaseGeometry, at: tuple[float, float, float, float]) -> BaseGeometry:
    """Part of a slump's bounding rectangle, in shares of it."""
    left, top, right, bottom = slump.bounds
    across, down = right - left, bottom - top
    frame = (left + at[0] * across, top + at[1] * down, left + at[2] * across, top + at[3] * down)
    return slump.intersection(shapely.box(*frame))


def _run(job: Job, given: Sequence[Outline]) -> tuple[Extension, list[Outline]]:
    folder, request = job
    tables.write_outlines(folder.outlines, given)
    found = write_extended(folder, request, Reporter(folder))
    return found, list(tables.read_outlines(folder.outlines))


def _iou(outline: Outline, slump: BaseGeometry) -> float:
    one = to_pixels(shapely.from_wkb(outline.wkb), GRID)
    return float(one.intersection(slump).area / one.union(slump).area)


QUARTER = (0.0, 0.0, 0.5, 0.5)


def test_parts_of_slumps_become_whole(job: Job, world: World) -> None:
    given = [_outline(_part(one, QUARTER), seq=n) for n, one in enumerate(world.slumps[8:14])]
    found, outlines = _run(job, given)
    assert found.trial is not None
    assert found.trial.is_right
    assert (found.extended, found.joined) == (6, 0)
    assert [one.seq for one in outlines] == list(range(6))
    assert min(map(_iou, outlines, world.slumps[8:14])) > 0.75
    for one, before in zip(outlines, given, strict=True):
        assert replace(one, wkb=before.wkb) == before


def test_parts_of_one_slump_become_one_outline(job: Job, world: World) -> None:
    slump, other = world.slumps[9], world.slumps[12]
    given = [
        _outline(_part(slump, (0, 0, 0.4, 0.6)), seq=0, score=0.6),
        _outline(_part(other, QUARTER), seq=1),
        _outline(_part(slump, (0.6, 0.3, 1, 1)), seq=2, score=0.9),
    ]
    found, outlines = _run(job, given)
    assert (found.extended, found.joined) == (2, 1)
    one, _ = outlines
    assert _iou(one, slump) > 0.75
    assert one.pixels == given[0].pixels + given[2].pixels
    assert one.tiles == (1, 3)
    assert 0.6 < one.score_mean < 0.9


def test_the_same_again_and_in_any_order(job: Job, world: World) -> None:
    given = [_outline(_part(one, QUARTER), seq=n) for n, one in enumerate(world.slumps[8:14])]
    first, outlines = _run(job, given)
    again, others = _run(job, [replace(one, seq=n) for n, one in enumerate(given[::-1])])
    assert again == first
    assert sorted(one.wkb for one in others) == sorted(one.wkb for one in outlines)


@pytest.mark.parametrize("why", ["nothing known", "switched off", "no slump large enough"])
def test_nothing_is_extended_where(why: str, job: Job, world: World) -> None:
    folder, request = job
    if why == "nothing known":
        folder.known.unlink()
    elif why == "switched off":
        request = replace(request, settings=replace(request.settings, extend=False))
    else:
        tables.write_places(folder.known, [wkb(shapely.box(20, 20, 22, 22))])
    given = [_outline(_part(world.slumps[8], QUARTER))]
    found, outlines = _run((folder, request), given)
    assert outlines == given
    assert found == Extension()
    assert found.text == ""


def test_no_tolerance_is_right_where_slumps_look_like_the_ground(
    tmp_path: Path, world: World
) -> None:
    """Known outlines on ground that does not differ: extending runs out over everything."""
    path = Path(world.source.scenes[0].path)
    values = np.random.default_rng(1).normal(900, 20, (4, 256, 256)).astype(np.uint16)
    place = Placement(GRID.crs, GRID.origin_x, GRID.origin_y, GRID.pixel_m)
    write_geotiff(path, values, place, nodata=0, band_names=BANDS)
    job = infer_job(tmp_path / "job", world, MODEL)
    tables.write_places(job[0].known, [wkb(one) for one in world.slumps[:6]])
    given = [_outline(_part(world.slumps[8], QUARTER))]
    found, outlines = _run(job, given)
    assert outlines == given
    assert found.trial is not None
    assert not found.trial.is_right
    assert "not extended" in found.text


def test_a_digitised_slump_is_never_added_to_another(tmp_path: Path, world: World) -> None:
    """Two slumps side by side on one bright ground: the known one keeps its ground."""
    path = Path(world.source.scenes[0].path)
    values = np.full((4, 256, 256), 600, np.uint16)
    values[:, 100:130, 40:120] = 1500
    values[:, 40:60, 200:220] = 1500
    place = Placement(GRID.crs, GRID.origin_x, GRID.origin_y, GRID.pixel_m)
    write_geotiff(path, values, place, nodata=0, band_names=BANDS)
    known = shapely.box(80, 100, 120, 130)
    job = infer_job(tmp_path / "job", world, MODEL)
    tables.write_places(job[0].known, [wkb(one) for one in (known, shapely.box(200, 40, 220, 60))])
    _, [outline] = _run(job, [_outline(shapely.box(45, 105, 60, 120))])
    shape = to_pixels(shapely.from_wkb(outline.wkb), GRID)
    assert shape.area > 1000
    assert shape.intersection(known).area < 1


@pytest.mark.parametrize(
    ("part", "is_extended"),
    [
        (None, True),
        ((0.0, 0.0, 0.8, 0.8), False),
        ((0.0, 0.0, 0.3, 0.3), True),
        ((0.6, 0.6, 1.0, 1.0), True),
    ],
    ids=["nothing known", "most is known", "a piece is known", "another part is known"],
)
def test_extending_is_no_reason_to_ask_again(
    job: Job,
    world: World,
    part: tuple[float, float, float, float] | None,
    is_extended: bool,
) -> None:
    folder, _ = job
    slump = max(world.slumps[8:14], key=lambda one: one.area)
    if part is not None:
        tables.write_places(folder.slumps, [wkb(_part(slump, part))])
    given = [_outline(_part(slump, (0, 0, 0.35, 0.35)))]
    found, outlines = _run(job, given)
    assert bool(found.extended) is is_extended
    assert (outlines == given) is not is_extended


PLACES = st.tuples(*[st.integers(-2, 255)] * 2, *[st.integers(1, 40)] * 2)


@given(places=st.lists(PLACES, min_size=1, max_size=5), has_slumps=st.booleans())
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_outlines_of_any_place_and_size_are_extended_inside_the_imagery(
    job: Job, world: World, places: list[tuple[int, int, int, int]], has_slumps: bool
) -> None:
    """One pixel, the border, a corner, two on top of each other: outlines are never lost."""
    image = shapely.box(0, 0, 256, 256)
    shapes = [shapely.box(x, y, x + w, y + h).intersection(image) for x, y, w, h in places]
    shapes = [one for one in shapes if one.area] or [shapely.box(0, 0, 1, 1)]
    shapes += [_part(one, QUARTER) for one in world.slumps[8:10] if has_slumps]
    given_ones = [_outline(one, seq=n, score=1 / (n + 2)) for n, one in enumerate(shapes)]
    found, outlines = _run(job, given_ones)
    assert len(outlines) == len(shapes) - found.joined
    assert [one.seq for one in outlines] == list(range(len(outlines)))
    assert sum(one.pixels for one in outlines) == sum(one.pixels for one in given_ones)
    for one in outlines:
        shape = to_pixels(shapely.from_wkb(one.wkb), GRID)
        assert shape.is_valid
        assert shape.area > 0
        assert image.buffer(1e-6).covers(shape)


def test_known_slumps_off_the_imagery_and_vast_ones_are_not_tried(
    job: Job, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = job
    monkeypatch.setattr(surfaces, "MOST_PX", 200 * 200)
    off = [shapely.box(-900, -900, -880, -880), shapely.box(0, 300, 30, 330)]
    vast = shapely.box(10, 10, 240, 240)
    tables.write_places(folder.known, [wkb(one) for one in (*off, vast)])
    assert _run(job, [_outline(world.slumps[8])])[0] == Extension()
    # AND where some can be tried, a vast outline stays as it is
    tables.write_places(folder.known, [wkb(one) for one in (*off, vast, *world.slumps[:6])])
    given = [_outline(vast), _outline(_part(world.slumps[8], QUARTER), seq=1, score=0.9)]
    found, outlines = _run(job, given)
    assert found.trial is not None
    assert vast.equals(to_pixels(shapely.from_wkb(outlines[0].wkb), GRID))


def test_ground_without_an_end_is_not_added(
    job: Job, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The dark ground between the slumps goes on beyond every reach."""
    monkeypatch.setattr(surfaces, "REACHES", (8, 16))
    between = shapely.box(93, 93, 99, 99)
    assert not any(one.intersects(between) for one in world.slumps)
    given = [_outline(between), _outline(_part(world.slumps[8], QUARTER), seq=1)]
    found, outlines = _run(job, given)
    assert outlines[0] == given[0]
    assert found.extended == 1


def test_the_better_outline_keeps_its_ground(tmp_path: Path, world: World) -> None:
    """A dim detection beside a pond does not take over the pond, which looks different."""
    path = Path(world.source.scenes[0].path)
    values = np.full((4, 256, 256), 600, np.uint16)
    values[:, 60:140, 60:140] = 1100
    values[:, 90:110, 90:110] = 1700
    values[:, 200:220, 200:220] = 1700
    place = Placement(GRID.crs, GRID.origin_x, GRID.origin_y, GRID.pixel_m)
    write_geotiff(path, values, place, nodata=0, band_names=BANDS)
    job = infer_job(tmp_path / "job", world, MODEL)
    tables.write_places(job[0].known, [wkb(shapely.box(200, 200, 220, 220))])
    given = [
        _outline(shapely.box(64, 64, 70, 70), seq=0, score=0.4),
        _outline(shapely.box(92, 92, 108, 108), seq=1, score=0.9),
    ]
    _, [dim, pond] = _run(job, given)
    assert _iou(pond, shapely.box(90, 90, 110, 110)) > 0.85
    field = shapely.box(60, 60, 140, 140).difference(shapely.box(90, 90, 110, 110))
    assert _iou(dim, field) > 0.9


def test_outlines_whose_imagery_cannot_be_read_stay_and_are_counted(
    job: Job, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = [_outline(_part(one, QUARTER), seq=n) for n, one in enumerate(world.slumps[8:11])]
    read = Extender.surface

    def broken(self: Extender, outline: BaseGeometry, *args: object, **more: object) -> object:
        if outline.equals(shapely.from_wkb(given[1].wkb)):
            raise OSError("block 7 is damaged")
        return read(self, outline, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Extender, "surface", broken)
    folder, _ = job
    found, outlines = _run(job, given)
    assert found.extended == 2
    assert outlines[1] == given[1]
    assert "1 place could not be read: block 7 is damaged" in folder.events.read_text()


def test_the_border_of_the_area_is_kept(job: Job, world: World) -> None:
    folder, request = job
    slump = world.slumps[8]
    left, _, right, _ = slump.bounds
    area = shapely.box(0, 0, (left + right) / 2, 256)
    folder.area.write_bytes(shapely.to_wkb(to_crs(area, GRID)))
    _, [outline] = _run((folder, request), [_outline(_part(slump, QUARTER))])
    shape = to_pixels(shapely.from_wkb(outline.wkb), GRID)
    assert shape.difference(area.buffer(0.6)).is_empty
    assert shape.area > 1.5 * _part(slump, QUARTER).area
    assert outline.at_edge


def test_the_best_outlines_are_tried_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extension, "MOST_EXTENDED", 3)
    box = shapely.box(0, 0, 4, 4)
    given = [
        _outline(box, seq=n, score=score, stability=stability)
        for n, (score, stability) in enumerate(
            [(0.5, 1.0), (0.9, 0.25), (0.9, 1.0), (0.7, 1.0), (0.2, 1.0), (0.7, 1.0)]
        )
    ]
    assert [one.seq for one in best_outlines(given)] == [2, 3, 5]


class Upper(nn.Module):
    """Detects the upper rows of what is bright in red: dark six rows above."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        red = x[:, :1]
        return 8 * (red - torch.roll(red, 6, dims=2)) - 3


def test_a_search_extends_what_its_network_detects(
    tmp_path: Path, world: World, use_network: Callable[[nn.Module], None]
) -> None:
    use_network(Upper())
    plain = infer_job(tmp_path / "1-infer", world, MODEL)
    extending = infer_job(tmp_path / "2-infer", world, MODEL)
    tables.write_places(extending[0].known, [wkb(one) for one in world.slumps[:6]])
    for job in (plain, extending):
        search(*job, Reporter(job[0]))
    truth = shapely.union_all(world.slumps)

    def covered(job: Job) -> float:
        shapes = [
            to_pixels(shapely.from_wkb(one.wkb), GRID)
            for one in tables.read_outlines(job[0].outlines)
        ]
        return float(shapely.union_all(shapes).intersection(truth).area / truth.area)

    assert covered(plain) < 0.7
    assert covered(extending) > 0.8
    # AND the summary holds what was tried, and the number of outlines after joining
    summary = json.loads(extending[0].done.read_text())["summary"]
    made = Extension.of(summary["extension"])
    assert made.is_applied
    assert made.extended >= len(world.slumps) / 2
    assert summary["outlines"] == len(tables.read_outlines(extending[0].outlines))
    assert not Extension.of(json.loads(plain[0].done.read_text())["summary"]["extension"]).trial
    # AND the end of the search can be done again after a kill
    text = extending[0].outlines.read_bytes()
    extending[0].done.unlink()
    conclude(work_of(*extending), Reporter(extending[0]))
    assert extending[0].outlines.read_bytes() == text


@pytest.mark.parametrize("shape", [(1, 1), (2, 9), (9, 2), (12, 12), (7, 5)])
def test_quarters_are_apart_and_inside(shape: tuple[int, int]) -> None:
    whole = np.zeros((20, 20), bool)
    whole[3 : 3 + shape[0], 4 : 4 + shape[1]] = True
    parts = parts_of(whole)
    assert sum(int(one.sum()) for one in parts) <= whole.sum()
    for n, one in enumerate(parts):
        assert (whole | ~one).all()
        assert not any((one & other).any() for other in parts[n + 1 :])
