"""A training job as the worker runs it: one training or a sweep, alone or with other processes."""

from rtsproj.domain.requests import TrainRequest
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.reporter import Reporter
from rtsproj.learning.ranks import joined_ranks
from rtsproj.learning.sweep import sweep
from rtsproj.learning.train import train


def run_training(folder: JobFolder, request: TrainRequest, reporter: Reporter) -> None:
    """Do what the request asks, with the processes that torchrun has started, if any.

    Raises:
        RtsError: see ``train``.
    """
    with joined_ranks() as ranks:
        do = sweep if request.runs else train
        do(folder, request, reporter, ranks=ranks)
