"""Slumps of the inventory: what is known of one, and removing those that no candidate shows."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rtsproj.domain.drawings import GONE, REMOVED, SavedDrawing
from rtsproj.domain.ids import candidate_name, slump_name
from rtsproj.domain.text import first_of
from rtsproj.errors import UsageError
from rtsproj.store import drawings, facts, inventory
from rtsproj.store.database import Connection
from rtsproj.workflow.decide import LONGEST_NOTE
from rtsproj.workflow.distances import measure_missing
from rtsproj.workflow.known import compare_again, read_judged
from rtsproj.workflow.ladder import now_utc
from rtsproj.workflow.project import Project, reading, writing


@dataclass(frozen=True, slots=True)
class SlumpCard:
    """What is known of a slump.

    Attributes:
        facts: columns of the view ``inventory``, without its geometry.
        near: nearest line of each kind: kind, line_class, line_name, distance_m.
        attributes: fields of the file that it came from; empty where it came from none.
    """

    facts: Mapping[str, Any]
    near: tuple[Mapping[str, Any], ...]
    attributes: Mapping[str, Any]


def read_slump(project: Project, slump_id: int) -> SlumpCard:
    """What is known of a slump.

    Raises:
        UsageError: it is not in the inventory.
    """
    with reading(project) as connection:
        found = inventory.slump_facts(connection, slump_id)
        if found is None:
            raise _unknown([slump_id])
        near = tuple(inventory.nearest_lines(connection, slump_id))
        attributes = inventory.file_attributes(connection, slump_id)
    return SlumpCard(found, near, json.loads(attributes or "{}"))


def remove_slumps(
    project: Project, slump_ids: Sequence[int], *, by: str, note: str = ""
) -> tuple[SavedDrawing, ...]:
    """Remove slumps that were drawn, imported or known; journal first, one act for undo.

    Args:
        project: the project.
        slump_ids: at least one.
        by: analyst.
        note: why; kept with each.

    Raises:
        UsageError: one is not in the inventory, or an accepted candidate shows it; nothing was
            removed.
    """
    if len(note) > LONGEST_NOTE:
        raise UsageError(f"the note has {len(note)} characters", hint="at most 4000")
    wanted = sorted(set(slump_ids))
    with writing(project, f"{len(wanted)} slumps removed by {by}") as connection:
        found = drawings.removable(connection, wanted)
        missing = set(wanted) - {one["slump_id"] for one in found}
        if missing:
            raise _unknown(sorted(missing))
        shown = drawings.supporting_candidates(connection, wanted)
        if shown:
            slump_id, candidate_id = next(iter(shown.items()))
            raise UsageError(
                f"{slump_name(slump_id)} is shown by {candidate_name(candidate_id)}, which is "
                "accepted; nothing was removed",
                hint=f"decide it otherwise: rtsproj decide {candidate_name(candidate_id)} reject",
            )
        versions = [
            drawings.next_version({**one, "note": note}, REMOVED, at=now_utc()) for one in found
        ]
        return save_slumps(project, connection, versions, by=by)


def save_slumps(
    project: Project, connection: Connection, versions: Sequence[Mapping[str, Any]], *, by: str
) -> tuple[SavedDrawing, ...]:
    """Save steps of slumps in one journal line, and compute anew what follows from them.

    Args:
        project: the project.
        connection: inside a transaction.
        versions: from ``drawings.next_version``.
        by: analyst.
    """
    saved = drawings.save_drawings(connection, project.journal, versions, by=by)
    measure_missing(connection)
    compare_without(project, connection, [one.slump_id for one in saved if one.step in GONE])
    return saved


def compare_without(project: Project, connection: Connection, gone: Sequence[int]) -> int:
    """Compare undecided candidates anew that were matched with slumps that are gone.

    Returns:
        Candidates that wait for a decision now and did not before.
    """
    if not gone or facts.read_fact(connection, "pixel_m") is None:
        return 0  # without a grid nothing was searched
    return compare_again(connection, gone, read_judged(connection, project.settings.lineage))


def _unknown(slump_ids: Sequence[int]) -> UsageError:
    names = first_of([slump_name(one) for one in slump_ids])
    return UsageError(
        f"{names} is not in the inventory",
        hint="rtsproj sql 'SELECT name FROM inventory' shows the slumps; nothing was changed",
    )
