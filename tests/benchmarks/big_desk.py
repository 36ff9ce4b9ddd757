"""Synthetic projects of any size: what a desk holds after a search of a whole region."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import shapely
from desk import LEFT, TOP, finished_search, make_project

from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.reporter import Reporter
from rtsproj.store.database import Connection
from rtsproj.workflow.project import Project, writing

Geometries = npt.NDArray[np.object_]
SPACING_M = 200.0
"""m between the centres of two places."""
CORNERS = 24
BLOCK = 20_000
ROW = 1000
CORE_M = 1536.0
"""m along a tile: 512 px of 3 m."""
RADIUS_M = 60.0
TILES = """
INSERT INTO tile (tile_id, grid_row, grid_col, core_px, valid_px, valid_m2, geom)
SELECT {first} + n, n // 1000, 100 + n % 1000, 512, 262144, 2359296.0,
       ST_MakeEnvelope(0, 0, 1536, 1536) FROM range({count}) r(n)
"""
EARLIER = """
INSERT INTO candidate
SELECT n AS candidate_id, j.job_id, n AS seq, j.iteration, 9000, 400, 92.9, 34.8,
       0.3 + (hash(n) % 600) / 1000, 0.9, 1000, false, 'new', 0, 'fresh', 0, 0, 0, 0, '1',
       x - 60, y - 60, x + 60, y + 60, ST_GeomFromWKB(unhex(geom)), NULL
FROM read_json(?, format='newline_delimited',
               columns={n: 'BIGINT', x: 'DOUBLE', y: 'DOUBLE', geom: 'VARCHAR'}),
     (SELECT max(job_id) AS job_id, max(iteration) AS iteration FROM job) j
"""
SAID = """
INSERT INTO decision (decision_id, candidate_id, verdict, reason, note, analyst, decided_at, act,
                      undoes)
SELECT candidate_id, candidate_id,
       CASE candidate_id % 10 WHEN 0 THEN 'accept' WHEN 1 THEN 'unsure' ELSE 'reject' END,
       '', '', 'ann', TIMESTAMP '2026-01-01', 'say', 0 FROM candidate
"""
SLUMPS = """
INSERT INTO slump SELECT 1000 + candidate_id, 'found', iteration, TIMESTAMP '2026-01-01'
FROM candidate WHERE candidate_id % 10 = 0
"""
SIGHTINGS = """
INSERT INTO slump_outline
SELECT 1000 + candidate_id, 1000 + candidate_id, iteration, candidate_id, 'new', 'model', area_m2,
       perimeter_m, lon, lat, minx, miny, maxx, maxy, geom, TIMESTAMP '2026-01-01', 'ann'
FROM candidate WHERE candidate_id % 10 = 0
"""
NEAR = """
INSERT INTO outline_distance
SELECT o.outline_id, l.kind, l.source_id, l.line_id, hash(o.outline_id) % 50000
FROM slump_outline o, (SELECT * FROM line ORDER BY line_id LIMIT 1) l WHERE o.outline_id > 1000
"""


@dataclass(frozen=True, slots=True)
class Size:
    """How large a project is.

    Attributes:
        candidates: outlines that the search has drawn.
        judged: of an earlier search, all decided; a tenth are slumps.
        lines: road segments of about 100 m.
        tiles: of the grid.
    """

    candidates: int
    judged: int
    lines: int
    tiles: int


def blobs(count: int, *, seed: int, moved_m: float = 0.0) -> Geometries:
    """Outlines with 24 corners on a lattice, about 90 to 150 m wide.

    The same places have the same shape, as drawn by another model: each corner moved in or out by
    about ``moved_m``.
    """
    blocks = blob_blocks(count, seed=seed, moved_m=moved_m)
    return np.concatenate([np.zeros(0, object), *blocks])


def blob_blocks(count: int, *, seed: int, moved_m: float) -> Iterator[Geometries]:
    """The same outlines, a block at a time."""
    for first in range(0, count, BLOCK):
        yield _block(np.arange(first, min(first + BLOCK, count)), seed=seed, moved_m=moved_m)


def _block(numbers: npt.NDArray[np.int64], *, seed: int, moved_m: float) -> Geometries:
    first, count = int(numbers[0]), len(numbers)
    angle = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
    waves = np.random.default_rng([1, first]).uniform(size=(count, 3, 2))  # of a place, always
    radius = np.full((count, CORNERS), RADIUS_M)
    for n in range(3):
        high, turn = 0.12 * waves[:, n, :1], 6.3 * waves[:, n, 1:]
        radius += RADIUS_M * high * np.cos((n + 1) * angle + turn)
    radius += moved_m * np.random.default_rng([seed, first]).normal(size=(count, CORNERS))
    at = places(numbers)
    corners = at[:, None, :] + radius[:, :, None] * np.stack((np.cos(angle), np.sin(angle)), axis=1)
    made: Geometries = shapely.polygons(np.concatenate((corners, corners[:, :1]), axis=1))
    return made


def places(numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Centres row by row, 1,000 a row; (n, 2) m."""
    return np.column_stack(
        (LEFT + 1000 + SPACING_M * (numbers % ROW), TOP - 1000 - SPACING_M * (numbers // ROW))
    )


def segments(count: int, extent_m: float) -> Geometries:
    """Winding roads, cut into segments of about 100 m, over a square from the project's corner."""
    rng = np.random.default_rng(5)
    steps = 1000
    tracks = -(-count // steps)
    heading = rng.uniform(0, 2 * np.pi, tracks)[:, None] + np.cumsum(
        rng.normal(0, 0.05, (tracks, steps)), axis=1
    )
    start = rng.uniform(0, extent_m, (tracks, 1, 2))
    step = 100 * np.stack((np.cos(heading), np.sin(heading)), axis=2)
    xy = np.concatenate((start, start + np.cumsum(step, axis=1)), axis=1)
    xy = np.abs(xy) % (2 * extent_m)
    xy = np.where(xy > extent_m, 2 * extent_m - xy, xy)
    pairs = np.stack((xy[:, :-1], xy[:, 1:]), axis=2).reshape(-1, 2, 2)[:count]
    pairs = pairs * (1, -1) + (LEFT, TOP)
    made: Geometries = shapely.linestrings(pairs)
    return made


def big_project(path: Path, size: Size) -> tuple[Project, int]:
    """A project with a finished search that is not collected; returns it and the job's number."""
    path.mkdir(parents=True, exist_ok=True)
    project = make_project(path)
    extent = SPACING_M * max(ROW, size.candidates / ROW) + 2000
    first = finished_search(project, [])
    with writing(project, "an earlier search") as connection:
        connection.execute("INSERT INTO job_collection (job_id, detail) VALUES (?, '{}')", [first])
        _fill(connection, path, size, extent)
    with project.database.writing("a grid", spatial=True) as connection:
        have = connection.execute("SELECT max(tile_id) FROM tile").fetchall()[0][0]
        connection.execute(TILES.format(first=have + 1, count=size.tiles))
    job_id = finished_search(project, [])
    _draw(project, job_id, size)
    return project, job_id


def _fill(connection: Connection, path: Path, size: Size, extent: float) -> None:
    if size.judged:
        rows = path / "earlier.jsonl"
        at = places(np.arange(size.judged))
        wkb = shapely.to_wkb(blobs(size.judged, seed=1), hex=True)
        with rows.open("w", encoding="ascii") as stream:
            stream.writelines(
                json.dumps({"n": n + 1, "x": x, "y": y, "geom": one}) + "\n"
                for n, ((x, y), one) in enumerate(zip(at.tolist(), wkb.tolist(), strict=True))
            )
        connection.execute(EARLIER, [str(rows)])
        connection.execute(SAID)
        connection.execute(SLUMPS)
        connection.execute(SIGHTINGS)
        connection.execute(NEAR)
    if size.lines:
        rows = path / "lines.jsonl"
        wkb = shapely.to_wkb(segments(size.lines, extent), hex=True)
        with rows.open("w", encoding="ascii") as stream:
            stream.writelines(
                json.dumps({"n": n, "geom": one}) + "\n" for n, one in enumerate(wkb.tolist())
            )
        connection.execute(
            "INSERT INTO line SELECT 1000 + n, (SELECT max(source_id) FROM line), 'road', 'trunk', "
            "'G109', ST_GeomFromWKB(unhex(geom)) FROM read_json(?, "
            "format='newline_delimited', columns={n: 'BIGINT', geom: 'VARCHAR'})",
            [str(rows)],
        )


def _draw(project: Project, job_id: int, size: Size) -> None:
    """Write what the search has drawn: the first places are those that were judged before."""
    folder = JobFolder(project.folder / "jobs" / f"{job_id}-infer")
    wkb = shapely.to_wkb(blobs(size.candidates, seed=2, moved_m=2.0), hex=True).tolist()
    with folder.outlines.open("w", encoding="ascii") as stream:
        stream.writelines(
            f'{{"at_edge":false,"pixels":1000,"score_max":0.91,"score_mean":0.5{n % 1000:03},'
            f'"seq":{n},"tiles":[{n % 1000 + 1}],"wkb":"{one}"}}\n'
            for n, one in enumerate(wkb)
        )
    with project.database.reading() as connection:
        ids = connection.execute("SELECT tile_id FROM tile ORDER BY tile_id").fetchall()
    with folder.outcomes.open("w", encoding="ascii") as stream:
        stream.writelines(
            f'{{"message":"","outcome":"done","outlines":1,"seconds":0.5,"sha256":"{one:064}",'
            f'"tile_id":{one},"valid_px":262144}}\n'
            for (one,) in ids
        )
    folder.done.unlink()
    Reporter(folder).finished({"specks": 3}, outputs=[folder.outlines, folder.outcomes])
