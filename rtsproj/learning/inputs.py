"""From raw pixels to what the network is shown, alike in training, validation and search."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from rtsproj.domain.grid import Window
from rtsproj.domain.requests import Scaling
from rtsproj.imagery.mosaic import Mosaic, Pixels
from rtsproj.imagery.scaling import CLIP, scale
from rtsproj.learning.backend import Backend

MEAN_SCALED = 0.5
"""Scaled value that stands where no pixel is valid; it becomes 0 at the network."""
_STRIDE_PX = 32
"""px; sides of what the network sees are multiples of this."""
_CACHED_ROWS = 64
"""px; rows scaled at once on a CPU, so that the steps between find them in its cache."""


def read_padded(mosaic: Mosaic, window: Window, extent: Window) -> Pixels:
    """Read a window; where it reaches out of a smaller extent, the imagery is mirrored.

    Returns:
        values (bands, rows, cols) raw float32, valid (rows, cols), both of the window's size.
    """
    inner = window.shared(extent)
    if inner == window or 0 in (inner.rows, inner.cols):
        return mosaic.read(window)
    pixels = mosaic.read(inner)
    before = (inner.row - window.row, inner.col - window.col)
    after = (window.rows - inner.rows - before[0], window.cols - inner.cols - before[1])
    pads = ((before[0], after[0]), (before[1], after[1]))
    return Pixels(
        np.pad(pixels.values, ((0, 0), *pads), mode="symmetric"),
        np.pad(pixels.valid, pads, mode="symmetric"),
    )


def scaled_values(pixels: Pixels, scaling: Scaling) -> NDArray[np.float32]:
    """Scaled values (bands, rows, cols), mostly 0..1; invalid pixels hold ``MEAN_SCALED``."""
    values = scale(pixels.values, scaling)
    if not pixels.valid.all():
        values[:, ~pixels.valid] = MEAN_SCALED
    return values


def network_tensor(scaled: NDArray[np.float32], backend: Backend) -> torch.Tensor:
    """Scaled values (n, bands, rows, cols) as the network's input on its device; they stay."""
    tensor = torch.from_numpy(np.ascontiguousarray(scaled)).to(backend.device, non_blocking=True)
    return tensor.sub(MEAN_SCALED).div_(0.5).to(memory_format=torch.channels_last)


def network_input(
    values: Sequence[NDArray[Any]],
    valid: Sequence[NDArray[np.bool_]],
    scaling: Scaling,
    backend: Backend,
    *,
    layout: torch.memory_format = torch.channels_last,
) -> torch.Tensor:
    """Raw windows of one size as the network's input.

    They are scaled on its device, so that a GPU gets them as they lie in the file; the numbers are
    those of ``network_tensor`` of ``scaled_values``.

    Args:
        values: windows (bands, rows, cols), integers or float32, raw.
        valid: windows (rows, cols).
        scaling: the model's rule.
        backend: device.
        layout: order in memory that the engine reads fastest.

    Returns:
        (n, bands, rows, cols) float32, sides padded to a multiple of 32 px.
    """
    rows, cols = values[0].shape[1:]
    pads = ((0, 0), (0, -rows % _STRIDE_PX), (0, -cols % _STRIDE_PX))
    raw = _stacked([_padded(one, pads) for one in values])
    known = torch.from_numpy(_stacked([_padded(one, pads[1:]) for one in valid]))
    low = torch.tensor(scaling.low, dtype=torch.float32)[:, None, None].to(backend.device)
    high = torch.tensor(scaling.high, dtype=torch.float32)[:, None, None].to(backend.device)
    out = torch.empty(raw.shape, device=backend.device, memory_format=layout)
    step = _CACHED_ROWS if backend.device == "cpu" else raw.shape[2]
    for first in range(0, raw.shape[2], step):
        part = slice(first, first + step)
        x = _floats(raw[:, :, part], backend).sub_(low).div_(high - low).clamp_(*CLIP)
        is_known = known[:, part]
        if not bool(is_known.all()):
            x.masked_fill_(~is_known.to(backend.device)[:, None], MEAN_SCALED)
        out[:, :, part] = x.sub_(MEAN_SCALED).div_(0.5)
    return out


def _floats(raw: NDArray[Any], backend: Backend) -> torch.Tensor:
    """A float32 copy on the device."""
    if backend.device == "cpu":
        return torch.from_numpy(raw.astype(np.float32))  # three times faster than torch from uint16
    return torch.from_numpy(raw).to(backend.device, non_blocking=True).to(torch.float32)


def _stacked(windows: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return windows[0][None] if len(windows) == 1 else np.stack(windows)


def _padded(one: NDArray[Any], pads: Sequence[tuple[int, int]]) -> NDArray[Any]:
    return np.pad(one, pads, mode="symmetric") if any(after for _, after in pads) else one


def probabilities(
    network: nn.Module, scaled: Sequence[NDArray[np.float32]], backend: Backend
) -> NDArray[np.float32]:
    """Run the network on windows of one size.

    Args:
        network: in evaluation mode, on the backend's device.
        scaled: windows (bands, rows, cols) of scaled values.
        backend: device and precision.

    Returns:
        Probabilities 0..1, the mean of the members of an ensemble, (n, rows, cols) float32.
    """
    rows, cols = scaled[0].shape[1:]
    pads = ((0, 0), (0, 0), (0, -rows % _STRIDE_PX), (0, -cols % _STRIDE_PX))
    batch = np.pad(np.stack(scaled), pads, mode="symmetric")
    with torch.inference_mode(), backend.autocast():
        logits = network(network_tensor(batch, backend))
    mean = torch.sigmoid(logits.float()).mean(dim=1)
    values: NDArray[np.float32] = mean[:, :rows, :cols].cpu().numpy()
    return values
