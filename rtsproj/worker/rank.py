"""A process beside the one that leads: it trains its share of each batch and says nothing.

Rank 0 alone holds the folder's lock, beats, reports, validates and saves. A wish to stop that any
of them hears stops all at the same step, where rank 0 saves; the others end with 0 then, so that
torchrun does not hurry it.
"""

import os
import threading
import traceback
from collections.abc import Callable, Mapping
from typing import Any, TextIO

from rtsproj.domain.requests import TrainRequest
from rtsproj.errors import ExitCode, InterruptedJobError
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.reporter import Reporter


def asked_to_stop(stopping: threading.Event, environment: Mapping[str, str]) -> Callable[[], bool]:
    """Whether a signal came or, among several processes, torchrun died and left this one alone."""
    if int(environment.get("WORLD_SIZE", "1")) == 1:
        return stopping.is_set
    parent = os.getppid()
    return lambda: stopping.is_set() or os.getppid() != parent


class SilentReporter(Reporter):
    """Writes nothing; the stop file is rank 0's to see."""

    def should_stop(self) -> bool:
        """True once this process is asked to end."""
        return self._stopping()

    def _event(self, kind: str, message: str, facts: Mapping[str, Any]) -> None:
        pass

    def _beat(self, **changes: Any) -> None:
        pass


def run_rank(folder: JobFolder, stopping: Callable[[], bool], log: TextIO) -> ExitCode:
    """Take part in a training to its end, or until a rank is asked to stop."""
    from rtsproj.learning.job import run_training  # noqa: PLC0415  torch

    request = folder.read_request()
    if folder.done.exists() or not isinstance(request, TrainRequest):
        return ExitCode.DONE
    try:
        run_training(folder, request, SilentReporter(folder, stopping=stopping))
    except InterruptedJobError as error:
        log.write(f"{error.what}\n")
    except Exception:  # noqa: BLE001  outermost frame: the log keeps the reason, torchrun ends all
        log.write(traceback.format_exc())
        return ExitCode.FAILED
    return ExitCode.DONE
