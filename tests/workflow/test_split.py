"""The spatial split: some slump scores and some slump trains, wherever they lie."""

from dataclasses import replace

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from rtsproj.domain.grid import ProjectGrid, Window
from rtsproj.domain.labels import Polarity, Subset, TrainingLabel
from rtsproj.domain.requests import Split
from rtsproj.domain.tiles import Tile
from rtsproj.geometry.grid import tiles_over
from rtsproj.settings import GridSettings
from rtsproj.workflow.split import LEAST_BLOCK_PX, SplitPlan, choose_blocks, plan_split

GRID = ProjectGrid("EPSG:32646", 3.0, 500_000.0, 3_900_000.0)
CORE = 512
PLACE = st.tuples(st.integers(0, 999), st.integers(0, 999))


def label(number: int, row: int, col: int, polarity: Polarity = Polarity.POSITIVE) -> TrainingLabel:
    x, y = GRID.origin_x + (col + 0.5) * 3, GRID.origin_y - (row + 0.5) * 3
    return TrainingLabel(number, polarity, "seed", "", shapely.Point(x, y).buffer(1.2).wkb)


def plan(
    places: list[tuple[int, int]], settings: GridSettings, *, standing: Split | None = None
) -> SplitPlan:
    rows = max((row for row, _ in places), default=0) + 1
    cols = max((col for _, col in places), default=0) + 1
    extent = Window(0, 0, rows, cols)
    tiles = [Tile(n, *at, CORE) for n, at in enumerate(tiles_over(extent, CORE))]
    labels = [label(n, *at) for n, at in enumerate(places)]
    return plan_split(labels, tiles, GRID, settings, standing=standing)


@given(
    places=st.lists(PLACE, min_size=1, max_size=20),
    share=st.floats(0.01, 0.9),
    block_px=st.sampled_from([32, 100, 512, 4096]),
    seed=st.integers(0, 99),
)
def test_there_is_a_validation_wherever_two_slumps_lie_apart(
    places: list[tuple[int, int]], share: float, block_px: int, seed: int
) -> None:
    settings = GridSettings(block_px=block_px, validation_share=share, seed=seed)
    found = plan(places, settings)
    sides = [block_px // 2**n for n in range(20) if block_px // 2**n >= LEAST_BLOCK_PX]
    apart = any(len({(row // side, col // side) for row, col in places}) > 1 for side in sides)
    assert found.positives == len(places)
    assert found.held < len(places)
    if apart and max(1.5 * share, 0.5) * len(places) >= len(places) - 1:
        assert found.held
    subsets = [found.split.subset(*at) for at in places]
    assert subsets.count(Subset.VALIDATION) == found.held
    assert found.text.startswith("validation: " if found.held else "no validation: ")


def test_blocks_of_one_small_image_are_made_smaller_than_it() -> None:
    found = plan([(20, 30), (100, 200), (240, 60)], GridSettings())
    assert (found.split.block_px, found.held) == (256, 1) or found.split.block_px < 256
    assert found.held
    assert found.text.startswith("validation: 1 of 3 known slumps in ")


@pytest.mark.parametrize(
    ("places", "settings", "why"),
    [
        ([(20, 30)], GridSettings(), "there is 1 known slump"),
        ([(20, 30), (21, 30)], GridSettings(), "all 2 known slumps lie in the same block"),
        ([(20, 30), (300, 9)], GridSettings(validation_share=0.0), "grid.validation_share is 0"),
    ],
)
def test_where_none_is_possible_it_says_why(
    places: list[tuple[int, int]], settings: GridSettings, why: str
) -> None:
    found = plan(places, settings)
    assert not found.split.validation
    assert why in found.text
    assert "without scores" in found.text


@given(places=st.lists(PLACE, min_size=2, max_size=9, unique=True), share=st.floats(0.05, 0.9))
def test_a_split_stands_while_it_can_score_and_train(
    places: list[tuple[int, int]], share: float
) -> None:
    settings = GridSettings(block_px=64, validation_share=share)
    first = plan(places, settings)
    again = plan(places, replace(settings, block_px=128, seed=7), standing=first.split)
    if first.held:
        assert again.split == first.split
    # AND a split without a slump on one of its sides gives way
    nowhere = Split(64, ((900, 900),))
    assert plan(places, settings, standing=nowhere).split == first.split
    everywhere = Split(1024, ((0, 0),))
    assert plan(places, settings, standing=everywhere).split == first.split


def test_blocks_are_taken_until_the_share_is_held_and_some_slump_is_left() -> None:
    blocks = [(0, 0)] * 2 + [(0, 1)]
    assert choose_blocks(blocks, GridSettings(validation_share=0.2)) == ((0, 1),)
    for share in (0.1, 0.5, 0.9):
        many = [(n // 3, 0) for n in range(30)]
        held = 3 * len(choose_blocks(many, GridSettings(validation_share=share)))
        assert share * 30 <= held < 30 or share == 0.9
