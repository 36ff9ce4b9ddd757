"""Which outlines of a search are worth a question: the best above the cut, and a few probes.

A search draws far more outlines than slumps. Asking about all of them wastes an analyst's day;
asking only about what the model is sure of stops early, at what it knew before. So the best are
asked about, as many as the finds so far justify, and down to the score at which the last
iteration's questions still found a slump for the budget; and a few below that, as probes, some
of which are chosen because they are unlike everything judged. What is left comes again in the next
iteration, drawn by a better model.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

MARGIN = 0.25
"""How far below the lowest rank that was asked about the next questions may go where those at the
lower end met the budget, too: nothing says that what is below does not."""


@dataclass(frozen=True, slots=True)
class AskingPlan:
    """How many questions a search may raise.

    Attributes:
        limit: most outlines above the cut that are raised; None = all.
        floor: 0..1, least rank of those.
        probes: questions that are filled up to with what is left, best first.
        far: those of them that are the most novel of what is left instead.
    """

    limit: int | None = None
    floor: float = 0.0
    probes: int = 0
    far: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """What is raised, as numbers of outlines.

    Attributes:
        raised: above the cut, best first.
        probes: best of what is left first.
        far: other probes, most novel first.
    """

    raised: Ints
    probes: Ints
    far: Ints


def rank_of(score_mean: Floats, stability: Floats) -> Floats:
    """What a better candidate has more of, 0..1.

    The mean probability inside, and how little the outline depends on the cut: of a slump that a
    model sees in part, the part it is sure of hangs together with much that it is less sure of.
    """
    rank: Floats = score_mean * np.sqrt(stability)
    return rank


def asked(rank: Floats, is_low: Flags, plan: AskingPlan, *, novelty: Floats) -> Asked:
    """Choose among the outlines that show new ground.

    Args:
        rank: of each, from ``rank_of``.
        is_low: True where too little of it reaches the candidate cut.
        plan: how many.
        novelty: of each, how unlike everything judged it is; NaN where it is not known.

    Returns:
        Numbers into ``rank``; equal ranks and novelties in the order given, the better first.
    """
    order = np.argsort(-rank, kind="stable")
    main = order[~is_low[order]]
    if plan.limit is None:
        return Asked(main, main[:0], main[:0])
    raised = main[rank[main] >= plan.floor][: plan.limit]
    left = np.concatenate((main[len(raised) :], order[is_low[order]]))
    room = max(0, plan.probes - len(raised))
    novel = left[np.isfinite(novelty[left])]
    far = novel[np.argsort(-novelty[novel], kind="stable")][: min(plan.far, room)]
    probes = left[~np.isin(left, far)][: room - len(far)]
    return Asked(raised, probes, far)


def score_floor(ranks: Sequence[float], found: Sequence[bool], *, budget: float) -> float:
    """The rank down to which questions found a slump for at most ``budget`` of them.

    Args:
        ranks: of decided candidates.
        found: True where it was a slump.
        budget: questions per slump.

    Returns:
        Lower end of the lowest pool of candidates that met the budget, by isotonic regression
        (pool adjacent violators; Barlow et al. 1972), each with half a slump and half a question
        added; ``MARGIN`` lower where the lowest pool met it; 0 without candidates, 1 where no pool
        met it.
    """
    pools: list[tuple[float, float, int]] = []
    pairs = sorted(zip(ranks, found, strict=True))
    for rank, equal in groupby(pairs, key=lambda pair: pair[0]):
        of_rank = [is_slump for _, is_slump in equal]
        pool = (rank, float(sum(of_rank)), len(of_rank))
        while pools and pools[-1][1] * pool[2] >= pool[1] * pools[-1][2]:
            lower = pools.pop()
            pool = (lower[0], lower[1] + pool[1], lower[2] + pool[2])
        pools.append(pool)
    if not pools:
        return 0.0
    met = [low for low, slumps, of in pools if (slumps + 0.5) * budget >= of + 1]
    if not met:
        return 1.0
    return max(0.0, met[0] - MARGIN) if met[0] == pools[0][0] else met[0]
