"""What a search has drawn: measured block by block, and laid down until it is taken in.

Why blocks: a search of a large region draws hundreds of thousands of outlines. A block is small
enough to stay in memory and large enough that arrays pay; geometry is computed outside Python's
lock, so that blocks are measured on every core. Nothing is written to the project here: the
database is free for everybody until the results are ready.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.errors import ShapelyError

from rtsproj.domain.candidates import Lineage, Outline, Raised
from rtsproj.errors import DamagedError
from rtsproj.geometry.lineage import (
    relations,
)
from rtsproj.geometry.measures import shape_columns
from rtsproj.statistics.asking import AskingPlan, asked, rank_of
from rtsproj.store import candidates
from rtsproj.store.bulk import Near, Spool, hexadecimal
from rtsproj.workflow.known import Known, lineage_columns, match_outlines

BLOCK = 5_000
"""Outlines that are measured together."""
MOST_THREADS = 8

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Geometries = npt.NDArray[np.object_]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Drawn:
    """What was laid down.

    Attributes:
        count: those that become candidates.
        shown: those of them that wait for a decision.
        probes: those of these that are asked as probes.
        far: those of the probes that are asked because they are unlike everything judged.
        left: outlines that show new ground and are not asked about.
        near: (source_id, kind) -> places among the candidates, nearest lines and distances in m.
    """

    count: int
    shown: int
    probes: int
    far: int
    left: int
    near: Mapping[tuple[int, str], Near]


@dataclass(frozen=True, slots=True)
class _Block:
    """Measured outlines.

    Attributes:
        columns: of candidates.
        is_low: True where too little of an outline reaches the candidate cut.
        met: (number, slump_id) of meetings.
        near: source_id -> nearest lines.
    """

    columns: dict[str, npt.NDArray[Any]]
    is_low: Flags
    met: tuple[Ints, Ints]
    near: dict[int, tuple[Ints, Floats]]


def lay_down(
    spool: Spool,
    found: Iterable[Outline],
    known: Known,
    plan: AskingPlan,
    *,
    tell: Callable[[int], None],
) -> Drawn:
    """Measure outlines and lay them down in the spool, as ``candidates.take_in`` takes them.

    Args:
        spool: gets the tables ``drawn`` and ``chosen``.
        found: outlines in the project CRS.
        known: what they are measured against.
        plan: how many of them are asked about.
        tell: called with the outlines that are done, after each block.

    Raises:
        DamagedError: an outline is no geometry. RtsError: the disk is full.
    """
    count = 0
    met: list[tuple[Ints, Ints]] = []
    ranks: list[_Ranks] = []
    near: dict[int, list[tuple[Ints, Floats]]] = {source_id: [] for source_id in known.lines}
    for block in _ahead(lambda one: _measured(one, known), _blocks(found)):
        size = len(block.columns["seq"])
        numbers = np.arange(count, count + size)
        spool.add("drawn", candidates.DRAWN, {"number": numbers, **block.columns})
        met.append((block.met[0] + count, block.met[1]))
        ranks.append(_ranks(block))
        for source_id, one in block.near.items():
            near[source_id].append(one)
        count += size
        tell(count)
    pairs = tuple(np.concatenate(column) for column in zip(*met, strict=True))
    chosen = _chosen(_all_ranks(ranks), plan)
    _lay_down_chosen(spool, chosen, (pairs[0], pairs[1]))
    probes, far = (int((chosen.raised == one.value).sum()) for one in (Raised.PROBE, Raised.FAR))
    return Drawn(
        len(chosen.numbers),
        chosen.shown,
        probes + far,
        far,
        chosen.left,
        {
            (source_id, known.lines[source_id][0]): _of_chosen(parts, chosen.numbers)
            for source_id, parts in near.items()
        },
    )


@dataclass(frozen=True, slots=True)
class _Ranks:
    """What decides whether outlines are asked about, one entry each.

    Attributes:
        rank: see ``asking.rank_of``.
        is_low: True where too little of it reaches the candidate cut.
        is_known: True where it shows no new ground.
        is_met: True where it shares ground with a judged place.
        novelty: how unlike everything judged it is; NaN where that is not known.
    """

    rank: Floats
    is_low: Flags
    is_known: Flags
    is_met: Flags
    novelty: Floats


@dataclass(frozen=True, slots=True)
class _Chosen:
    """Outlines that become candidates.

    Attributes:
        numbers: of the outlines, ascending.
        raised: why each is asked about.
        shown: those that wait for a decision.
        left: outlines that show new ground and are not asked about.
    """

    numbers: Ints
    raised: npt.NDArray[np.object_]
    shown: int
    left: int


def _ranks(block: _Block) -> _Ranks:
    columns = block.columns
    return _Ranks(
        rank_of(columns["score_mean"], columns["stability"]),
        block.is_low,
        columns["lineage"] == Lineage.SAME.value,
        columns["lineage_iou"] > 0,
        columns["novelty"],
    )


def _all_ranks(parts: Sequence[_Ranks]) -> _Ranks:
    return _Ranks(
        *(np.concatenate([getattr(one, name) for one in parts]) for name in _Ranks.__slots__)
    )


def _chosen(given: _Ranks, plan: AskingPlan) -> _Chosen:
    """What is asked about, and what shows a known place again above the candidate cut."""
    new = np.flatnonzero(~given.is_known & ~(given.is_low & given.is_met))
    novelty = np.where(given.is_met, np.nan, given.novelty)[new]
    found = asked(given.rank[new], given.is_low[new], plan, novelty=novelty)
    raised = np.full(len(given.rank), "", object)
    raised[given.is_known & ~given.is_low] = Raised.CUT.value
    raised[new[found.raised]] = Raised.CUT.value
    raised[new[found.probes]] = Raised.PROBE.value
    raised[new[found.far]] = Raised.FAR.value
    numbers = np.flatnonzero(raised != "")
    shown = len(found.raised) + len(found.probes) + len(found.far)
    return _Chosen(numbers, raised[numbers], shown, len(new) - shown)


def _lay_down_chosen(spool: Spool, chosen: _Chosen, met: tuple[Ints, Ints]) -> None:
    place, is_met = _places(met[0], chosen.numbers)
    relation, slump_id = relations(len(chosen.numbers), (place[is_met], met[1][is_met]))
    row = {
        "number": chosen.numbers,
        "place": np.arange(len(chosen.numbers)),
        "raised": chosen.raised,
        "relation": relation,
        "relation_slump": slump_id,
    }
    spool.add("chosen", candidates.CHOSEN, row)


def _places(numbers: Ints, chosen: Ints) -> tuple[Ints, Flags]:
    """Where numbers stand among the chosen ones, and whether they are among them."""
    if not len(chosen):
        return np.zeros_like(numbers), np.zeros(len(numbers), bool)
    place = np.minimum(np.searchsorted(chosen, numbers), len(chosen) - 1)
    return place, chosen[place] == numbers


def _of_chosen(parts: list[tuple[Ints, Floats]], chosen: Ints) -> Near:
    lines = np.concatenate([line for line, _ in parts])
    metres = np.concatenate([one for _, one in parts])
    return np.arange(len(chosen)), lines[chosen], metres[chosen]


def _blocks(found: Iterable[Outline]) -> Iterator[list[Outline]]:
    """The outlines, a block at a time; a search that drew none gives one empty block."""
    left = iter(found)
    block = list(islice(left, BLOCK))
    yield block
    while block := list(islice(left, BLOCK)):
        yield block


def _ahead(
    work: Callable[[list[Outline]], _Block], blocks: Iterable[list[Outline]]
) -> Iterator[_Block]:
    """Measured blocks in order, as many at once as there are cores, never more in memory."""
    threads = min(MOST_THREADS, len(os.sched_getaffinity(0)))
    waiting: deque[Future[_Block]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for block in blocks:
            waiting.append(pool.submit(work, block))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _measured(block: list[Outline], known: Known) -> _Block:
    try:
        geoms = shapely.from_wkb(np.array([one.wkb for one in block], dtype=object))
    except ShapelyError as error:
        raise DamagedError(
            f"an outline from {block[0].seq} to {block[-1].seq} is no geometry: {error}",
            hint="start the search again: rtsproj infer",
        ) from error
    overlaps = known.slumps.overlaps(geoms)
    match = match_outlines(geoms, known, overlaps)
    shape = shape_columns(geoms, known.crs)
    return _Block(
        columns={
            **_said(block),
            **shape,
            **lineage_columns(match, shape["area_m2"] / shapely.area(geoms)),
        },
        is_low=np.array([one.is_low for one in block], bool),
        met=(overlaps.number, overlaps.slump_id),
        near={source_id: index.nearest(geoms) for source_id, (_, index) in known.lines.items()},
    )


def _said(block: list[Outline]) -> dict[str, npt.NDArray[Any]]:
    """What the job wrote."""
    return {
        "seq": np.array([one.seq for one in block], np.int64),
        "score_mean": np.array([one.score_mean for one in block], float),
        "score_max": np.array([one.score_max for one in block], float),
        "spread": np.array([one.spread for one in block], float),  # None becomes NaN
        "novelty": np.array([one.novelty for one in block], float),
        "pixels": np.array([one.pixels for one in block], np.int64),
        "at_edge": np.array([one.at_edge for one in block], bool),
        "tiles": np.array([",".join(map(str, one.tiles)) for one in block], dtype=object),
        "cut": np.array([one.cut for one in block], float),
        "stability": np.array([one.stability for one in block], float),
        "geom": hexadecimal(one.wkb for one in block),
    }
