"""Labels: training polygons, and the rule that balances negatives."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Polarity(StrEnum):
    """What a label's pixels mean in training."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    IGNORE = "ignore"
    """unsure or undecided: 255, never 0 and never 1 (method 5)."""


class Subset(StrEnum):
    """Side of the spatial split."""

    TRAIN = "train"
    VALIDATION = "validation"


@dataclass(frozen=True, slots=True)
class TrainingLabel:
    """One polygon of a frozen training set.

    Attributes:
        label_id: id in the project; ignore labels use the negated candidate id.
        polarity: positive, negative or ignore.
        origin: seed, given, accepted, rejected, unsure or open.
        reason: reject reason, empty otherwise.
        wkb: outline in the project CRS.
    """

    label_id: int
    polarity: Polarity
    origin: str
    reason: str
    wkb: bytes


def capped_negatives(
    labels: Iterable[TrainingLabel], *, positives: int, per_positive: float, seed: int
) -> tuple[TrainingLabel, ...]:
    """Choose negatives up to the cap, round-robin over origin and reason so that none fills it.

    Args:
        labels: negative labels.
        positives: positive labels of the set.
        per_positive: most negatives per positive (Huang 2020: 1177 / 429 = 2.74).
        seed: makes the order inside a group repeatable.

    Returns:
        The chosen negatives, by ascending label_id.
    """
    groups: dict[tuple[str, str], list[TrainingLabel]] = defaultdict(list)
    for label in labels:
        groups[label.origin, label.reason].append(label)
    queues: Sequence[list[TrainingLabel]] = [
        sorted(groups[key], key=lambda one: seeded_hash(seed, one.label_id))
        for key in sorted(groups)
    ]
    cap = max(1, round(positives * per_positive))
    chosen: list[TrainingLabel] = []
    depth = 0
    while len(chosen) < cap and any(depth < len(queue) for queue in queues):
        chosen.extend(queue[depth] for queue in queues if depth < len(queue))
        depth += 1
    return tuple(sorted(chosen[:cap], key=lambda one: one.label_id))


def seeded_hash(seed: int, *parts: int | str) -> int:
    """A repeatable 64-bit number of the parts, the same on every machine."""
    text = ":".join(map(str, (seed, *parts)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
