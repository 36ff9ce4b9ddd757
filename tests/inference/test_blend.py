"""The weighted mean of overlapping windows: exact, alike for every tile, without seams."""

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import nn
from workshop import World, infer_job, model_info

from rtsproj.domain.grid import Window
from rtsproj.errors import UsageError
from rtsproj.geometry.grid import require_blend
from rtsproj.imagery.probability import read_probability
from rtsproj.inference import search as search_module
from rtsproj.inference.blend import Blend
from rtsproj.inference.search import tile_raster
from rtsproj.inference.shards import search
from rtsproj.jobs import tables
from rtsproj.jobs.reporter import Reporter
from rtsproj.settings import InferSettings

pytestmark = [
    pytest.mark.filterwarnings("ignore:Dataset has no geotransform"),
    pytest.mark.filterwarnings("ignore:The given matrix is equal to Affine.identity"),
]


def logit_of_first_band(x: torch.Tensor) -> torch.Tensor:
    return x[:, :1]


@settings(max_examples=30, deadline=None)
@given(
    row=st.integers(-200, 200),
    col=st.integers(-200, 200),
    rows=st.integers(64, 200),
    cols=st.integers(64, 200),
    most=st.integers(0, 5),
)
def test_what_looks_at_single_pixels_comes_back_unchanged(
    row: int, col: int, rows: int, cols: int, most: int
) -> None:
    x = torch.randn(1, 2, rows, cols)
    found = Blend(64, most=most).chances(logit_of_first_band, x, Window(row, col, rows, cols))
    assert torch.allclose(found, torch.sigmoid(x[0, :1]), atol=1e-6)


class Rim(nn.Module):
    """Says 0.9 in the middle of what it is shown and 0.1 along its border, wherever that lies."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits = torch.full((len(x), 1, *x.shape[2:]), float(torch.logit(torch.tensor(0.9))))
        rim = torch.ones(x.shape[2:], dtype=torch.bool)
        rim[4:-4, 4:-4] = False
        logits[:, :, rim] = float(torch.logit(torch.tensor(0.1)))
        return logits


def test_a_network_that_errs_along_borders_leaves_no_seam() -> None:
    # GIVEN windows side by side, each cropped by nothing: steps of 0.8 at every border
    x = torch.zeros(1, 1, 256, 256)
    found = Blend(64, most=0).chances(Rim(), x, Window(0, 0, 256, 256))[0].numpy()
    inner = found[32:-32, 32:-32]
    # THEN the weighted mean has no step between neighbours that is not small
    assert np.abs(np.diff(inner, axis=0)).max() < 0.05
    assert np.abs(np.diff(inner, axis=1)).max() < 0.05
    assert inner.min() > 0.7


def tiles_of(folder: Path, world: World, span: int) -> dict[int, np.ndarray]:
    asked = InferSettings(threshold=0.3, span=span, blend_px=64, engine="torch")
    job, request = infer_job(folder, world, (Path("/none"), ""), settings=asked)
    search(job, request, Reporter(job))
    return {
        one.tile_id: read_probability(tile_raster(job, one.tile_id))
        for one in tables.read_tiles(job.tiles)
        if tile_raster(job, one.tile_id).exists()
    }


def test_a_tile_does_not_depend_on_the_window_that_computes_it(
    tmp_path: Path, world: World, use_network: Callable[[nn.Module], None]
) -> None:
    # GIVEN a network that looks further than a blended window reaches
    torch.manual_seed(1)
    use_network(
        nn.Sequential(
            nn.Conv2d(4, 6, 9, padding=4), nn.AdaptiveAvgPool2d(8), nn.Upsample(scale_factor=8)
        )
        .append(nn.Conv2d(6, 1, 9, padding=4))
        .eval()
    )
    one, other = (tiles_of(tmp_path / f"{span}", world, span) for span in (1, 2))
    assert set(one) == set(other)
    assert len(one) > 8
    # THEN away from the border of the imagery tiles are the same but for rounding
    for tile_id, values in one.items():
        assert np.abs(values.astype(int) - other[tile_id]).max() <= 1


class Ramp(nn.Module):
    """Rises from one corner of what it is shown to the other, whatever that is."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        down, along = (torch.linspace(-1.5, 1.5, side) for side in x.shape[2:])
        return (down[:, None] + along).expand(len(x), 1, *x.shape[2:])


SIDES = st.one_of(st.integers(1, 70), st.integers(71, 300))


@settings(max_examples=6, deadline=None)
@given(rows=SIDES, cols=SIDES, row=st.integers(-70, 70), col=st.integers(-70, 70))
@example(rows=214, cols=214, row=0, col=0)
@example(rows=246, cols=64, row=10, col=0)
@example(rows=1, cols=1, row=5, col=-3)
def test_a_tile_is_the_same_whatever_span_up_to_every_edge(
    world: World, rows: int, cols: int, row: int, col: int
) -> None:
    extent = Window(row, col, rows, cols)
    part = replace(world, source=replace(world.source, extent=extent))
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patched:
        patched.setattr(search_module, "load_model", lambda *_: (Ramp(), model_info()))
        one, *others = (tiles_of(Path(name) / f"{span}", part, span) for span in (1, 2, 3))
    for other in others:
        assert set(one) == set(other)
        for tile_id, values in one.items():
            assert np.abs(values.astype(int) - other[tile_id]).max() <= 1


class Hungry(nn.Module):
    """Fits two windows into memory."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if len(x) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return x[:, :1]


def test_memory_that_runs_out_halves_what_is_blended_at_once(
    tmp_path: Path, world: World, use_network: Callable[[nn.Module], None]
) -> None:
    use_network(Hungry())
    found = tiles_of(tmp_path / "job", world, 2)
    assert len(found) > 8


@pytest.mark.parametrize(("side", "core"), [(100, 512), (96, 512), (384, 512), (64, 40)])
def test_sides_that_do_not_fit_the_tiles_are_refused(side: int, core: int) -> None:
    with pytest.raises(UsageError, match=rf"blend_px = {side} does not fit grid.core_px = {core}"):
        require_blend(side, core_px=core)


def test_sides_that_fit_are_taken() -> None:
    for side, core in [(0, 37), (64, 512), (256, 512), (1024, 512), (64, 160)]:
        require_blend(side, core_px=core)
