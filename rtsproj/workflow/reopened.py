"""Candidates that are open in an iteration that was closed, as after an undo: what happens next."""

from collections.abc import Sequence

from rtsproj.domain.decisions import Verdict
from rtsproj.domain.iterations import Stage, reopened_sentence
from rtsproj.store import iterations
from rtsproj.workflow.project import Project, has_crs, reading
from rtsproj.workflow.undo import Saved, decisions_of


def open_in_closed(project: Project) -> str:
    """One sentence on all such candidates; empty where there is none."""
    if not has_crs(project):
        return ""
    with reading(project) as connection:
        count = len(iterations.open_in_closed(connection))
        row = iterations.latest_iteration(connection)
    if row is None:
        return ""
    return reopened_sentence(count, row["iteration"], is_done=row["stage"] == Stage.DONE)


def reopened_by(project: Project, saved: Sequence[Saved]) -> str:
    """One sentence where an undo has opened a candidate of a closed iteration, else empty."""
    undone = {one.candidate_id for one in decisions_of(saved) if one.verdict is Verdict.WITHDRAW}
    if not undone:
        return ""
    with reading(project) as connection:
        found = undone & iterations.open_in_closed(connection)
    return open_in_closed(project) if found else ""
