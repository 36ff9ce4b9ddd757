"""Run the network by OpenVINO on a CPU (extra ``cpu``): the torch model is converted as it is."""

import openvino as ov
import torch
from torch import nn

from rtsproj.inference.engine import Runner
from rtsproj.learning.backend import Backend


def openvino_runner(network: nn.Module, backend: Backend) -> Runner:
    """The network compiled once per shape of its input.

    Args:
        network: in evaluation mode, on the CPU.
        backend: its threads are used; precision fp32 keeps fp32, bf16 uses it where the CPU can.

    Returns:
        A runner of (n, bands, rows, cols) float32.
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
            example = torch.zeros(shape)
            with torch.no_grad():
                model = ov.convert_model(network, example_input=example, input=[list(shape)])
            compiled[shape] = core.compile_model(model, "CPU", hints)
        return torch.from_numpy(compiled[shape](x.contiguous().numpy())[0])

    return run
