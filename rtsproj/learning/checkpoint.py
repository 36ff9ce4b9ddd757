"""Saved states of a training: replaced whole, verified by digest, the last two kept (faults F4)."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from rtsproj.jobs.files import sha256_of, write_atomic

_KEPT = 2
_SUFFIX = ".sha256"


@dataclass(frozen=True, slots=True)
class Restored:
    """What was found at the start of a worker.

    Attributes:
        state: newest whole state, None where there is none.
        refused: names of newer files that do not match their digest.
    """

    state: Mapping[str, Any] | None
    refused: tuple[str, ...]


def save_checkpoint(folder: Path, name: str, state: Mapping[str, Any]) -> Path:
    """Write a state and its digest beside it, then forget all but the newest two.

    Args:
        folder: the job's checkpoint folder.
        name: sorts by age, such as ``00-1-000040``.
        state: tensors, numbers, text, lists and dicts only: it is loaded with weights_only.
    """
    path = folder / f"{name}.pt"
    write_state(path, state)
    for old in _newest_first(folder)[_KEPT:]:
        old.with_suffix(_SUFFIX).unlink(missing_ok=True)
        old.unlink(missing_ok=True)
    return path


def newest_checkpoint(folder: Path) -> Restored:
    """Newest state whose bytes match their digest; a changed one is passed over and named."""
    refused: list[str] = []
    for path in _newest_first(folder):
        state = read_state(path)
        if state is not None:
            return Restored(state, tuple(refused))
        refused.append(path.name)
    return Restored(None, tuple(refused))


def write_state(path: Path, state: Mapping[str, Any]) -> None:
    """Write one state, and its digest beside it."""
    buffer = io.BytesIO()
    torch.save(dict(state), buffer)
    digest = write_atomic(path, buffer.getvalue())
    write_atomic(path.with_suffix(_SUFFIX), digest.encode())


def read_state(path: Path) -> Mapping[str, Any] | None:
    """A state whose bytes match their digest; None where it is missing or has changed."""
    written = path.with_suffix(_SUFFIX)
    if not written.exists() or written.read_text(encoding="ascii") != sha256_of(path):
        return None
    state: Mapping[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state


def _newest_first(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.pt"), reverse=True)
