"""A search on the workers of a Dask cluster (extra ``cluster``): shards as tasks, paths as results.

Every worker sees the project's folder under the same path and runs one shard at a time per process,
the same code on the same folder as everywhere else. Results are paths: a worker that dies costs the
tiles it was at, and a scheduler that dies costs nothing that was finished.
"""

import threading
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from distributed import Client, KilledWorker

from rtsproj.domain.requests import InferRequest
from rtsproj.errors import DamagedError, InterruptedJobError, NeedsError, RtsError
from rtsproj.inference.many import Watch, finish
from rtsproj.inference.search import Search
from rtsproj.inference.shards import (
    Tally,
    Work,
    is_done,
    run_shards,
    stages_of,
    trusted,
    work_of,
)
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.reporter import Reporter

_LOOK_S = 0.5
"""s between two looks at what the workers have recorded."""
_CONNECT_S = 20.0
_GONE_S = 30.0
"""s without a scheduler after which the job ends as interrupted."""
_RETRIES = 2
_ONE = threading.Lock()
"""One shard at a time in a process, however many threads its worker has."""


def search_on_cluster(
    folder: JobFolder, request: InferRequest, reporter: Reporter, *, address: str
) -> None:
    """Search by the workers of the scheduler at ``address``, then join the outlines here.

    Workers that offer a resource ``GPU`` are given one shard per unit of it.

    Raises:
        NeedsError: no scheduler answers, or it has no worker.
        InterruptedJobError: stopped, or the scheduler is gone; finished tiles are kept.
        RtsError: a shard failed on a worker.
    """
    work = work_of(folder, request)
    known = trusted(folder)
    watch, tally = Watch(folder), Tally(work, known, reporter)
    todo = [shard.number for shard in work.shards if not is_done(shard, known)]
    with closing(_client(address)) as client:
        workers = _workers(client)
        reporter.note(
            f"{work.tiles} tiles, {len(known)} of them done before; {len(todo)} shards on "
            f"{len(workers)} workers of {address}"
        )
        futures = client.map(
            run_shard,
            todo,
            folder=str(folder.path.resolve()),
            pure=False,
            retries=_RETRIES,
            resources=_resources(workers),
        )
        _follow(client, futures, watch, tally, reporter)
    finish(work, reporter)


def run_shard(number: int, *, folder: str) -> str:
    """Search one shard of a job in this process; what a worker of the cluster runs.

    Returns:
        Path of the shard's outcomes.
    """
    one = JobFolder(Path(folder))
    with _ONE:
        work, stages = _opened(folder, one.request_sha256())
        run_shards(
            stages,
            replace(work, shards=(work.shards[number],)),
            {},  # what the shard has recorded is read when it is claimed
            Reporter(one, is_part=True),
        )
    return str(one.shard(number))


@lru_cache(maxsize=1)
def _opened(folder: str, _request_sha256: str) -> tuple[Work, Search]:
    """Model and imagery of the job that this process last worked on: not loaded for each shard."""
    one = JobFolder(Path(folder))
    request = one.read_request()
    if not isinstance(request, InferRequest):
        raise DamagedError(f"{folder} is no search", hint="name the folder of a search")
    work, reporter = work_of(one, request), Reporter(one, is_part=True)
    stages = stages_of(work, reporter)
    reporter.note(f"a worker searches on {stages.facts()['name']}", backend=stages.facts())
    return work, stages


def _follow(
    client: Client, futures: Sequence[Any], watch: Watch, tally: Tally, reporter: Reporter
) -> None:
    waiting, gone_s = list(futures), 0.0
    while waiting:
        time.sleep(_LOOK_S)
        tally.add(watch.new())
        for future in [one for one in waiting if one.done()]:
            _checked(client, future, reporter)
            waiting.remove(future)
        gone_s = 0.0 if client.status == "running" else gone_s + _LOOK_S
        if gone_s >= _GONE_S:
            raise _lost(client)
        if reporter.should_stop():
            client.cancel(waiting)
            raise InterruptedJobError(
                f"stopped after {tally.done} tiles", hint="resume the job: it goes on from there"
            )


def _checked(client: Client, future: Any, reporter: Reporter) -> None:
    if future.status == "finished":
        return
    if future.status in ("cancelled", "lost"):
        raise _lost(client)
    error = future.exception()
    if isinstance(error, KilledWorker):
        raise RtsError(
            f"a shard has killed {_RETRIES + 1} workers: {error}",
            hint="do the workers have enough memory? see their logs",
        ) from error
    if isinstance(error, RtsError):
        raise error
    reporter.note(f"a worker failed: {error!r}")
    raise RtsError(
        f"a worker failed: {type(error).__name__}: {error}", hint="see the worker's log"
    ) from error


def _client(address: str) -> Client:
    try:
        return Client(address, timeout=_CONNECT_S, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise NeedsError(
            f"no scheduler answers at {address}",
            hint="start one with `dask scheduler`, its workers with `dask worker ADDRESS`",
        ) from error


def _workers(client: Client) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = client.scheduler_info(n_workers=-1)["workers"]
    if not found:
        raise NeedsError(
            f"the scheduler at {client.scheduler.address} has no worker",
            hint="start some with `dask worker ADDRESS --nthreads 1`, then resume the job",
        )
    return found


def _resources(workers: dict[str, dict[str, Any]]) -> dict[str, float] | None:
    has_gpu = any("GPU" in one.get("resources", {}) for one in workers.values())
    return {"GPU": 1.0} if has_gpu else None


def _lost(client: Client) -> InterruptedJobError:
    return InterruptedJobError(
        f"the scheduler is gone ({client.status}); what was finished is kept",
        hint="start it again, then resume the job",
    )
