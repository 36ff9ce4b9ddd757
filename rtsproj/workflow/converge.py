"""The stop rule: close the iteration, then open the next one or stop the project."""

from dataclasses import dataclass, replace

from rtsproj.domain.iterations import (
    IterationOutcome,
    Stage,
    has_converged,
    state_sentence,
    stop_reason,
)
from rtsproj.domain.text import counted
from rtsproj.errors import NeedsError
from rtsproj.store import iterations
from rtsproj.workflow.project import Project, reading, writing
from rtsproj.workflow.stages import latest


@dataclass(frozen=True, slots=True)
class Convergence:
    """What the rule says; the fields of ``converge --json``.

    Attributes:
        iteration: the iteration that was looked at.
        open: candidates without a decision, over all iterations.
        unsure: decided as unsure; they do not block.
        accepted: accepted candidates of the iteration.
        new_slumps: accepted candidates that no earlier slump explains, and drawn slumps.
        drawn: the drawn ones among them.
        probes: candidates of the iteration that were asked about as probes.
        failed_tiles: tiles that were not searched.
        converged: True = the project stops here.
        reason: one sentence.
        next_iteration: the iteration that was opened, None where none was.
        closed: True where the iteration is closed.
    """

    iteration: int
    open: int
    unsure: int
    accepted: int
    new_slumps: int
    drawn: int
    probes: int
    failed_tiles: int
    converged: bool
    reason: str
    next_iteration: int | None
    closed: bool


def look(project: Project) -> Convergence:
    """What the rule would say now; changes nothing."""
    row = latest(project)
    with reading(project) as connection:
        state = iterations.state_of(connection, row)
    closed = state.stage is Stage.DONE
    met = state.is_searched and has_converged(state.outcome)
    converged = bool(row["converged"]) if closed else met
    return _said(state.outcome, converged=converged, reason=state_sentence(state), closed=closed)


def converge(project: Project, *, by: str, despite_failures: bool = False) -> Convergence:
    """Close the iteration by the rule and open the next one, or stop the project.

    Args:
        project: the project.
        by: who closes it.
        despite_failures: close although tiles failed; the reason says so.

    Raises:
        NeedsError: something is still open, tiles failed, or the search is not done.
    """
    now = look(project)
    if now.closed:
        return now
    row = latest(project)
    if Stage(row["stage"]) not in (Stage.TRIAGE, Stage.CONVERGE):
        raise NeedsError(
            f"iteration {now.iteration} is at stage {row['stage']}: it was not searched to its end",
            hint="run `rtsproj next`",
        )
    if now.open:
        raise NeedsError(now.reason, hint="decide them: rtsproj triage")
    if now.failed_tiles and not despite_failures:
        raise NeedsError(
            now.reason, hint="`rtsproj infer` tries them again, or give --despite-failures"
        )
    with writing(project, f"close iteration {now.iteration}") as connection:
        outcome = iterations.outcome_of(connection, row)
        if outcome.open_candidates:
            raise NeedsError(stop_reason(outcome), hint="decide them: rtsproj triage")
        judged = replace(outcome, failed_tiles=0)
        converged = has_converged(judged)
        reason = stop_reason(judged) + (
            f"; {counted(outcome.failed_tiles, 'tile')} not searched"
            if outcome.failed_tiles
            else ""
        )
        iterations.close_iteration(connection, outcome, converged=converged, reason=reason, by=by)
        if not converged:
            iterations.open_iteration(connection, outcome.iteration + 1, by=by)
    said = _said(outcome, converged=converged, reason=reason, closed=True)
    return said if converged else replace(said, next_iteration=outcome.iteration + 1)


def search_again(project: Project, *, by: str) -> Convergence:
    """Open another iteration although the rule was met, as after new images or changed decisions.

    Raises:
        NeedsError: the newest iteration is still open.
    """
    now = look(project)
    if not now.closed:
        raise NeedsError(
            f"iteration {now.iteration} is still open", hint="close it first: rtsproj converge"
        )
    with writing(project, f"open iteration {now.iteration + 1}") as connection:
        iterations.open_iteration(connection, now.iteration + 1, by=by)
    return replace(now, next_iteration=now.iteration + 1)


def _said(outcome: IterationOutcome, *, converged: bool, reason: str, closed: bool) -> Convergence:
    return Convergence(
        iteration=outcome.iteration,
        open=outcome.open_candidates,
        unsure=outcome.unsure,
        accepted=outcome.accepted,
        new_slumps=outcome.new_slumps,
        drawn=outcome.drawn,
        probes=outcome.probe.asked,
        failed_tiles=outcome.failed_tiles,
        converged=converged,
        reason=reason,
        next_iteration=None,
        closed=closed,
    )
