"""Run the network by OpenVINO on a CPU (extra ``cpu``): exported from torch, compiled per shape."""

import sys
import warnings

import torch
from torch import nn

from rtsproj.inference.blend import Runner
from rtsproj.inference.engine import ConversionError
from rtsproj.learning.backend import Backend

sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # it would tell of each conversion over the network

import openvino as ov  # noqa: E402


def openvino_runner(network: nn.Module, backend: Backend) -> Runner:
    """The network, converted and compiled when a shape of its input is first met.

    Args:
        network: in evaluation mode, on the CPU.
        backend: its threads are used; precision bf16 uses bf16 where the CPU can, else fp32.

    Returns:
        A runner of (n, bands, rows, cols) float32; it raises ConversionError where the network
        cannot be exported.
    """
    core = ov.Core()
    hints = {
        "INFERENCE_PRECISION_HINT": "bf16" if backend.precision == "bf16" else "f32",
        "INFERENCE_NUM_THREADS": backend.threads,
        "PERFORMANCE_HINT": "LATENCY",
    }
    compiled: dict[tuple[int, ...], ov.CompiledModel] = {}

    def run(x: torch.Tensor) -> torch.Tensor:
        shape = tuple(x.shape)
        if shape not in compiled:
            compiled[shape] = core.compile_model(_converted(network, shape), "CPU", hints)
        return torch.from_numpy(compiled[shape](x.contiguous().numpy())[0])

    return run


def _converted(network: nn.Module, shape: tuple[int, ...]) -> ov.Model:
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore", FutureWarning)  # of torch about itself
            warnings.simplefilter("ignore", DeprecationWarning)
            return ov.convert_model(torch.export.export(network, (torch.zeros(shape),)))
    except (RuntimeError, TypeError, ValueError) as error:
        raise ConversionError(
            f"OpenVINO cannot run this network: {error}",
            hint="set infer.engine = 'torch' in project.toml",
        ) from error
