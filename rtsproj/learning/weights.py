"""Load encoder weights onto a network, by name or position by position, and say what matched."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from rtsproj.errors import UsageError
from rtsproj.jobs.files import sha256_of
from rtsproj.learning.network import NetworkSpec, hub_encoder_state

_PREFIXES = ("module.", "state_dict.", "encoder.", "backbone.", "model.")
_COLOURS = {"red": 0, "green": 1, "blue": 2}
_LEAST_MATCHED = 0.9
_UNREADABLE = (
    SafetensorError,
    UnpicklingError,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
    IndexError,
    KeyError,
)

State = Mapping[str, torch.Tensor]


@dataclass(frozen=True, slots=True)
class WeightsReport:
    """What became of the tensors of a weights file.

    Attributes:
        origin: the setting.
        sha256: digest of the file; empty for random and hub.
        how: ``name``, ``position`` or ``random``.
        matched: encoder tensors that were loaded.
        missing: encoder tensors that were not.
        unexpected: tensors of the file that the encoder has no place for.
        first_convolution: how each band took its kernel.
    """

    origin: str
    sha256: str
    how: str
    matched: int
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    first_convolution: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WeightsChoice:
    """Which weights a training starts from; ``path`` is empty for random and hub."""

    origin: str
    path: str
    sha256: str


def load_encoder(network: nn.Module, spec: NetworkSpec, choice: WeightsChoice) -> WeightsReport:
    """Load encoder weights in place.

    Raises:
        UsageError: the file is changed or unreadable, or under 90 % of the encoder matched.
    """
    if choice.origin == "random":
        return WeightsReport("random", "", "random", 0, tuple(_encoder_state(network)), (), ())
    given = _given_state(choice, spec)
    pairs, how = _pairs(_encoder_state(network), given)
    report = _loaded(network, {mine: given[theirs] for mine, theirs in pairs.items()}, spec.bands)
    left = tuple(sorted(set(given) - set(pairs.values())))
    return WeightsReport(choice.origin, choice.sha256, how, len(pairs), report[0], left, report[1])


def adapted_kernel(
    kernel: torch.Tensor, bands: Sequence[str]
) -> tuple[torch.Tensor, tuple[str, ...]]:
    """Turn a red-green-blue kernel into one for named bands.

    Known colours take their own kernel, other bands the mean of the three, all times 3 / bands so
    that the sum of the answers keeps its size.

    Args:
        kernel: (out, 3, rows, cols).
        bands: names of the network's bands, in order.

    Returns:
        The kernel (out, bands, rows, cols), and per band where it came from.
    """
    mean = kernel.mean(dim=1)
    parts = [kernel[:, _COLOURS[b]] if b in _COLOURS else mean for b in bands]
    notes = tuple(f"{b} <- {b if b in _COLOURS else 'mean of red, green, blue'}" for b in bands)
    return torch.stack(parts, dim=1) * (kernel.shape[1] / len(bands)), notes


def read_state(path: Path) -> dict[str, torch.Tensor]:
    """Tensors of a .safetensors or a .pth file; no code of the file is ever run.

    Raises:
        UsageError: the file is not what it says, or holds more than tensors.
    """
    try:
        raw = load_file(path) if path.suffix == ".safetensors" else _load_pickled(path)
    except _UNREADABLE as error:
        raise _unreadable(path) from error
    if isinstance(raw, dict) and isinstance(raw.get("state_dict"), dict):
        raw = raw["state_dict"]
    items = raw.items() if isinstance(raw, dict) else ()
    tensors = {k: v for k, v in items if isinstance(v, torch.Tensor)}
    if not tensors:
        raise _unreadable(path)
    return tensors


def _load_pickled(path: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch advises on odd files; they are refused below
        return torch.load(path, map_location="cpu", weights_only=True)


def _unreadable(path: Path) -> UsageError:
    return UsageError(
        f"weights file {path} is no plain state dict of tensors",
        hint="save it as .safetensors; rtsproj never runs code that a weights file holds",
    )


def _given_state(choice: WeightsChoice, spec: NetworkSpec) -> dict[str, torch.Tensor]:
    if choice.origin.startswith("hub:"):
        return hub_encoder_state(spec.encoder)
    path = Path(choice.path)
    if sha256_of(path) != choice.sha256:
        raise UsageError(
            f"weights file {path} is missing or has changed since the job was made",
            hint="start the training again",
        )
    return read_state(path)


def _encoder_state(network: nn.Module) -> dict[str, torch.Tensor]:
    encoder = network.get_submodule("encoder")
    return dict(encoder.state_dict())


def _pairs(mine: State, given: State) -> tuple[dict[str, str], str]:
    by_name = _pairs_by_name(mine, given)
    if len(by_name) >= _LEAST_MATCHED * len(mine):
        return by_name, "name"
    by_position = _pairs_by_position(mine, given)
    best = by_position if len(by_position) > len(by_name) else by_name
    if len(best) < _LEAST_MATCHED * len(mine):
        raise UsageError(
            f"the weights fit {len(best)} of {len(mine)} tensors of the encoder",
            hint="give weights of exactly this encoder, or train.weights = 'random'",
        )
    return best, "position"


def _pairs_by_name(mine: State, given: State) -> dict[str, str]:
    theirs = {_bare(name): name for name in given}
    found = {name: theirs.get(_bare(name), "") for name in mine}
    first = _first_kernel(mine)
    return {a: b for a, b in found.items() if b and _fits(mine[a], given[b], is_first=a == first)}


def _pairs_by_position(mine: State, given: State) -> dict[str, str]:
    first = _first_kernel(mine)
    pairs: dict[str, str] = {}
    for a, b in zip(mine, given, strict=False):
        same_kind = a.rpartition(".")[2] == b.rpartition(".")[2]
        if not (same_kind and _fits(mine[a], given[b], is_first=a == first)):
            break
        pairs[a] = b
    return pairs


def _bare(name: str) -> str:
    while True:
        for prefix in _PREFIXES:
            if name.startswith(prefix):
                name = name[len(prefix) :]
                break
        else:
            return name


def _fits(mine: torch.Tensor, theirs: torch.Tensor, *, is_first: bool) -> bool:
    if is_first and theirs.ndim == 4 and theirs.shape[1] == 3:
        return mine.shape[0] == theirs.shape[0] and mine.shape[2:] == theirs.shape[2:]
    return mine.shape == theirs.shape


def _first_kernel(state: State) -> str:
    return next(name for name, value in state.items() if value.ndim == 4)


def _loaded(
    network: nn.Module, values: dict[str, torch.Tensor], bands: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    state = _encoder_state(network)
    first = _first_kernel(state)
    notes: tuple[str, ...] = ("as in the file",)
    if first in values and values[first].shape[1] == 3:
        values[first], notes = adapted_kernel(values[first], bands)
    encoder = network.get_submodule("encoder")
    encoder.load_state_dict({**state, **values}, strict=True)
    return tuple(name for name in state if name not in values), notes
