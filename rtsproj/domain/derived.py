"""Settings that follow from the data: sizes of chips, rims and objects, and the length of training.

Why: a buffer of 300 m is 100 px of a 3 m image and 3 px of a 90 m image; a chip of 256 px is a
part of a Planet scene and a third of a small one. Sizes in pixels that suit the slumps suit every
sensor. Every value can be set in project.toml instead; 0 there means: from the data.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median

from rtsproj.domain.text import counted

Value = int | float
CHIP = (96, 128)
"""px; smallest and largest side of a chip. On ponds of 10 to 300 px 96 px did best, also on the
longest: from 10 large ponds of 2019 the outlines of the first search had a median IoU of 0.70 with
96 px, 0.24 with 128 px and 0.15 with 256 px."""
OF_CHIP = 0.75
"""Chip sides per length of a slump: half of the known ones are shown nearly whole."""
STEP = 32
"""px; sides of chips are multiples of it, as the network's encoder wants them."""
SEEN = 8
"""How often a training shows each known slump at least."""
STEPS = (100, 3000)
"""Shortest and longest training. 100 steps were enough for 6 and for 60 known ponds."""
RIM = (2, 3)
"""px; least and most ground round a digitised slump that is background."""
OF_LENGTH = 0.1
"""Of a slump's length: how far that ground reaches."""
OF_SMALLEST = 0.1
"""Of the smallest known slump's area: what is smaller is a speck."""
OF_LARGEST = 2
"""Times the largest known slump: a larger object is no slump, and a larger rejected outline may
hold one."""
SPECK = (4, 100)
"""px; least and most area of a speck."""
CHECKS = 4
"""Validations of one training."""
CUT, CUTS = 0.5, (0.4, 0.6)
"""Candidate cut where too few known slumps were held out, and its bounds: ranks and budget decide
what is asked about; a cut beyond these draws outlines that are too wide, or in pieces."""
FEW = 10
"""Known slumps up to which the doubt about unlabelled ground stays as it is set. From 6 dark ponds
of 2009 the second network, which knows 24, could find 48 of 55 with a share of 0.1, 35 with 0.25;
the seventh, which knows 61, 53 with 0.055, 41 with 0.25. From 6 bright ones of 2012 the second,
which knows 11, could find 13 of 53 with 0.25, 10 with 0.08."""
LEAST_HELD_OUT = 5
"""Known slumps from which on a cut is taken from those that were held out."""
FOUND_AGAIN = 0.98
"""Share of the held-out slumps that the cut finds again."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """What the values follow from.

    Attributes:
        lengths: px, longer side of each digitised slump's bounding rectangle.
        areas: px, area of each.
        known: known slumps, those that models drew included.
        rows: px, height of the images.
        cols: px, width of the images.
        pixel_m: m.
        largest: px, area of the largest known slump, those that models drew included.
    """

    lengths: Sequence[float]
    areas: Sequence[float]
    known: int
    rows: int
    cols: int
    pixel_m: float
    largest: float

    @property
    def text(self) -> str:
        """The sizes in words."""
        return (
            f"{counted(self.known, 'known slump')}, {len(self.lengths)} of them digitised, half of "
            f"these at most {median(self.lengths):.0f} px long, the smallest of "
            f"{min(self.areas):.0f} px, on {self.cols:,} x {self.rows:,} px of {self.pixel_m:g} m"
        )


@dataclass(frozen=True, slots=True)
class Derived:
    """Values that follow from the data.

    Attributes:
        values: ``table.key`` -> value.
        text: the values and what they follow from, in words.
    """

    values: Mapping[str, Value]
    text: str


def derived(sizes: Sizes, *, per_step: float) -> Derived:
    """What suits the known slumps and the images.

    Args:
        sizes: of at least one known slump.
        per_step: chips per step that show a known slump.
    """
    length = median(sizes.lengths)
    most = max(STEP, min(sizes.rows, sizes.cols) // 2 // STEP * STEP)
    chip = min(STEP * ceil(_within(OF_CHIP * length, CHIP) / STEP), most)
    steps = round(_within(SEEN * sizes.known / per_step, STEPS))
    rim_px = ceil(_within(OF_LENGTH * length, RIM))
    values: dict[str, Value] = {
        "train.chip_px": chip,
        "train.steps": steps,
        "train.validate_every": ceil(steps / CHECKS),
        "train.buffer_m": chip / 2 * sizes.pixel_m,
        "train.background_m": rim_px * sizes.pixel_m,
        "infer.min_px": round(_within(OF_SMALLEST * min(sizes.areas), SPECK)),
        "infer.whole_px": max(1, round(OF_LARGEST * sizes.largest)),
    }
    text = (
        f"from the data: chips of {chip} px, {steps:,} steps, background as far as "
        f"{values['train.background_m']:g} m from digitised slumps, outlines from "
        f"{values['infer.min_px']} px ({sizes.text})"
    )
    return Derived(values, text)


def candidate_cut(found_at: Sequence[float]) -> tuple[float, str]:
    """The candidate cut of a model, and what it follows from, in words.

    Args:
        found_at: of each known slump that the training did not see, the highest cut at which half
            of it is found, 0..1.
    """
    held = counted(len(found_at), "known slump")
    if len(found_at) < LEAST_HELD_OUT:
        return CUT, f"candidate cut {CUT:g}: {held} held out, too few to choose by"
    wanted = sorted(found_at)[int((1 - FOUND_AGAIN) * len(found_at))]
    cut = round(_within(wanted, CUTS), 2)
    again = sum(one >= cut for one in found_at)
    return cut, f"candidate cut {cut:g}: it finds {again} of {held} that were held out"


def trim_share(most: float, *, known: int) -> tuple[float, str]:
    """How much of the unlabelled ground teaches nothing, and why, in words.

    A network that knows few slumps unlearns the others where they are taught as background. One
    that knows many keeps them, and draws vast outlines where little background is taught.

    Args:
        most: 0..1, share of a batch's unlabelled pixels that teach nothing at first.
        known: known slumps.
    """
    if known <= FEW or not most:
        return most, ""
    share = round(most * FEW / known, 4)
    return share, (
        f"the {share:.1%} of the unlabelled ground that looks most like slumps teaches nothing "
        f"({counted(known, 'known slump')})"
    )


def _within(value: float, bounds: tuple[float, float]) -> float:
    return min(max(value, bounds[0]), bounds[1])
