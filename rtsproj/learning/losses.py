"""Losses of one batch; pixels of value 255 count for nothing."""

from collections.abc import Callable

import torch
from torch.nn import functional

from rtsproj.settings import Loss

IGNORED = 255
"""Target value of pixels that teach nothing (method 5)."""

LossFunction = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def loss_function(name: Loss) -> LossFunction:
    """The loss of a setting: logits (n, rows, cols) and targets 0, 1, 255 -> a scalar.

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
    weight = (targets != IGNORED).float()
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
