"""Losses of one batch: 255 teaches nothing, 253 and 254 are background in part.

Why 254: the first labels are a part of all slumps, and the ground round them holds others that
nobody has drawn yet. Taught as background they would be unlearnt for good (seen: a network trained
on 15 of 55 ponds found exactly those 15). So of the unlabelled ground of a batch the share that
looks most like slumps teaches nothing: a trimmed loss (Shen and Sanghavi 2019), which needs no
fixed probability and no prior. Other rules that were tried: README, "What it finds".

Why 253: a slump may lie in a vast outline that an analyst rejected. Its ground is trimmed by
itself: it is what the last network took for a slump, and would else be all that is trimmed.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.nn import functional

from rtsproj.settings import Loss

IGNORED = 255
"""Target value of pixels that teach nothing (method 5)."""
UNLABELLED = 254
"""Target value of ground that nobody has looked at."""
DENIED = 253
"""Target value of ground that was rejected, of which a little may be slump."""
LossFunction = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


@dataclass(frozen=True, slots=True)
class Counted:
    """A batch as the losses see it, (n, rows, cols) float32 each.

    Attributes:
        logits: of the network.
        truth: 1 slump, 0 background.
        weight: 1 where a pixel counts, else 0.
    """

    logits: torch.Tensor
    truth: torch.Tensor
    weight: torch.Tensor


def loss_function(name: Loss, *, trim_share: float) -> LossFunction:
    """The loss of a setting: logits (n, rows, cols), targets 0, 1, 253, 254, 255 -> a scalar.

    Args:
        name: the setting.
        trim_share: 0..1, of the unlabelled pixels of a batch, those with the highest logits, that
            teach nothing, and of the denied ones.

    References:
        bce_dice is the default (stack 4.3); focal: Lin et al. 2017, alpha 0.75, gamma 2;
        focal_tversky: Abraham and Khan 2019, 0.3 false positives, 0.7 false negatives, gamma 4/3.
    """
    table: dict[Loss, Callable[[Counted], torch.Tensor]] = {
        "bce": _bce,
        "bce_dice": lambda counted: _bce(counted) + _dice(counted),
        "focal": _focal,
        "focal_tversky": _focal_tversky,
    }
    chosen = table[name]
    return lambda logits, targets: chosen(_counted(logits, targets, trim_share))


def _counted(logits: torch.Tensor, targets: torch.Tensor, trim_share: float) -> Counted:
    logits = logits.float()
    weight = targets != IGNORED
    for value in (UNLABELLED, DENIED):
        weight &= ~_trimmed(logits.detach(), targets == value, trim_share)
    return Counted(logits, (targets == 1).float(), weight.float())


def _trimmed(logits: torch.Tensor, among: torch.Tensor, share: float) -> torch.Tensor:
    """True for the share of some pixels that teaches nothing; equal logits are treated alike."""
    values = logits[among]
    kept = values.numel() - int(share * values.numel())
    if kept == values.numel():
        return torch.zeros_like(among)
    if not kept:
        return among
    return among & (logits > values.kthvalue(kept).values)


def _mean(values: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    return (values * weight).sum() / weight.sum().clamp(min=1.0)


def _bce(counted: Counted) -> torch.Tensor:
    x, truth, weight = counted.logits, counted.truth, counted.weight
    values = functional.binary_cross_entropy_with_logits(x, truth, reduction="none")
    return _mean(values, weight)


def _dice(counted: Counted) -> torch.Tensor:
    x, truth, weight = counted.logits, counted.truth, counted.weight
    probability = torch.sigmoid(x) * weight
    shared = (probability * truth).sum()
    return 1.0 - (2.0 * shared + 1.0) / (probability.sum() + (truth * weight).sum() + 1.0)


def _focal(counted: Counted) -> torch.Tensor:
    x, truth, weight = counted.logits, counted.truth, counted.weight
    values = functional.binary_cross_entropy_with_logits(x, truth, reduction="none")
    alpha = 0.75 * truth + 0.25 * (1.0 - truth)
    return _mean(alpha * (1.0 - torch.exp(-values)) ** 2 * values, weight)


def _focal_tversky(counted: Counted) -> torch.Tensor:
    x, truth, weight = counted.logits, counted.truth, counted.weight
    probability = torch.sigmoid(x) * weight
    hit = (probability * truth).sum()
    false = (probability * (1.0 - truth)).sum()
    missed = ((1.0 - probability) * truth * weight).sum()
    index = (hit + 1.0) / (hit + 0.3 * false + 0.7 * missed + 1.0)
    return (1.0 - index).clamp(min=1e-7) ** 0.75
