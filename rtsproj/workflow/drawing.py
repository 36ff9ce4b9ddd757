"""Add slumps that no model found: polygons of a file, or an outline that an analyst drew.

A drawing is a decision of an analyst: its outline version is on disk in the journal before the
database changes. It counts in the inventory at once and in the next training.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import shapely
from shapely.geometry.base import BaseGeometry

from rtsproj.domain.drawings import DRAWN, SavedDrawing
from rtsproj.domain.ids import slump_name
from rtsproj.domain.scenes import Role
from rtsproj.domain.text import first_of
from rtsproj.errors import RefusedError, UsageError
from rtsproj.geometry.identity import same_places
from rtsproj.geometry.repair import checked_polygons
from rtsproj.store import drawings, facts, outlines, scenes, sources, versions
from rtsproj.store.database import Connection
from rtsproj.workflow.decide import LONGEST_NOTE
from rtsproj.workflow.distances import measure_missing
from rtsproj.workflow.import_list import listing_refusals, write_list
from rtsproj.workflow.ladder import now_utc, shape_row
from rtsproj.workflow.project import Project, reading, writing
from rtsproj.workflow.sources import VectorChoice, read_polygons
from rtsproj.workflow.stages import latest

Source = Literal["manual", "model_edited"]
MANUAL: Source = "manual"
GROWN: Source = "model_edited"
"""Where an outline is from: corners that a person set, or the probabilities of a search."""
Named = tuple[str, BaseGeometry]
"""(name for messages, polygon in the project CRS)."""


@dataclass(frozen=True, slots=True)
class DrawnSlumps:
    """What drawings added.

    Attributes:
        iteration: the iteration in which they were drawn and count as new.
        added: the drawn slumps.
        known: (feature, slump or feature that shows the same place), which were left out.
        repaired: features whose geometry was made valid.
        listed: file that lists every feature that was repaired or left out; empty without any.
    """

    iteration: int
    added: tuple[SavedDrawing, ...]
    known: tuple[tuple[str, str], ...] = ()
    repaired: tuple[str, ...] = ()
    listed: str = ""


@dataclass(frozen=True, slots=True)
class Drawing:
    """How outlines were made.

    Attributes:
        by: analyst.
        note: free text.
        geom_source: ``MANUAL`` or ``GROWN``.
    """

    by: str
    note: str = ""
    geom_source: Source = MANUAL


def add_slumps(project: Project, path: Path, choice: VectorChoice, how: Drawing) -> DrawnSlumps:
    """Add the polygons of a file as drawn slumps; what shows a known slump is left out.

    Raises:
        UsageError: the file or a feature cannot be used, or a feature is outside the images or the
            area; each is listed and nothing is added.
    """
    latest(project)
    polygons, repaired = read_polygons(project, path, choice)
    with listing_refusals(project, path):
        done = _add(project, polygons, how)
    listed = [("repaired", fid, "its geometry was made valid") for fid in repaired]
    listed += [("left out", fid, f"is {name}") for fid, name in done.known]
    return replace(done, repaired=repaired, listed=write_list(project, path, listed))


def draw_slump(project: Project, outline: BaseGeometry, how: Drawing) -> SavedDrawing:
    """Add one outline as a drawn slump; an outline that crosses itself is repaired.

    Args:
        project: the project.
        outline: polygon, project CRS.
        how: who drew it and how.

    Raises:
        UsageError: it is no polygon, outside the images or the area, or shows a known slump.
    """
    checked = checked_polygons([("the outline", outline)])
    done = _add(project, [("the outline", checked.geoms[0])], how)
    if done.known:
        name = done.known[0][1]
        raise UsageError(
            f"this place is {name} already", hint=f"nothing was added; edit the outline of {name}"
        )
    return done.added[0]


def _add(project: Project, polygons: Sequence[Named], how: Drawing) -> DrawnSlumps:
    if not how.by.strip():
        raise UsageError("the analyst has no name", hint="give --as NAME")
    if len(how.note) > LONGEST_NOTE:
        raise UsageError(f"the note has {len(how.note)} characters", hint="at most 4000")
    iteration = int(latest(project)["iteration"])
    with reading(project) as connection:
        _check_inside(connection, polygons)
    with writing(project, f"{len(polygons)} drawn slumps") as connection:
        places = outlines.current_outlines(connection)
        same = same_places(
            [geom for _, geom in polygons],
            [shapely.from_wkb(bytes(one["wkb"])) for one in places],
        )
        names = [slump_name(one["slump_id"]) for one in places]
        names += [f"feature {fid}" for fid, _ in polygons]
        known = tuple((polygons[n][0], names[at]) for n, at in same.items())
        fresh = [geom for n, (_, geom) in enumerate(polygons) if n not in same]
        added = _save(project, connection, fresh, how, iteration) if fresh else ()
    return DrawnSlumps(iteration, added, known)


def _save(
    project: Project,
    connection: Connection,
    fresh: Sequence[BaseGeometry],
    how: Drawing,
    iteration: int,
) -> tuple[SavedDrawing, ...]:
    crs = facts.read_fact(connection, "crs") or ""
    first = versions.next_slump_id(connection)
    shared: dict[str, Any] = {
        "candidate_id": None,
        "iteration": iteration,
        "parent": 0,
        "step": DRAWN,
        "geom_source": how.geom_source,
        "note": how.note,
        "parts": [],
        "added_at": now_utc(),
    }
    rows = [
        {**shape_row(geom, crs), **shared, "slump_id": first + number}
        for number, geom in enumerate(fresh)
    ]
    saved = drawings.save_drawings(connection, project.journal, rows, by=how.by.strip())
    measure_missing(connection)
    return saved


def _check_inside(connection: Connection, polygons: Sequence[Named]) -> None:
    """Refuse all where one is outside the searched images or the area."""
    feet = scenes.footprints(connection)
    searched = {one.scene_id for one in scenes.scene_specs(connection, Role.MAP)}
    images = shapely.union_all(shapely.from_wkb([feet[one] for one in sorted(searched)]))
    area = sources.read_area(connection)
    grounds = [("images", images)]
    if area:
        grounds.append(("area", shapely.union_all(shapely.from_wkb(list(area)))))
    outside = {
        fid: f"is outside the {what} by {geom.distance(ground):,.0f} m"
        for what, ground in reversed(grounds)
        for fid, geom in polygons
        if not geom.intersection(ground).area > 0
    }
    if outside:
        refused = list(outside.items())
        named = first_of([f"{fid} {reason}" for fid, reason in refused])
        raise RefusedError(
            f"{len(refused)} of {len(polygons)} outlines cannot be used: {named}",
            hint="remove them, or add the images first; nothing was added",
            refused=refused,
        )
