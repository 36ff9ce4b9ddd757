"""Pictures of a candidate: one chip per year, and the evidence sheet as PNG."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import shapely

from rtsproj.domain.grid import ProjectGrid
from rtsproj.imagery.chips import Chip, chips_of_years
from rtsproj.imagery.evidence import Evidence, Panel, write_evidence
from rtsproj.workflow.candidates import (
    CandidateCard,
    Imagery,
    imagery,
    neighbours,
    picture_bounds,
)
from rtsproj.workflow.project import Project

WIDE = 10.0
"""Wide view: ten times the outline (method 8.2)."""
WIDE_LEAST_M = 1500.0


@dataclass(frozen=True, slots=True)
class YearPictures:
    """One view of a candidate in every year.

    Attributes:
        bounds: (left, bottom, right, top), m of the project CRS.
        chips: (year, picture), oldest first.
        map_year: the year that was searched.
        outline: the candidate, project CRS.
        neighbours: other outlines in the view, project CRS.
        grid: the project grid.
    """

    bounds: tuple[float, float, float, float]
    chips: tuple[tuple[int, Chip], ...]
    map_year: int
    outline: shapely.Geometry
    neighbours: tuple[shapely.Geometry, ...]
    grid: ProjectGrid


def year_pictures(
    project: Project,
    card: CandidateCard,
    *,
    wide: bool = False,
    most_px: int = 512,
    source: Imagery | None = None,
) -> YearPictures:
    """Read one view in every year.

    Args:
        project: the project.
        card: the candidate.
        wide: ten times the outline and at least 1.5 km, instead of three times and 250 m.
        most_px: longest side of a picture.
        source: scenes by year, if known already.
    """
    found = source or imagery(project)
    bounds = (
        picture_bounds(card.outline, factor=WIDE, least_m=WIDE_LEAST_M)
        if wide
        else picture_bounds(card.outline)
    )
    chips = chips_of_years(found.years, found.grid, found.rgb, bounds, most_px=most_px)
    return YearPictures(
        bounds=bounds,
        chips=tuple(chips),
        map_year=found.map_year,
        outline=card.outline,
        neighbours=neighbours(project, card, bounds),
        grid=found.grid,
    )


def write_picture(project: Project, card: CandidateCard, path: Path) -> None:
    """Write the analyst's evidence picture: the tight view of every year, then the wide one."""
    source = imagery(project)
    tight = year_pictures(project, card, source=source)
    wide = year_pictures(project, card, wide=True, source=source)
    panels = [*_panels(tight.chips, tight.map_year), Panel("wide view", wide.chips[-1][1])]
    row = card.row
    caption = (
        (
            f"C-{row.candidate_id:05}  iteration {row.iteration}  {row.area_m2 / 1e4:.3f} ha  "
            f"{row.lat:.5f} N {row.lon:.5f} E"
        ),
        "   ".join(f"{one.kind} {one.distance_m:.0f} m" for one in card.distances),
        card.lineage_text,
    )
    evidence = Evidence(
        tight.grid, card.outline, wide.neighbours, tuple(line for line in caption if line)
    )
    write_evidence(path, panels, evidence)


def _panels(chips: Sequence[tuple[int, Chip]], map_year: int) -> list[Panel]:
    return [
        Panel(f"{year}" + (" (searched)" if year == map_year else ""), chip) for year, chip in chips
    ]
