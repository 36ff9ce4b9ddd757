"""Take an input back: count what depends on it, withdraw it, compute anew what follows.

A removed input is withdrawn: its row stays in the database with day and name, and nothing uses it
any more. Decisions are never changed. What follows from inputs alone is computed anew: tiles and
their valid pixels, labels, which candidates are matched with a known slump.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import shapely

from rtsproj.domain.scenes import Role
from rtsproj.domain.text import counted, safe_text
from rtsproj.errors import NeedsError, UsageError
from rtsproj.store import dependents, facts, iterations, jobs, labels, scenes, sources, tiles
from rtsproj.store.database import Connection
from rtsproj.workflow.inputs import Input, InputKind, list_inputs
from rtsproj.workflow.jobs import require_no_running_job
from rtsproj.workflow.project import Progress, Project, reading, writing
from rtsproj.workflow.scenes import grid_of
from rtsproj.workflow.slumps import compare_without
from rtsproj.workflow.tiles import Ground, change_tiles, read_ground, square_boxes

GRID_FACTS = ("pixel_m", "origin_x", "origin_y", "bands", "scaling")
"""Facts that the first map scene settles."""


@dataclass(frozen=True, slots=True)
class Removal:
    """What depends on an input.

    Attributes:
        input: the input.
        tiles: tiles that read the image, or that lie in the area.
        tiles_without_imagery: those of them that no other map scene covers.
        candidates: candidates on the image, or matched with a seed slump of the label file.
        decided: those of them that have a decision; it stays.
        slumps: slumps of the inventory on the image, or from the label file.
        slumps_removed: those of them that leave the inventory.
        labels: labels that training will not use.
        distances: distances that no report, filter or export will use.
        follows: what happens, one sentence each.
    """

    input: Input
    tiles: int = 0
    tiles_without_imagery: int = 0
    candidates: int = 0
    decided: int = 0
    slumps: int = 0
    slumps_removed: int = 0
    labels: int = 0
    distances: int = 0
    follows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Removed:
    """What was removed, and what was computed anew.

    Attributes:
        removal: what depended on it.
        tiles_before: tiles in use before.
        tiles: tiles in use now.
        asked_again: candidates that wait for a decision now and did not before.
    """

    removal: Removal
    tiles_before: int
    tiles: int
    asked_again: int


def preview_removal(project: Project, kind: InputKind, number: int) -> Removal:
    """Count what depends on an input; changes nothing.

    Raises:
        UsageError: no such input is in use.
    """
    wanted = next((one for one in list_inputs(project, kind) if one.id == number), None)
    if wanted is None:
        raise UsageError(
            f"no {kind} {number} is in use", hint=f"`rtsproj {kind} list` shows the ids"
        )
    with reading(project) as connection:
        return _PREVIEW[kind](connection, wanted)


def remove_input(
    project: Project, kind: InputKind, number: int, *, by: str, progress: Progress | None = None
) -> Removed:
    """Withdraw an input and compute anew what follows from it.

    Args:
        project: the project.
        kind: what it is.
        number: its id.
        by: who removes it; kept with the row.
        progress: called while the tiles are read anew.

    Raises:
        UsageError: no such input is in use. NeedsError: a job that uses it is running.
    """
    removal = preview_removal(project, kind, number)
    if removal.input.detail != Role.HISTORY and kind not in (InputKind.LINE, InputKind.TERRAIN):
        require_no_running_job(project)
    with reading(project) as connection:
        before = tiles.count_tiles(connection)
    work = _Work(project, removal.input, by, progress)
    again = work.labels() if kind is InputKind.LABEL else work.ground(has_tiles=before > 0)
    with reading(project) as connection:
        return Removed(removal, before, tiles.count_tiles(connection), again)


def removal_lines(removal: Removal) -> tuple[str, ...]:
    """What depends on an input, as lines that a person reads before it is removed."""
    one = removal.input
    title = "  ".join(text for text in (f"{one.kind} {one.id}", one.detail, one.uri) if text)
    return (safe_text(title), *(f"  {line}" for line in removal.follows))


def removed_text(done: Removed) -> str:
    """What was removed and what changed with it, in one line."""
    parts = [f"{done.removal.input.kind} {done.removal.input.id} removed"]
    if done.tiles_before != done.tiles:
        parts.append(f"tiles {done.tiles_before:,} -> {done.tiles:,}")
    if done.removal.slumps_removed:
        parts.append(f"{counted(done.removal.slumps_removed, 'seed slump')} left the inventory")
    if done.asked_again:
        parts.append(f"{counted(done.asked_again, 'candidate')} to decide again")
    return "; ".join(parts)


@dataclass(frozen=True, slots=True)
class _Work:
    """Removes one input."""

    project: Project
    input: Input
    by: str
    progress: Progress | None

    def labels(self) -> int:
        """A label file; returns the candidates that wait again."""
        with writing(self.project, f"remove label {self.input.id}") as connection:
            seeds = dependents.seeds_of(connection, self.input.id)
            self._withdraw(connection)
            row = iterations.latest_iteration(connection)
            if row is not None:
                # An iteration whose model has learned from them keeps them in its record.
                labels.end_withdrawn(connection, row["iteration"] + (row["model_id"] is not None))
            return compare_without(self.project, connection, seeds)

    def ground(self, *, has_tiles: bool) -> int:
        """An image, an area, lines or terrain; the tiles follow where they are laid."""
        is_ground = self.input.detail == Role.MAP or self.input.kind is InputKind.AREA
        ground = self._left() if is_ground and has_tiles else None
        if ground is not None:
            change_tiles(self.project, ground, self._withdraw, progress=self.progress)
            return 0
        with writing(self.project, f"remove {self.input.kind} {self.input.id}") as connection:
            self._withdraw(connection)
            if is_ground and has_tiles:
                tiles.withdraw_all(connection)
            if self.input.detail == Role.MAP:
                _forget_grid(connection)
        return 0

    def _left(self) -> Ground | None:
        """What is left to search; None where nothing is."""
        is_scene = self.input.kind is InputKind.SCENE
        try:
            return read_ground(
                self.project,
                without_scene=self.input.id if is_scene else None,
                without_area=not is_scene,
            )
        except NeedsError:
            return None

    def _withdraw(self, connection: Connection) -> None:
        if self.input.kind is InputKind.SCENE:
            scenes.withdraw_scene(connection, self.input.id, by=self.by)
        else:
            sources.withdraw_source(connection, self.input.id, by=self.by)


def _forget_grid(connection: Connection) -> None:
    """Without a map scene and without any job the next first map scene settles the grid anew."""
    if scenes.scene_specs(connection, Role.MAP) or jobs.next_job_id(connection) > 1:
        return
    facts.forget_facts(connection, GRID_FACTS)
    tiles.forget_all(connection)


def _of_scene(connection: Connection, wanted: Input) -> Removal:
    feet = scenes.footprints(connection)
    footprint = shapely.from_wkb(feet[wanted.id])
    mapped = [one.scene_id for one in scenes.scene_specs(connection, Role.MAP)]
    found = _on(connection, Removal(wanted), footprint)
    if wanted.detail == Role.HISTORY:
        text = f"candidates whose pictures lose this image: {found.candidates:,}"
        return replace(found, follows=(text,))
    others = [shapely.from_wkb(feet[one]) for one in mapped if one != wanted.id]
    squares = _tiles(connection)
    read = squares[_covered(squares, footprint)]
    bare = int(np.count_nonzero(~_covered(read, shapely.union_all(others)))) if len(read) else 0
    follows = [
        f"tiles that read this image: {len(read):,}; without any other image: {bare:,}",
        "tiles are computed anew; the search of the open iteration is not repeated",
        _stays(found),
    ]
    if not others:
        follows.append("no map scene is left: nothing can be searched until one is added")
    return replace(found, tiles=len(read), tiles_without_imagery=bare, follows=tuple(follows))


def _of_area(connection: Connection, wanted: Input) -> Removal:
    whole = shapely.union_all(shapely.from_wkb(list(sources.read_area(connection))))
    found = _on(connection, Removal(wanted), whole)
    squares = _tiles(connection)
    inside = int(np.count_nonzero(_covered(squares, whole)))
    follows = (
        f"tiles in it: {inside:,}; they stay, and the tiles of all map scenes are added",
        _stays(found),
    )
    return replace(found, tiles=inside, follows=follows)


def _of_labels(connection: Connection, wanted: Input) -> Removal:
    seeds = dependents.seeds_of(connection, wanted.id)
    kept = dependents.supported(connection, seeds)
    matched = dependents.matched_candidates(connection, seeds)
    used = dependents.count_labels(connection, wanted.id)
    decided = dependents.count_decided(connection, matched)
    gone = len(seeds) - len(kept)
    follows = [f"labels that the next training will not use: {used:,}"]
    if seeds:
        follows += [
            f"seed slumps that leave the inventory: {gone:,}",
            f"seed slumps that stay, as a decision or an edit supports them: {len(kept):,}",
            f"candidates matched with these slumps: {len(matched):,}; decided: {decided:,} (stays)",
            "undecided candidates of the open iteration are compared anew",
        ]
    return Removal(
        wanted,
        candidates=len(matched),
        decided=decided,
        slumps=len(seeds),
        slumps_removed=gone,
        labels=used,
        follows=tuple(follows),
    )


def _of_lines(connection: Connection, wanted: Input) -> Removal:
    count = dependents.count_distances(connection, wanted.id)
    text = f"distances of candidates and slumps to these lines, not used any more: {count:,}"
    return Removal(wanted, distances=count, follows=(text,))


def _of_terrain(_: Connection, wanted: Input) -> Removal:
    return Removal(wanted, follows=("pictures do not show its hillshade any more",))


_PREVIEW: dict[InputKind, Callable[[Connection, Input], Removal]] = {
    InputKind.SCENE: _of_scene,
    InputKind.AREA: _of_area,
    InputKind.LABEL: _of_labels,
    InputKind.LINE: _of_lines,
    InputKind.TERRAIN: _of_terrain,
}


def _on(connection: Connection, removal: Removal, ground: shapely.Geometry) -> Removal:
    """Candidates, decisions and slumps whose box meets a ground."""
    met = _met(dependents.candidate_boxes(connection, ground.bounds), ground)
    slumps = _met(dependents.slump_boxes(connection, ground.bounds), ground)
    decided = dependents.count_decided(connection, met)
    return replace(removal, candidates=len(met), decided=decided, slumps=len(slumps))


def _stays(found: Removal) -> str:
    return (
        f"at this place, all stay: candidates {found.candidates:,}, decided {found.decided:,}, "
        f"slumps {found.slumps:,}"
    )


def _met(columns: dependents.Columns, ground: shapely.Geometry) -> Sequence[int]:
    boxes = shapely.box(*(columns[name] for name in ("minx", "miny", "maxx", "maxy")))
    ids: list[int] = columns["id"][shapely.intersects(boxes, ground)].tolist()
    return ids


def _tiles(connection: Connection) -> npt.NDArray[np.object_]:
    """Squares of the tiles in use, project CRS."""
    columns = dependents.tile_squares(connection)
    if not len(columns["grid_row"]):
        return np.zeros(0, object)
    at = np.column_stack((columns["grid_row"], columns["grid_col"])).astype(np.int64)
    return square_boxes(at, grid_of(facts.read_facts(connection)), int(columns["core_px"][0]))


def _covered(squares: npt.NDArray[np.object_], ground: shapely.Geometry) -> npt.NDArray[np.bool_]:
    """True for squares that share area with a ground, not an edge only."""
    meets = shapely.intersects(squares, ground)
    touches = shapely.touches(squares, ground)
    found: npt.NDArray[np.bool_] = meets & ~touches
    return found
