"""Processes that are really killed while they decide or collect lose nothing acknowledged."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from desk import finished_search, search, square, stop_at_once

from rtsproj.journal.lines import check, journal_files
from rtsproj.store.database import rows, scalar
from rtsproj.workflow.collect import catch_up
from rtsproj.workflow.project import Project, open_project, reading

KILLS = int(os.environ.get("RTSPROJ_KILLS", "12"))
DECIDER = """
import sys, time
from rtsproj.domain.decisions import Verdict
from rtsproj.workflow.decide import Word, decide
from rtsproj.workflow.project import open_project
from rtsproj.workflow.queue import sit_down
project = open_project(sys.argv[1])
if sys.argv[2] == "sitting":
    sit_down(project)
print("ready", flush=True)
n = 0
while True:
    verdict = (Verdict.ACCEPT, Verdict.REJECT, Verdict.UNSURE)[n % 3]
    saved = decide(project, 1 + n % 3, Word(verdict, note=str(n)), analyst="ann")
    print(saved.decision_id, flush=True)
    n += 1
"""
COLLECTOR = """
import sys
from rtsproj.workflow.collect import catch_up
from rtsproj.workflow.project import open_project
project = open_project(sys.argv[1])
print("ready", flush=True)
catch_up(project)
print("done", flush=True)
"""


def start(code: str, project: Project, how: str = "") -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(project.folder), how], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def kill_after(process: subprocess.Popen[str], seconds: float, *, words: int = 0) -> list[str]:
    """Kill a process some time after it has said so many words; returns all that it said."""
    assert process.stdout is not None
    first = [process.stdout.readline().strip() for _ in range(words)]
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    said, _ = process.communicate()
    return [*first, *said.splitlines()]


@pytest.mark.slow
@pytest.mark.parametrize("how", ["", "sitting"])
def test_no_acknowledged_decision_is_lost_by_kills(project: Project, how: str) -> None:
    search(project, [square(60, 80, 15), square(120, 120, 12), square(150, 30, 12)])
    acknowledged = 0
    for number in range(KILLS):
        # three kills of four land after a first word, whatever the speed of the machine
        words = int(number % 4 > 0)
        lines = kill_after(start(DECIDER, project, how), 0.05 + 0.037 * (number % 9), words=words)
        acknowledged += sum(line.isdigit() for line in lines)
        newest = max((int(line) for line in lines if line.isdigit()), default=0)
        # WHEN the next process looks
        again = open_project(project.folder)
        catch_up(again)
        with reading(again) as connection:
            found = rows(connection, "SELECT decision_id FROM decision ORDER BY 1")
        # THEN everything acknowledged is there, without a gap, and at most one more
        ids = [row["decision_id"] for row in found]
        assert ids == list(range(1, len(ids) + 1))
        assert newest <= len(ids)
        again.database.close()
    assert acknowledged > KILLS // 2
    # AND journal and database hold the same
    [path] = journal_files(project.journal)
    check(path)
    written = [
        one["decision_id"]
        for line in path.read_text().splitlines()
        for one in json.loads(line)["payload"]["decisions"]
    ]
    with reading(project) as connection:
        assert scalar(connection, "SELECT count(*) FROM decision") == len(written)


@pytest.mark.slow
def test_a_killed_collection_takes_in_all_candidates_or_none(project: Project) -> None:
    stop_at_once(project)
    search(project, [])
    shapes = [square(3 * n % 150, 3 * n // 150 * 9 + 60, 2) for n in range(400)]
    finished_search(project, shapes)
    for number in range(5):
        kill_after(start(COLLECTOR, project), 0.1 + 0.12 * number)
        with reading(open_project(project.folder)) as connection:
            counted = scalar(connection, "SELECT count(*) FROM candidate")
            collected = scalar(connection, "SELECT count(*) FROM job_collection")
        assert (counted, collected) in ((0, 2), (400, 3))
    catch_up(project)
    with reading(project) as connection:
        assert scalar(connection, "SELECT count(*) FROM candidate") == 400


def test_a_decision_that_only_the_journal_has_is_replayed(project: Project) -> None:
    search(project, [square(60, 80, 15)])
    copy = project.folder / "before.duckdb"
    with project.database.folded("a copy"):
        pass
    copy.write_bytes(project.database.path.read_bytes())
    kill_after(start(DECIDER, project), 0.6)
    with reading(project) as connection:
        known = rows(connection, "FROM decision ORDER BY decision_id")
    assert known
    # GIVEN the database as it was before the decisions
    project.database.close()
    project.database.path.with_suffix(".duckdb.wal").unlink(missing_ok=True)
    copy.replace(project.database.path)
    # WHEN the project is opened again
    again = open_project(project.folder)
    catch_up(again)
    # THEN the decisions are back
    with reading(again) as connection:
        found = rows(connection, "FROM decision ORDER BY decision_id")
        slumps = scalar(connection, "SELECT count(*) FROM slump")
    assert found[: len(known)] == known
    assert slumps == 3
