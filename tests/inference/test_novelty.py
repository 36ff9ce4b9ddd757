"""What is unlike everything judged, by features of the network, alike however often it is asked."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from workshop import BANDS, GRID, TINY, World, infer_job, make_world, model_info, wkb

from rtsproj.domain.candidates import Outline
from rtsproj.domain.grid import Window
from rtsproj.domain.requests import InferRequest
from rtsproj.geometry.outlines import to_crs
from rtsproj.imagery.rasters import Placement, write_geotiff
from rtsproj.inference import novelty
from rtsproj.inference.novelty import (
    LEAST_PX,
    MOST_PX,
    STEP_PX,
    Features,
    best_fresh,
    novelties,
    sampled,
    window_around,
    write_novelty,
)
from rtsproj.inference.shards import conclude, search, work_of
from rtsproj.jobs import tables
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.reporter import Reporter
from rtsproj.learning.model_file import Ensemble, save_model
from rtsproj.learning.network import NetworkSpec, build_network

# rasterio silences these by a filter that threads share; between them one slips through
pytestmark = [
    pytest.mark.filterwarnings("ignore:Dataset has no geotransform"),
    pytest.mark.filterwarnings("ignore:The given matrix is equal to Affine.identity"),
]

Job = tuple[JobFolder, InferRequest]
MODEL = (Path("/none"), "")
SPEC = NetworkSpec("DeepLabV3Plus", TINY.encoder, 16, BANDS)


class Textures(nn.Module):
    """Finds what is bright in red; its decoder gives level and roughness of green, at 1/4."""

    def __init__(self) -> None:
        super().__init__()
        self.decoder = Roughness()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.decoder(x)
        return 5 * x[:, :1]


class Roughness(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        green = x[:, 1:2]
        rough = (green - nn.functional.avg_pool2d(green, 3, 1, 1)).abs()
        return nn.functional.avg_pool2d(torch.cat([torch.ones_like(green), 20 * rough], 1), 4)


@pytest.fixture
def textured(world: World, tmp_path: Path) -> World:
    """The small world, with the last of its slumps rough in green and all else even."""
    side = world.truth.shape[0]
    values = np.full((4, side, side), 600.0)
    values[0, world.truth] += 900
    left, top, right, bottom = (int(one) for one in world.slumps[-1].bounds)
    rough = np.random.default_rng(3).normal(0, 250, (bottom - top + 8, right - left + 8))
    values[1, top - 4 : bottom + 4, left - 4 : right + 4] += rough
    path = tmp_path / "textured.tif"
    place = Placement(GRID.crs, GRID.origin_x, GRID.origin_y, GRID.pixel_m)
    write_geotiff(path, values.clip(1, 4000).astype(np.uint16), place, nodata=0, band_names=BANDS)
    scenes = tuple(replace(one, path=str(path)) for one in world.source.scenes)
    return replace(world, source=replace(world.source, scenes=scenes))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A network of the product's own kind with random weights."""
    path = tmp_path_factory.mktemp("model") / "model.safetensors"
    return path, save_model(path, build_network(SPEC).state_dict(), model_info(SPEC))


def judge(job: Job, world: World, count: int) -> None:
    tables.write_places(job[0].judged, [wkb(one) for one in world.slumps[:count]])


def run(job: Job) -> tuple[Outline, ...]:
    search(*job, Reporter(job[0]))
    return tables.read_outlines(job[0].outlines)


def outline(seq: int, shape: shapely.Geometry, *, score: float = 0.9, cut: float = 0.5) -> Outline:
    return Outline(seq, shapely.to_wkb(shape), score, score, 9, (1,), False, cut=cut)


def compared(job: Job, world: World, *, judged: list[int], drawn: list[int]) -> list[float | None]:
    """Novelty of slumps as drawn, in the order given."""
    folder, request = job
    tables.write_places(folder.judged, [wkb(world.slumps[n]) for n in judged])
    shapes = [to_crs(world.slumps[n], GRID) for n in drawn]
    tables.write_outlines(folder.outlines, [outline(n, one) for n, one in enumerate(shapes)])
    write_novelty(folder, request, Reporter(folder))
    return [one.novelty for one in tables.read_outlines(folder.outlines)]


def test_another_texture_is_more_novel_than_the_judged_one(
    tmp_path: Path, textured: World, use_network: Callable[[nn.Module], None]
) -> None:
    use_network(Textures())
    job = infer_job(tmp_path / "2-infer", textured, MODEL)
    judge(job, textured, 3)
    found = run(job)
    assert len(found) == len(textured.slumps)
    judged = shapely.union_all([to_crs(one, GRID) for one in textured.slumps[:3]])
    fresh = [one for one in found if not shapely.from_wkb(one.wkb).intersects(judged)]
    # THEN only what meets no judged place is compared, and the rough one stands out
    assert [one.seq for one in found if one.novelty is not None] == [one.seq for one in fresh]
    assert len(fresh) == len(found) - 3
    far = max(fresh, key=lambda one: one.novelty or 0)
    assert shapely.from_wkb(far.wkb).intersects(to_crs(textured.slumps[-1], GRID))
    assert (far.novelty or 0) > 0.05
    assert all((one.novelty or 0) < 0.001 for one in fresh if one is not far)


def test_a_search_without_judged_places_leaves_novelty_open(
    tmp_path: Path, world: World, brightness: None
) -> None:
    # GIVEN a job of an older program, and one whose table is empty
    old = infer_job(tmp_path / "1-infer", world, MODEL)
    new = infer_job(tmp_path / "2-infer", world, MODEL)
    tables.write_places(new[0].judged, [])
    found = run(old)
    assert {one.novelty for one in found} == {None}
    assert run(new) == found
    assert "novelty" not in old[0].outlines.read_text()


def test_the_file_is_the_same_when_the_end_of_a_search_is_done_again(
    tmp_path: Path, world: World, use_network: Callable[[nn.Module], None]
) -> None:
    class Found(nn.Module):
        """Draws the bright ones, with the decoder of a real network."""

        def __init__(self) -> None:
            super().__init__()
            self.network = build_network(SPEC)
            self.decoder = self.network.decoder

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.network(x)
            return 5 * x[:, :1]

    use_network(Found())
    job = infer_job(tmp_path / "2-infer", world, MODEL)
    judge(job, world, 3)
    found = run(job)
    text, told = job[0].outlines.read_bytes(), json.loads(job[0].done.read_text())
    assert sum(one.novelty is not None for one in found) == len(found) - 3
    # WHEN it was killed after the outlines were compared, and after they were joined
    for _ in range(2):
        job[0].done.unlink()
        conclude(work_of(*job), Reporter(job[0]))
        assert job[0].outlines.read_bytes() == text
    again = json.loads(job[0].done.read_text())
    assert again["outputs"] == told["outputs"]


def test_equal_ground_has_no_novelty_whatever_the_weights_and_the_order(
    tmp_path: Path, model: tuple[Path, str]
) -> None:
    # GIVEN imagery that repeats itself
    world = make_world(tmp_path)
    values = np.random.default_rng(5).integers(300, 1800, (4, 256, 128), np.uint16)
    place = Placement(GRID.crs, GRID.origin_x, GRID.origin_y, GRID.pixel_m)
    path = Path(world.source.scenes[0].path)
    write_geotiff(path, np.tile(values, (1, 1, 2)), place, nodata=0, band_names=BANDS)
    here = shapely.box(54, 90, 66, 110)
    there = shapely.affinity.translate(here, 128, 0)
    other = shapely.box(70, 180, 90, 200)
    world = replace(world, slumps=(here, there, other))
    job = infer_job(tmp_path / "2-infer", world, model)
    # THEN the windows that hold the same pixels are no distance apart
    same, far = compared(job, world, judged=[0], drawn=[1, 2])
    assert same == pytest.approx(0, abs=1e-5)
    assert far is not None
    assert 0 <= far <= 2
    assert compared(job, world, judged=[0], drawn=[2, 1]) == [far, same]
    both = compared(job, world, judged=[0, 2], drawn=[1])
    assert both == compared(job, world, judged=[2, 0], drawn=[1])


def test_features_are_those_of_the_first_member(
    tmp_path: Path, world: World, use_network: Callable[[nn.Module], None]
) -> None:
    first, second = build_network(SPEC), build_network(SPEC)
    _, request = infer_job(tmp_path / "2-infer", world, MODEL)
    place = to_crs(world.slumps[4], GRID)
    vectors = []
    for network in (first, Ensemble((first, second)), Ensemble((second, first))):
        use_network(network)
        features = Features(request)
        vectors.append(features.of(place))
        features.close()
    assert np.array_equal(vectors[0], vectors[1])
    assert not np.array_equal(vectors[0], vectors[2])
    assert np.linalg.norm(vectors[0]) == pytest.approx(1)


def test_a_place_without_imagery_is_compared_with_nothing(
    tmp_path: Path, use_network: Callable[[nn.Module], None]
) -> None:
    use_network(Textures())
    world = make_world(tmp_path, hole=Window(0, 0, 50, 50))
    job = infer_job(tmp_path / "2-infer", world, MODEL)
    assert compared(job, world, judged=[0], drawn=[7, 8]) == [None, None]
    found = compared(job, world, judged=[1], drawn=[0, 7])
    assert (found[0], found[1] is None) == (None, False)


def test_a_place_that_cannot_be_read_is_reported(
    tmp_path: Path, use_network: Callable[[nn.Module], None]
) -> None:
    use_network(Textures())
    world = make_world(tmp_path)
    job = infer_job(tmp_path / "2-infer", world, MODEL)
    Path(world.source.scenes[0].path).write_bytes(b"no raster")
    assert compared(job, world, judged=[1], drawn=[7, 8]) == [None, None]
    notes = [json.loads(line) for line in job[0].events.read_text().splitlines()]
    assert "3 places were not compared: " in notes[-1]["message"]


@given(st.floats(0.5, 900), st.floats(0.5, 900), st.floats(-500, 500), st.floats(-500, 500))
def test_a_window_holds_its_outline_and_the_ground_around_it(width, height, x, y) -> None:
    shape = shapely.box(x, y, x + width, y + height)
    window = window_around(to_crs(shape, GRID), GRID)
    assert window.rows == window.cols
    assert window.rows % STEP_PX == 0
    assert LEAST_PX <= window.rows <= MOST_PX
    seen = shapely.box(window.col, window.row, window.col + window.cols, window.row + window.rows)
    if max(width, height) + 34 <= MOST_PX:
        assert seen.buffer(1e-6).contains(shape.buffer(15, join_style="mitre"))
    assert seen.intersection(shape).area > 0


def test_a_ring_too_large_for_a_window_is_seen_where_it_is() -> None:
    ring = shapely.Point(400, 400).buffer(390).difference(shapely.Point(400, 400).buffer(380))
    window = window_around(to_crs(ring, GRID), GRID)
    seen = shapely.box(window.col, window.row, window.col + MOST_PX, window.row + MOST_PX)
    assert (window.rows, window.cols) == (MOST_PX, MOST_PX)
    assert seen.intersects(ring)


def test_the_best_that_meet_no_judged_place_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, most in (("MOST_OUTLINES", 4), ("MOST_LOW", 2), ("_BLOCK", 3)):
        monkeypatch.setattr(novelty, name, most)
    boxes = [shapely.box(20 * n, 0, 20 * n + 10, 10) for n in range(9)]
    scores = [0.3, 0.9, 0.35, 0.6, 0.45, 0.4, 0.7, 0.9, 0.2]
    given = [
        replace(outline(n, one, score=score), is_low=score < 0.5)
        for n, (one, score) in enumerate(zip(boxes, scores, strict=True))
    ]
    given[6] = replace(given[6], stability=0.01)
    # WHEN the best one is judged
    found = best_fresh(given, [boxes[1]])
    # THEN the rest comes by rank, and two at the lower cut at most
    assert [one.seq for one in found] == [7, 3, 4, 5]
    assert [one.seq for one in best_fresh(given[:3], [])] == [1, 2, 0]


def test_the_sample_of_many_judged_places_does_not_depend_on_their_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(novelty, "MOST_JUDGED", 5)
    places = [shapely.box(n, 0, n + 1, 1) for n in range(20)]
    found = sampled(places)
    assert len(found) == 5
    assert sampled(places[::-1]) == found
    assert found != places[:5]


def test_the_nearest_judged_vector_counts() -> None:
    vectors = {3: np.array([1.0, 0.0]), 5: np.array([-1.0, 0.0]), 7: np.array([0.0, 0.0])}
    judged = [np.array([1.0, 0.0]), np.array([0.0, 1.0])]
    assert novelties(vectors, judged) == {3: 0.0, 5: 1.0, 7: 0.5}
    assert novelties({5: vectors[5]}, judged[:1]) == {5: 2.0}
    assert novelties(vectors, []) == {}
