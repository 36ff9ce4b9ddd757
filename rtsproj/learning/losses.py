"""Losses of one batch: 255 counts for nothing, 254 is background unless the network objects.

Why 254: the first labels are a part of all slumps, and the ground round them holds others that
nobody has drawn yet. Taught as background they would be unlearnt for good (seen: a network trained
on 15 of 55 ponds found exactly those 15). So unlabelled ground counts as background only where the
network does not itself see a slump; where it does, the analyst will be asked.
"""

from collections.abc import Callable

import torch
from torch.nn import functional

from rtsproj.settings import Loss

IGNORED = 255
"""Target value of pixels that teach nothing (method 5)."""
UNLABELLED = 254
"""Target value of ground that nobody has looked at."""
OBJECTS = -1.386
"""Logit (probability 0.2) from which the network is taken to see a slump on such ground; at 0.5 it
came too late: background is learnt first, and unlabelled ponds were already pressed below."""

LossFunction = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def loss_function(name: Loss) -> LossFunction:
    """The loss of a setting: logits (n, rows, cols), targets 0, 1, 254, 255 -> a scalar.

    References:
        bce_dice is the default (stack 4.3); focal: Lin et al. 2017, alpha 0.75, gamma 2;
        focal_tversky: Abraham and Khan 2019, 0.3 false positives, 0.7 false negatives, gamma 4/3.
    """
    table: dict[Loss, LossFunction] = {
        "bce": _bce,
        "bce_dice": lambda logits, targets: _bce(logits, targets) + _dice(logits, targets),
        "focal": _focal,
        "focal_tversky": _focal_tversky,
    }
    return table[name]


def _counted(
    logits: torch.Tensor, targets: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    objected = (targets == UNLABELLED) & (logits.detach() > OBJECTS)
    weight = ((targets != IGNORED) & ~objected).float()
    return logits.float(), (targets == 1).float(), weight


def _mean(values: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    return (values * weight).sum() / weight.sum().clamp(min=1.0)


def _bce(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    x, truth, weight = _counted(logits, targets)
    values = functional.binary_cross_entropy_with_logits(x, truth, reduction="none")
    return _mean(values, weight)


def _dice(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    x, truth, weight = _counted(logits, targets)
    probability = torch.sigmoid(x) * weight
    shared = (probability * truth).sum()
    return 1.0 - (2.0 * shared + 1.0) / (probability.sum() + (truth * weight).sum() + 1.0)


def _focal(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    x, truth, weight = _counted(logits, targets)
    values = functional.binary_cross_entropy_with_logits(x, truth, reduction="none")
    alpha = 0.75 * truth + 0.25 * (1.0 - truth)
    return _mean(alpha * (1.0 - torch.exp(-values)) ** 2 * values, weight)


def _focal_tversky(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    x, truth, weight = _counted(logits, targets)
    probability = torch.sigmoid(x) * weight
    hit = (probability * truth).sum()
    false = (probability * (1.0 - truth)).sum()
    missed = ((1.0 - probability) * truth * weight).sum()
    index = (hit + 1.0) / (hit + 0.3 * false + 0.7 * missed + 1.0)
    return (1.0 - index).clamp(min=1e-7) ** 0.75
