"""What home shows beside the stages: the headline count and what was done last."""

from dataclasses import dataclass
from datetime import datetime

from rtsproj.store import actions, near
from rtsproj.workflow.project import Project, has_crs, reading

MOST_ACTIONS = 12


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that was done: UTC without a zone, by whom (empty = the program), what."""

    at: datetime
    who: str
    what: str


@dataclass(frozen=True, slots=True)
class Overview:
    """Headline and log.

    Attributes:
        distance_m: of the headline, m.
        within: slumps within it of a road or railway; None where no line was taken in.
        actions: newest first.
    """

    distance_m: float
    within: int | None
    actions: tuple[Action, ...]


def read_overview(project: Project) -> Overview:
    """Read both in one look; an empty project has neither."""
    distance_m = project.settings.report.distance_m
    if not has_crs(project):
        return Overview(distance_m, None, ())
    with reading(project) as connection:
        has_lines = bool(connection.execute("SELECT 1 FROM lines LIMIT 1").fetchall())
        within = near.count_within(connection, distance_m) if has_lines else None
        last = actions.last_actions(connection, most=MOST_ACTIONS)
    found = tuple(Action(row["done_at"], row["who"], row["what"]) for row in last)
    return Overview(distance_m, within, found)
