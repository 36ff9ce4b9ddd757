"""Several processes of one job on one machine: start them, see which have ended, stop them.

A part holds no lock of its own: the worker that started it does, and a part ends when that worker
is gone. Why it failed stands in a file that the worker reads.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from rtsproj.jobs.files import write_atomic
from rtsproj.jobs.folder import JobFolder, read_json
from rtsproj.jobs.launch import worker_environment

PART = "--part"
"""Argument of ``python -m rtsproj.worker`` before the number of a part."""
_PATIENCE_S = 30.0
"""s that a part gets to finish its window after it was asked to stop."""


class Parts:
    """Processes of a job, by number."""

    def __init__(self, folder: JobFolder, environments: Mapping[int, Mapping[str, str]]) -> None:
        """Start one process for each environment.

        Args:
            folder: the job; the calling process holds its lock.
            environments: what is added to the variables of this process, by number of the part.
        """
        self._folder = folder
        self._environments = environments
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        for number in environments:
            self.start(number)

    def start(self, number: int) -> None:
        """Start a part, or start it again."""
        reason_file(self._folder, number).unlink(missing_ok=True)
        command = [sys.executable, "-P", "-m", "rtsproj.worker", str(self._folder.path.resolve())]
        self._running[number] = subprocess.Popen(
            [*command, PART, str(number)],
            stdin=subprocess.DEVNULL,
            cwd=self._folder.path,
            env=worker_environment({**os.environ, **self._environments[number]}),
        )

    def ended(self) -> dict[int, int]:
        """Exit codes of parts that have ended since the last call; negative for a signal."""
        codes = {n: process.poll() for n, process in self._running.items()}
        for number, code in codes.items():
            if code is not None:
                del self._running[number]
        return {n: code for n, code in codes.items() if code is not None}

    @property
    def running(self) -> int:
        """How many are at work."""
        return len(self._running)

    def stop(self) -> None:
        """Ask all to end after their window, and wait; who does not listen is killed."""
        for process in self._running.values():
            process.send_signal(signal.SIGTERM)
        for process in self._running.values():
            try:
                process.wait(_PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._running.clear()


def reason_file(folder: JobFolder, number: int) -> Path:
    """Where a part says why it failed."""
    return folder.outputs / f".part-{number}.json"


def write_reason(folder: JobFolder, number: int, what: str, hint: str) -> None:
    """Say why a part failed."""
    write_atomic(reason_file(folder, number), json.dumps({"what": what, "hint": hint}).encode())


def read_reason(folder: JobFolder, number: int) -> tuple[str, str]:
    """What a part said of its failure, and what to do; without its word, where to look."""
    raw = read_json(reason_file(folder, number))
    what = str(raw.get("what", f"process {number} of the job ended without a word"))
    return what, str(raw.get("hint", f"its log is {folder.log}"))
