"""Undo and redo: the analyst's newest act: it decided candidates, or drew or removed slumps."""

from collections.abc import Sequence
from itertools import groupby

from rtsproj.domain.decisions import SavedDecision, Verdict
from rtsproj.domain.drawings import (
    DRAWN,
    REMOVED,
    RESTORED,
    RETIRED,
    UNDOES,
    SavedDrawing,
)
from rtsproj.domain.ids import candidate_name, slump_name
from rtsproj.store import decisions, drawings
from rtsproj.store.database import Connection
from rtsproj.workflow.ladder import now_utc
from rtsproj.workflow.others import STATES
from rtsproj.workflow.project import Project, reading, writing
from rtsproj.workflow.slumps import save_slumps

SLUMP_STATES = {
    DRAWN: "drawn again",
    RETIRED: "not drawn any more",
    REMOVED: "removed again",
    RESTORED: "in the inventory again",
}
"""What undo or redo has made of a slump, by the step that it saved."""
Saved = SavedDecision | SavedDrawing
"""What one step of undo or redo saved."""


def undo(project: Project, *, times: int, analyst: str) -> tuple[Saved, ...]:
    """Take back the analyst's newest acts; fewer where fewer stand.

    What was decided or drawn at once is one act, and so are its undo and redo (``acts``).
    """
    return _repeat(project, times, analyst, redoes=False)


def redo(project: Project, *, times: int, analyst: str) -> tuple[Saved, ...]:
    """Repeat what undo took back; fewer where there is less."""
    return _repeat(project, times, analyst, redoes=True)


def decisions_of(saved: Sequence[Saved]) -> tuple[SavedDecision, ...]:
    """The decisions among them."""
    return tuple(one for one in saved if isinstance(one, SavedDecision))


def acts(saved: Sequence[Saved]) -> tuple[tuple[Saved, ...], ...]:
    """What was saved by the act that it was saved in."""
    found = groupby(saved, key=lambda one: one.bulk or _number(one))
    return tuple(tuple(of_one) for _, of_one in found)


def act_text(act: Sequence[Saved], what: str) -> str:
    """``undone: C-00009 is rejected again``; of several decisions or drawings their number.

    Args:
        act: what one undo or redo saved.
        what: undone or redone.
    """
    if len(act) > 1:
        return f"{what}: one act of {len(act)} {_kind(act[0])}"
    return f"{what}: {_state(act[0])}"


def _kind(one: Saved) -> str:
    if isinstance(one, SavedDrawing):
        return "removed slumps" if one.step in (REMOVED, RESTORED) else "drawn slumps"
    return "decisions"


def _state(one: Saved) -> str:
    if isinstance(one, SavedDrawing):
        return f"{slump_name(one.slump_id)} is {SLUMP_STATES[one.step]}"
    state = "open again" if one.verdict is Verdict.WITHDRAW else f"{STATES[one.verdict]} again"
    return f"{candidate_name(one.candidate_id)} is {state}"


def _number(one: Saved) -> int:
    return one.version_id if isinstance(one, SavedDrawing) else one.decision_id


def _repeat(project: Project, times: int, analyst: str, *, redoes: bool) -> tuple[Saved, ...]:
    with reading(project):
        pass
    done: list[Saved] = []
    for _ in range(times):
        with writing(project, f"an act of {analyst} taken back or repeated") as connection:
            saved = _step(project, connection, analyst, redoes=redoes)
        if not saved:
            break
        done.extend(saved)
    return tuple(done)


def _step(
    project: Project, connection: Connection, analyst: str, *, redoes: bool
) -> Sequence[Saved]:
    drawn = drawings.newest_step(connection, analyst=analyst, redoes=redoes)
    decided = decisions.newest_step(connection, analyst=analyst, redoes=redoes)
    if max((one["act_id"] for one in drawn), default=0) < decided:
        step = decisions.redo if redoes else decisions.undo
        return step(connection, project.journal, analyst=analyst)
    if not drawn:
        return ()
    again = [
        drawings.next_version(one, _opposite(one["step"], redoes=redoes), at=now_utc())
        for one in drawn
    ]
    return save_slumps(project, connection, again, by=analyst)


def _opposite(step: str, *, redoes: bool) -> str:
    """The step that takes another one back, or does again what it took back."""
    if redoes:
        return next(done for done, undone in UNDOES.items() if undone == step)
    return UNDOES.get(step, RETIRED)
