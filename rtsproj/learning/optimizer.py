"""Optimisers; the schedule sets their rate before each step."""

import torch
from torch import nn

from rtsproj.settings import Optimizer

MOMENTUM, WEIGHT_DECAY = 0.9, 4e-5
"""Of the published network (Chen et al. 2018, DeepLabv3+)."""


def optimizer_of(name: Optimizer, network: nn.Module) -> torch.optim.Optimizer:
    """AdamW in one kernel a step, or plain momentum."""
    if name == "sgd":
        return torch.optim.SGD(
            network.parameters(), lr=1.0, momentum=MOMENTUM, weight_decay=WEIGHT_DECAY
        )
    return torch.optim.AdamW(network.parameters(), lr=1.0, fused=True)
