"""Losses count neither ignored pixels nor anything that is no number."""

from typing import get_args

import pytest
import torch

from rtsproj.learning.losses import OBJECTS, loss_function
from rtsproj.settings import Loss

NAMES = get_args(Loss)


@pytest.mark.parametrize("name", NAMES)
def test_ignored_pixels_change_nothing(name: Loss) -> None:
    torch.manual_seed(1)
    logits, targets = torch.randn(2, 8, 8), torch.randint(0, 2, (2, 8, 8)).to(torch.uint8)
    targets[:, :3] = 255
    other = logits.clone()
    other[:, :3] = 50.0
    loss = loss_function(name)
    assert torch.equal(loss(logits, targets), loss(other, targets))


@pytest.mark.parametrize("name", NAMES)
def test_a_right_answer_costs_less_than_a_wrong_one(name: Loss) -> None:
    targets = torch.zeros(1, 8, 8, dtype=torch.uint8)
    targets[:, 2:5, 2:5] = 1
    right = (targets.float() - 0.5) * 20
    loss = loss_function(name)
    assert float(loss(right, targets)) < 0.01 < float(loss(-right, targets))


@pytest.mark.parametrize("name", NAMES)
def test_a_batch_that_is_all_ignored_gives_a_finite_loss_and_gradient(name: Loss) -> None:
    logits = torch.zeros(1, 4, 4, requires_grad=True)
    value = loss_function(name)(logits, torch.full((1, 4, 4), 255, dtype=torch.uint8))
    value.backward()
    assert torch.isfinite(value)
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()


def test_cross_entropy_equals_the_textbook_mean() -> None:
    logits = torch.tensor([[[0.0, 2.0]]])
    targets = torch.tensor([[[1, 0]]], dtype=torch.uint8)
    expected = (torch.log(torch.tensor(2.0)) + torch.log1p(torch.exp(torch.tensor(2.0)))) / 2
    assert torch.allclose(loss_function("bce")(logits, targets), expected)


@pytest.mark.parametrize("name", NAMES)
def test_unlabelled_ground_teaches_only_where_the_network_sees_no_slump(name: Loss) -> None:
    targets = torch.zeros(1, 4, 4, dtype=torch.uint8)
    targets[0, 0, 0] = 1
    targets[0, 2:] = 254
    logits = torch.full((1, 4, 4), 2 * OBJECTS)
    logits[0, 0, 0] = 1.0
    # GIVEN a network that sees a slump on one pixel of unlabelled ground and none elsewhere
    seeing = logits.clone()
    seeing[0, 3, 3] = 4.0
    seeing.requires_grad_()
    loss_function(name)(seeing, targets).backward()
    # THEN that pixel is left alone, and its neighbours are taught as background
    assert seeing.grad is not None
    assert seeing.grad[0, 3, 3] == 0
    assert seeing.grad[0, 2, 2] > 0
