"""Labels of any size at any place of images of any size: training and search end well.

What the network answers does not matter here, so it is one of a few hundred weights.
"""

import json
import tempfile
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from small import use_small
from workshop import BANDS, GRID, TINY, World, infer_job, train_job, wkb

from rtsproj.domain.grid import Window
from rtsproj.domain.labels import Polarity, TrainingLabel
from rtsproj.domain.requests import ImagerySource, Scaling, Split, TrainRequest
from rtsproj.domain.scenes import Role, SceneSpec
from rtsproj.errors import NeedsError
from rtsproj.imagery.rasters import Placement, write_geotiff
from rtsproj.inference.many import search_here
from rtsproj.jobs.files import sha256_of
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.reporter import Reporter
from rtsproj.jobs.tables import each_outline, read_outcomes
from rtsproj.learning.targets import LabelIndex
from rtsproj.learning.train import train
from rtsproj.learning.validate import validation_windows
from rtsproj.settings import InferSettings

pytestmark = [
    pytest.mark.filterwarnings("ignore:Dataset has no geotransform"),
    pytest.mark.filterwarnings("ignore:The given matrix is equal to Affine.identity"),
]
SIDES = st.one_of(st.integers(1, 70), st.integers(71, 200))
SEARCH = InferSettings(threshold=0.05, min_px=1, engine="torch", processes=1)


@dataclass(frozen=True)
class Case:
    """An image and what is known of it.

    Attributes:
        rows: px.
        cols: px.
        boxes: labels as (left, top, right, bottom), px; they may reach beyond the image.
        hole: True = a strip without data down the middle.
        block_px: side of a block of the split.
        margin_px: context of a search window.
    """

    rows: int
    cols: int
    boxes: tuple[tuple[int, int, int, int], ...]
    hole: bool
    block_px: int
    margin_px: int


@st.composite
def cases(draw: st.DrawFn) -> Case:
    rows, cols = draw(SIDES), draw(SIDES)

    def box() -> tuple[int, int, int, int]:
        left, top = draw(st.integers(-4, cols + 3)), draw(st.integers(-4, rows + 3))
        return (left, top, left + draw(st.integers(1, 60)), top + draw(st.integers(1, 60)))

    boxes = tuple(box() for _ in range(draw(st.integers(2, 5))))
    block_px = draw(st.sampled_from([16, 40, 96, 512]))
    return Case(
        rows, cols, boxes, draw(st.booleans()), block_px, draw(st.sampled_from([0, 16, 64]))
    )


def make(folder: Path, case: Case) -> tuple[World, tuple[TrainingLabel, ...]]:
    rng = np.random.default_rng(5)
    values = rng.normal(600, 90, (4, case.rows, case.cols)).clip(1, 4000).astype(np.uint16)
    if case.hole:
        values[:, :, case.cols // 2 : case.cols // 2 + 5] = 0
    path = folder / "scene.tif"
    place = Placement(GRID.crs, GRID.origin_x, GRID.origin_y, GRID.pixel_m)
    write_geotiff(path, values, place, nodata=0, band_names=BANDS)
    scene = SceneSpec(1, str(path), Role.MAP, date(2020, 8, 1), BANDS, "uint16", 0, None, 1.0, "")
    scaling = Scaling((300.0,) * 4, (1800.0,) * 4)
    extent = Window(0, 0, case.rows, case.cols)
    source = ImagerySource(GRID, (scene,), BANDS, scaling, extent)
    outlines = tuple(shapely.box(*one) for one in case.boxes)
    kinds = [Polarity.POSITIVE, Polarity.POSITIVE, Polarity.NEGATIVE]
    labels = tuple(
        TrainingLabel(n + 1, kinds[n % 3], ("accepted", "seed", "given")[n % 3], "", wkb(one))
        for n, one in enumerate(outlines)
    )
    return World(source, outlines, np.zeros((case.rows, case.cols), bool)), labels


def validation_of(case: Case, labels: tuple[TrainingLabel, ...]) -> tuple[tuple[int, int], ...]:
    """Every block that a label lies in but those of the first: there is most to score."""
    points = [shapely.point_on_surface(shapely.box(*one)) for one in case.boxes]
    blocks = [(int(p.y // case.block_px), int(p.x // case.block_px)) for p in points]
    return tuple(sorted(set(blocks) - {blocks[0]}))


def request_of(
    folder: Path, case: Case, world: World, labels: tuple[TrainingLabel, ...]
) -> tuple[JobFolder, TrainRequest]:
    own = replace(TINY, steps=2, validate_every=1, chip_px=32, batch=2, buffer_m=90.0)
    job, request = train_job(folder / "1-train", world, settings=own, labels=labels)
    job.request.unlink()
    split = Split(case.block_px, validation_of(case, labels))
    request = replace(request, split=split, margin_px=case.margin_px)
    job.write_request(request)
    return job, request


EDGE = Case(65, 69, ((2, 2, 12, 12), (58, 56, 69, 65)), hole=False, block_px=40, margin_px=16)
"""A slump in the lower right corner: its block reaches beyond the image."""
LINE = Case(1, 130, ((2, 0, 12, 1), (90, 0, 99, 1)), hole=False, block_px=40, margin_px=64)
"""An image of one row."""
BEYOND = Case(50, 50, ((2, 2, 12, 12), (51, 51, 99, 99)), hole=True, block_px=40, margin_px=16)
"""A slump beside the image."""


@settings(max_examples=60, deadline=None)
@given(case=cases())
@example(case=EDGE)
@example(case=BEYOND)
def test_validation_windows_lie_in_one_block_and_inside_the_imagery(case: Case) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world, labels = make(Path(folder), case)
        _, request = request_of(Path(folder), case, world, labels)
    index = LabelIndex(labels, GRID, request.settings)
    windows = validation_windows(index, request)
    for one in windows:
        assert one.rows > 0
        assert one.cols > 0
        assert one.shared(request.source.extent) == one
        assert one.row // case.block_px == (one.row + one.rows - 1) // case.block_px
        assert one.col // case.block_px == (one.col + one.cols - 1) // case.block_px


@settings(max_examples=25, deadline=None)
@given(case=cases())
@example(case=EDGE)
@example(case=LINE)
@example(case=BEYOND)
def test_any_place_of_a_label_trains_validates_and_is_searched(case: Case) -> None:
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patched:
        use_small(patched.setattr)
        folder = Path(name)
        world, labels = make(folder, case)
        job, request = request_of(folder, case, world, labels)
        try:
            train(job, request, Reporter(job))
        except NeedsError as error:
            if "no positive label lies" in error.what:
                return
            raise
        scores = json.loads(job.scores.read_text())
        if scores["scores"]:
            assert 0 <= scores["scores"]["pixel_iou"] <= 1
        _search(folder, case, world, job)


def _search(folder: Path, case: Case, world: World, trained: JobFolder) -> None:
    model = (trained.model, sha256_of(trained.model))
    job, request = infer_job(folder / "2-infer", world, model, core_px=64, settings=SEARCH)
    search_here(job, request, Reporter(job))
    outcomes = read_outcomes(job.outcomes)
    failed = [one.message for one in outcomes.values() if one.outcome == "failed"]
    assert not failed
    invalid = 5 * case.rows if case.hole and case.cols > 10 else 0
    searched = sum(one.valid_px for one in outcomes.values())
    if case.cols > 10:
        assert searched == case.rows * case.cols - invalid
    image = shapely.box(*GRID.bounds(request.source.extent)).buffer(1e-6)
    for one in each_outline(job.outlines):
        outline = shapely.from_wkb(one.wkb)
        assert outline.is_valid
        assert image.covers(outline)
