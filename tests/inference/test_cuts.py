"""Searches at two cuts, below the cut, and by networks that disagree."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from searches import MODEL, run, summary
from torch import nn
from workshop import World, infer_job

from rtsproj.domain.tiles import Outcome
from rtsproj.inference.search import tile_table
from rtsproj.jobs import tables
from rtsproj.jobs.files import sha256_of
from rtsproj.settings import InferSettings

pytestmark = [
    pytest.mark.filterwarnings("ignore:Dataset has no geotransform"),
    pytest.mark.filterwarnings("ignore:The given matrix is equal to Affine.identity"),
]


@pytest.mark.parametrize("core_px", [36, 64, 512])
def test_outlines_at_two_cuts_do_not_depend_on_where_tiles_meet(
    core_px: int, tmp_path: Path, world: World, use_network: Callable[[nn.Module], None]
) -> None:
    # GIVEN a network that is unsure: noise reaches the lower cut in places
    class Unsure(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return 8 * x[:, :1] + 8 * x[:, 1:2] + 7

    use_network(Unsure())
    settings = InferSettings(threshold=0.5, probe_threshold=0.2, join_px=2.0, min_px=4)
    job = infer_job(tmp_path / "a", world, MODEL, core_px=256, settings=settings)
    whole = run(job)
    cut = infer_job(tmp_path / "b", world, MODEL, core_px=core_px, settings=settings)
    assert [replace(one, tiles=()) for one in run(cut)] == [replace(one, tiles=()) for one in whole]
    assert summary(cut)["specks"] == summary(job)["specks"]
    assert {one.cut for one in whole} == {0.2, 0.5}
    assert min(one.stability for one in whole) < 1


def test_a_raster_below_the_cut_is_kept_for_a_lower_one(
    tmp_path: Path, world: World, use_network: Callable[[nn.Module], None]
) -> None:
    class Likely(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x[:, :1] * 0 - 0.5

    use_network(Likely())
    settings = InferSettings(threshold=0.5, probe_threshold=0.0)
    job = infer_job(tmp_path / "2-infer", world, MODEL, settings=settings)
    assert run(job) == ()
    assert len(list(job[0].tile_outputs.glob("*.tif"))) == 16
    outcome = tables.read_outcomes(job[0].outcomes)[1]
    assert outcome.outcome is Outcome.EMPTY
    assert outcome.sha256 == sha256_of(tile_table(job[0], 1))


def test_members_that_disagree_give_their_spread(
    tmp_path: Path, world: World, use_network: Callable[[nn.Module], None]
) -> None:
    class Two(nn.Module):
        """Both find the bright ones, one of them is surer."""

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.cat([5 * x[:, :1], 2 * x[:, :1]], 1)

    use_network(Two())
    settings = InferSettings(threshold=0.5, probe_threshold=0.0, min_px=12)
    found = run(infer_job(tmp_path / "2-infer", world, MODEL, settings=settings))
    assert len(found) == len(world.slumps)
    assert all(one.spread is not None and 0 < one.spread < 0.5 for one in found)
