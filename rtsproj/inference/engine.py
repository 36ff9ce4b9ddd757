"""How windows go through the network: batch, precision, runtime; each fast way checked once.

The answer of every engine is compared with fp32 torch on the first window of a start: where more
than ``MOST_FLIPS`` of its pixels change side at the cut, the search goes on in fp32 and says so.
Memory that runs out halves the batch and says so.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from rtsproj.domain.requests import Scaling
from rtsproj.errors import RtsError, UsageError
from rtsproj.imagery.probability import FULL, NO_PIXEL, stored_cut
from rtsproj.inference.blend import Blend, Runner
from rtsproj.inference.strips import Held, Read
from rtsproj.learning.backend import Backend
from rtsproj.learning.inputs import network_input
from rtsproj.settings import EngineName, InferSettings

MOST_FLIPS = 1e-3
"""Share of pixels that a fast engine may put on the other side of the cut (stack 5.1)."""
_LAYOUTS = {"openvino": torch.contiguous_format}
"""Engine -> order in memory that it reads fastest, where that is not channels last."""
GPU_BATCH_PX = 8 << 20
"""px of a batch on a GPU where infer.batch is 0 (stack 5.6)."""

Bytes = NDArray[np.uint8]


class ConversionError(RtsError):
    """A network cannot be brought into the form that an engine runs."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the network says of the core of a window.

    Attributes:
        probability: (rows, cols); 0..254 = mean probability of the members, 255 = not searched.
        spread: (rows, cols); 254 times the standard deviation of the members' probabilities;
            None where the model has one member.
    """

    probability: Bytes
    spread: Bytes | None


class Engine:
    """A network that is ready to search."""

    def __init__(
        self,
        network: nn.Module,
        scaling: Scaling,
        settings: InferSettings,
        backend: Backend,
        note: Callable[[str], None],
    ) -> None:
        """Choose the runtime.

        Args:
            network: in evaluation mode; moved to the backend's device.
            scaling: the model's rule.
            settings: cut, batch, engine.
            backend: device and precision.
            note: takes what a person may want to know.

        Raises:
            UsageError: the engine that the settings name is not installed or fits no GPU.
        """
        self._network = network.to(backend.device).eval()
        self._scaling = scaling
        self._note = note
        self._stored_cut = stored_cut(settings.threshold)
        self._asked_batch = settings.batch
        self._asked_engine = settings.engine
        self.backend = backend
        self.name = chosen_engine(settings.engine, backend)
        self.flips: float | None = None
        self.blend_px = settings.blend_px
        self._blend = _blend(settings, backend)
        self._most: int | None = None
        self._exact = torch_runner(self._network, replace(backend, precision="fp32"))
        self._run = torch_runner(self._network, backend)
        if self.name == "openvino":
            from rtsproj.inference.openvino import openvino_runner  # noqa: PLC0415  extra `cpu`

            self._run = openvino_runner(self._network, backend)
        self._is_checked = self.name == "torch" and backend.precision == "fp32"

    def batch(self, side_px: int) -> int:
        """Windows of a batch, as found so far."""
        if self._most is None:
            by_device = max(1, GPU_BATCH_PX // side_px**2) if self.backend.device == "cuda" else 1
            self._most = self._asked_batch or by_device
        return self._most

    def found(self, reads: Sequence[Read]) -> list[Found | None]:
        """Search windows of one size; None where no pixel counts.

        Raises:
            RtsError: one window alone does not fit into the GPU's memory.
        """
        held = [(n, one.imagery) for n, one in enumerate(reads) if one.imagery is not None]
        out: list[Found | None] = [None] * len(reads)
        if not held:
            return out
        if not self._is_checked:
            self._check(reads[held[0][0]], held[0][1])
        for n, one in self._halving(reads, held):
            out[n] = one
        return out

    def _halving(
        self, reads: Sequence[Read], held: Sequence[tuple[int, Held]]
    ) -> list[tuple[int, Found]]:
        """Search what fits; halve where memory runs out."""
        most = self._most or self._asked_batch or len(held)
        step, done, found = min(most, len(held)), 0, list[tuple[int, Found]]()
        while done < len(held):
            part = held[done : done + step]
            try:
                values = self._values(self._run, [one for _, one in part])
            except torch.OutOfMemoryError as error:
                step = self._halved(len(part), part[0][1], error)
                continue
            found.extend(
                (n, _cropped(one, reads[n])) for (n, _), one in zip(part, values, strict=True)
            )
            done += step
        return found

    def _halved(self, size: int, one: Held, error: Exception) -> int:
        at_once = self._blend.halve(one.window) if self._blend and size == 1 else 0
        if size == 1 and not at_once:
            raise RtsError(
                f"one window of {one.window.rows} px does not fit into the memory of "
                f"{self.backend.name}",
                hint="set infer.span = 1 in project.toml, or a smaller grid.core_px",
            ) from error
        if self.backend.device == "cuda":
            torch.cuda.empty_cache()
        if at_once:
            self._note(f"memory ran out: now {at_once} blended windows at once")
            return 1
        self._most = size // 2
        self._note(f"memory ran out with {size} windows at once: now {self._most}")
        return self._most

    def _values(self, run: Runner, held: Sequence[Held]) -> list[tuple[Bytes, Bytes | None]]:
        rows, cols = held[0].valid.shape
        with torch.inference_mode():
            x = network_input(
                [one.values for one in held],
                [one.valid for one in held],
                self._scaling,
                self.backend,
                layout=_LAYOUTS.get(self.name, torch.channels_last),
            )
            chance = self._chances(run, x, held)[:, :, :rows, :cols]
            means = _stored(chance[:, 0] if chance.shape[1] == 1 else chance.mean(dim=1))
            spreads: list[Bytes | None] = [None] * len(held)
            if chance.shape[1] > 1:
                spreads = [*_stored(chance.std(dim=1, correction=0))]
        return list(zip(means, spreads, strict=True))

    def _chances(self, run: Runner, x: torch.Tensor, held: Sequence[Held]) -> torch.Tensor:
        """Probabilities 0..1, (n, members, rows, cols)."""
        if self._blend is None:
            return torch.sigmoid(run(x).float())
        return torch.stack(
            [self._blend.chances(run, x[n : n + 1], one.window) for n, one in enumerate(held)]
        )

    def _check(self, read: Read, held: Held) -> None:
        self._is_checked = True
        exact = _core(self._values(self._exact, [held])[0][0], read)
        try:
            fast = _core(self._values(self._run, [held])[0][0], read)
        except ConversionError as error:
            if self._asked_engine != "auto":
                raise
            self._note(f"{error.what}; torch it is")
            self.name, self._run = "torch", torch_runner(self._network, self.backend)
            return
        known = read.counted
        changed = ((exact >= self._stored_cut) != (fast >= self._stored_cut)) & known
        self.flips = float(changed.sum() / known.sum())
        said = f"{self.name} in {self.backend.precision} against fp32: {100 * self.flips:.3f} %"
        if self.flips <= MOST_FLIPS:
            self._note(f"{said} of pixels change side")
            return
        self._note(f"{said} of pixels change side, more than {100 * MOST_FLIPS:g} %: fp32 it is")
        self.backend = replace(self.backend, precision="fp32")
        self.name, self._run = "torch", self._exact


def chosen_engine(asked: EngineName, backend: Backend) -> str:
    """``torch`` or ``openvino``; auto = OpenVINO on a CPU where the extra ``cpu`` is installed.

    Raises:
        UsageError: OpenVINO is asked for and is not there, or there is a GPU.
    """
    has_openvino = find_spec("openvino") is not None
    if asked == "auto":
        return "openvino" if has_openvino and backend.device == "cpu" else "torch"
    if asked == "openvino" and backend.device != "cpu":
        raise UsageError(
            f"infer.engine = 'openvino' runs on the CPU, this job on {backend.name}",
            hint="set infer.engine = 'auto' in project.toml",
        )
    if asked == "openvino" and not has_openvino:
        raise UsageError(
            "infer.engine = 'openvino', but OpenVINO is not installed",
            hint="pip install 'rtsproj[cpu]', or set infer.engine = 'torch'",
        )
    return asked


def _blend(settings: InferSettings, backend: Backend) -> Blend | None:
    if not settings.blend_px:
        return None
    on_gpu = max(1, GPU_BATCH_PX // settings.blend_px**2)
    return Blend(settings.blend_px, most=on_gpu if backend.device == "cuda" else 0)


def torch_runner(network: nn.Module, backend: Backend) -> Runner:
    """The network in torch, in the backend's precision."""

    def run(x: torch.Tensor) -> torch.Tensor:
        with backend.autocast():
            logits: torch.Tensor = network(x)
        return logits

    return run


def _stored(values: torch.Tensor) -> list[Bytes]:
    """0..1 as 0..254, rounded on the device, so that one byte a pixel comes back."""
    whole: NDArray[Any] = values.mul_(FULL).round_().to(torch.uint8).cpu().numpy()
    return [*whole]


def _cropped(values: tuple[Bytes, Bytes | None], read: Read) -> Found:
    """The core of a window, with what does not count marked."""
    probability, spread = values
    return Found(_core(probability, read), None if spread is None else _core(spread, read))


def _core(values: Bytes, read: Read) -> Bytes:
    core, window = read.place.core, read.place.window
    both = core.shared(window)
    placed = np.full((core.rows, core.cols), NO_PIXEL, np.uint8)
    placed[both.within(core)] = values[both.within(window)]
    placed[~read.counted] = NO_PIXEL
    return placed
