"""The report as data: inventory, iterations, slumps near roads and railway, published figures."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rtsproj.domain.iterations import SEARCHED
from rtsproj.domain.lines import ROUTES, LineKind
from rtsproj.statistics.intervals import wilson

DEFINITION = (
    "outline edge to the nearest line, geodesic (WGS84), inclusive; 0 where the outline meets it"
)
"""How every distance of the report is measured."""


@dataclass(frozen=True, slots=True)
class NearRow:
    """One slump near one kind of line.

    Attributes:
        slump_id: id.
        name: RTS-00012.
        kind: road, railway, airstrip or station.
        line_class: class of the nearest line of that kind.
        line_name: its name, None where the file has none.
        distance_m: m, by the report's definition.
    """

    slump_id: int
    name: str
    kind: str
    line_class: str | None
    line_name: str | None
    distance_m: float


@dataclass(frozen=True, slots=True)
class NearCount:
    """How many slumps lie within a distance.

    Attributes:
        distance_m: m, inclusive.
        either: slumps near a road or the railway.
        road: slumps near a road.
        railway: slumps near the railway.
        share: either / all slumps, 0..1.
        low: lower end of its Wilson 95 % interval.
        high: upper end.
        airstrip: slumps near an airstrip.
        station: slumps near a station.
    """

    distance_m: float
    either: int
    road: int
    railway: int
    share: float
    low: float
    high: float
    airstrip: int = 0
    station: int = 0


@dataclass(frozen=True, slots=True)
class Reference:
    """A published figure to set one's own beside."""

    source: str
    area: str
    slumps: int
    slump_area: str
    near: str


PUBLISHED = (
    Reference(
        "Xia, Huang, Liu (abstract)",
        "about 45,000 km2",
        877,
        "17 km2",
        "57 within 500 m of major roads and the railway",
    ),
    Reference(
        "Xia et al. 2022, ESSD 14, 3875",
        "54,000 km2",
        875,
        "not in the abstract",
        "38 near roads or railway lines (distance not stated)",
    ),
)
"""Method 2.1: two sets of headline numbers, never mixed."""


@dataclass(frozen=True, slots=True)
class IterationLine:
    """One iteration of the report's table; new_slumps holds those that were drawn."""

    iteration: int
    stage: str
    positives: int
    candidates: int
    hidden: int
    accepted: int
    rejected: int
    unsure: int
    open: int
    new_slumps: int
    slumps_so_far: int
    drawn: int
    decisions: int

    @property
    def is_searched(self) -> bool:
        """True once every tile has an outcome; before, it cannot have found anything."""
        return self.stage in SEARCHED


@dataclass(frozen=True, slots=True)
class Report:
    """All that the report says.

    Attributes:
        project: title.
        map_year: year of the searched images.
        searched_km2: km2 of valid pixels that the newest iteration searched.
        valid_km2: km2 of valid pixels of the area.
        slumps: slumps of the inventory.
        seeds: those known before the first iteration.
        drawn: those that an analyst drew because no model had found them.
        slump_area_m2: m2, geodesic, sum of their outlines.
        largest_m2: m2 of the largest one.
        converged: True where the stop rule was met.
        reason: the rule's sentence.
        iterations: one line per iteration.
        headline_m: m of the headline distance.
        counts: slumps within each distance of the table.
        near: slumps within the headline distance, nearest first.
        line_classes: (kind, class, number of lines), the classes that were counted.
        line_files: the line files, each with its digest and day.
        definition: how distances are measured.
        published: figures of the papers.
    """

    project: str
    map_year: int | None
    searched_km2: float
    valid_km2: float
    slumps: int
    seeds: int
    drawn: int
    slump_area_m2: float
    largest_m2: float
    converged: bool
    reason: str
    iterations: tuple[IterationLine, ...]
    headline_m: float
    counts: tuple[NearCount, ...]
    near: tuple[NearRow, ...]
    line_classes: tuple[tuple[str, str, int], ...]
    line_files: tuple[str, ...]
    definition: str = DEFINITION
    published: tuple[Reference, ...] = PUBLISHED

    @property
    def line_kinds(self) -> tuple[str, ...]:
        """Road and railway, and the other kinds of which the project has lines."""
        return tuple(dict.fromkeys([*ROUTES, *(kind for kind, _, _ in self.line_classes)]))

    @property
    def found(self) -> int:
        """Slumps that a search found."""
        return self.slumps - self.seeds - self.drawn


def count_near(
    rows: Iterable[NearRow], distances_m: Sequence[float], *, slumps: int
) -> tuple[NearCount, ...]:
    """Count slumps within each distance, by kind and together."""
    nearest: dict[str, dict[int, float]] = {kind: {} for kind in LineKind}
    for row in rows:
        nearest[row.kind][row.slump_id] = row.distance_m
    return tuple(_count(nearest, distance_m, slumps) for distance_m in sorted(set(distances_m)))


def _count(nearest: Mapping[str, Mapping[int, float]], distance_m: float, slumps: int) -> NearCount:
    near = {
        kind: {one for one, metres in found.items() if metres <= distance_m}
        for kind, found in nearest.items()
    }
    either = len(near["road"] | near["railway"])
    low, high = wilson(either, slumps)
    return NearCount(
        distance_m=distance_m,
        either=either,
        road=len(near["road"]),
        railway=len(near["railway"]),
        share=either / slumps if slumps else 0.0,
        low=low,
        high=high,
        airstrip=len(near["airstrip"]),
        station=len(near["station"]),
    )
