"""The small world of the learning tests, one thread for torch, and a stand-in network."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).parents[1] / "learning"))

from workshop import Brightness, World, make_world, model_info

from rtsproj.inference import novelty, search


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
        for module in (search, novelty):
            monkeypatch.setattr(
                module, "load_model", lambda path, sha256: (network.eval(), model_info())
            )

    return use


@pytest.fixture
def brightness(use_network: Callable[[nn.Module], None]) -> None:
    use_network(Brightness())
