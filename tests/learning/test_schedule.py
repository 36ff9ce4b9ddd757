"""Learning rates are pure functions of the step."""

from typing import get_args

import pytest
import torch

from rtsproj.learning.schedule import one_cycle, rate_at
from rtsproj.settings import Schedule, preset_settings


@pytest.mark.parametrize("steps", [10, 50, 200])
def test_the_learning_rate_is_that_of_torch_s_one_cycle(steps: int) -> None:
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.AdamW([parameter], lr=1.0)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=2e-3, total_steps=steps)
    for step in range(steps):
        rate, beta = one_cycle(step, steps=steps, peak=2e-3)
        group = optimizer.param_groups[0]
        assert rate == pytest.approx(group["lr"], rel=1e-9, abs=1e-15)
        assert beta == pytest.approx(group["betas"][0], rel=1e-9)
        optimizer.step()
        if step < steps - 1:
            scheduler.step()


@pytest.mark.parametrize("steps", [10, 200])
def test_poly_is_that_of_torch_with_the_published_power(steps: int) -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.007)
    scheduler = torch.optim.lr_scheduler.PolynomialLR(optimizer, total_iters=steps, power=0.9)
    for step in range(steps):
        rate, _ = rate_at("poly", step, steps=steps, peak=0.007)
        assert rate == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-9)
        optimizer.step()
        scheduler.step()


@pytest.mark.parametrize("name", get_args(Schedule))
@pytest.mark.parametrize("steps", [1, 2, 3, 100])
def test_every_step_has_a_rate_up_to_the_peak(name: Schedule, steps: int) -> None:
    for step in range(steps):
        rate, beta = rate_at(name, step, steps=steps, peak=1e-3)
        assert 0 < rate <= 1e-3
        assert 0.85 <= beta <= 0.95


def test_constant_stays() -> None:
    assert {rate_at("constant", n, steps=50, peak=1e-3)[0] for n in range(50)} == {1e-3}


def test_the_published_preset_has_the_published_schedule() -> None:
    train = preset_settings("xia2022").train
    assert (train.optimizer, train.schedule, train.learning_rate) == ("sgd", "poly", 0.007)
    assert preset_settings("default").train.schedule == "one_cycle"
