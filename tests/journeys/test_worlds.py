"""A soak of worlds: ``pytest -m soak tests/journeys/test_worlds.py -s``.

RTSPROJ_WORLDS: how many (20). RTSPROJ_WORLDS_FROM: seed of the first one (1).
"""

import os
from pathlib import Path

import pytest
import torch
from small import use_small
from worlds import draw_plan

pytest.register_assert_rewrite("rounds", "checks")
from rounds import walk  # noqa: E402 - its assertions are to say what differs

FIRST = int(os.environ.get("RTSPROJ_WORLDS_FROM", "1"))
COUNT = int(os.environ.get("RTSPROJ_WORLDS", "20"))
QUICK = (1, 2)
"""Worlds of the default run."""

# rasterio silences these by a filter that threads share; between them one slips through
pytestmark = [
    pytest.mark.filterwarnings("ignore:Dataset has no geotransform"),
    pytest.mark.filterwarnings("ignore:The given matrix is equal to Affine.identity"),
]


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(FIRST, FIRST + COUNT))
async def test_a_world_ends_well(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await one_world(seed, tmp_path, monkeypatch)


@pytest.mark.parametrize("seed", QUICK)
async def test_a_few_worlds_end_well(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await one_world(seed, tmp_path, monkeypatch)


async def one_world(seed: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(1)
    use_small(monkeypatch.setattr)
    plan = draw_plan(seed)
    print(f"\nworld {seed}: {plan.text}", flush=True)
    done = await walk(plan, folder / "world")
    print(done.line, flush=True)
    assert done.ended.startswith("ended ")
