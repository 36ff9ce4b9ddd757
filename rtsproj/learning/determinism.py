"""How repeatable a training is, and the switch that makes it more so.

==========================  ===============================  ====================================
where                       train.deterministic = false      train.deterministic = true
==========================  ===============================  ====================================
CPU, equal threads          the same bits, resumed or not    the same bits
CPU, other threads          last bits differ, and it says    the same
one GPU                     last bits differ between runs:   the same bits on the same kind of GPU
                            atomic sums, kernel choice       and the same torch; slower; an
                                                             operation without a repeatable kernel
                                                             ends the job with its name
several processes           as above; another number of      as above
                            them differs in the last bits
==========================  ===============================  ====================================

In every mode batches, splits and ensembles are the same functions of the settings' seed. cuBLAS
also wants CUBLAS_WORKSPACE_CONFIG=:4096:8 in the environment: ``jobs.launch`` sets it for such a
job; a batch script that starts the worker itself sets it there.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def repeatable(*, wanted: bool) -> Iterator[None]:
    """Only repeatable kernels inside the block, where wanted; what was set before comes back."""
    if not wanted:
        yield
        return
    cudnn = torch.backends.cudnn
    before = (torch.are_deterministic_algorithms_enabled(), cudnn.deterministic, cudnn.benchmark)
    try:
        torch.use_deterministic_algorithms(mode=True)
        cudnn.deterministic, cudnn.benchmark = True, False
        yield
    finally:
        torch.use_deterministic_algorithms(mode=before[0])
        cudnn.deterministic, cudnn.benchmark = before[1:]
