"""The desk at three sizes: seconds, seconds per million, peak memory; growth must be linear.

Run by hand on a quiet machine; nothing is asserted:
    RTSPROJ_BENCH_JSON=desk.json pytest -m bench tests/benchmarks/test_desk.py -s
Each size runs in a process of its own, so that its peak of memory is its own. RTSPROJ_BENCH_ROWS
sets the sizes (default 10000,100000,300000); the larger ones take minutes.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from figures import FOUND, told  # noqa: F401 - a fixture of the module

pytestmark = [pytest.mark.bench, pytest.mark.timeout(7200)]
SIZES = tuple(map(int, os.environ.get("RTSPROJ_BENCH_ROWS", "10000,100000,300000").split(",")))
HERE = Path(__file__).resolve().parent
PATHS = [str(HERE), str(HERE.parent / "journeys"), str(HERE.parent / "imagery"), *sys.path]
ON_A_PROJECT = ("collect", "views")
"""Work on a project that is made before; both on the same one."""


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("projects")


@pytest.mark.parametrize("what", ["collect", "views", "nearest", "lineage", "tiles", "labels"])
def test_growth(what: str, projects: Path) -> None:
    """One table per kind of work: rows, seconds, seconds per million rows, MB."""
    print(f"\n{what:42} {'rows':>9} {'s':>8} {'CPU s':>8} {'s / million':>12} {'peak MB':>8}")
    for rows in SIZES:
        if what in ON_A_PROJECT:
            work("make", rows, projects)
        for one in work(what, rows, projects):
            FOUND[f"{one['name']}, {rows} rows"] = one
            million = 1e6 * one["seconds"] / rows
            print(
                f"{one['name']:42} {rows:9} {one['seconds']:8.2f} {one['cpu_s']:8.2f} "
                f"{million:12.2f} {one['peak_mb']:8.0f}"
            )


def work(what: str, rows: int, folder: Path) -> list[dict[str, Any]]:
    """The figures of one kind of work at one size."""
    done = subprocess.run(
        [sys.executable, str(HERE / "desk_work.py"), what, str(rows), str(folder)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(PATHS)},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]
