"""Batches are a pure function of (seed, phase, step) and never show a validation pixel."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ranges import allow, serving
from workshop import TINY, World, train_job

from rtsproj.domain.grid import Window
from rtsproj.domain.labels import Polarity
from rtsproj.domain.requests import TrainRequest
from rtsproj.errors import NeedsError
from rtsproj.imagery.mosaic import Pixels
from rtsproj.learning.inputs import MEAN_SCALED
from rtsproj.learning.placing import near, shifted_into
from rtsproj.learning.samples import MosaicPerThread, Phase, Sampler, SubImages
from rtsproj.learning.targets import LabelIndex
from rtsproj.settings import TrainSettings

# rasterio silences these by a filter that threads share; between them one slips through
pytestmark = [
    pytest.mark.filterwarnings("ignore:Dataset has no geotransform"),
    pytest.mark.filterwarnings("ignore:The given matrix is equal to Affine.identity"),
]


def sampler(
    request: TrainRequest, world: World, phase: Phase = Phase.FIT, *, budget: int = 1 << 28
) -> Sampler:
    index = LabelIndex(world.labels, request.source.grid, request.settings)
    readers = MosaicPerThread(request.source)
    return Sampler(request, index, phase, SubImages(readers.read, budget=budget))


@pytest.fixture
def request_(tmp_path: Path, world: World) -> TrainRequest:
    return train_job(tmp_path / "job", world)[1]


def test_the_same_step_gives_the_same_batch_in_any_order_and_thread(
    request_: TrainRequest, world: World
) -> None:
    first, second = sampler(request_, world), sampler(request_, world, budget=0)
    in_order = [first.batch(step) for step in range(6)]
    with ThreadPoolExecutor(3) as pool:
        backwards = list(pool.map(second.batch, range(5, -1, -1)))[::-1]
    for one, other in zip(in_order, backwards, strict=True):
        assert np.array_equal(one.images, other.images)
        assert np.array_equal(one.targets, other.targets)


def test_batches_of_an_object_in_a_store_are_those_of_its_file(
    request_: TrainRequest, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (scene,) = request_.source.scenes
    with serving(Path(scene.path).parent) as server:
        allow(monkeypatch, tmp_path / "config", server.url(""))
        there = replace(request_.source, scenes=(replace(scene, path=server.url(scene.name)),))
        far = sampler(replace(request_, source=there), world).batch(2)
    near = sampler(request_, world).batch(2)
    assert np.array_equal(near.images, far.images)
    assert np.array_equal(near.targets, far.targets)


def test_step_seed_and_phase_change_the_batch(request_: TrainRequest, world: World) -> None:
    base = sampler(request_, world).batch(3).images
    other_seed = replace(request_, settings=replace(TINY, seed=2))
    assert not np.array_equal(base, sampler(request_, world).batch(4).images)
    assert not np.array_equal(base, sampler(other_seed, world).batch(3).images)
    assert not np.array_equal(base, sampler(request_, world, Phase.REFIT).batch(3).images)


def test_batches_have_the_shape_of_the_settings(request_: TrainRequest, world: World) -> None:
    batch = sampler(request_, world).batch(0)
    assert (batch.images.shape, batch.images.dtype) == ((4, 4, 64, 64), np.float32)
    assert (batch.targets.shape, batch.targets.dtype) == ((4, 64, 64), np.uint8)
    assert set(np.unique(batch.targets)) <= {0, 1, 254, 255}


def test_no_training_pixel_comes_from_a_validation_block(tmp_path: Path, world: World) -> None:
    # GIVEN imagery in which only the validation block is bright, and no augmentation
    plain = replace(TINY, flip=False, blur=False, scale=False, brightness=0.0)
    _, request = train_job(tmp_path / "job", world, settings=plain)

    def read(window: Window) -> Pixels:
        rows = (window.row + np.arange(window.rows)) // request.split.block_px == 1
        cols = (window.col + np.arange(window.cols)) // request.split.block_px == 1
        values = np.where(rows[:, None] & cols[None], 1800.0, 300.0).astype(np.float32)
        return Pixels(np.repeat(values[None], 4, 0), np.ones(values.shape, bool))

    index = LabelIndex(world.labels, request.source.grid, request.settings)
    made = Sampler(request, index, Phase.FIT, SubImages(read))
    hidden = 0
    for step in range(12):
        batch = made.batch(step)
        # THEN no bright pixel is shown and those that stand for them teach nothing
        assert not (batch.images > 0.9).any()
        masked = (batch.images == MEAN_SCALED).all(axis=1)
        assert (batch.targets[masked] == 255).all()
        hidden += int(masked.sum())
    assert hidden > 0
    assert (Sampler(request, index, Phase.REFIT, SubImages(read)).batch(0).images > 0.9).any()


def test_labels_of_validation_blocks_teach_only_in_the_refit(
    request_: TrainRequest, world: World
) -> None:
    fit, refit = sampler(request_, world), sampler(request_, world, Phase.REFIT)
    positives = sum(one.polarity is Polarity.POSITIVE for one in world.labels)
    assert len(refit.positives) == positives
    assert set(fit.positives) < set(refit.positives)


def test_half_of_the_chips_show_a_positive(request_: TrainRequest, world: World) -> None:
    plain = replace(request_, settings=replace(TINY, positive_share=0.5, reject_share=0.5))
    made = sampler(plain, world)
    for step in range(5):
        assert ((made.batch(step).targets == 1).any(axis=(1, 2))).sum() >= 2


def test_reasons_of_rejected_places_take_turns_whatever_their_numbers(
    tmp_path: Path, world: World
) -> None:
    # GIVEN 8 places rejected as barren and one as mining
    labels = [one for one in world.labels if one.polarity is Polarity.POSITIVE]
    barren = [replace(x, polarity=Polarity.NEGATIVE, reason="barren") for x in labels[:8]]
    mining = replace(labels[9], polarity=Polarity.NEGATIVE, reason="mining")
    settings = replace(TINY, positive_share=0.0, reject_share=1.0, scale=False)
    _, request = train_job(tmp_path / "j", world, settings=settings, validation=())
    index = LabelIndex((*labels, *barren, mining), request.source.grid, request.settings)
    seen: Counter[Window] = Counter()
    images = SubImages(MosaicPerThread(request.source).read)
    made = Sampler(request, index, Phase.FIT, images)
    part = images.part

    def counted(window: Window, inside: Window | None) -> Pixels:
        assert inside is not None
        seen[inside] += 1
        return part(window, inside)

    images.part = counted  # type: ignore[method-assign]
    for step in range(25):
        made.batch(step)
    # THEN half of the chips show the mine
    assert len(made.negatives) == 2
    assert 35 <= max(seen.values()) <= 65


def test_a_set_without_positives_outside_validation_is_refused(
    tmp_path: Path, world: World
) -> None:
    every = tuple((r, c) for r in range(4) for c in range(4))
    _, request = train_job(tmp_path / "job", world, validation=every)
    with pytest.raises(NeedsError, match="no positive label"):
        sampler(request, world)


def test_invalid_pixels_hold_the_mean_and_teach_nothing(tmp_path: Path, world: World) -> None:
    _, request = train_job(
        tmp_path / "job", world, settings=TrainSettings(chip_px=64, batch=2, brightness=0.0)
    )

    def read(window: Window) -> Pixels:
        valid = np.zeros((window.rows, window.cols), bool)
        return Pixels(np.zeros((4, window.rows, window.cols), np.float32), valid)

    index = LabelIndex(world.labels, request.source.grid, request.settings)
    batch = Sampler(request, index, Phase.REFIT, SubImages(read)).batch(0)
    assert np.allclose(batch.images, MEAN_SCALED)
    assert (batch.targets == 255).all()


def test_sub_images_forget_the_least_used_within_their_budget() -> None:
    read: list[Window] = []

    def counted(window: Window) -> Pixels:
        read.append(window)
        return Pixels(np.zeros((1, 4, 4), np.float32), np.zeros((4, 4), bool))

    kept = SubImages(counted, budget=2 * (64 + 16))
    a, b, c = (Window(n, 0, 4, 4) for n in range(3))
    for one in (a, b, a, c, a, b):
        kept.get(one)
    assert read == [a, b, c, b]


@given(
    start=st.integers(-50, 50),
    size=st.integers(1, 40),
    low=st.integers(-20, 20),
    length=st.integers(1, 60),
)
def test_a_window_is_moved_into_its_frame_and_keeps_its_size(
    start: int, size: int, low: int, length: int
) -> None:
    moved = shifted_into(Window(start, start, size, size), Window(low, low, length, length))
    assert (moved.rows, moved.cols) == (size, size)
    if size <= length:
        assert low <= moved.row
        assert moved.row + size <= low + length
    else:
        assert moved.row <= low
        assert moved.row + size >= low + length


@given(
    at=st.integers(-50, 950),
    length=st.integers(-40, 900),
    start=st.integers(-20, 20),
    reach=st.integers(1, 1200),
    seed=st.integers(0, 99),
)
def test_background_is_drawn_within_reach_and_within_the_images(
    at: int, length: int, start: int, reach: int, seed: int
) -> None:
    drawn = near(np.random.default_rng(seed), at, start, length, reach=reach)
    assert start <= drawn <= max(start + length, start, at - reach)
    if start <= at <= start + length:
        assert abs(drawn - at) <= reach


def test_background_of_a_small_image_does_not_gather_at_its_border() -> None:
    rng = np.random.default_rng(1)
    drawn = [near(rng, 300, 0, 600, reach=1024) for _ in range(2000)]
    assert np.mean([one in (0, 600) for one in drawn]) < 0.02
    assert 250 < np.mean(drawn) < 350
