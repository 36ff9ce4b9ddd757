"""The state of a job follows from its files and its lock."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rtsproj.errors import ProjectBusyError, RtsError
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.lock import held_lock, is_held, last_holder
from rtsproj.jobs.reporter import Reporter
from rtsproj.jobs.state import JobState, follow, read_events, status_of

HOLD = """
import sys, time
from pathlib import Path
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.lock import held_lock
from rtsproj.jobs.reporter import Reporter
folder = JobFolder(Path(sys.argv[1]))
with held_lock(folder):
    reporter = Reporter(folder)
    reporter.started("begin")
    reporter.progress(0.25, "step 1 of 4", metrics={"loss": 0.5})
    print("held", flush=True)
    time.sleep(120)
"""


@contextmanager
def worker(folder: JobFolder) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock until it is killed."""
    command = [sys.executable, "-c", HOLD, str(folder.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_job_that_nobody_started_is_queued(folder: JobFolder) -> None:
    status = status_of(folder)
    assert (status.state, status.fraction, status.pid) == (JobState.QUEUED, 0.0, 0)


def test_a_held_lock_with_a_fresh_heartbeat_is_running(folder: JobFolder) -> None:
    with worker(folder) as process:
        status = status_of(folder)
    assert status.state is JobState.RUNNING
    assert status.pid == process.pid
    assert status.metrics == {"loss": 0.5}
    assert status.message == "step 1 of 4"


def test_a_held_lock_with_an_old_heartbeat_is_stalled(folder: JobFolder) -> None:
    with worker(folder):
        status = status_of(folder, now=lambda: time.time() + 100)
    assert status.state is JobState.STALLED
    assert status.error


def test_a_killed_worker_is_dead_at_once_even_before_it_is_reaped(folder: JobFolder) -> None:
    with worker(folder) as process:
        os.kill(process.pid, signal.SIGKILL)
        while is_held(folder):
            time.sleep(0.01)
        os.kill(process.pid, 0)  # still in the process table
        assert status_of(folder).state is JobState.DEAD


def test_a_second_worker_is_refused_with_the_name_of_the_first(folder: JobFolder) -> None:
    with (
        worker(folder) as process,
        pytest.raises(ProjectBusyError, match=f"pid {process.pid}"),
        held_lock(folder, wait_s=0.1),
    ):
        pass


def test_the_lock_is_free_again_after_the_work(folder: JobFolder) -> None:
    assert not is_held(folder)
    with held_lock(folder, scheduler_job="42"):
        assert is_held(folder)
    assert not is_held(folder)
    holder = last_holder(folder)
    assert holder is not None
    assert (holder.pid, holder.scheduler_job) == (os.getpid(), "42")


def test_an_interrupted_job_is_paused_and_a_failed_one_tells_why(folder: JobFolder) -> None:
    reporter = Reporter(folder)
    reporter.started("begin")
    reporter.interrupted("stopped after step 3")
    assert status_of(folder).state is JobState.PAUSED
    reporter.started("again")
    reporter.failed("loss is not a number", hint="lower the learning rate")
    status = status_of(folder)
    assert (status.state, status.error) == (JobState.FAILED, "loss is not a number")
    assert status.hint == "lower the learning rate"


def test_a_finished_job_is_done_whatever_came_before(folder: JobFolder) -> None:
    reporter = Reporter(folder)
    reporter.started("begin")
    folder.scores.write_text("{}")
    reporter.finished({"steps": 3}, outputs=[folder.scores])
    status = status_of(folder)
    assert (status.state, status.fraction) == (JobState.DONE, 1.0)
    done = json.loads(folder.done.read_text())
    assert done["summary"] == {"steps": 3}
    assert list(done["outputs"]) == ["outputs/scores.json"]


def test_a_missing_output_keeps_a_job_from_being_done(folder: JobFolder) -> None:
    with pytest.raises(RtsError, match=r"outputs/scores\.json is missing"):
        Reporter(folder).finished({}, outputs=[folder.scores])
    assert not folder.done.exists()


def test_a_worker_of_another_machine_is_believed_by_its_heartbeat(folder: JobFolder) -> None:
    reporter = Reporter(folder)
    reporter.started("begin")
    away = {"host": "gpu1", "boot_id": "x", "pid": 7, "since": "2026-01-01T00:00:00+00:00"}
    folder.lock.write_text(json.dumps(away))
    assert status_of(folder).state is JobState.RUNNING
    assert status_of(folder, now=lambda: time.time() + 100).state is JobState.STALLED
    assert status_of(folder, now=lambda: time.time() + 1000).state is JobState.DEAD


def test_the_time_left_follows_from_the_rate_of_this_start(folder: JobFolder) -> None:
    clock = [0.0]
    reporter = Reporter(folder, now=lambda: clock[0])
    reporter.started("begin")
    reporter.progress(0.5, "resumed half-way")
    clock[0] = 10.0
    reporter.progress(0.75, "on")
    assert json.loads(folder.heartbeat.read_text())["eta_s"] == 10.0


def test_the_stop_file_or_a_signal_asks_for_an_end(folder: JobFolder) -> None:
    assert not Reporter(folder).should_stop()
    assert Reporter(folder, stopping=lambda: True).should_stop()
    folder.stop.touch()
    assert Reporter(folder).should_stop()


def test_following_ends_with_the_job(folder: JobFolder) -> None:
    reporter = Reporter(folder)
    reporter.started("begin")
    turns = iter([lambda: reporter.interrupted("stopped")])
    folder.launched.write_text("{}")
    with held_lock(folder):
        first = next(follow(folder))
    assert first.state is JobState.RUNNING
    next(turns)()
    assert [one.state for one in follow(folder, sleep=lambda _: None)] == [JobState.PAUSED]


def test_a_line_that_is_no_event_is_passed_over(folder: JobFolder) -> None:
    Path(folder.events).write_text('odd\n[1]\n{"kind": "note"}\n{"torn')
    assert read_events(folder) == ({"kind": "note"},)
