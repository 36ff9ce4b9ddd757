"""A search job: its shards are claimed, searched and recorded; the last one joins the outlines.

The same folder is run by one process, by several of one machine, by the elements of a batch
scheduler's array, or by the workers of a cluster: each takes the next free shard, and a tile that
is recorded is never searched again.
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import Any

from rtsproj.domain.requests import InferRequest
from rtsproj.domain.tiles import Outcome, TileOutcome
from rtsproj.errors import InterruptedJobError
from rtsproj.inference.delineate import probability_digest
from rtsproj.inference.extension import write_extended
from rtsproj.inference.join import write_joined
from rtsproj.inference.novelty import write_novelty
from rtsproj.inference.search import Search, layout_of, tile_raster, tile_table
from rtsproj.inference.windows import Shard, shards_of
from rtsproj.jobs.claims import Claims
from rtsproj.jobs.curves import SpeedPoint, append_point
from rtsproj.jobs.files import require_space, sha256_of, write_atomic
from rtsproj.jobs.folder import JobFolder, read_json
from rtsproj.jobs.reporter import Reporter
from rtsproj.jobs.tables import (
    append_outcomes,
    known_outcomes,
    read_outcomes,
    read_tiles,
    write_outcomes,
)

_SPEED_EVERY_S = 2.0
"""s between two points of the pace."""
_BYTES_PER_PX = 0.05
"""Disk estimate: sparse uint8 probabilities compress to less than this."""
Known = dict[int, TileOutcome]


@dataclass(frozen=True, slots=True)
class Work:
    """A search job as every process of it sees it.

    Attributes:
        folder: the job.
        request: what is asked.
        shards: all of them, from the top of the grid.
    """

    folder: JobFolder
    request: InferRequest
    shards: tuple[Shard, ...]

    @property
    def tiles(self) -> int:
        """How many tiles the job has."""
        return sum(1 for shard in self.shards for _ in shard.tiles)


def work_of(folder: JobFolder, request: InferRequest) -> Work:
    """Read a job's tiles and cut them into shards."""
    for path in (folder.tile_outputs, folder.shards):
        path.mkdir(exist_ok=True)
    least = int(request.settings.shard_mpx * 1e6)
    shards = shards_of(read_tiles(folder.tiles), layout_of(request), least_px=least)
    return Work(folder, request, shards)


def search(folder: JobFolder, request: InferRequest, reporter: Reporter) -> None:
    """Search all tiles that are not done, then join outlines and write done.json.

    Tiles that could not be read are recorded as failed and named in done.json; starting the job
    again tries only those.

    Raises:
        InterruptedJobError: stopped after a window; the next start goes on.
    """
    work = work_of(folder, request)
    search_shards(work, trusted(folder), reporter)
    conclude(work, reporter)


def search_shards(work: Work, known: Known, reporter: Reporter) -> None:
    """Search every shard that is free and not done, in this process.

    Raises:
        InterruptedJobError: stopped after a window.
        RtsError: the disk cannot hold what may be found.
    """
    with closing(stages_of(work, reporter)) as stages:
        facts = stages.facts()
        reporter.note(
            f"{work.tiles} tiles, {len(known)} of them done before; searching on "
            f"{facts['name']} by {facts['engine']} in {facts['precision']}",
            backend=facts,
        )
        run_shards(stages, work, known, reporter)


def stages_of(work: Work, reporter: Reporter) -> Search:
    """The model and the imagery of a search, ready to run shards."""
    return Search(work.folder, work.request, reporter.note, tiles=work.tiles)


def run_shards(stages: Search, work: Work, known: Known, reporter: Reporter) -> None:
    """Search the free ones of some shards; see ``search_shards``."""
    folder, left = work.folder, work.tiles - len(known)
    require_space(folder.path, needed=int(left * work.request.core_px**2 * _BYTES_PER_PX))
    tally = Tally(work, known, reporter)
    with (
        closing(Claims(folder)) as claims,
        closing(stages.told(_free(work, claims, known), known)) as told,
    ):
        for one in told:
            if not one.outcomes:
                write_atomic(_facts(folder, one.shard), json.dumps(stages.facts()).encode())
                claims.release(one.shard)
                continue
            new = [each for each in one.outcomes if each.tile_id not in known]
            append_outcomes(folder.shard(one.shard), new)
            claims.renew()
            tally.add(new)
            if reporter.should_stop() and tally.done < work.tiles:
                raise InterruptedJobError(
                    f"stopped after {tally.done} of {work.tiles} tiles",
                    hint="resume the job: it goes on with the next tile",
                )


def trusted(folder: JobFolder) -> Known:
    """Outcomes of tiles that need not be searched again."""
    return {k: v for k, v in known_outcomes(folder).items() if is_trusted(folder, v)}


def is_trusted(folder: JobFolder, outcome: TileOutcome) -> bool:
    """True where a tile need not be searched again: its files match their digests (faults I4)."""
    if outcome.outcome is Outcome.FAILED:
        return False
    if not outcome.sha256:
        return True
    table = tile_table(folder, outcome.tile_id)
    if sha256_of(table) != outcome.sha256:
        return False
    wanted = probability_digest(table.read_text(encoding="utf-8"))
    return sha256_of(tile_raster(folder, outcome.tile_id)) == wanted


def is_done(shard: Shard, known: Mapping[int, TileOutcome]) -> bool:
    """True where every tile of a shard is known."""
    return all(tile.tile_id in known for tile in shard.tiles)


def conclude(work: Work, reporter: Reporter) -> None:
    """Join, extend and compare outlines, write outcomes and done.json; the same however often."""
    folder, request = work.folder, work.request
    outcomes = known_outcomes(folder)
    told = [one for _, one in sorted(outcomes.items())]
    joined = write_joined(folder, request, outcomes, reporter)
    extension = write_extended(folder, request, reporter)
    write_novelty(folder, request, reporter)
    write_outcomes(folder.outcomes, told)
    summary = {
        "verb": request.verb,
        "model_sha256": request.model_sha256,
        "tiles": {kind.value: sum(one.outcome is kind for one in told) for kind in Outcome},
        "failed_tiles": [
            {"tile_id": one.tile_id, "message": one.message}
            for one in told
            if one.outcome is Outcome.FAILED
        ],
        "outlines": joined.outlines - extension.joined,
        "extension": asdict(extension),
        "specks": joined.specks,
        "valid_px": sum(one.valid_px for one in told),
        "backend": {**_gathered(work), "seconds": sum(one.seconds for one in told)},
    }
    reporter.finished(summary, outputs=[folder.outlines, folder.outcomes])


class Tally:
    """Counts what is done and tells it; of several processes, the one that leads tells the pace."""

    def __init__(self, work: Work, known: Known, reporter: Reporter) -> None:
        self._work = work
        self._reporter = reporter
        self._total = work.tiles
        self._failed = 0
        self._pixels = 0
        self._began = self._told_at = time.monotonic()
        self.done = len(known)
        self._tell_pace(0.0)

    def add(self, outcomes: Sequence[TileOutcome]) -> None:
        """Count outcomes and show how far the search is."""
        self.done += len(outcomes)
        self._failed += sum(one.outcome is Outcome.FAILED for one in outcomes)
        self._pixels += sum(one.valid_px for one in outcomes)
        now = time.monotonic()
        rate = self._pixels / 1e6 / max(1e-6, now - self._began)
        metrics = {
            "tiles": self.done,
            "of": self._total,
            "failed": self._failed,
            "mpx_per_s": rate,
        }
        share = 0.98 * self.done / max(1, self._total)
        self._reporter.progress(share, f"{self.done} of {self._total} tiles", metrics=metrics)
        if now - self._told_at >= _SPEED_EVERY_S or self.done == self._total:
            self._told_at = now
            self._tell_pace(self._pixels / 1e6)

    def _tell_pace(self, mpx: float) -> None:
        if not self._reporter.is_part:
            append_point(self._work.folder.speed, SpeedPoint(self.done, mpx, time.time()))


def _free(work: Work, claims: Claims, known: Known) -> Iterator[Shard]:
    """Shards that nobody is at, each claimed before it is given."""
    for shard in work.shards:
        if is_done(shard, known) or not claims.take(shard.number):
            continue
        newer = read_outcomes(work.folder.shard(shard.number))
        known.update(
            {k: v for k, v in newer.items() if k not in known and is_trusted(work.folder, v)}
        )
        yield shard


def _facts(folder: JobFolder, number: int) -> Any:
    return folder.shard(number).with_suffix(".json")


def _gathered(work: Work) -> dict[str, Any]:
    """How the shards were computed; where processes differ, how many of each."""
    rows = [read_json(_facts(work.folder, one.number)) for one in work.shards]
    found = [row for row in rows if row]
    flips = [float(str(row["flips"])) for row in found if row.get("flips") is not None]
    first = dict(found[0]) if found else {}
    names = sorted({f"{row['engine']} in {row['precision']} on {row['name']}" for row in found})
    return {**first, "flips": max(flips) if flips else None, "engines": names}
