"""Learning rates as pure functions of the step: no state to save, none to get wrong."""

import math
from typing import TYPE_CHECKING

from rtsproj.settings import Schedule

if TYPE_CHECKING:
    from collections.abc import Callable

POWER = 0.9
"""Of the poly schedule (Chen et al. 2017, DeepLab)."""
_BETA = 0.9
"""First beta of AdamW where the schedule does not move it."""


def rate_at(name: Schedule, step: int, *, steps: int, peak: float) -> tuple[float, float]:
    """Learning rate and first beta of AdamW at a step.

    Args:
        name: the setting.
        step: 0..steps - 1.
        steps: length of the training.
        peak: highest rate.
    """
    table: dict[Schedule, Callable[[], tuple[float, float]]] = {
        "one_cycle": lambda: one_cycle(step, steps=steps, peak=peak),
        "poly": lambda: (poly(step, steps=steps, peak=peak), _BETA),
        "constant": lambda: (peak, _BETA),
    }
    return table[name]()


def one_cycle(step: int, *, steps: int, peak: float) -> tuple[float, float]:
    """Torch's OneCycleLR (Smith 2018).

    Returns:
        (rate, beta): rate from peak/25 over peak at 30 % to peak/250000; beta .95, .85, .95.
    """
    turn, end = 0.3 * steps - 1, steps - 1
    if turn > 0 and step <= turn:
        share = step / turn
        return _cosine(peak / 25, peak, share), _cosine(0.95, 0.85, share)
    share = min(1.0, (step - turn) / max(1e-9, end - turn)) if step > turn else 0.0
    return _cosine(peak, peak / 250_000, share), _cosine(0.85, 0.95, share)


def poly(step: int, *, steps: int, peak: float) -> float:
    """Rate peak (1 - step/steps)^0.9: DeepLab's, falling from the first step; never quite 0."""
    return float(peak * (1 - step / steps) ** POWER)


def _cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) / 2 * (1 + math.cos(math.pi * share))
