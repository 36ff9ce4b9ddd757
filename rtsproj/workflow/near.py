"""Slumps with their nearest road or railway, for a screen that sorts and filters them itself."""

from dataclasses import dataclass

from rtsproj.store import near
from rtsproj.workflow.project import Project, reading


@dataclass(frozen=True, slots=True)
class NearSlump:
    """A slump of the inventory.

    Attributes:
        slump_id: id.
        name: RTS-00012.
        area_m2: m2, geodesic.
        origin: seed, found or drawn.
        first_iteration: where it was found, 0 for a seed.
        lon: degrees WGS84.
        lat: degrees WGS84.
        x: m, centre of its box in the project CRS.
        y: likewise.
        distance_m: outline edge to the nearest line, geodesic; None without lines.
        kind: road, railway, airstrip or station.
        line_class: class of that line.
        line_name: its name.
    """

    slump_id: int
    name: str
    area_m2: float
    origin: str
    first_iteration: int
    lon: float
    lat: float
    x: float
    y: float
    distance_m: float | None
    kind: str | None
    line_class: str | None
    line_name: str | None


def near_slumps(project: Project) -> tuple[NearSlump, ...]:
    """All slumps, nearest to a line first."""
    with reading(project) as connection:
        return tuple(NearSlump(**row) for row in near.slumps_with_nearest(connection))
