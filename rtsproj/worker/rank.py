"""A process beside the one that leads: it trains its share of each batch and says nothing.

Rank 0 alone holds the folder's lock, beats, reports, validates and saves. The others ignore
signals: rank 0 learns of the wish to stop, saves, and takes them with it; they end with 0 then, so
that torchrun does not hurry it.
"""

import signal
import traceback
from collections.abc import Mapping
from typing import Any, TextIO

from rtsproj.domain.requests import TrainRequest
from rtsproj.errors import ExitCode, InterruptedJobError
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.reporter import Reporter

_IGNORED = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGHUP)


class SilentReporter(Reporter):
    """Writes nothing; whether to stop is rank 0's to say."""

    def should_stop(self) -> bool:
        """Never by itself."""
        return False

    def _event(self, kind: str, message: str, facts: Mapping[str, Any]) -> None:
        pass

    def _beat(self, **changes: Any) -> None:
        pass


def run_rank(folder: JobFolder, log: TextIO) -> ExitCode:
    """Take part in a training to its end, or until rank 0 ends it."""
    from rtsproj.learning.job import run_training  # noqa: PLC0415  torch

    request = folder.read_request()
    if folder.done.exists() or not isinstance(request, TrainRequest):
        return ExitCode.DONE
    for one in _IGNORED:
        signal.signal(one, signal.SIG_IGN)
    try:
        run_training(folder, request, SilentReporter(folder))
    except InterruptedJobError as error:
        log.write(f"{error.what}\n")
    except Exception:  # noqa: BLE001  outermost frame: the log keeps the reason, torchrun ends all
        log.write(traceback.format_exc())
        return ExitCode.FAILED
    return ExitCode.DONE
