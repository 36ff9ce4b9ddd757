"""Figures of training: ratios measured side by side, printed, never asserted.

Run by hand on a quiet machine: pytest -m bench tests/benchmarks/test_training.py -s
Each runs in a process of its own with the variables that the desk gives a worker: its allocator
keeps big buffers, which a test process does not.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from figures import note, told  # noqa: F401 - a fixture of every test here

from rtsproj.jobs.launch import worker_environment

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1800)]
HERE = Path(__file__).resolve().parent
PATHS = [str(HERE.parent / "learning"), *sys.path]


@pytest.mark.parametrize("what", ["loader", "divided"])
def test_training(what: str, tmp_path: Path) -> None:
    """The loop against batches in memory, and a divided batch against the whole."""
    done = subprocess.run(
        [sys.executable, str(HERE / "training_work.py"), what, str(tmp_path)],
        env={**worker_environment(os.environ), "PYTHONPATH": os.pathsep.join(PATHS)},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    print()
    for line in done.stdout.splitlines():
        note(*json.loads(line))
