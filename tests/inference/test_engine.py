"""Engines agree; memory that runs out halves the batch; members of an ensemble have a spread."""

import numpy as np
import pytest
import torch
from torch import nn

from rtsproj.domain.grid import Window
from rtsproj.domain.requests import Scaling
from rtsproj.domain.tiles import Tile
from rtsproj.errors import RtsError, UsageError
from rtsproj.imagery.mosaic import Pixels
from rtsproj.imagery.probability import FULL, NO_PIXEL
from rtsproj.inference import engine as module
from rtsproj.inference.engine import ConversionError, Engine, chosen_engine
from rtsproj.inference.strips import Held, Read
from rtsproj.inference.windows import SearchWindow
from rtsproj.learning.backend import Backend
from rtsproj.learning.inputs import network_input, network_tensor, scaled_values
from rtsproj.settings import InferSettings

CPU = Backend("cpu", "fp32", "CPU", 1)
SCALING = Scaling((300.0,) * 4, (1800.0,) * 4)
SIDE, MARGIN = 64, 16


def read(seed: int, *, dtype: str = "uint16", is_empty: bool = False) -> Read:
    rng = np.random.default_rng(seed)
    core = Window(64, 64, SIDE, SIDE)
    window = core.grown(MARGIN)
    values = rng.integers(0, 3000, (4, window.rows, window.cols)).astype(dtype)
    valid = rng.random((window.rows, window.cols)) > 0.1
    counted = valid[MARGIN:-MARGIN, MARGIN:-MARGIN].copy()
    place = SearchWindow((Tile(seed, 1, 1, SIDE),), core, window)
    held = None if is_empty else Held(window, values, valid)
    return Read(place, held, counted, np.zeros((SIDE + 2, SIDE + 2), bool))


def made(network: nn.Module, notes: list[str] | None = None, **settings: object) -> Engine:
    asked = InferSettings(**{"threshold": 0.5, "engine": "torch", **settings})
    return Engine(network, SCALING, asked, CPU, (notes if notes is not None else []).append)


def net() -> nn.Module:
    torch.manual_seed(2)
    return nn.Sequential(nn.Conv2d(4, 5, 3, padding=1), nn.ReLU(), nn.Conv2d(5, 1, 1)).eval()


class Hungry(nn.Module):
    """Fits ``most`` windows into memory."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most, self.sizes, self.inner = most, list[int](), net()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.sizes.append(len(x))
        if len(x) > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return self.inner(x)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
def test_raw_windows_become_what_training_sees(dtype: str) -> None:
    one = read(1, dtype=dtype).imagery
    assert one is not None
    values = np.where(one.valid, one.values, 0).astype(np.float32)
    scaled = scaled_values(Pixels(values, one.valid), SCALING)
    assert torch.equal(
        network_input([one.values], [one.valid], SCALING, CPU), network_tensor(scaled[None], CPU)
    )


def test_batches_are_halved_until_they_fit_and_give_the_same() -> None:
    reads, notes = [read(n) for n in range(7)], list[str]()
    alone = [made(net()).found([one])[0] for one in reads]
    hungry = Hungry(2)
    engine = made(hungry, notes, batch=7)
    found = engine.found(reads)
    assert hungry.sizes == [7, 3, 1, 1, 1, 1, 1, 1, 1]
    # and a group that was made before memory ran out is divided at once
    hungry.sizes.clear()
    assert all(one is not None for one in engine.found(reads[:3]))
    assert hungry.sizes == [1, 1, 1]
    for one, other in zip(found, alone, strict=True):
        assert one is not None
        assert other is not None
        assert np.array_equal(one.probability, other.probability)
    assert notes[0] == "memory ran out with 7 windows at once: now 3"
    assert engine.batch(96) <= 2


def test_one_window_that_does_not_fit_names_what_to_lower() -> None:
    with pytest.raises(RtsError, match="one window of 96 px does not fit") as told:
        made(Hungry(0)).found([read(1)])
    assert "infer.span = 1" in told.value.hint


def test_windows_without_a_pixel_that_counts_are_not_computed() -> None:
    hungry = Hungry(9)
    found = made(hungry, batch=9).found([read(1), read(2, is_empty=True), read(3)])
    assert hungry.sizes == [2]
    assert [one is None for one in found] == [False, True, False]


def test_members_give_their_mean_and_spread() -> None:
    class Members(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            low, high = torch.logit(torch.tensor([0.2, 0.6]))
            one = torch.ones_like(x[:, :1])
            return torch.cat([one * low, one * high], 1)

    given = read(1)
    (found,) = made(Members()).found([given])
    assert found is not None
    assert found.spread is not None
    assert set(found.probability[given.counted]) == {round(0.4 * FULL)}
    assert set(found.spread[given.counted]) == {round(0.2 * FULL)}
    assert set(found.probability[~given.counted]) <= {NO_PIXEL}


def test_a_fast_engine_that_disagrees_gives_way_to_fp32() -> None:
    notes: list[str] = []
    engine = made(net(), notes)
    engine.name, engine._is_checked = "fast", False
    engine._run = lambda x: -engine._exact(x)
    (found,) = engine.found([read(1)])
    (exact,) = made(net()).found([read(1)])
    assert found is not None
    assert exact is not None
    assert np.array_equal(found.probability, exact.probability)
    assert engine.flips is not None
    assert engine.flips > module.MOST_FLIPS
    assert (engine.name, engine.backend.precision) == ("torch", "fp32")
    assert "fp32 it is" in notes[0]


def test_openvino_gives_the_answer_of_torch() -> None:
    pytest.importorskip("openvino", reason="extra cpu is not installed")
    notes: list[str] = []
    fast = made(net(), notes, engine="openvino")
    (one,), (other,) = fast.found([read(1)]), made(net()).found([read(1)])
    assert one is not None
    assert other is not None
    assert fast.name == "openvino"
    assert fast.flips is not None
    assert fast.flips <= module.MOST_FLIPS
    difference = one.probability.astype(int) - other.probability.astype(int)
    assert np.abs(difference).max() <= 1
    assert "openvino in fp32 against fp32" in notes[0]


def test_a_network_that_cannot_be_converted_runs_in_torch_where_nobody_insists() -> None:
    pytest.importorskip("openvino", reason="extra cpu is not installed")

    class Odd(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x[:, :1] if float(x.mean()) > -99 else x[:, 1:2]

    notes: list[str] = []
    assert made(Odd(), notes, engine="auto").found([read(1)])[0] is not None
    assert "torch it is" in notes[0]
    with pytest.raises(ConversionError, match="OpenVINO cannot run this network"):
        made(Odd(), engine="openvino").found([read(1)])


def test_an_engine_that_is_not_there_or_does_not_fit_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gpu = Backend("cuda", "bf16", "H200", 1)
    with pytest.raises(UsageError, match="this job on H200"):
        chosen_engine("openvino", gpu)
    assert chosen_engine("auto", gpu) == "torch"
    monkeypatch.setattr(module, "find_spec", lambda _: None)
    assert chosen_engine("auto", CPU) == "torch"
    with pytest.raises(UsageError, match="is not installed"):
        chosen_engine("openvino", CPU)


def test_a_gpu_takes_about_eight_megapixels_at_once() -> None:
    engine = made(net())
    engine.backend = Backend("cuda", "bf16", "H200", 1)
    assert engine.batch(1152) == 6
