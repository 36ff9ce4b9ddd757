"""Labels: training polygons, and the rule that balances negatives."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest


class Polarity(StrEnum):
    """What a label's pixels mean in training."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    IGNORE = "ignore"
    """unsure or undecided: 255, never 0 and never 1 (method 5)."""


EXHAUSTIVE = "exhaustive"
"""Reason of a negative label that is an area in which every slump is labelled."""


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


@dataclass(frozen=True, slots=True)
class NegativeRule:
    """How many negatives teach, and how they are shared out.

    Attributes:
        per_positive: most negatives per positive (Huang 2020: 1177 / 429 = 2.74).
        reason_quota: 0..1; share of that cap that one reject reason may take, at least one label.
            Labels without a reason, such as drawn negatives, have no quota.
        seed: makes the order inside a group repeatable.
    """

    per_positive: float
    reason_quota: float
    seed: int

    def cap(self, positives: int) -> int:
        """Most negatives beside so many positives; at least one."""
        return max(1, round(positives * self.per_positive))

    def most_of(self, reason: str, positives: int) -> int:
        """Most labels of one reason."""
        cap = self.cap(positives)
        return max(1, int(cap * self.reason_quota)) if reason else cap


def capped_negatives(
    labels: Iterable[TrainingLabel], *, positives: int, rule: NegativeRule
) -> tuple[TrainingLabel, ...]:
    """Choose negatives up to the cap, in turns over origin and reason, so that none fills it.

    A group that is used up or at its quota leaves its turns to the others; where all others are
    used up, the rest of the cap stays empty, so that a common reason never fills it (method 5).
    Areas that are labelled all over are always chosen, and count for no cap.

    Args:
        labels: negative labels, in any order.
        positives: positive labels of the set.
        rule: cap, quota and seed.

    Returns:
        The chosen negatives, by ascending label_id.
    """
    groups: dict[tuple[str, str], list[TrainingLabel]] = defaultdict(list)
    areas = []
    for label in labels:
        if label.reason == EXHAUSTIVE:
            areas.append(label)
        else:
            groups[label.origin, label.reason].append(label)
    queues = [
        sorted(groups[key], key=lambda one: seeded_hash(rule.seed, one.label_id))
        for key in sorted(groups)
    ]
    chosen: list[TrainingLabel] = []
    taken: Counter[str] = Counter()
    for one in (one for turn in zip_longest(*queues) for one in turn if one is not None):
        if len(chosen) < rule.cap(positives) and taken[one.reason] < rule.most_of(
            one.reason, positives
        ):
            chosen.append(one)
            taken[one.reason] += 1
    return tuple(sorted((*areas, *chosen), key=lambda one: one.label_id))


def seeded_hash(seed: int, *parts: int | str) -> int:
    """A repeatable 64-bit number of the parts, the same on every machine."""
    text = ":".join(map(str, (seed, *parts)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
