"""The spatial split: blocks of the grid that are kept from training, so that models can be scored.

It is settled when the first training starts and stands from then on, so that the scores of all
iterations are of the same ground. It is settled again only where it can score or train nothing: no
known slump lies in its blocks, or none outside them.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import shapely

from rtsproj.domain.grid import ProjectGrid
from rtsproj.domain.labels import Polarity, Subset, TrainingLabel, seeded_hash
from rtsproj.domain.requests import Split
from rtsproj.domain.text import counted
from rtsproj.domain.tiles import Tile
from rtsproj.geometry.grid import block_of, pixel_on
from rtsproj.settings import GridSettings

LEAST_BLOCK_PX = 32
"""px; blocks are not halved below this: smaller ones hold hardly a slump."""
Block = tuple[int, int]
Pixel = tuple[int, int]


@dataclass(frozen=True, slots=True)
class SplitPlan:
    """A split and what it holds.

    Attributes:
        split: blocks kept for validation.
        held: known slumps in them.
        positives: known slumps in all.
        wanted: share of them that is to be kept, 0..1.
    """

    split: Split
    held: int
    positives: int
    wanted: float

    @property
    def text(self) -> str:
        """One sentence for the person who is about to train."""
        if self.held:
            return (
                f"validation: {self.held} of {counted(self.positives, 'known slump')} in "
                f"{counted(len(self.split.validation), 'block')} of {self.split.block_px} px"
            )
        return f"no validation: {self._why}; the model is trained for all steps, without scores"

    @property
    def _why(self) -> str:
        if not self.wanted:
            return "grid.validation_share is 0"
        if self.positives < 2:
            return f"there is {counted(self.positives, 'known slump')}"
        return f"all {self.positives} known slumps lie in the same block of the grid"


def plan_split(
    labels: Sequence[TrainingLabel],
    tiles: Sequence[Tile],
    grid: ProjectGrid,
    settings: GridSettings,
    *,
    standing: Split | None,
) -> SplitPlan:
    """Keep the standing split where it can score and train, else choose one.

    Blocks are halved until known slumps lie in more than one of them, so that a project of one
    small image can be validated, too.

    Args:
        labels: of the training; positives decide.
        tiles: of the grid.
        grid: the project grid.
        settings: side, share and seed of the blocks.
        standing: what was settled before.
    """
    positives = [shapely.from_wkb(one.wkb) for one in labels if one.polarity is Polarity.POSITIVE]
    pixels = [pixel_on(grid, one) for one in positives]
    split = standing
    if split is None or not 0 < _held(pixels, split) < len(pixels):
        split = _chosen(pixels, tiles, settings)
    return SplitPlan(split, _held(pixels, split), len(pixels), settings.validation_share)


def _chosen(pixels: Sequence[Pixel], tiles: Sequence[Tile], settings: GridSettings) -> Split:
    """The largest blocks that can be divided; none where no blocks can."""
    side = settings.block_px
    while True:
        chosen = choose_blocks([block_of(*one, side) for one in pixels], settings)
        if chosen:
            empty = _blocks(tiles, side) - {block_of(*one, side) for one in pixels}
            return Split(side, tuple(sorted((*chosen, *_share_of(empty, settings)))))
        side //= 2
        if side < LEAST_BLOCK_PX or not settings.validation_share:
            return Split(settings.block_px, ())


def choose_blocks(positive_blocks: Sequence[Block], settings: GridSettings) -> tuple[Block, ...]:
    """Choose validation blocks among those that hold known slumps, by a seeded hash.

    Blocks are taken in hash order until they hold the wanted share of all; one that would bring
    far too many is passed over, and some slump is always left to train on.

    Args:
        positive_blocks: block of each known slump, repeated per slump.
        settings: share and seed.
    """
    share, total = settings.validation_share, len(positive_blocks)
    counts = Counter(positive_blocks)
    most = min(max(1.5 * share, 0.5) * total, total - 1)
    chosen: list[Block] = []
    held = 0
    for block in sorted(counts, key=lambda one: seeded_hash(settings.seed, *one)):
        if held >= share * total:
            break
        if held + counts[block] <= most:
            chosen.append(block)
            held += counts[block]
    return tuple(chosen)


def _held(pixels: Iterable[Pixel], split: Split) -> int:
    return sum(split.subset(*one) is Subset.VALIDATION for one in pixels)


def _blocks(tiles: Iterable[Tile], side: int) -> set[Block]:
    """Blocks that the tiles reach."""
    return {
        (row, col)
        for tile in tiles
        for row in range(tile.window.row // side, -(-(tile.window.row + tile.core_px) // side))
        for col in range(tile.window.col // side, -(-(tile.window.col + tile.core_px) // side))
    }


def _share_of(blocks: Iterable[Block], settings: GridSettings) -> list[Block]:
    limit = settings.validation_share * 2.0**64
    return [one for one in blocks if seeded_hash(settings.seed, *one) < limit]
