"""Figures of the README: ratios measured side by side, printed, never asserted.

Run by hand: pytest -m bench tests/benchmarks -s
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from desk import make_project
from figures import note, told  # noqa: F401 - a fixture of every test here

pytestmark = pytest.mark.bench
RTSPROJ = Path(sys.executable).with_name("rtsproj")


def seconds(work: Callable[[], object], *, times: int) -> float:
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        spent.append(time.perf_counter() - began)
    return statistics.median(spent)


def test_start_up_of_status_against_bare_python(tmp_path: Path) -> None:
    project = make_project(tmp_path)

    def call(*words: str) -> Callable[[], object]:
        return lambda: subprocess.run(words, check=True, capture_output=True)

    bare = seconds(call(sys.executable, "-c", "pass"), times=7)
    status = seconds(call(str(RTSPROJ), "-C", str(project.folder), "status"), times=7)
    note("bare python", 1000 * bare, "ms")
    note("rtsproj status", 1000 * status, "ms")
