"""Launching and stopping; the worker itself is tested in its own room."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from rtsproj.errors import ProjectBusyError, UsageError
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.launch import launch, stop, worker_environment
from rtsproj.jobs.lock import boot_id, held_lock
from rtsproj.jobs.state import JobState, status_of
from rtsproj.jobs.weights import resolve_weights


def test_a_folder_without_a_request_is_not_launched(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"holds no request\.json"):
        launch(JobFolder(tmp_path))


def test_a_job_with_a_living_worker_is_not_launched_again(folder: JobFolder) -> None:
    with held_lock(folder), pytest.raises(ProjectBusyError, match="1-infer is held by"):
        launch(folder)


def test_a_launched_worker_that_has_not_begun_is_queued_and_dead_once_gone(
    folder: JobFolder,
) -> None:
    row = {"boot_id": boot_id(), "events_bytes": 0}
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        folder.launched.write_text(json.dumps({**row, "pid": child.pid}))
        assert status_of(folder).state is JobState.QUEUED
    assert status_of(folder).state is JobState.DEAD


def test_stop_is_a_file(folder: JobFolder) -> None:
    stop(folder)
    assert folder.stop.exists()


def test_given_variables_win_over_the_defaults() -> None:
    made = worker_environment({"OMP_NUM_THREADS": "7", "HOME": "/h"})
    assert (made["OMP_NUM_THREADS"], made["HOME"]) == ("7", "/h")
    assert int(worker_environment({})["OMP_NUM_THREADS"]) >= 1
    assert "MALLOC_TRIM_THRESHOLD_" in made


def test_package_weights_are_found_with_their_digest() -> None:
    found = resolve_weights("package:lite0")
    assert Path(found.path).is_file()
    assert (len(found.sha256), found.origin) == (64, "package:lite0")


def test_a_weights_file_is_taken_by_its_absolute_path(tmp_path: Path) -> None:
    (tmp_path / "w.safetensors").write_bytes(b"x")
    found = resolve_weights(f"file:{tmp_path / 'w.safetensors'}")
    assert found.path == str(tmp_path / "w.safetensors")


@pytest.mark.parametrize("setting", ["random", "hub:imagenet"])
def test_random_and_hub_need_no_file(setting: str) -> None:
    assert resolve_weights(setting).path == ""


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ("imagenet", "is not known"),
        ("package:lite9", "no package"),
        ("package:lite2", "is not installed"),
        ("file:/none.pth", "is missing"),
        ("file:/none.exe", "no suffix"),
    ],
)
def test_weights_that_are_not_here_are_refused(setting: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        resolve_weights(setting)


def test_the_room_never_imports_torch() -> None:
    code = (
        "import sys\n"
        "import rtsproj.jobs.launch, rtsproj.jobs.reporter, rtsproj.jobs.tables\n"
        "from rtsproj.jobs.weights import resolve_weights\n"
        "resolve_weights('package:lite0')\n"
        "print([m for m in sys.modules if m.split('.')[0] in ('torch', 'timm', 'numpy')])\n"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout == "[]\n"
