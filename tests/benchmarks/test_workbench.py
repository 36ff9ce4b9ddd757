"""The analyst's workbench in a real pty: ms, bytes, CPU; beside the bare cost of the same work.

Run by hand on a quiet machine; nothing is asserted:
    RTSPROJ_BENCH_JSON=bench.json pytest -m bench tests/benchmarks/test_workbench.py -s
"""

import os
import re
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from desk import LEFT, TOP, make_project, scene_file, search, square
from figures import note, told  # noqa: F401 - a fixture of the module
from pty_desk import Cost, Desk

from rtsproj.domain.decisions import Verdict
from rtsproj.domain.scenes import Role
from rtsproj.store.database import scalar
from rtsproj.workflow.decide import Word, decide
from rtsproj.workflow.project import Project, open_project, reading
from rtsproj.workflow.queue import Wanted, read_queue
from rtsproj.workflow.scenes import SceneChoice, add_scenes

pytestmark = [pytest.mark.bench, pytest.mark.timeout(3600)]
TIMES = int(os.environ.get("RTSPROJ_BENCH_TIMES", "24"))
FULL = {"COLORTERM": "truecolor"}
HELD = 300
"""`j` in a row, 30 a second as a held key sends them."""
RESTS_S = 2.6
"""s until the toast has gone, the next candidates are claimed and their pictures are encoded."""
NAME = re.compile(r"C-(\d{5,})")
MANY = """
INSERT INTO candidate SELECT c.* REPLACE (
  n + 1 AS candidate_id, n + 1 AS seq, 500 + hash(n) % 20000 AS area_m2, 300 AS pixels,
  0.3 + (hash(n) % 600) / 1000 AS score_mean, 'fresh' AS lineage,
  $left + 60 * (n % 1000) AS minx, $top - 60 * (n // 1000) - 30 AS miny,
  $left + 60 * (n % 1000) + 30 AS maxx, $top - 60 * (n // 1000) AS maxy,
  ST_MakeEnvelope($left + 60 * (n % 1000), $top - 60 * (n // 1000) - 30,
                  $left + 60 * (n % 1000) + 30, $top - 60 * (n // 1000)) AS geom)
FROM candidate c, range(1, $many) r(n) WHERE c.candidate_id = 1
"""
OTHERS = """
import sys
from textual.app import App
from textual.widgets import DataTable, OptionList
kind, count = sys.argv[1], int(sys.argv[2])
class Other(App):
    def compose(self):
        yield DataTable(cursor_type="row") if kind == "DataTable" else OptionList()
    def on_mount(self):
        one = self.query_one(kind)
        rows = (f"  C-{n:05}    0.42 ha" for n in range(count))
        if kind == "DataTable":
            one.add_column("candidate")
            one.add_rows((row,) for row in rows)
        else:
            one.add_options(rows)
        one.focus()
Other().run()
"""


@pytest.fixture
def world(tmp_path: Path) -> Project:
    """Two years of textured ground, 150 candidates."""
    project = make_project(tmp_path)
    add_scenes(project, [scene_file(tmp_path, year=2017)], SceneChoice(role=Role.HISTORY), by="a")
    search(project, [square(9 * (n % 15) + 30, 9 * (n // 15) + 60, 6) for n in range(150)])
    project.database.close()
    return project


def spread(name: str, values: list[float], unit: str = "ms") -> None:
    ordered = sorted(values)
    note(f"{name}, median of {len(ordered)}", statistics.median(ordered), unit)
    note(f"{name}, p95", ordered[round(0.95 * (len(ordered) - 1))], unit)


def opened(project: Project, *words: str) -> Desk:
    return Desk(project.folder, "triage", "--as", "ann", *words, env=FULL)


def ready(desk: Desk) -> None:
    desk.wait_for("score after", most_s=300)
    desk.rest(RESTS_S)


def ms(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def bare(project: Project) -> tuple[list[float], list[float]]:
    """ms of one decision without a screen, and of its fsync and its insert alone."""
    whole = [
        ms(lambda n=n: decide(project, n, Word(Verdict.UNSURE), analyst="bare"))
        for n in range(1, TIMES + 1)
    ]
    alone = []
    with project.database.writing("the bare cost") as connection:
        connection.execute("CREATE TEMP TABLE said AS SELECT * FROM decision LIMIT 0")
        connection.execute("COMMIT")
        with (project.folder / "bare.jsonl").open("ab") as stream:
            for _ in range(TIMES):

                def once() -> None:
                    stream.write(b"x" * 400)
                    stream.flush()
                    os.fsync(stream.fileno())
                    connection.execute("BEGIN")
                    connection.execute("INSERT INTO said SELECT * FROM decision LIMIT 1")
                    connection.execute("COMMIT")

                alone.append(ms(once))
        connection.execute("BEGIN")
    return whole, alone


def verdict(desk: Desk, number: int) -> tuple[float, Cost]:
    """ms until the screen says that it is saved, and what the whole change costs."""
    desk.rest(RESTS_S)
    before, began = len(desk.seen()), time.monotonic()
    desk.type(b"y")
    saved = desk.when(f"saved #{number}".encode(), after=before)
    desk.rest(0.3, after=before)
    seen = desk.seen()[before:]
    first, last = (1000 * (seen[n][0] - began) for n in (0, -1))
    return 1000 * (saved - began), Cost(first, last, sum(len(part) for _, part in seen))


def test_verdict_blink_idle(world: Project) -> None:
    print()
    with opened(world) as desk:
        desk.wait_for("C-0")
        note("start to first paint of the queue", 1000 * (time.monotonic() - desk.started), "ms")
        desk.wait_for("score after")
        desk.rest(0.4)
        note("start to the whole screen", 1000 * (desk.seen()[-1][0] - desk.started), "ms")
        desk.rest(RESTS_S)
        blinks = [desk.key(b"b") for _ in range(TIMES)]
        said = [verdict(desk, number) for number in range(1, TIMES + 1)]
        desk.rest(RESTS_S)
        busy, size = cpu_s(desk.process.pid), desk.bytes_in(10)
        note("idle 10 s, bytes", size, "B")
        note("idle 10 s, CPU", 1000 * (cpu_s(desk.process.pid) - busy), "ms")
    spread("verdict key to 'saved', the decision is on disk before", [one for one, _ in said])
    spread("verdict key to last byte, prefetched, 120x36", [one.last_ms for _, one in said])
    spread("verdict, bytes", [one.size for _, one in said], "B")
    spread("blink, key to last byte", [one.last_ms for one in blinks])
    spread("blink, bytes", [one.size for one in blinks], "B")
    whole, alone = bare(world)
    spread("decide(unsure) alone: journal, fsync, attach, insert", whole)
    spread("fsync and insert alone, connection held", alone)
    ratio = statistics.median(one.last_ms for _, one in said) / statistics.median(whole)
    note("verdict (accept) to last byte : decide(unsure) alone", ratio, "times")


def test_held_j(tmp_path: Path) -> None:
    project = many(tmp_path, 1000)
    ids = read_queue(project, Wanted(), analyst="ann").ids.tolist()
    project.database.close()
    print()
    with opened(project) as desk:
        ready(desk)
        row = ids.index(here(desk))
        before, began = len(desk.seen()), time.monotonic()
        for n in range(HELD):
            desk.type(b"j")
            time.sleep(max(0.0, began + (n + 1) / 30 - time.monotonic()))
        late = time.monotonic()
        desk.rest(0.5, after=before)
        note("held j, keys sent", HELD, "")
        note("held j, rows moved", ids.index(here(desk)) - row, "")
        note("held j, last byte after the last key", 1000 * (desk.seen()[-1][0] - late), "ms")
        row, before, began = ids.index(here(desk)), len(desk.seen()), time.monotonic()
        desk.type(b"k" * 200)
        desk.rest(0.5, after=before)
        spent = 1000 * (desk.seen()[-1][0] - began)
        note("200 k at once, rows moved", row - ids.index(here(desk)), "")
        note("200 k at once, ms a key", spent / 200, "ms")


def here(desk: Desk) -> int:
    """Candidate of the status line."""
    found = NAME.search(desk.screen().splitlines()[0])
    assert found is not None
    return int(found[1])


def test_a_million_rows(tmp_path: Path) -> None:
    print()
    few, lots = many(tmp_path / "few", 1000), many(tmp_path / "many", 1_000_000)
    firsts: dict[int, list[float]] = {1000: [], 1_000_000: []}
    for _ in range(3):
        for count, project in ((1000, few), (1_000_000, lots)):
            with opened(project) as desk:
                desk.wait_for("C-", most_s=120)
                firsts[count].append(1000 * (time.monotonic() - desk.started))
                if len(firsts[count]) == 3:
                    desk.wait_for(f"/{count} decided", most_s=120)
                    note(
                        f"{count} rows: whole queue", 1000 * (time.monotonic() - desk.started), "ms"
                    )
                    ready(desk)
                    burst(desk, f"{count} rows")
                    keys_of(desk, f"{count} rows: j", b"j")
                    keys_of(desk, f"{count} rows: end, home", b"G", b"g")
    for count, values in firsts.items():
        spread(f"{count} rows: first paint", values)
    ratio = statistics.median(firsts[1_000_000]) / statistics.median(firsts[1000])
    note("first paint of 1,000,000 : of 1,000", ratio, "times")


def keys_of(desk: Desk, name: str, *keys: bytes) -> None:
    """First byte after a key: the list has moved; the picture follows when the cursor rests."""
    costs = []
    for n in range(TIMES):
        desk.rest(RESTS_S)
        costs.append(desk.key(keys[n % len(keys)]))
    spread(f"{name}, to first byte", [one.first_ms for one in costs])


def burst(desk: Desk, name: str) -> None:
    """Keys faster than any hand: what one of them costs the loop."""
    before, began = len(desk.seen()), time.monotonic()
    desk.type(b"j" * 200)
    desk.rest(0.5, after=before)
    note(f"{name}: 200 j at once, ms a key", 5 * (desk.seen()[-1][0] - began), "ms")


@pytest.mark.parametrize("kind", ["OptionList", "DataTable"])
@pytest.mark.parametrize("count", [1000, 100_000])
def test_other_lists(tmp_path: Path, kind: str, count: int) -> None:
    """100,000 rows are enough to see it: both lists take in every row before the first paint."""
    print()
    with Desk(tmp_path, kind, str(count), program=("-c", OTHERS), env=FULL) as desk:
        desk.wait_for("C-00000", most_s=600)
        note(f"{kind} {count} rows: first paint", 1000 * (time.monotonic() - desk.started), "ms")
        desk.rest(1)
        costs = [desk.key(b"\x1b[B", quiet_s=0.2) for _ in range(TIMES)]
        spread(f"{kind} {count} rows: down", [one.first_ms for one in costs])
        spread(f"{kind} {count} rows: down, bytes", [one.size for one in costs], "B")


def many(path: Path, count: int) -> Project:
    """A project whose database was filled with candidates by one statement."""
    path.mkdir(exist_ok=True)
    project = make_project(path)
    search(project, [square(60, 80, 15)])
    with project.database.writing("many candidates", spatial=True) as connection:
        connection.execute(MANY, {"left": LEFT, "top": TOP, "many": count})
    with reading(project) as connection:
        assert scalar(connection, "SELECT count(*) FROM candidate") == count
    project.database.close()
    return open_project(project.folder)
