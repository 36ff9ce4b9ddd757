"""Edit a candidate's outline step by step; every step is a version on disk, and undo is one too."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from rtsproj.domain.derived import CUT
from rtsproj.domain.grid import Window
from rtsproj.domain.ids import slump_name
from rtsproj.errors import NeedsError, UsageError
from rtsproj.geometry import ladder
from rtsproj.geometry.ladder import Change
from rtsproj.geometry.measures import measure
from rtsproj.geometry.outlines import to_crs, to_pixels
from rtsproj.jobs.folder import JobFolder
from rtsproj.store import candidates, facts, jobs, outlines, tiles, versions
from rtsproj.store.database import Connection, next_id
from rtsproj.workflow.distances import measure_missing
from rtsproj.workflow.probabilities import Bytes, cut_outline, read_window
from rtsproj.workflow.project import Project, reading, writing
from rtsproj.workflow.scenes import grid_of

THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
"""Cuts that the ladder offers (method 8.6); probabilities under 0.3 are not kept."""
UNDO = "undo to "
"""Step of a version that takes back: followed by the version that counts again."""


@dataclass(frozen=True, slots=True)
class Version:
    """One outline of a candidate.

    Attributes:
        version_id: journal number; 0 = what the model drew.
        parent: version it was made from.
        step: how, such as ``threshold 0.5``; ``model`` for the first.
        geom: project CRS.
        area_m2: m2, geodesic.
        by: analyst, empty for the model.
    """

    version_id: int
    parent: int
    step: str
    geom: BaseGeometry
    area_m2: float
    by: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A step that was saved.

    Attributes:
        version: the outline that counts now.
        new_candidates: ids of parts that a split took off; they are open.
        overlaps: (slump name, m2) of other accepted slumps that it overlaps.
    """

    version: Version
    new_candidates: tuple[int, ...]
    overlaps: tuple[tuple[str, float], ...]


def history(project: Project, candidate_id: int) -> tuple[Version, ...]:
    """All outlines of a candidate, the model's first; the last one counts.

    Raises:
        UsageError: no such candidate.
    """
    with reading(project) as connection:
        model = _model(connection, candidate_id)
        made = versions.versions_of(connection, candidate_id)
    first = Version(
        0, 0, "model", shapely.from_wkb(bytes(model["wkb"])), float(model["area_m2"]), ""
    )
    return (first, *(_version(one) for one in made))


def take_step(project: Project, candidate_id: int, step: str, *, analyst: str) -> Kept:
    """Grow, shrink, smooth, fill holes, split or merge, and save it.

    Args:
        project: the project.
        candidate_id: whose outline.
        step: a key of ``geometry.ladder.STEPS``, or ``merge``.
        analyst: who does it.

    Raises:
        UsageError: the step cannot be done; nothing was saved.
    """
    now = history(project, candidate_id)[-1]
    with reading(project) as connection:
        pixel_m = float(facts.read_facts(connection)["pixel_m"])
        other = _neighbour(connection, candidate_id, now.geom) if step == "merge" else None
    if step == "merge":
        if other is None:
            raise UsageError("there is no neighbour to merge with", hint="nothing was changed")
        change = ladder.merge(now.geom, other, pixel_m)
    elif step in ladder.STEPS:
        change = ladder.STEPS[step](now.geom, pixel_m)
    else:
        known = ", ".join((*ladder.STEPS, "merge"))
        raise UsageError(f"step {step!r} is not known", hint=f"one of {known}")
    return keep(project, candidate_id, change, step=step, analyst=analyst)


def take_threshold(project: Project, candidate_id: int, cut: float, *, analyst: str) -> Kept:
    """Draw the outline again at another probability, and save it.

    Raises:
        UsageError: nothing of the place reaches the cut.
        NeedsError: the search's probability files are gone.
    """
    geom = outline_at(project, candidate_id, cut)
    return keep(project, candidate_id, Change(geom), step=f"threshold {cut:g}", analyst=analyst)


def next_cut(project: Project, candidate_id: int, direction: int) -> float:
    """The cut one step lower (-1) or higher (1) than that of the outline that counts."""
    made = [one.step for one in history(project, candidate_id)]
    cuts = [float(one.split()[1]) for one in made if one.startswith("threshold ")]
    at = cuts[-1] if cuts else _drawn_at(project, candidate_id)
    near = int(np.argmin([abs(at - one) for one in THRESHOLDS]))
    return THRESHOLDS[max(0, min(len(THRESHOLDS) - 1, near + direction))]


def _drawn_at(project: Project, candidate_id: int) -> float:
    """The cut that the model's outline was drawn at."""
    with reading(project) as connection:
        found = versions.model_outline(connection, candidate_id)
    return float(found["cut"] or CUT) if found else CUT


def undo_step(project: Project, candidate_id: int, *, analyst: str) -> Kept | None:
    """Go back to the outline before the one that counts; None at the model's own.

    A version is added, none is deleted: undo walks back through what the newest came from.
    """
    made = history(project, candidate_id)
    by_id = {one.version_id: one for one in made}
    now = made[-1]
    source = now
    while source.step.startswith(UNDO):
        source = by_id[int(source.step.removeprefix(UNDO))]
    if source.version_id == 0:
        return None
    before = by_id[source.parent]
    step = f"{UNDO}{before.version_id}"
    return keep(project, candidate_id, Change(before.geom), step=step, analyst=analyst)


def keep(project: Project, candidate_id: int, change: Change, *, step: str, analyst: str) -> Kept:
    """Save an outline as the candidate's newest version; on return it is on disk twice."""
    with writing(project, f"outline of candidate {candidate_id}") as connection:
        crs = facts.read_fact(connection, "crs") or ""
        model = _model(connection, candidate_id)
        made = versions.versions_of(connection, candidate_id)
        first = next_id(connection, "candidate", "candidate_id")
        parts = split_parts(model, change.cut_off, crs, first=first)
        row = {
            **shape_row(change.outline, crs),
            "candidate_id": candidate_id,
            "slump_id": 0,
            "iteration": model["iteration"],
            "parent": made[-1]["version_id"] if made else 0,
            "step": step,
            "geom_source": "import" if step == "import" else "model_edited",
            "parts": parts,
            "added_at": now_utc(),
        }
        versions.save_versions(connection, project.journal, [row], by=analyst)
        measure_missing(connection)
        saved = _version(versions.versions_of(connection, candidate_id)[-1])
        overlaps = _overlaps(connection, candidate_id, change.outline)
    return Kept(saved, tuple(part["candidate_id"] for part in parts), overlaps)


def outline_at(project: Project, candidate_id: int, cut: float) -> BaseGeometry:
    """The outline that another cut gives at a candidate's place, project CRS.

    Raises:
        UsageError: nothing of the place reaches the cut.
        NeedsError: the search's probability files are gone.
    """
    with reading(project) as connection:
        model = _model(connection, candidate_id)
        grid = grid_of(facts.read_facts(connection))
        folder = JobFolder(project.folder / jobs.folder_of(connection, model["job_id"]))
    outline = to_pixels(shapely.from_wkb(bytes(model["wkb"])), grid)
    own = frozenset(map(int, model["tiles"].split(",")))

    def read(window: Window) -> Bytes:
        with reading(project) as connection:
            near = tiles.tiles_meeting(connection, window)
        _require_kept(folder, [one.tile_id for one in near if one.tile_id in own])
        return read_window([(one, folder) for one in near], window)

    return to_crs(cut_outline(read, outline, cut, pixel_m=grid.pixel_m), grid)


def shape_row(geom: BaseGeometry, crs: str) -> dict[str, Any]:
    """What a version's row says of its geometry: measures, box, wkb."""
    found = measure(geom, crs)
    minx, miny, maxx, maxy = geom.bounds
    return {
        "area_m2": found.area_m2,
        "perimeter_m": found.perimeter_m,
        "lon": found.lon,
        "lat": found.lat,
        "minx": minx,
        "miny": miny,
        "maxx": maxx,
        "maxy": maxy,
        "wkb": shapely.to_wkb(geom),
    }


def now_utc() -> datetime:
    """UTC without a zone, as the database keeps it."""
    return datetime.now(UTC).replace(tzinfo=None)


def _model(connection: Connection, candidate_id: int) -> dict[str, Any]:
    found = versions.model_outline(connection, candidate_id)
    if found is None:
        raise UsageError(
            f"no candidate {candidate_id}", hint="`rtsproj candidate list` shows the ids"
        )
    return found


def _version(row: dict[str, Any]) -> Version:
    return Version(
        row["version_id"],
        row["parent"],
        row["step"],
        shapely.from_wkb(bytes(row["wkb"])),
        float(row["area_m2"]),
        row["added_by"],
    )


def _neighbour(
    connection: Connection, candidate_id: int, outline: BaseGeometry
) -> BaseGeometry | None:
    """The nearest other outline of the same search or of the inventory."""
    model = _model(connection, candidate_id)
    minx, miny, maxx, maxy = outline.buffer(200.0).bounds
    found = candidates.neighbour_outlines(
        connection, model["iteration"], candidate_id, (minx, miny, maxx, maxy)
    )
    known = [
        bytes(one["wkb"])
        for one in outlines.current_outlines(connection)
        if one["candidate_id"] != candidate_id
    ]
    shapes = [shapely.from_wkb(wkb) for wkb in (*found, *known)]
    others = [one for one in shapes if one.difference(outline).area > 0]
    return min(others, key=outline.distance, default=None)


def _overlaps(
    connection: Connection, candidate_id: int, outline: BaseGeometry
) -> tuple[tuple[str, float], ...]:
    """Names of the slumps that an outline shares area with, and that area in m2, geodesic."""
    found = []
    crs = facts.read_fact(connection, "crs") or ""
    for one in outlines.current_outlines(connection):
        if one["candidate_id"] != candidate_id:
            shared = outline.intersection(shapely.from_wkb(bytes(one["wkb"])))
            if shared.area > 0:
                found.append((slump_name(one["slump_id"]), measure(shared, crs).area_m2))
    return tuple(found)


def split_parts(
    model: Mapping[str, Any], cut_off: Sequence[BaseGeometry], crs: str, *, first: int
) -> list[dict[str, Any]]:
    """Rows of the candidates that the parts become that a split takes off.

    Args:
        model: the split candidate, from ``versions.model_outline``.
        cut_off: the parts, project CRS.
        crs: project CRS.
        first: id of the first one.
    """
    share = float(model["pixels"]) / float(model["area_m2"])
    found = []
    for number, part in enumerate(cut_off):
        row = shape_row(part, crs)
        found.append(
            {
                **{name: value for name, value in row.items() if name != "wkb"},
                "candidate_id": first + number,
                "job_id": model["job_id"],
                "seq": -(first + number),
                "iteration": model["iteration"],
                "score_mean": model["score_mean"],
                "score_max": model["score_max"],
                "pixels": max(1, round(row["area_m2"] * share)),
                "at_edge": False,
                "relation": "split",
                "relation_slump": 0,
                "lineage": "fresh",
                "lineage_of": 0,
                "lineage_slump": 0,
                "lineage_iou": 0.0,
                "growth_m2": 0.0,
                "tiles": model["tiles"],
                "geom": row["wkb"],
            }
        )
    return found


def _require_kept(folder: JobFolder, tile_ids: Sequence[int]) -> None:
    """A search keeps the rasters of a candidate's own tiles: one that is missing was removed."""
    for tile_id in tile_ids:
        path = folder.tile_outputs / f"{tile_id}.tif"
        if not path.exists():
            raise NeedsError(
                f"{path} is gone: the probabilities of this search were removed",
                hint="edit the outline with the other steps, or search again",
            )
