"""Candidates: outlines that an iteration's model drew, and their lineage (method 7)."""

from dataclasses import dataclass
from enum import StrEnum


class Lineage(StrEnum):
    """How a candidate meets the judged places of earlier iterations."""

    FRESH = "fresh"
    TOUCHING = "touching"
    PARTIAL = "partial"
    SAME = "same"
    GROWN = "grown"


class Relation(StrEnum):
    """How a candidate meets the inventory."""

    NEW = "new"
    SAME = "same"
    SPLIT = "split"
    MERGE = "merge"


class Status(StrEnum):
    """Where a candidate stands in triage."""

    OPEN = "open"
    ACCEPT = "accept"
    REJECT = "reject"
    UNSURE = "unsure"


class Raised(StrEnum):
    """Why a candidate is asked about."""

    CUT = "cut"
    """it is among the best above the candidate cut."""
    PROBE = "probe"
    """it is below what would be raised: asked to try the model."""
    FAR = "far"
    """it is a probe that is unlike everything judged, in the network's features."""


@dataclass(frozen=True, slots=True)
class Outline:
    """One outline as a job wrote it.

    Attributes:
        seq: place in the job's outlines, from 0, in a repeatable order.
        wkb: outline in the project CRS.
        score_mean: 0..1, mean probability inside.
        score_max: 0..1, largest probability inside.
        pixels: px inside that reach the cut.
        tiles: ids of the tiles it lies on.
        at_edge: True beside missing imagery or on the border of the area.
        spread: 0..0.5, mean standard deviation inside of the probabilities that the members
            of an ensemble give; None where the model has one member.
        cut: 0..1, the probability it was drawn at; 0 = not recorded.
        stability: 0..1, its pixels as a share of those of its object at the lower cut; 1 where
            it was drawn at the lower cut or there is one cut only.
        novelty: 0..2, cosine distance to the nearest judged place in the network's features; None
            where it was not computed or nothing is judged.
        is_low: True where no part of it that reaches the candidate cut is large enough.
    """

    seq: int
    wkb: bytes
    score_mean: float
    score_max: float
    pixels: int
    tiles: tuple[int, ...]
    at_edge: bool
    spread: float | None = None
    cut: float = 0.0
    stability: float = 1.0
    novelty: float | None = None
    is_low: bool = False
