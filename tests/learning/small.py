"""A network of a few hundred weights in place of a real one, for tests of the machinery."""

from collections.abc import Callable

import torch
from torch import nn

from rtsproj.errors import UsageError
from rtsproj.learning import model_file, start, train
from rtsproj.learning.network import NetworkSpec

BUILDERS = (start, model_file, train)
"""Modules that build networks."""


class Small(nn.Module):
    """Three layers; with BatchNorm and dropout, or without anything that notices other chips."""

    def __init__(self, bands: int, *, plain: bool = False) -> None:
        super().__init__()
        norm = nn.GroupNorm(2, 8) if plain else nn.BatchNorm2d(8)
        first = nn.Conv2d(bands, 8, 3, padding=1, stride=1 if plain else 2)
        self.encoder = nn.Sequential(first, norm, nn.ReLU())
        self.decoder = nn.Identity()
        rest = [] if plain else [nn.Dropout(0.2), nn.UpsamplingNearest2d(scale_factor=2)]
        self.head = nn.Sequential(*rest, nn.Conv2d(8, 1, 3, padding=1))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.head(self.decoder(self.encoder(images)))


class Hungry(nn.Module):
    """Runs out of memory in training above a number of chips, forward or backward."""

    def __init__(self, network: nn.Module, most: int, *, backward: bool = False) -> None:
        super().__init__()
        self.inner, self.most, self.backward = network, most, backward

    @property
    def encoder(self) -> nn.Module:
        return self.inner.encoder  # type: ignore[return-value]

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        if not self.training or len(images) <= self.most:
            return self.inner(images)
        if not self.backward:
            raise torch.OutOfMemoryError("CUDA out of memory")
        logits: torch.Tensor = self.inner(images)
        logits.register_hook(self._starve)
        return logits

    @staticmethod
    def _starve(_slope: torch.Tensor) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")


def use_small(
    replace: Callable[[object, str, object], None],
    *,
    wrap: Callable[[nn.Module], nn.Module] = lambda made: made,
    plain: bool = False,
) -> None:
    """Build it wherever a network is built; encoders of other names cannot be built."""

    def build(spec: NetworkSpec) -> nn.Module:
        if spec.encoder != "tu-test_efficientnet":
            raise UsageError(f"no encoder {spec.encoder}", hint="use the one of the tests")
        made = Small(len(spec.bands), plain=plain)
        return wrap(made.to(memory_format=torch.channels_last))

    for module in BUILDERS:
        replace(module, "build_network", build)
