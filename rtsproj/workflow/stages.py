"""Which stage the project is in, what is next, and what stands in the way."""

from typing import Any

from rtsproj.domain.iterations import Stage
from rtsproj.errors import NeedsError
from rtsproj.store import iterations
from rtsproj.workflow.project import Project, reading

NEXT = {
    Stage.SETUP: "rtsproj status",
    Stage.TRAIN: "rtsproj train",
    Stage.INFER: "rtsproj infer",
    Stage.TRIAGE: "rtsproj triage",
    Stage.CONVERGE: "rtsproj converge",
    Stage.DONE: "rtsproj report",
}
"""The verb that a stage waits for."""


def latest(project: Project) -> dict[str, Any]:
    """Newest row of the view ``iterations``."""
    with reading(project) as connection:
        row = iterations.latest_iteration(connection)
    if row is None:
        raise NeedsError("no iteration is open", hint="add images: rtsproj scene add PATH…")
    return row


def require_stage(project: Project, *stages: Stage) -> dict[str, Any]:
    """The newest iteration, if it is in one of the stages.

    Raises:
        NeedsError: it is elsewhere; the hint names what is next.
    """
    row = latest(project)
    stage = Stage(row["stage"])
    if stage not in stages:
        raise NeedsError(
            f"iteration {row['iteration']} is at stage {stage}, not {stages[0]}",
            hint="; ".join(missing_inputs(project)) or f"next: {NEXT[stage]}",
        )
    return row


def missing_inputs(project: Project) -> tuple[str, ...]:
    """What the set-up lacks, in the order to do it; empty once training can start."""
    with reading(project) as connection:
        wanted = (
            ("scenes WHERE role = 'map'", "add images to search: rtsproj scene add PATH…"),
            ("current_outline", "add known slumps: rtsproj label add FILE"),
            ("tile WHERE withdrawn_at IS NULL", "lay the tile grid: rtsproj tile"),
        )
        return tuple(
            text
            for table, text in wanted
            if not connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchall()  # noqa: S608 - literals
        )
