"""A divided batch has the gradient of the undivided one, whatever the loss."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from rtsproj.errors import RtsError
from rtsproj.learning.backend import Backend
from rtsproj.learning.gradient import Gradients, split_evenly
from rtsproj.learning.losses import loss_function
from rtsproj.learning.samples import Batch
from rtsproj.settings import Loss

CPU = Backend("cpu", "fp32", "CPU", 1)


def network(norm: Callable[[int], nn.Module]) -> nn.Module:
    """Three layers with dropout, which must draw the same masks in both passes."""
    torch.manual_seed(0)
    layers = [nn.Conv2d(4, 8, 3, padding=1), norm(8), nn.ReLU()]
    return nn.Sequential(*layers, nn.Dropout(0.3), nn.Conv2d(8, 1, 1)).train()


def batch(chips: int = 8, side: int = 16) -> Batch:
    """Chips that differ in how much of them counts, so that a mean of means would be wrong."""
    rng = np.random.default_rng(3)
    targets = rng.choice([0, 1, 254], size=(chips, side, side), p=[0.6, 0.1, 0.3]).astype(np.uint8)
    for n in range(chips):
        targets[n, : n * side // chips] = 255
    images = rng.uniform(0, 1, (chips, 4, side, side)).astype(np.float32)
    return Batch(images, targets)


def left(made: nn.Module, loss: Loss, *, micro: int) -> tuple[float, dict[str, torch.Tensor]]:
    torch.manual_seed(1)
    value = Gradients(made, loss_function(loss, trim_share=0.25), CPU).leave(batch(), micro=micro)
    found = {name: one.grad for name, one in made.named_parameters() if one.grad is not None}
    return float(value), found


def dropped_alike(made: nn.Module) -> None:
    """Dropout off: masks depend on how chips are passed, which is not what is compared."""
    for one in made.modules():
        if isinstance(one, nn.Dropout):
            one.p = 0.0


@pytest.mark.parametrize("loss", ["bce_dice", "bce", "focal", "focal_tversky"])
@pytest.mark.parametrize("micro", [1, 3, 4])
def test_a_divided_batch_has_the_gradient_of_the_whole(loss: Loss, micro: int) -> None:
    made = network(lambda n: nn.GroupNorm(2, n))
    dropped_alike(made)
    whole_loss, whole = left(made, loss, micro=8)
    part_loss, parts = left(made, loss, micro=micro)
    assert part_loss == pytest.approx(whole_loss, rel=1e-6)
    for name, value in whole.items():
        assert torch.allclose(parts[name], value, rtol=1e-5, atol=1e-5 * float(value.abs().max()))


def test_the_gradient_is_that_of_a_plain_backward_pass() -> None:
    made = network(nn.BatchNorm2d)
    value, found = left(made, "bce_dice", micro=8)
    made = network(nn.BatchNorm2d)
    torch.manual_seed(1)
    given_ = batch()
    images = (torch.from_numpy(given_.images) - 0.5) / 0.5
    logits = made(images.to(memory_format=torch.channels_last))[:, 0]
    loss = loss_function("bce_dice", trim_share=0.25)(logits, torch.from_numpy(given_.targets))
    loss.backward()
    assert value == pytest.approx(float(loss.detach()), rel=1e-6)
    for name, one in made.named_parameters():
        assert one.grad is not None
        assert torch.allclose(found[name], one.grad, rtol=1e-5, atol=1e-7)


def test_dropout_masks_and_running_statistics_are_those_of_one_pass_over_the_parts() -> None:
    # GIVEN BatchNorm with statistics, and a plain pass over two halves
    plain, made = network(nn.BatchNorm2d), network(nn.BatchNorm2d)
    torch.manual_seed(1)
    images = (torch.from_numpy(batch().images) - 0.5) / 0.5
    images = images.to(memory_format=torch.channels_last)
    with torch.no_grad():
        for half in images.split(4):
            plain(half)
    state = torch.get_rng_state()
    # WHEN the batch is divided in two
    left(made, "bce_dice", micro=4)
    # THEN each half was counted once, and the generator stands where it would
    assert torch.equal(torch.get_rng_state(), state)
    for one, other in zip(plain.buffers(), made.buffers(), strict=True):
        assert torch.allclose(one, other)


class Hungry(nn.Module):
    """Runs out of memory above a number of chips, after it has touched its statistics."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most
        self.body = network(nn.BatchNorm2d)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        logits = self.body(images)
        if len(images) > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return logits


def test_a_network_that_runs_out_of_memory_is_left_as_it_was() -> None:
    made = Hungry(4)
    before = {name: value.clone() for name, value in made.state_dict().items()}
    torch.manual_seed(1)
    state = torch.get_rng_state()
    with pytest.raises(torch.OutOfMemoryError):
        Gradients(made, loss_function("bce", trim_share=0.25), CPU).leave(batch(), micro=8)
    assert all(torch.equal(value, before[name]) for name, value in made.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)
    assert all(one.grad is None for one in made.parameters())


def test_one_chip_is_too_few_for_batchnorm_over_pooled_values() -> None:
    made = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.BatchNorm2d(4), nn.Conv2d(4, 1, 1))
    with pytest.raises(RtsError, match="one chip per forward pass") as caught:
        Gradients(made.train(), loss_function("bce", trim_share=0.25), CPU).leave(batch(), micro=1)
    assert "train.micro_batch" in caught.value.hint


@given(chips=st.integers(1, 200), most=st.integers(1, 200))
def test_parts_cover_the_batch_and_differ_by_one_chip_at_most(chips: int, most: int) -> None:
    parts = split_evenly(chips, most)
    sizes = [part.stop - part.start for part in parts]
    assert [n for part in parts for n in range(part.start, part.stop)] == list(range(chips))
    assert max(sizes) <= most
    assert max(sizes) - min(sizes) <= 1
