"""The small world of the learning tests, one thread for torch, and a stand-in network."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).parents[1] / "learning"))

from workshop import BANDS, World, make_world

from rtsproj.domain.requests import Scaling
from rtsproj.inference import search
from rtsproj.learning.model_file import ModelInfo
from rtsproj.learning.network import NetworkSpec


class Brightness(nn.Module):
    """A 1x1 convolution that knows the answer: bright in red and dark in near infrared."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(4, 1, 1)
        with torch.no_grad():
            self.layer.weight[:] = torch.tensor([5.0, 0.0, 0.0, 0.0]).reshape(1, 4, 1, 1)
            self.layer.bias[:] = 0.0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x)


def model_info(bands: tuple[str, ...] = BANDS) -> ModelInfo:
    return ModelInfo(
        spec=NetworkSpec("Unet", "resnet18", 16, bands),
        scaling=Scaling((300.0,) * 4, (1800.0,) * 4),
        pixel_m=3.0,
        margin_px=16,
        training_sha256="",
        weights_origin="random",
        weights_sha256="",
        device="CPU",
        torch_version="",
    )


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture
def use_network(monkeypatch: pytest.MonkeyPatch) -> Callable[[nn.Module], None]:
    """Searches run this network whatever model the request names."""

    def use(network: nn.Module) -> None:
        monkeypatch.setattr(
            search, "load_model", lambda path, sha256: (network.eval(), model_info())
        )

    return use


@pytest.fixture
def brightness(use_network: Callable[[nn.Module], None]) -> None:
    use_network(Brightness())
