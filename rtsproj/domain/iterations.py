"""Iterations: stages in their order, and the rule that stops the search."""

from dataclasses import dataclass
from enum import StrEnum

from rtsproj.domain.text import counted


class Stage(StrEnum):
    """Where an iteration stands; the order is fixed (method 11)."""

    SETUP = "setup"
    TRAIN = "train"
    INFER = "infer"
    TRIAGE = "triage"
    CONVERGE = "converge"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class IterationOutcome:
    """Counts after one iteration's triage.

    Attributes:
        iteration: number, from 1.
        open_candidates: candidates without a decision, over all iterations.
        unsure: candidates decided as unsure; they do not block the stop.
        accepted: accepted candidates of the iteration.
        new_slumps: accepted candidates that no earlier slump explains.
        failed_tiles: tiles that the search could not do.
    """

    iteration: int
    open_candidates: int
    unsure: int
    accepted: int
    new_slumps: int
    failed_tiles: int


def has_converged(outcome: IterationOutcome) -> bool:
    """True once all is decided, nothing new was found and no tile is missing (Xia, Huang, Liu)."""
    return outcome.open_candidates == outcome.new_slumps == outcome.failed_tiles == 0


def stop_reason(outcome: IterationOutcome) -> str:
    """The sentence that explains the state of the stop rule; it never claims completeness."""
    k = outcome.iteration
    tail = f"; {outcome.unsure} unsure are told apart and do not block" if outcome.unsure else ""
    if outcome.open_candidates:
        waiting = counted(outcome.open_candidates, "candidate")
        return f"{waiting} still open in iteration {k}{tail}"
    if outcome.failed_tiles:
        failed = counted(outcome.failed_tiles, "tile")
        return f"{failed} of iteration {k} failed, not searched{tail}"
    if outcome.new_slumps:
        return f"iteration {k} found {counted(outcome.new_slumps, 'new slump')}: search again{tail}"
    return f"no new slump in iteration {k}: the zero-new rule is met{tail}"


def reopened_sentence(count: int, newest: int, *, is_done: bool) -> str:
    """What happens to candidates that are open in a closed iteration; empty where there is none.

    Args:
        count: such candidates.
        newest: number of the newest iteration.
        is_done: True where that one is closed too.
    """
    if not count:
        return ""
    what = f"open in a closed iteration: {counted(count, 'candidate')}, in the queue of triage"
    if is_done:
        return (
            f"{what}; iteration {newest} stays closed: decide now (rtsproj triage), and "
            f"rtsproj converge --again opens iteration {newest + 1}"
        )
    return f"{what}; iteration {newest} cannot close before a decision (rtsproj triage)"
