"""Candidates for people: lists, the triage queue, one candidate with its history, its picture."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import shapely

from rtsproj.domain.candidates import Raised, Status
from rtsproj.domain.grid import ProjectGrid
from rtsproj.domain.ids import candidate_name, slump_name
from rtsproj.domain.scenes import Role, SceneSpec
from rtsproj.errors import UsageError
from rtsproj.store import candidates, facts, scenes
from rtsproj.workflow.epochs import Epoch, epochs_of
from rtsproj.workflow.project import Project, reading
from rtsproj.workflow.scenes import no_map_scene

MOSTLY = 0.8
"""Share of an outline that is detected from which on it is not called extended."""
_WHY = {
    Raised.CUT: "",
    Raised.PROBE: ", asked as a probe",
    Raised.FAR: ", asked because it is unlike everything judged",
}


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """One line of a list or queue; fields as in the view ``candidates``.

    Attributes:
        candidate_id: id.
        iteration: which search drew it.
        status: open, accept, reject or unsure.
        score_mean: 0..1; doors hide it until the verdict.
        score_max: 0..1.
        area_m2: m2, geodesic.
        lon: degrees WGS84.
        lat: degrees WGS84.
        slump_id: slump that it shows or meets, None = none.
        relation: to the inventory: new, same, split or merge.
        lineage: to earlier judged places: fresh, touching, partial, same or grown.
        lineage_of: that earlier candidate, None = none.
        reason: reject reason.
        note: free text.
        analyst: who said the newest word.
        decided_at: UTC.
        at_edge: beside missing imagery or on the border of the area.
        evidence: comma-joined keys of what the analyst saw.
        confidence: certain, probable, possible or empty.
        flagged: to come back to.
        spread: 0..0.5, how far the members of an ensemble disagree; None = one member.
        raised: cut, probe or far: why it is asked about; doors hide it with the score.
    """

    candidate_id: int
    iteration: int
    status: str
    score_mean: float
    score_max: float
    area_m2: float
    lon: float
    lat: float
    slump_id: int | None
    relation: str
    lineage: str
    lineage_of: int | None
    reason: str | None
    note: str | None
    analyst: str | None
    decided_at: datetime | None
    at_edge: bool
    evidence: str | None
    confidence: str | None
    flagged: bool
    spread: float | None = None
    raised: str = Raised.CUT

    @property
    def score_text(self) -> str:
        """The model's scores, which a person sees after the verdict."""
        spread = "" if self.spread is None else f", members disagree by {self.spread:.2f}"
        why = _WHY[Raised(self.raised)]
        return f"{self.score_mean:.2f}, max {self.score_max:.2f}{spread}{why}"


@dataclass(frozen=True, slots=True)
class Distance:
    """Nearest line of one kind: geodesic, outline edge to line, m."""

    kind: str
    line_class: str | None
    line_name: str | None
    distance_m: float


@dataclass(frozen=True, slots=True)
class PlaceWord:
    """What was said of an earlier or neighbouring candidate at the same place."""

    candidate_id: int
    iteration: int
    status: str
    lineage: str
    reason: str | None
    note: str | None
    analyst: str | None
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class CandidateCard:
    """All that triage shows of one candidate.

    Attributes:
        row: as in lists.
        outline: shapely polygon, project CRS.
        perimeter_m: m, geodesic.
        growth_m2: m2 of opened growth against the judged place.
        lineage_iou: 0..1, overlap with it.
        lineage_slump: seed slump that it matches, None = none.
        distances: nearest road and railway.
        history: other candidates of any iteration at the same place.
        outline_step: how the outline was edited last; empty = it is the model's.
        detected: 0..1, share of the model's outline that it detected; the rest was added because
            it adjoins and looks the same.
    """

    row: CandidateRow
    outline: shapely.Geometry
    perimeter_m: float
    growth_m2: float
    lineage_iou: float
    lineage_slump: int | None
    distances: tuple[Distance, ...]
    history: tuple[PlaceWord, ...]
    outline_step: str = ""
    detected: float = 1.0

    @property
    def extension_text(self) -> str:
        """One sentence on an extended outline; empty where the model detected most of it."""
        if self.outline_step or self.detected >= MOSTLY:
            return ""
        return f"{100 * self.detected:.0f} % detected; the rest adjoins it and looks the same"

    @property
    def lineage_text(self) -> str:
        """One sentence on how the place is known; empty for a fresh one."""
        return lineage_sentence(self)


@dataclass(frozen=True, slots=True)
class Imagery:
    """What pictures are read from: the grid, and the scenes of each picture.

    Attributes:
        grid: the project grid.
        epochs: pictures, oldest first; one of them is the searched one.
        rgb: band names of a colour picture.
    """

    grid: ProjectGrid
    epochs: tuple[Epoch, ...]
    rgb: tuple[str, ...]

    @property
    def searched(self) -> int:
        """Index of the searched picture."""
        return next(n for n, one in enumerate(self.epochs) if one.is_searched)


def list_candidates(
    project: Project, *, iteration: int | None = None, status: Status | None = None
) -> tuple[CandidateRow, ...]:
    """Candidates by id, as the contract lists them."""
    with reading(project) as connection:
        found = candidates.list_candidates(
            connection, iteration=iteration, status=status.value if status else None
        )
    return tuple(_row(one) for one in found)


def show_candidate(project: Project, candidate_id: int) -> CandidateCard:
    """One candidate with distances and the history of its place.

    Raises:
        UsageError: no such candidate.
    """
    with reading(project) as connection:
        row = candidates.read_candidate(connection, candidate_id)
        if row is None:
            raise UsageError(
                f"no candidate {candidate_id}", hint="`rtsproj candidate list` shows the ids"
            )
        past = candidates.place_history(connection, candidate_id, row["bounds"])
        pixel_m = float(facts.read_facts(connection)["pixel_m"])
    outline = shapely.from_wkb(bytes(row["wkb"]))
    return CandidateCard(
        row=_row(row),
        outline=outline,
        perimeter_m=row["perimeter_m"],
        growth_m2=row["growth_m2"],
        lineage_iou=row["lineage_iou"],
        lineage_slump=row["lineage_slump"],
        distances=tuple(Distance(**one) for one in row["distances"]),
        history=tuple(
            PlaceWord(**{name: one[name] for name in PlaceWord.__slots__})
            for one in past
            if _is_history(one, row, outline)
        ),
        outline_step=row["outline_step"],
        detected=min(1.0, row["pixels"] * pixel_m**2 / max(outline.area, 1e-9)),
    )


def imagery(project: Project) -> Imagery:
    """Scenes of each picture.

    Raises:
        NeedsError: the project has no map scene.
    """
    with reading(project) as connection:
        specs = scenes.scene_specs(connection)
        values = facts.read_facts(connection)
        footprints = scenes.footprints(connection)
        sensors = scenes.sensors(connection)
    if not any(one.role is Role.MAP for one in specs):
        raise no_map_scene()
    grid = ProjectGrid(
        values["crs"],
        float(values["pixel_m"]),
        float(values["origin_x"]),
        float(values["origin_y"]),
    )
    return Imagery(grid, epochs_of(specs, footprints, sensors), colour_bands(specs))


def _is_history(
    other: Mapping[str, Any], row: Mapping[str, Any], outline: shapely.Geometry
) -> bool:
    """True for a candidate at the same place, unless it only waits beside it in the same search."""
    if other["iteration"] == row["iteration"] and other["status"] == "open":
        return False
    return bool(shapely.from_wkb(bytes(other["wkb"])).intersects(outline))


def colour_bands(specs: Sequence[SceneSpec]) -> tuple[str, ...]:
    """Red, green and blue where every scene has them, else its first shared bands."""
    shared = [band for band in specs[0].bands if all(band in one.bands for one in specs)]
    colours = ("red", "green", "blue")
    if all(band in shared for band in colours):
        return colours
    return tuple((shared * 3)[:3])


def lineage_sentence(card: CandidateCard) -> str:
    """How the place is known from before, for the evidence panel."""
    of = (
        candidate_name(card.row.lineage_of)
        if card.row.lineage_of
        else slump_name(card.lineage_slump or 0)
    )
    said = next(
        (
            f" ({one.status}{', ' + one.reason if one.reason else ''}, iteration {one.iteration})"
            for one in card.history
            if one.candidate_id == card.row.lineage_of
        ),
        "" if card.row.lineage_of else " (seed)",
    )
    if card.row.lineage == "grown" and card.row.relation == "merge":
        return (
            f"{of}{said} and other slumps overlap this outline; accept it if they are one slump; "
            f"{card.growth_m2:,.0f} m² are new"
        )
    return {
        "fresh": "",
        "touching": f"touches {of}{said}",
        "partial": f"overlaps {of}{said}, IoU {card.lineage_iou:.2f}; "
        f"{card.growth_m2:,.0f} m² of it are new ground",
        "same": f"same place as {of}{said}: its verdict stands",
        "grown": f"{of}{said} has grown by {card.growth_m2:,.0f} m²",
    }[card.row.lineage]


def _row(values: Mapping[str, Any]) -> CandidateRow:
    return CandidateRow(**{name: values[name] for name in CandidateRow.__slots__})


def default_picture_path(project: Project, candidate_id: int) -> Path:
    """Where a picture goes when no path was given."""
    return project.folder / "exports" / f"candidate-{candidate_id:05}.png"
