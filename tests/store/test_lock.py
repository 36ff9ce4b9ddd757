"""The project lock names who else holds the project."""

import subprocess
import sys
from pathlib import Path

import pytest

from rtsproj.errors import ProjectBusyError
from rtsproj.store.lock import holder_of, project_lock

HOLD = """
import sys
from pathlib import Path
from rtsproj.store.lock import project_lock
with project_lock(Path(sys.argv[1]), purpose="replay of the journal", wait_s=1):
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_ones_own_work_is_not_told_as_another_holder(tmp_path: Path) -> None:
    path = tmp_path / "project.duckdb.lock"
    with project_lock(path, purpose="replay of the journal", wait_s=1):
        assert holder_of(path) == ""
        with (
            pytest.raises(ProjectBusyError, match=r"pid \d+ \(replay of the journal\)"),
            project_lock(path, purpose="a second one", wait_s=0.01),
        ):
            pass
    assert holder_of(path) == ""


def test_another_process_is_named(tmp_path: Path) -> None:
    path = tmp_path / "project.duckdb.lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        assert f"pid {other.pid} (replay of the journal)" in holder_of(path)
        other.communicate("\n")
    assert holder_of(path) == ""
