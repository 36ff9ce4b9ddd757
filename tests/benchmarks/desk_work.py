"""The desk's work at one size, in a process of its own: ``desk_work.py WHAT ROWS FOLDER``.

Prints one JSON object per figure: name, seconds, CPU seconds, peak MB of the process so far.
"""

import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from big_desk import BLOCK, Size, big_project, blob_blocks, blobs, segments
from desk import CRS

from rtsproj.domain.labels import Polarity
from rtsproj.geometry.distances import LineIndex
from rtsproj.geometry.lineage import PlaceIndex
from rtsproj.geometry.measures import measure_all
from rtsproj.settings import LineageSettings
from rtsproj.store import database, iterations, near, queue, tiles
from rtsproj.store.bulk import Spool, hexadecimal
from rtsproj.vectors.write import write_features
from rtsproj.workflow import collect
from rtsproj.workflow.create import init_project
from rtsproj.workflow.project import Project, open_project, reading, writing
from rtsproj.workflow.queue import Wanted, read_queue
from rtsproj.workflow.report import collect_report
from rtsproj.workflow.sources import VectorChoice, add_labels
from rtsproj.workflow.status import status

EXTENT_M = 200_000.0


def timed(name: str, work: Callable[[], Any]) -> Any:
    began, spent = time.perf_counter(), time.process_time()
    found = work()
    say(name, time.perf_counter() - began, time.process_time() - spent)
    return found


def say(name: str, seconds: float, cpu_s: float) -> None:
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figure = {"name": name, "seconds": seconds, "cpu_s": cpu_s, "peak_mb": peak_mb}
    print(json.dumps(figure), flush=True)


def work_collect(rows: int, folder: Path) -> None:
    """A search whose first half lies where an analyst has judged; 100,000 road segments."""
    project = open_project(folder / f"desk-{rows}" / "project", wait_s=60)
    held: list[tuple[float, float]] = []
    plain = database.Database.writing

    @contextmanager
    def watched(self: database.Database, purpose: str, **how: bool) -> Iterator[Any]:
        with plain(self, purpose, **how) as connection:
            began, spent = time.perf_counter(), time.process_time()
            yield connection
        held.append((time.perf_counter() - began, time.process_time() - spent))

    database.Database.writing = watched  # type: ignore[method-assign]
    timed("collect a search", lambda: collect.catch_up(project))
    say("of it, project held for writing", *max(held))


def work_nearest(rows: int, _folder: Path) -> None:
    """A tenth as many outlines as segments, beside the bare index."""
    lines = segments(rows, EXTENT_M)
    slumps = blobs(rows // 10, seed=3)
    index = timed("index of segments", lambda: LineIndex(np.arange(rows), lines, CRS))
    bare = shapely.STRtree(lines)
    timed("bare STRtree.query_nearest, rows / 10 asked", lambda: bare.query_nearest(slumps))
    ids, _ = timed("nearest line, geodesic, rows / 10 asked", lambda: index.nearest(slumps))
    timed("of it, points and geodesics", lambda: index._geodesic(slumps, ids))


def work_lineage(rows: int, _folder: Path) -> None:
    """As many candidates as judged places, all of which meet."""
    index = timed(
        "index of judged places",
        lambda: PlaceIndex(np.arange(rows), np.zeros(rows, np.int64), blobs(rows, seed=1)),
    )

    def classify() -> None:
        for later in blob_blocks(rows, seed=2, moved_m=2.0):
            index.classify(later, pixel_m=3.0, settings=LineageSettings())

    timed("lineage", classify)


def work_tiles(rows: int, folder: Path) -> None:
    """Squares of 128 px: measured, laid, taken in twice, read, asked for; pixels are not read."""
    project, _ = big_project(folder / f"tiles-{rows}", Size(0, 0, 0, 0))
    side = int(np.ceil(np.sqrt(rows)))

    def lay(spool: Spool, valid_px: int) -> None:
        for start in range(0, rows, BLOCK):
            row, col = np.divmod(np.arange(start, min(start + BLOCK, rows)), side)
            boxes = shapely.box(490_000 + 384.0 * col, 3.8e6, 490_384 + 384.0 * col, 3.8e6 + 384)
            columns = {
                "grid_row": row + 1000,
                "grid_col": col,
                "core_px": np.full(len(row), 128),
                "valid_px": np.full(len(row), valid_px),
                "valid_m2": measure_all(boxes, CRS).area_m2,
                "geom": hexadecimal(shapely.to_wkb(boxes)),
            }
            spool.add("tile", tiles.LAID, columns)

    def take_in(spool: Spool) -> None:
        with writing(project, "tiles") as connection:
            tiles.take_in(connection, spool)

    for name, valid_px in (("new", 16384), ("recounted", 16000)):
        with Spool() as spool:
            timed(f"tiles measured and laid, {name}", lambda n=valid_px, s=spool: lay(s, n))
            timed(f"tiles taken in, {name}", lambda s=spool: take_in(s))
    with reading(project) as connection:
        timed("tiles read", lambda: tiles.read_tiles(connection))
        timed("tiles to search", lambda: tiles.tiles_to_search(connection, 1))


def work_labels(rows: int, folder: Path) -> None:
    """A file of polygons with an id and a date, a hundredth of them twice; no images."""
    file, project = folder / f"labels-{rows}.gpkg", init_project(folder / f"labels-{rows}")
    shapes = blobs(rows, seed=4)
    shapes[1::100] = shapes[0::100][: len(shapes[1::100])]
    given = [
        {"uid": f"id-{number}", "date": "2019-07-15", "geometry": one}
        for number, one in enumerate(shapes)
    ]
    write_features(file, given, crs=CRS, layer="slumps")
    choice, polarity = VectorChoice(), Polarity.POSITIVE
    timed("labels added", lambda: add_labels(project, file, choice, polarity=polarity, by="ann"))


def work_views(rows: int, folder: Path) -> None:
    """What analysts and screens ask, half of the candidates decided, a tenth of these slumps."""
    project = open_project(folder / f"desk-{rows}" / "project", wait_s=60)
    collect.catch_up(project)
    for name, text in (
        ("candidates", "SELECT count(*), max(area_m2) FROM candidates WHERE status = 'open'"),
        ("inventory", "SELECT * EXCLUDE (geom) FROM inventory ORDER BY nearest_m"),
        ("iterations", "FROM iterations"),
        (
            "near_infrastructure(500)",
            "SELECT count(DISTINCT slump_id) FROM near_infrastructure(500)",
        ),
        ("disagreement", "FROM disagreement"),
        ("tiles", "SELECT outcome, count(*) FROM tiles GROUP BY ALL"),
    ):
        timed(f"view {name}", lambda query=text: ask(project, query))
    timed("status", lambda: status(project))
    timed("report", lambda: collect_report(project))
    timed("queue opened", lambda: read_queue(project, Wanted(), analyst="ann"))
    with reading(project) as connection:
        timed("slumps with nearest line", lambda: near.slumps_with_nearest(connection))
        timed("newest iteration", lambda: iterations.latest_iteration(connection))
        timed("disputed candidates", lambda: queue.disputed(connection))


def work_make(rows: int, folder: Path) -> None:
    """The project of ``collect`` and ``views``: made apart, so that its memory does not count."""
    size = Size(candidates=rows, judged=rows // 2, lines=100_000, tiles=max(10, rows // 15))
    if not (folder / f"desk-{rows}").exists():
        big_project(folder / f"desk-{rows}", size)


def ask(project: Project, text: str) -> None:
    with reading(project) as connection:
        connection.execute(text).fetchall()


if __name__ == "__main__":
    what, count, where = sys.argv[1:]
    globals()[f"work_{what}"](int(count), Path(where))
