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


SEARCHED = frozenset({Stage.TRIAGE, Stage.CONVERGE, Stage.DONE})
"""Stages in which every tile has an outcome: only then may the stop rule be applied."""


@dataclass(frozen=True, slots=True)
class Probe:
    """What a search has tried beyond its best candidates before its silence counts.

    Attributes:
        settles: True where an iteration without a new slump may stop the search. The first network
            alone never does, unless probes are switched off.
        asked: candidates that were asked about as probes.
        far: those of them that were unlike everything judged.
        left: outlines on new ground that were not asked about.
        is_on: False where probes are switched off (the published rule).
    """

    settles: bool = True
    asked: int = 0
    far: int = 0
    left: int = 0
    is_on: bool = False

    @property
    def text(self) -> str:
        """What was tried, as the second half of a sentence; empty where probes are off."""
        if not self.is_on:
            return ""
        if not self.asked and not self.left:
            return " of another network, which saw nothing else to ask about"
        if not self.asked:
            more = "outline was" if self.left == 1 else "outlines were"
            return f" of another network; {self.left:,} weaker {more} not asked about"
        asked = counted(self.asked, "weaker outline")
        some = "" if self.far == self.asked else f"{self.far} of them "
        far = f", {some}unlike everything judged" if self.far else ""
        left = f"; {self.left:,} more were not asked about" if self.left else ""
        return f" of another network, which also asked about {asked}{far}{left}"


NO_PROBE = Probe()
"""The published rule: an iteration that finds nothing new ends the search."""


@dataclass(frozen=True, slots=True)
class IterationOutcome:
    """Counts after one iteration's triage.

    Attributes:
        iteration: number, from 1.
        open_candidates: candidates without a decision, over all iterations.
        unsure: candidates decided as unsure; they do not block the stop.
        accepted: accepted candidates of the iteration.
        new_slumps: accepted candidates that no earlier slump explains, and drawn slumps.
        failed_tiles: tiles that the search could not do.
        drawn: slumps among them that a person drew: no model had found them.
        probe: what its search has tried beyond its best candidates.
    """

    iteration: int
    open_candidates: int
    unsure: int
    accepted: int
    new_slumps: int
    failed_tiles: int
    drawn: int = 0
    probe: Probe = NO_PROBE

    @property
    def found(self) -> int:
        """New slumps that the search of the iteration found."""
        return self.new_slumps - self.drawn


def has_converged(outcome: IterationOutcome) -> bool:
    """True once all is decided, nothing new was found and no tile is missing (Xia, Huang, Liu).

    That nothing was found counts only where the search has tried: see ``Probe``.
    """
    is_silent = outcome.open_candidates == outcome.new_slumps == outcome.failed_tiles == 0
    return is_silent and outcome.probe.settles


@dataclass(frozen=True, slots=True)
class SearchState:
    """Where the newest iteration is: all that the state sentence depends on.

    Attributes:
        stage: of the newest iteration.
        outcome: its counts.
        tiles: tiles of the grid.
        searched: tiles that the iteration has searched; failed ones are not.
        recorded: sentence that was recorded when it was closed; empty while it is open.
        before: sentence that was recorded for the iteration before; empty for the first.
        drawn_since: slumps that were drawn after it was closed.
    """

    stage: Stage
    outcome: IterationOutcome
    tiles: int
    searched: int
    recorded: str = ""
    before: str = ""
    drawn_since: int = 0

    @property
    def is_searched(self) -> bool:
        """True once every tile has an outcome."""
        return self.stage in SEARCHED


def state_sentence(state: SearchState) -> str:
    """The state of the search in one sentence, the same for report, screen and command line.

    It never claims that an iteration found nothing before all of it was searched.
    """
    k = state.outcome.iteration
    if state.stage is Stage.DONE:
        return state.recorded + _since(state)
    if state.is_searched:
        return stop_reason(state.outcome)
    before = f"; before it: {state.before}" if state.before else ""
    return f"iteration {k} {_unsearched(state)}{before}"


def yield_text(stage: str, new_slumps: int) -> str:
    """New slumps of an iteration; ``-`` before its search is done: it cannot have found any."""
    return str(new_slumps) if stage in SEARCHED else "-"


def _unsearched(state: SearchState) -> str:
    if state.stage is Stage.SETUP:
        return "cannot start: inputs are missing"
    if state.stage is Stage.TRAIN:
        return "has not been trained or searched"
    if state.searched or state.outcome.failed_tiles:
        left = counted(state.tiles - state.searched, "tile")
        return f"is searched in part: {left} of {state.tiles:,} left"
    return "is trained and has not been searched"


def _since(state: SearchState) -> str:
    """What has changed since the search stopped."""
    added = state.tiles - state.searched - state.outcome.failed_tiles
    changes = []
    if state.outcome.open_candidates:
        changes.append(f"{counted(state.outcome.open_candidates, 'candidate')} open again")
    if added > 0:
        changes.append(f"{counted(added, 'tile')} added and not searched")
    if state.drawn_since:
        changes.append(_drawn_text(state.drawn_since))
    return f"; since then {', '.join(changes)}" if changes else ""


def stop_reason(outcome: IterationOutcome) -> str:
    """The stop rule applied to a searched iteration; it never claims completeness."""
    k = outcome.iteration
    tail = f"; {outcome.unsure} unsure (not blocking)" if outcome.unsure else ""
    if outcome.open_candidates:
        waiting = counted(outcome.open_candidates, "candidate")
        return f"{waiting} still open: iteration {k} cannot be closed yet{tail}"
    if outcome.failed_tiles:
        failed = counted(outcome.failed_tiles, "tile")
        return f"{failed} of iteration {k} failed, not searched{tail}"
    if outcome.new_slumps:
        found = counted(outcome.found, "new slump") if outcome.found else "no new slump"
        drawn = f"; {_drawn_text(outcome.drawn)} in it" if outcome.drawn else ""
        return f"iteration {k} found {found}{drawn}: search again{tail}"
    if not outcome.probe.settles:
        return (
            f"iteration {k} found no new slump: a second network searches before that counts{tail}"
        )
    return f"no new slump in iteration {k}{outcome.probe.text}: the zero-new rule is met{tail}"


def _drawn_text(count: int) -> str:
    was = "was" if count == 1 else "were"
    return f"{counted(count, 'slump')} that no model had found {was} drawn by hand"


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
