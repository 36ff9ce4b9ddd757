"""Follow a search through its folder: tiles by state, pace, failures, areas of what it found."""

import itertools
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rtsproj.domain.requests import InferRequest
from rtsproj.domain.tiles import Outcome
from rtsproj.errors import RtsError
from rtsproj.jobs.curves import SpeedPoint, speed_points
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.state import JobState, JobStatus, status_of
from rtsproj.jobs.tables import read_tiles
from rtsproj.jobs.tail import Tail
from rtsproj.workflow.monitor import LogLine, Stamp, device_of, read_log, stamp_of

TODO, RUNNING, DONE, FOUND, FAILED = range(5)
"""States of a tile on the map; skipped and empty ones count as done."""
OUTCOMES = tuple(Outcome)
PACE_S = 300.0
"""s of the pace that is shown."""
AREAS_PER_LOOK = 200
"""Tile files read for the histogram in one look, so that a look stays short."""
Ints = npt.NDArray[np.int64]
States = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class TileGrid:
    """Tiles of a job as arrays, one entry per tile.

    Attributes:
        ids: tile numbers, ascending.
        rows: grid row of each.
        cols: grid column of each.
        states: one of TODO, RUNNING, DONE, FOUND, FAILED.
    """

    ids: Ints
    rows: Ints
    cols: Ints
    states: States


@dataclass(frozen=True, slots=True)
class TileTold:
    """What is known of one tile: state in words, outlines, px searched, s of work, reason."""

    tile_id: int
    row: int
    col: int
    state: str
    outlines: int
    valid_px: int
    seconds: float
    message: str


@dataclass(frozen=True, slots=True)
class SearchLook:
    """What a monitor shows of a search.

    Attributes:
        status: state, progress, ETA, newest figures by name.
        device: what it runs on.
        grid: tiles by state.
        pace: (s before the newest point, Mpx/s) of the last five minutes, oldest first.
        failures: (tile, reason) of tiles that failed last, newest first.
        pieces: outlines found so far, before joining.
        areas_m2: their areas, m2 on the grid; of joined outlines once the search is done.
        log: events, oldest first.
    """

    status: JobStatus
    device: str
    grid: TileGrid
    pace: tuple[tuple[float, float], ...]
    failures: tuple[tuple[int, str], ...]
    pieces: int
    areas_m2: tuple[float, ...]
    log: tuple[LogLine, ...]


class SearchWatch:
    """Follows one search: each line of its outcomes is read once."""

    def __init__(self, path: Path, *, now: Callable[[], float] = time.time) -> None:
        self._folder = JobFolder(path)
        self._now = now
        self._outcomes: dict[Path, Tail] = {}
        self._speed = Tail(self._folder.speed)
        self._grid: TileGrid | None = None
        self._facts = np.zeros((0, 4))
        self._messages: dict[int, str] = {}
        self._failed: dict[int, str] = {}
        self._points: list[SpeedPoint] = []
        self._areas: dict[int, tuple[float, ...]] = {}
        self._joined: tuple[float, ...] | None = None
        self._batch, self._pixel_m = 1, 0.0

    def stamp(self) -> Stamp:
        """Changes when there is something new."""
        one = self._folder
        return stamp_of(one.heartbeat, one.events, *one.outcome_files(), one.done, one.launched)

    def look(self) -> SearchLook:
        """Read what is new."""
        status = status_of(self._folder)
        grid = self._read_grid()
        for path in self._folder.outcome_files():
            self._take(self._outcomes.setdefault(path, Tail(path)).lines(), grid)
        self._points.extend(speed_points(self._speed.lines()))
        self._read_areas(grid, is_done=status.state is JobState.DONE)
        return SearchLook(
            status=status,
            device=device_of(self._folder),
            grid=self._with_running(grid, status),
            pace=pace_of(self._points),
            failures=tuple(reversed(self._failed.items())),
            pieces=int(self._facts[:, 1].sum()),
            areas_m2=self._joined or tuple(a for one in self._areas.values() for a in one),
            log=read_log(self._folder),
        )

    def tile(self, tile_id: int) -> TileTold | None:
        """One tile in detail."""
        grid = self._grid
        if grid is None or tile_id not in grid.ids:
            return None
        at = int(np.searchsorted(grid.ids, tile_id))
        row, col = int(grid.rows[at]), int(grid.cols[at])
        kind, outlines, valid_px, seconds = self._facts[at].tolist()
        state = str(OUTCOMES[int(kind) - 1]) if kind else "not searched yet"
        message = self._messages.get(tile_id, "")
        return TileTold(tile_id, row, col, state, int(outlines), int(valid_px), seconds, message)

    def _read_grid(self) -> TileGrid:
        if self._grid is None:
            try:
                tiles = sorted(read_tiles(self._folder.tiles), key=lambda one: one.tile_id)
                request = self._folder.read_request()
            except RtsError:
                return _grid_of(np.zeros((0, 3), np.int64))
            if isinstance(request, InferRequest):
                self._batch = max(1, request.settings.batch) * request.settings.span**2
                self._pixel_m = request.source.grid.pixel_m
            found = [(one.tile_id, one.row, one.col) for one in tiles]
            self._grid = _grid_of(np.array(found, np.int64).reshape(-1, 3))
            self._facts = np.zeros((len(found), 4))
        return self._grid

    def _take(self, lines: Iterable[str], grid: TileGrid) -> None:
        for line in lines:
            try:
                raw = json.loads(line)
                tile_id, outcome = int(raw["tile_id"]), Outcome(raw["outcome"])
            except (ValueError, KeyError, TypeError):
                continue
            at = int(np.searchsorted(grid.ids, tile_id))
            if at >= grid.ids.size or grid.ids[at] != tile_id:
                continue
            grid.states[at] = _state(outcome)
            self._failed.pop(tile_id, None)
            message = str(raw.get("message", ""))
            if outcome is Outcome.FAILED:
                self._failed[tile_id] = message
            if message:
                self._messages[tile_id] = message
            self._facts[at] = (
                OUTCOMES.index(outcome) + 1,
                raw.get("outlines", 0),
                raw.get("valid_px", 0),
                raw.get("seconds", 0.0),
            )

    def _with_running(self, grid: TileGrid, status: JobStatus) -> TileGrid:
        """Tiles are taken in order: the next batch is about what the worker is at."""
        states = grid.states.copy()
        if status.state is JobState.RUNNING:
            waiting = np.flatnonzero(states == TODO)
            order = np.lexsort((grid.cols[waiting], grid.rows[waiting]))
            states[waiting[order[: self._batch]]] = RUNNING
        return TileGrid(grid.ids, grid.rows, grid.cols, states)

    def _read_areas(self, grid: TileGrid, *, is_done: bool) -> None:
        if is_done:
            if self._joined is None:
                self._joined = _areas(self._folder.outlines, self._pixel_m)
            return
        self._joined = None
        wanted = [int(n) for n in grid.ids[grid.states == FOUND] if int(n) not in self._areas]
        for tile_id in wanted[:AREAS_PER_LOOK]:
            path = self._folder.tile_outputs / f"{tile_id}.jsonl"
            self._areas[tile_id] = _areas(path, self._pixel_m)


def pace_of(points: Iterable[SpeedPoint]) -> tuple[tuple[float, float], ...]:
    """(s before the newest point, Mpx/s) between points; a new start begins at nothing again."""
    kept = list(points)
    if not kept:
        return ()
    last = kept[-1].at
    found = []
    for before, after in itertools.pairwise(kept):
        took, done = after.at - before.at, after.mpx - before.mpx
        if took > 0 and done >= 0 and last - after.at <= PACE_S:
            found.append((last - after.at, done / took))
    return tuple(found)


def _areas(path: Path, pixel_m: float) -> tuple[float, ...]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return ()
    rows = [json.loads(line) for line in lines]
    return tuple(float(row["pixels"]) * pixel_m**2 for row in rows if "pixels" in row)


def _grid_of(found: Ints) -> TileGrid:
    states = np.zeros(len(found), np.int8)
    return TileGrid(found[:, 0], found[:, 1], found[:, 2], states)


def _state(outcome: Outcome) -> int:
    return {Outcome.DONE: FOUND, Outcome.FAILED: FAILED}.get(outcome, DONE)
