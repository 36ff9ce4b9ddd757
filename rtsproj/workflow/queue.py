"""One analyst's queue: ids in order with the few figures that a row shows, as numpy arrays.

A queue is a vector, not a table of objects, so that a million candidates cost a few megabytes and
no row waits for the database. Order: method 8.4; blind repeats: method 8.5.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from rtsproj.domain.decisions import Purpose
from rtsproj.errors import RtsError
from rtsproj.settings import QueueOrder
from rtsproj.store import claims, facts
from rtsproj.store import queue as store
from rtsproj.workflow.filters import read_filter
from rtsproj.workflow.project import Project, reading, writing

Ints = npt.NDArray[np.int64]
Kind = Literal["triage", "adjudication"]
ORDERS: tuple[QueueOrder, ...] = (
    "batches",
    "uncertainty",
    "lines",
    "map",
    "tile",
    "score",
    "area",
)
"""Orders in the sequence in which the screen walks them."""
CLAIM_TRIES = 3
"""Times that a queue is read again because somebody else has claimed its first candidates."""
SITTING_LOG = 6_000
"""Bytes of write-ahead log that a sitting leaves unfolded: a handful of decisions. Every look at
the project reads the log again, so a longer one costs more than folding it saves."""
WALK_PX = 1024
"""px; height of a band of the map walk, which goes to and fro."""


@dataclass(frozen=True, slots=True)
class Queue:
    """Candidates in the order in which they are shown.

    Attributes:
        ids: candidate ids, int64.
        area_m2: float32.
        iteration: int16.
        lineage: codes into ``store.queue.LINEAGES``.
        flagged: to come back to.
        blind: True = a blind repeat of one that was decided before.
        kind: triage, or adjudication of disputed and unsure ones.
        order: one of ``ORDERS``.
        filter: the filter line, empty = all.
        whole: False while only the first batch was read.
    """

    ids: Ints
    area_m2: npt.NDArray[np.float32]
    iteration: npt.NDArray[np.int16]
    lineage: npt.NDArray[np.int8]
    flagged: npt.NDArray[np.bool_]
    blind: npt.NDArray[np.bool_]
    kind: Kind
    order: QueueOrder
    filter: str
    whole: bool

    def __len__(self) -> int:
        return len(self.ids)

    def place_of(self, candidate_id: int) -> int | None:
        """Row of a candidate; None where it is not in the queue."""
        found = np.flatnonzero(self.ids == candidate_id)
        return int(found[0]) if len(found) else None

    def purpose(self, row: int) -> Purpose:
        """Why the candidate of a row is shown."""
        if self.kind == "adjudication":
            return Purpose.ADJUDICATION
        return Purpose.REPLICATE if self.blind[row] else Purpose.TRIAGE


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which queue is asked for."""

    kind: Kind = "triage"
    order: QueueOrder = "batches"
    filter: str = ""


@dataclass(frozen=True, slots=True)
class Bookmark:
    """Where an analyst left off."""

    candidate_id: int
    wanted: Wanted


def read_queue(project: Project, wanted: Wanted, *, analyst: str, whole: bool = True) -> Queue:
    """Read a queue.

    Args:
        project: the project.
        wanted: kind, order and filter.
        analyst: what others have claimed is left out; blind repeats are chosen for this one.
        whole: False = only the first batch, which is there at once whatever the length.

    Raises:
        UsageError: a word of the filter is not known.
    """
    if wanted.kind == "adjudication":
        with reading(project) as connection:
            columns = store.disputed(connection)
        return _queue(columns, np.arange(len(columns["candidate_id"])), wanted, whole=True)
    settings = project.settings.triage
    asked = store.Asked(
        analyst=analyst,
        order=wanted.order,
        small_px=settings.small_px,
        now=_now(),
        conditions=read_filter(wanted.filter),
    )
    limit = None if whole else settings.batch_size
    with reading(project) as connection:
        columns = store.waiting(connection, asked, limit=limit)
        walk = _walk(connection, columns) if wanted.order == "map" else None
        repeats = _repeats(project, connection, analyst) if whole and not wanted.filter else {}
    order = _ordered(columns, wanted.order, size=settings.batch_size, walk=walk)
    queue = _queue(columns, order, wanted, whole=whole)
    return _mixed(queue, repeats) if repeats else queue


def open_queue(project: Project, wanted: Wanted, *, analyst: str, at: int | None = None) -> Queue:
    """The first batch, with the candidates that are shown first claimed.

    What another analyst has claimed in the same moment is left out before anybody sees it.

    Args:
        project: the project.
        wanted: kind, order and filter.
        analyst: who claims.
        at: candidate to begin with; None = the first.
    """
    queue = read_queue(project, wanted, analyst=analyst, whole=False)
    for _ in range(CLAIM_TRIES):
        start = 0 if at is None else queue.place_of(at)
        if queue.kind != "triage" or not len(queue) or start is None:
            break  # one that comes after the first batch is claimed where the cursor rests
        ids = queue.ids[start : start + project.settings.triage.claim_ahead].tolist()
        try:
            held = claim_ahead(project, ids, wanted, analyst=analyst)
        except RtsError:
            break  # a busy or read-only project is still shown; a claim stops no word
        if not held:
            break
        queue = read_queue(project, wanted, analyst=analyst, whole=False)
    return queue


def claim_ahead(
    project: Project, ids: Sequence[int], wanted: Wanted, *, analyst: str
) -> Mapping[int, str]:
    """Claim candidates that the analyst is about to see, and remember the place.

    Returns:
        Candidate -> analyst who holds it, of those that were not granted.
    """
    now = _now()
    until = now + timedelta(days=project.settings.triage.claim_days)
    with writing(project, f"claim {len(ids)} candidates") as connection:
        held = claims.claim(connection, list(ids), analyst, now=now, until=until)
        if ids:
            place = (wanted.order, wanted.filter)
            claims.keep_bookmark(connection, analyst, int(ids[0]), place, now)
    return held


def sit_down(project: Project) -> None:
    """Word after word is coming: saves may leave a short write-ahead log beside the file."""
    project.database.log_bytes = SITTING_LOG


def release(project: Project, *, analyst: str) -> int:
    """Give an analyst's claims back, as when a screen closes; returns how many.

    The write-ahead log of the sitting is folded into the file.
    """
    project.database.log_bytes = 0
    with writing(project, f"release the claims of {analyst}") as connection:
        return claims.release(connection, analyst)


def bookmark(project: Project, *, analyst: str) -> Bookmark | None:
    """Where the analyst left off; None at the first time."""
    with reading(project) as connection:
        row = store.read_bookmark(connection, analyst)
    if row is None:
        return None
    order: QueueOrder = next((one for one in ORDERS if one == row["queue_order"]), "batches")
    return Bookmark(int(row["candidate_id"]), Wanted("triage", order, row["filter"]))


def shuffled(ids: npt.NDArray[Any]) -> npt.NDArray[np.uint64]:
    """A repeatable number per id without any order (splitmix64, Steele et al. 2014)."""
    mixed = ids.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    out: npt.NDArray[np.uint64] = mixed ^ (mixed >> np.uint64(31))
    return out


def _ordered(
    columns: store.Columns, order: QueueOrder, *, size: int, walk: npt.NDArray[Any] | None
) -> Ints:
    ids, key = columns["candidate_id"], columns["sort_key"] if walk is None else walk
    found: Ints = np.lexsort((ids, key, columns["is_small"]))
    if order != "batches":
        return found
    batch = np.arange(len(found)) // size
    within = np.lexsort((shuffled(ids[found]), columns["is_small"][found], batch))
    return found[within]


def _walk(connection: Any, columns: store.Columns) -> npt.NDArray[Any]:
    """To and fro over the map in bands: neighbours in the queue are neighbours on the ground."""
    every = store.places(connection)
    at = np.searchsorted(every["candidate_id"], columns["candidate_id"])
    x, y = every["x"][at], every["y"][at]
    if not len(x):
        return x
    band_m = WALK_PX * float(facts.read_fact(connection, "pixel_m") or 1.0)
    band = np.floor((y.max() - y) / band_m)
    along = np.where(band % 2 == 0, x - x.min(), x.max() - x)
    walked: npt.NDArray[Any] = band * (np.ptp(x) + 1.0) + along
    return walked


def _repeats(project: Project, connection: Any, analyst: str) -> store.Columns:
    settings = project.settings.triage
    if settings.replicate_share <= 0:
        return {}
    before = _now() - timedelta(hours=settings.replicate_after_h)
    found = store.repeatable(connection, analyst, before)
    drawn = shuffled(found["candidate_id"]) / 2.0**64 < settings.replicate_share
    return {name: values[drawn] for name, values in found.items()} if drawn.any() else {}


def _queue(columns: store.Columns, order: Ints, wanted: Wanted, *, whole: bool) -> Queue:
    return Queue(
        ids=columns["candidate_id"][order],
        area_m2=columns["area_m2"][order],
        iteration=columns["iteration"][order],
        lineage=columns["lineage"][order],
        flagged=columns["flagged"][order],
        blind=np.zeros(len(order), np.bool_),
        kind=wanted.kind,
        order=wanted.order,
        filter=wanted.filter,
        whole=whole,
    )


def _mixed(queue: Queue, repeats: store.Columns) -> Queue:
    """Put blind repeats among the others, at places that nothing gives away."""
    count = len(repeats["candidate_id"])
    drawn = shuffled(repeats["candidate_id"] + 1) % np.uint64(len(queue) + 1)
    places = np.sort(drawn.astype(np.int64))
    return replace(
        queue,
        ids=np.insert(queue.ids, places, repeats["candidate_id"]),
        area_m2=np.insert(queue.area_m2, places, repeats["area_m2"]),
        iteration=np.insert(queue.iteration, places, repeats["iteration"]),
        lineage=np.insert(queue.lineage, places, repeats["lineage"]),
        flagged=np.insert(queue.flagged, places, np.zeros(count, np.bool_)),
        blind=np.insert(queue.blind, places, np.ones(count, np.bool_)),
    )


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
