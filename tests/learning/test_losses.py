"""Losses count neither ignored pixels nor anything that is no number."""

from typing import get_args

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rtsproj.learning.losses import loss_function
from rtsproj.settings import Loss

NAMES = get_args(Loss)


@pytest.mark.parametrize("name", NAMES)
def test_ignored_pixels_change_nothing(name: Loss) -> None:
    torch.manual_seed(1)
    logits, targets = torch.randn(2, 8, 8), torch.randint(0, 2, (2, 8, 8)).to(torch.uint8)
    targets[:, :3] = 255
    other = logits.clone()
    other[:, :3] = 50.0
    loss = loss_function(name, trim_share=0.25)
    assert torch.equal(loss(logits, targets), loss(other, targets))


@pytest.mark.parametrize("name", NAMES)
def test_a_right_answer_costs_less_than_a_wrong_one(name: Loss) -> None:
    targets = torch.zeros(1, 8, 8, dtype=torch.uint8)
    targets[:, 2:5, 2:5] = 1
    right = (targets.float() - 0.5) * 20
    loss = loss_function(name, trim_share=0.25)
    assert float(loss(right, targets)) < 0.01 < float(loss(-right, targets))


@pytest.mark.parametrize("name", NAMES)
def test_a_batch_that_is_all_ignored_gives_a_finite_loss_and_gradient(name: Loss) -> None:
    logits = torch.zeros(1, 4, 4, requires_grad=True)
    value = loss_function(name, trim_share=0.25)(
        logits, torch.full((1, 4, 4), 255, dtype=torch.uint8)
    )
    value.backward()
    assert torch.isfinite(value)
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()


def test_cross_entropy_equals_the_textbook_mean() -> None:
    logits = torch.tensor([[[0.0, 2.0]]])
    targets = torch.tensor([[[1, 0]]], dtype=torch.uint8)
    expected = (torch.log(torch.tensor(2.0)) + torch.log1p(torch.exp(torch.tensor(2.0)))) / 2
    assert torch.allclose(loss_function("bce", trim_share=0.25)(logits, targets), expected)


@pytest.mark.parametrize("name", NAMES)
def test_unlabelled_ground_that_looks_most_like_slumps_teaches_nothing(name: Loss) -> None:
    targets = torch.zeros(1, 4, 4, dtype=torch.uint8)
    targets[0, 0, 0] = 1
    targets[0, 2:] = 254
    # GIVEN logits that differ on every pixel of unlabelled ground
    seeing = torch.linspace(-3, -2, 16).reshape(1, 4, 4)
    seeing[0, 0, 0] = 1.0
    seeing.requires_grad_()
    loss_function(name, trim_share=0.25)(seeing, targets).backward()
    # THEN the quarter with the highest ones is left alone, and the rest is taught as background
    assert seeing.grad is not None
    assert (seeing.grad[0, 3, 2:] == 0).all()
    assert (seeing.grad[0, 2:].flatten()[:6] > 0).all()
    assert (seeing.grad[0, 1] > 0).all()


@given(
    share=st.floats(0, 1),
    places=st.lists(st.sampled_from([0, 1, 253, 254, 255]), min_size=1, max_size=40),
    seed=st.integers(0, 99),
)
def test_the_share_that_is_trimmed_is_never_exceeded(
    share: float, places: list[int], seed: int
) -> None:
    torch.manual_seed(seed)
    targets = torch.tensor(places, dtype=torch.uint8)[None, None]
    logits = torch.randn(targets.shape, requires_grad=True)
    loss_function("bce", trim_share=share)(logits, targets).backward()
    assert logits.grad is not None
    counted = logits.grad != 0
    assert bool(counted[(targets == 0) | (targets == 1)].all())
    assert not bool(counted[targets == 255].any())
    for value in (253, 254):
        spared = int((~counted & (targets == value)).sum())
        assert spared == int(share * places.count(value))


def test_equal_logits_are_trimmed_or_kept_together() -> None:
    targets = torch.full((1, 2, 4), 254, dtype=torch.uint8)
    logits = torch.zeros(1, 2, 4, requires_grad=True)
    loss_function("bce", trim_share=0.5)(logits, targets).backward()
    assert logits.grad is not None
    assert (logits.grad > 0).all()
