"""Extend outlines over adjoining ground that looks the same, as far as known slumps prove it right.

An outline of a model that knows few slumps may hold a tenth of one. Asked about as it is, it comes
again piece by piece, and the rest of the slump is taught as background.
"""

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from rtsproj.domain.candidates import Outline
from rtsproj.domain.extension import Extension
from rtsproj.domain.requests import InferRequest
from rtsproj.domain.text import counted
from rtsproj.errors import RtsError
from rtsproj.geometry.outlines import largest_part
from rtsproj.inference.surfaces import Extender, Surface, best_trial
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.reporter import Reporter
from rtsproj.jobs.tables import each_outline, read_places, write_outlines
from rtsproj.statistics.asking import rank_of

MOST_EXTENDED = 5_000
"""Outlines that are extended, the best first: more are not asked about in one iteration."""
_SAME = 0.5
"""Share of an outline that another one holds from which on the two are one."""
MUCH = 5.0
"""Times the known ground from which on an extended outline shows that a piece was accepted. In five
runs on ponds, two that became 23 and 26 times as large were right; of six that became 2 to 4 times
as large, one was."""
_SHARES = (0.98, 0.99)
"""Shares of the job that are done before and after."""
_DIGITS = 6


class KnownGround:
    """Known slumps: a question about one of them needs a reason beyond the extension."""

    def __init__(self, places: Sequence[BaseGeometry]) -> None:
        self._places = np.array(places, object)
        self._tree = shapely.STRtree(self._places)

    def is_settled(self, detected: BaseGeometry, extended: BaseGeometry) -> bool:
        """True where an outline shows a known slump, and extending it shows no more of it.

        Half of what was detected lies on known slumps, and the extended outline is less than
        ``MUCH`` times as large as these: more shows that a piece was accepted.
        """
        met = self._places[self._tree.query(detected, predicate="intersects")]
        if not len(met):
            return False
        ground = shapely.union_all(met)
        is_known = ground.intersection(detected).area >= _SAME * detected.area
        return bool(is_known and extended.area < MUCH * ground.area)


@dataclass(frozen=True, slots=True)
class Rule:
    """How outlines are extended.

    Attributes:
        extender: finds the ground.
        tolerance: spreads up to which ground is alike.
        slumps: what is not extended to ask again.
    """

    extender: Extender
    tolerance: float
    slumps: KnownGround

    def surface(self, detected: BaseGeometry, others: Sequence[BaseGeometry]) -> Surface | None:
        """The extended outline; None where it stays as it was detected.

        Raises:
            RtsError: the imagery cannot be read.
        """
        found = self.extender.surface(detected, self.tolerance, others=others)
        if found is None or self.slumps.is_settled(detected, found.outline):
            return None
        return found


@dataclass(slots=True)
class SurfaceGroup:
    """Outlines that are one object.

    Attributes:
        members: the best first; none where another group took them over.
        shape: ground of the best one, extended where it could be.
        surface: what extending it found, or None.
        number: place among the groups.
    """

    members: list[Outline]
    shape: BaseGeometry
    surface: Surface | None
    number: int = 0

    @property
    def united(self) -> Outline:
        """One outline; its probabilities are those of the pixels that were detected."""
        members, first = self.members, self.members[0]
        spreads = [one.spread for one in members if one.spread is not None]
        whole = shapely.union_all([self.shape, *(shapely.from_wkb(one.wkb) for one in members)])
        return replace(
            first,
            wkb=shapely.to_wkb(shapely.normalize(largest_part(whole))),
            score_mean=self._mean([one.score_mean for one in members]),
            score_max=max(one.score_max for one in members),
            pixels=sum(one.pixels for one in members),
            tiles=tuple(sorted({tile for one in members for tile in one.tiles})),
            at_edge=any(one.at_edge for one in (self.surface, *members) if one is not None),
            spread=self._mean(spreads) if len(spreads) == len(members) else None,
            cut=min(one.cut for one in members),
            stability=self._mean([one.stability for one in members]),
            is_low=all(one.is_low for one in members),
        )

    def _mean(self, values: Sequence[float]) -> float:
        pixels = [one.pixels for one in self.members]
        return round(float(np.average(values, weights=pixels)), _DIGITS)


class Claimed:
    """Groups by place, as they are added."""

    def __init__(self, most: int) -> None:
        self.groups: list[SurfaceGroup] = []
        self._bounds = np.empty((most, 4))

    def add(self, group: SurfaceGroup, near: Sequence[SurfaceGroup]) -> None:
        """Add a group; those near it of which it holds half become one with it."""
        for one in near if group.surface is not None else ():
            if one.shape.intersection(group.shape).area >= _SAME * one.shape.area:
                group.members = [*one.members, *group.members]
                group.shape = group.shape.union(one.shape)
                self._bounds[one.number] = np.nan
                one.members = []
        group.number = len(self.groups)
        self._bounds[group.number] = group.shape.bounds
        self.groups.append(group)

    def near(self, frame: BaseGeometry) -> list[SurfaceGroup]:
        """Groups whose bounding rectangle meets that of a frame, in the order they were added."""
        left, bottom, right, top = frame.bounds
        given = self._bounds[: len(self.groups)]
        meets = (given[:, :2] <= (right, top)).all(axis=1) & (given[:, 2:] >= (left, bottom)).all(1)
        return [self.groups[n] for n in np.flatnonzero(meets).tolist()]


def write_extended(folder: JobFolder, request: InferRequest, reporter: Reporter) -> Extension:
    """Extend the best outlines of outlines.jsonl; those that become one are written as one.

    The same outlines, digitised slumps and imagery give the same file.

    Args:
        folder: the job, with its outlines joined.
        request: imagery and settings.
        reporter: receives the progress, and how many places could not be read.

    Raises:
        DamagedError: a table is damaged.
    """
    known = [shapely.from_wkb(one) for one in read_places(folder.known)]
    if not request.settings.extend or not known:
        return Extension()
    area = shapely.from_wkb(folder.read_area())
    with closing(Extender(request.source, area, known)) as extender:
        trial = best_trial(extender.trials())
        if trial is None or not trial.is_right:
            return Extension(trial)
        best = best_outlines(each_outline(folder.outlines))
        slumps = KnownGround([shapely.from_wkb(one) for one in read_places(folder.slumps)])
        found = _extended(Rule(extender, trial.tolerance, slumps), best, reporter)
    groups = {min(one.seq for one in group.members): group for group in found}
    gone = {one.seq for group in found for one in group.members}
    rows = (
        groups[one.seq].united if one.seq in groups else one
        for one in each_outline(folder.outlines)
        if one.seq in groups or one.seq not in gone
    )
    write_outlines(folder.outlines, (replace(one, seq=n) for n, one in enumerate(rows)))
    return Extension(trial, extended=len(found), joined=len(gone) - len(found))


def best_outlines(outlines: Iterable[Outline]) -> list[Outline]:
    """At most ``MOST_EXTENDED``, the best by rank first."""
    left, kept = iter(outlines), list[tuple[float, int, Outline]]()
    while block := list(islice(left, MOST_EXTENDED)):
        scores = np.array([one.score_mean for one in block])
        rank = rank_of(scores, np.array([one.stability for one in block])).tolist()
        kept += [(-value, one.seq, one) for value, one in zip(rank, block, strict=True)]
        kept = sorted(kept)[:MOST_EXTENDED]
    return [one for _, _, one in kept]


def _extended(rule: Rule, best: Sequence[Outline], reporter: Reporter) -> list[SurfaceGroup]:
    """Groups that were extended. The best outline comes first: none takes ground of a better one.

    An outline whose imagery cannot be read is reported and stays as it is.
    """
    problems = list(rule.extender.problems)
    claimed = Claimed(len(best))
    begin, end = _SHARES
    for number, one in enumerate(best, start=1):
        outline = shapely.from_wkb(one.wkb)
        near = claimed.near(rule.extender.frame(outline))
        holder = _holder(outline, near)
        if holder is not None:
            holder.members.append(one)
            continue
        try:
            found = rule.surface(outline, others=[group.shape for group in near])
        except (RtsError, OSError) as error:
            problems.append(str(error))
            found = None
        claimed.add(SurfaceGroup([one], outline if found is None else found.outline, found), near)
        share = begin + (end - begin) * number / len(best)
        reporter.progress(share, f"{number} of {len(best)} outlines compared with the ground")
    if problems:
        reporter.note(f"{counted(len(problems), 'place')} could not be read: {problems[0]}")
    return [one for one in claimed.groups if one.surface is not None and one.members]


def _holder(outline: BaseGeometry, near: Sequence[SurfaceGroup]) -> SurfaceGroup | None:
    """The extended outline that holds half of another one, the largest share first."""
    least = _SAME * outline.area
    shares = [
        (outline.intersection(one.shape).area, -n)
        for n, one in enumerate(near)
        if one.surface is not None and one.shape.intersects(outline)
    ]
    most, n = max(shares, default=(0.0, 0))
    return near[-n] if most >= least else None
