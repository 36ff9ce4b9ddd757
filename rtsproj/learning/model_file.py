"""Model files: safetensors with what the search must know in the header, verified by digest."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import nn

from rtsproj.domain.requests import Scaling
from rtsproj.errors import DamagedError
from rtsproj.jobs.files import sha256_of, write_atomic
from rtsproj.learning.network import NetworkSpec, build_network

_KEY = "rtsproj-model-1"
"""The one key of the header: several would be written in a random order, and with it the digest."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Header of a model file.

    Attributes:
        spec: builds the network.
        scaling: rule from raw values to network input; it belongs to the model (stack 5.7).
        pixel_m: m, pixel size it was trained on.
        margin_px: px of context that its search windows have on each side.
        training_sha256: digest of the training set.
        weights_origin: what the encoder started from.
        weights_sha256: digest of that file, empty for random and hub.
        device: where it was trained.
        torch_version: with what.
        members: networks of the ensemble; 1 = a single network.
    """

    spec: NetworkSpec
    scaling: Scaling
    pixel_m: float
    margin_px: int
    training_sha256: str
    weights_origin: str
    weights_sha256: str
    device: str
    torch_version: str
    members: int = 1


class Ensemble(nn.Module):
    """Networks of one architecture side by side."""

    def __init__(self, members: Iterable[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits (n, members, rows, cols) of images (n, bands, rows, cols)."""
        return torch.cat([one(images) for one in self.members], dim=1)


class MeanOfMembers(nn.Module):
    """One channel of logits: that of the mean probability of a network's channels."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits (n, 1, rows, cols)."""
        probability = torch.sigmoid(self.network(images).float()).mean(dim=1, keepdim=True)
        return torch.logit(probability, eps=1e-7)


def ensemble_state(states: Sequence[Mapping[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """Tensors of a model file: those of one network, or of several with the member before them."""
    if len(states) == 1:
        return dict(states[0])
    return {
        f"members.{n}.{name}": value
        for n, state in enumerate(states)
        for name, value in state.items()
    }


def save_model(path: Path, state: Mapping[str, torch.Tensor], info: ModelInfo) -> str:
    """Write a model file whole.

    Args:
        path: .safetensors.
        state: see ``ensemble_state``.
        info: the header.

    Returns:
        sha256 of the file; the same weights and header give the same digest.
    """
    tensors = {name: value.detach().cpu().contiguous() for name, value in state.items()}
    header = {_KEY: json.dumps(asdict(info), sort_keys=True)}
    return write_atomic(path, save(tensors, metadata=header))


def load_model(path: Path, sha256: str) -> tuple[nn.Module, ModelInfo]:
    """Build the network of a model file and load its weights, ready to search.

    Returns:
        The network, whose logits are (n, ``info.members``, rows, cols), and the header.

    Raises:
        DamagedError: the file is missing, has changed, or is no model of rtsproj.
    """
    if sha256_of(path) != sha256:
        raise DamagedError(
            f"model {path} is missing or does not match its recorded sha256 {sha256[:12]}",
            hint="restore it from a backup, or train again",
        )
    info = read_info(path)
    network = build_network(info.spec)
    if info.members > 1:
        rest = (build_network(info.spec) for _ in range(info.members - 1))
        network = Ensemble((network, *rest))
    try:
        network.load_state_dict(load_file(path), strict=True)
    except (SafetensorError, RuntimeError) as error:
        raise _no_model(path) from error
    return network.eval(), info


def read_info(path: Path) -> ModelInfo:
    """The header of a model file, without its weights.

    Raises:
        DamagedError: the file is no model of rtsproj.
    """
    try:
        with safe_open(path, framework="pt") as opened:
            header = opened.metadata() or {}
        raw: dict[str, Any] = json.loads(header[_KEY])
        spec = {**raw.pop("spec")}
        scaling = raw.pop("scaling")
        return ModelInfo(
            spec=NetworkSpec(**{**spec, "bands": tuple(spec["bands"])}),
            scaling=Scaling(tuple(scaling["low"]), tuple(scaling["high"])),
            **raw,
        )
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise _no_model(path) from error


def _no_model(path: Path) -> DamagedError:
    return DamagedError(f"{path} is no model of rtsproj", hint="train a model with rtsproj train")
