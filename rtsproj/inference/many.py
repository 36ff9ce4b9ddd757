"""A search by several processes: of this machine, of a scheduler's array, or of a cluster.

All of them run ``search_shards`` on the same folder; what differs is who starts them and who tells
the desk how far they are.
"""

import time
from collections.abc import Mapping

import torch

from rtsproj.domain.requests import InferRequest
from rtsproj.domain.tiles import TileOutcome
from rtsproj.errors import ExitCode, InterruptedJobError, ProjectBusyError, RtsError
from rtsproj.inference.shards import (
    Tally,
    Work,
    conclude,
    search,
    search_shards,
    trusted,
    work_of,
)
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.lock import held_lock
from rtsproj.jobs.parts import Parts, read_reason
from rtsproj.jobs.reporter import Reporter
from rtsproj.jobs.tables import known_outcomes, outcome_of_line
from rtsproj.jobs.tail import Tail

_LOOK_S = 0.3
"""s between two looks at what the processes have recorded."""
_MOST_DEATHS = 3
"""Deaths of processes without a tile finished in between, after which the job gives up."""


def search_here(folder: JobFolder, request: InferRequest, reporter: Reporter) -> None:
    """Search with one process per GPU, or as many as ``infer.processes`` says.

    Raises:
        InterruptedJobError: stopped; the next start goes on.
        RtsError: a process failed, or processes keep dying.
    """
    count = request.settings.processes or max(1, torch.cuda.device_count())
    if count == 1:
        search(folder, request, reporter)
        return
    work = work_of(folder, request)
    known = trusted(folder)
    reporter.note(f"{work.tiles} tiles, {len(known)} of them done before; {count} processes")
    watch = Watch(folder)
    tally = Tally(work, known, reporter)
    parts = Parts(folder, {n: _environment(n, count) for n in range(count)})
    deaths = 0
    try:
        while parts.running:
            time.sleep(_LOOK_S)
            deaths += _settled(folder, parts, reporter)
            new = watch.new()
            tally.add(new)
            deaths = 0 if new else deaths
            if deaths > _MOST_DEATHS:
                raise RtsError(
                    "processes of this job keep dying", hint=f"see {folder.log}; is memory short?"
                )
            if reporter.should_stop():
                raise InterruptedJobError(
                    f"stopped after {tally.done} of {work.tiles} tiles",
                    hint="resume the job: it goes on with the next tile",
                )
    finally:
        parts.stop()
    finish(work, reporter)


def search_shared(folder: JobFolder, request: InferRequest, reporter: Reporter) -> None:
    """Search free shards beside other workers of the same folder, each started by itself.

    For the elements of a batch scheduler's array: each takes the next free shard until none is
    left. The caller shares the job's lock.

    Raises:
        InterruptedJobError: stopped; another element, or the next start, goes on.
    """
    work = work_of(folder, request)
    while True:
        before = len(known_outcomes(folder))
        search_shards(work, trusted(folder), reporter)
        if len(known_outcomes(folder)) in (before, work.tiles):
            return


def conclude_shared(folder: JobFolder, request: InferRequest, reporter: Reporter) -> bool:
    """Join the outlines where every tile is told and no other worker is left.

    Returns:
        False where others are still at it: the last of them joins.
    """
    work = work_of(folder, request)
    if len(known_outcomes(folder)) < work.tiles:
        return False
    try:
        with held_lock(folder, wait_s=5.0):
            if not folder.done.exists():
                conclude(work, reporter)
    except ProjectBusyError:
        return False
    return True


def finish(work: Work, reporter: Reporter) -> None:
    """Search what processes that died have left, then join outlines and write done.json."""
    known = trusted(work.folder)
    told = known_outcomes(work.folder)
    if any(tile.tile_id not in told for shard in work.shards for tile in shard.tiles):
        search_shards(work, known, reporter)
    conclude(work, reporter)


class Watch:
    """New outcomes of all processes of a search, each given once."""

    def __init__(self, folder: JobFolder) -> None:
        self._folder = folder
        self._tails: dict[str, Tail] = {}
        self.new()

    def new(self) -> list[TileOutcome]:
        """What was recorded since the last call."""
        lines: list[str] = []
        for path in sorted(self._folder.shards.glob("*.jsonl")):
            lines.extend(self._tails.setdefault(path.name, Tail(path)).lines())
        return [outcome_of_line(line) for line in lines]


def _settled(folder: JobFolder, parts: Parts, reporter: Reporter) -> int:
    """Deal with processes that have ended; returns how many had died."""
    died = 0
    for number, code in parts.ended().items():
        if code == ExitCode.DONE:
            continue
        if code == ExitCode.INTERRUPTED:
            raise InterruptedJobError(
                f"process {number}: {read_reason(folder, number)[0]}", hint="resume the job"
            )
        if code > 0:
            what, hint = read_reason(folder, number)
            raise RtsError(what, hint=hint)
        reporter.note(f"process {number} died (signal {-code}); another one takes its tiles")
        parts.start(number)
        died += 1
    return died


def _environment(number: int, count: int) -> Mapping[str, str]:
    if torch.cuda.is_available():
        return {"CUDA_VISIBLE_DEVICES": str(number % torch.cuda.device_count())}
    return {"OMP_NUM_THREADS": str(max(1, torch.get_num_threads() // count))}
