"""One thread for torch, so that small tests do not fight for two cores."""

import pytest
import torch


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)
