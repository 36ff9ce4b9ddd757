"""Model files: safetensors with what the search must know in the header, verified by digest."""

import json
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


def save_model(path: Path, state: dict[str, torch.Tensor], info: ModelInfo) -> str:
    """Write a model file whole.

    Returns:
        sha256 of the file; the same weights and header give the same digest.
    """
    tensors = {name: value.detach().cpu().contiguous() for name, value in state.items()}
    header = {_KEY: json.dumps(asdict(info), sort_keys=True)}
    return write_atomic(path, save(tensors, metadata=header))


def load_model(path: Path, sha256: str) -> tuple[nn.Module, ModelInfo]:
    """Build the network of a model file and load its weights, ready to search.

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
