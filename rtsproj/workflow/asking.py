"""How many questions a search may raise: the budget against what the last iteration found."""

import math

import numpy as np

from rtsproj.settings import TriageSettings
from rtsproj.statistics.asking import AskingPlan, rank_of, score_floor
from rtsproj.store import candidates, iterations
from rtsproj.store.database import Connection


def asking_plan(connection: Connection, iteration: int, settings: TriageSettings) -> AskingPlan:
    """The plan of an iteration's search.

    The first iteration may ask for as many slumps as were known before; a later one for as many as
    the one before it found, and down to the score at which that one's questions met the budget.
    """
    if not settings.budget:
        return AskingPlan()
    row = iterations.latest_iteration(connection, until=iteration)
    before = iterations.latest_iteration(connection, until=iteration - 1)
    decided = candidates.decided_scores(connection, iteration - 1)
    ranks = rank_of(
        np.array([one["score_mean"] for one in decided], float),
        np.array([one["stability"] for one in decided], float),
    )
    slumps = before["new_slumps"] if before else row["positives"] if row else 0
    return AskingPlan(
        limit=max(settings.probes, math.ceil(settings.budget * slumps)),
        floor=score_floor(
            ranks.tolist(), [one["found"] for one in decided], budget=settings.budget
        ),
        probes=settings.probes,
        far=settings.far,
    )
