"""Measures, distances and lineage of one outline at a time: what arrays must equal exactly."""

from collections.abc import Sequence
from dataclasses import dataclass

import shapely
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

from rtsproj.domain.candidates import Lineage, Relation
from rtsproj.geometry.crs import WGS84, transform
from rtsproj.settings import LineageSettings

GEOD = Geod(ellps="WGS84")


@dataclass(frozen=True, slots=True)
class Judged:
    """A place with a word that stands; candidate_id 0 for a seed, slump_id 0 for none.

    ``reference`` is what the first model drew of a seed.
    """

    candidate_id: int
    geom: BaseGeometry
    slump_id: int
    reference: BaseGeometry | None = None

    @property
    def known(self) -> BaseGeometry:
        """All that is known of the place."""
        parts = [self.geom] if self.reference is None else [self.geom, self.reference]
        return shapely.union_all(parts) if len(parts) > 1 else self.geom


def measure(geom: BaseGeometry, crs: str) -> tuple[float, float, float, float]:
    """Area, perimeter, longitude, latitude."""
    area_m2, perimeter_m = 0.0, 0.0
    for part in shapely.get_parts(transform(geom, crs, WGS84)):
        part_m2, part_m = GEOD.geometry_area_perimeter(shapely.orient_polygons(part))
        area_m2 += abs(part_m2)
        perimeter_m += part_m
    point = transform(geom.point_on_surface(), crs, WGS84)
    return area_m2, perimeter_m, point.x, point.y


def nearest(
    geom: BaseGeometry, lines: Sequence[tuple[int, BaseGeometry]], crs: str
) -> tuple[int, float]:
    """Line id and geodesic distance: every line is asked, the lowest id wins a tie."""
    line_id, line = min(lines, key=lambda one: (geom.distance(one[1]), one[0]))
    link = shapely.shortest_line(geom, line)
    if link.length == 0:
        return line_id, 0.0
    (x1, y1), (x2, y2) = transform(link, crs, WGS84).coords
    return line_id, GEOD.inv(x1, y1, x2, y2)[2]


def repeats(
    geoms: Sequence[BaseGeometry], known: Sequence[BaseGeometry], limit: float
) -> dict[int, int]:
    """Which place each polygon repeats: every earlier one that stays is asked."""
    found: dict[int, int] = {}
    for number, geom in enumerate(geoms):
        earlier = {at: one for at, one in enumerate(geoms[:number]) if at not in found}
        places = [*enumerate(known), *((len(known) + at, one) for at, one in earlier.items())]
        same = [at for at, one in places if iou(geom, one) > limit]
        if same:
            found[number] = same[0]
    return found


def usable(
    geom: BaseGeometry | None, types: Sequence[str], what: str
) -> tuple[BaseGeometry | None, str]:
    """A geometry made valid, or why it cannot be used."""
    if geom is None:
        return None, "no geometry"
    reason = ""
    if geom.is_empty:
        reason = "empty"
    elif geom.geom_type not in types:
        reason = f"{geom.geom_type}, not a {what}"
    elif not all(abs(value) < float("inf") for value in geom.bounds):
        reason = "coordinates are not finite"
    flat = shapely.force_2d(geom)
    if not reason and not shapely.is_valid(flat):
        flat = shapely.make_valid(flat, method="structure", keep_collapsed=False)
        if flat.is_empty or flat.geom_type not in types:
            reason = "cannot be made valid"
    return flat, reason


def iou(one: BaseGeometry, other: BaseGeometry) -> float:
    """Shared area over joint area."""
    shared = one.intersection(other).area
    joint = one.area + other.area - shared
    return shared / joint if joint > 0 else 0.0


def opened(geom: BaseGeometry, *, r: float, factor: float = 1.6) -> BaseGeometry:
    """Drop what is narrower than 2 r: shrink, grow back further, cut with the original."""
    return geom.buffer(-r).buffer(r * factor).intersection(geom)


def classify(
    geom: BaseGeometry, judged: Sequence[Judged], *, pixel_m: float, settings: LineageSettings
) -> tuple[str, int, int, float, float]:
    """Case, candidate, slump, IoU and growth: every judged place is asked."""
    met = [one for one in judged if one.known.intersects(geom)]
    if not met:
        return (Lineage.FRESH.value, 0, 0, 0.0, 0.0)

    limit = settings.growth_px * pixel_m**2
    digitised = [one.known for one in met if not one.candidate_id]
    ground = shapely.union_all(digitised) if len(digitised) > 1 else next(iter(digitised), None)

    def is_same(one: Judged) -> bool:
        if one.candidate_id:
            return iou(geom, one.known) >= settings.iou
        has_rim = one.reference is None
        rim_m = settings.digitised_px * pixel_m
        return iou(geom, one.known) > 0 and _is_known(geom, ground, rim_m * has_rim, limit, pixel_m)

    def rank(one: Judged) -> tuple[object, ...]:
        same = is_same(one)
        place = (iou(geom, one.known), one.candidate_id, one.slump_id)
        return (same and one.candidate_id > 0, same, *place)

    place = max(met, key=rank)
    share = iou(geom, place.known)
    found = (place.candidate_id, place.slump_id, share)
    if share == 0:
        return (Lineage.TOUCHING.value, *found, 0.0)
    growth_m2 = 0.0
    if place.candidate_id or place.reference is not None:
        known = place.known if place.candidate_id else ground
        growth_m2 = float(opened(geom.difference(known), r=pixel_m).area)
    if not is_same(place):
        return (Lineage.PARTIAL.value, *found, growth_m2)
    grown = growth_m2 > 0 and growth_m2 >= limit
    return ((Lineage.GROWN if grown else Lineage.SAME).value, *found, growth_m2)


def _is_known(
    geom: BaseGeometry, ground: BaseGeometry, rim_m: float, limit: float, pixel_m: float
) -> bool:
    """Half of it in the known ground and, where there is a rim, nothing far beyond it."""
    if geom.intersection(ground).area < 0.5 * geom.area:
        return False
    wider = ground.buffer(rim_m)
    beyond = opened(geom.difference(wider), r=pixel_m).area if rim_m else 0.0
    return beyond == 0 or beyond < limit


def relations(
    candidates: Sequence[BaseGeometry], slumps: Sequence[tuple[int, BaseGeometry]]
) -> list[tuple[str, int]]:
    """Relation and slump of each candidate: every slump is asked."""
    met = [
        sorted(slump_id for slump_id, outline in slumps if outline.intersection(one).area > 0)
        for one in candidates
    ]
    return [_relation(ids, [one for every in met for one in every]) for ids in met]


def _relation(ids: list[int], shared: list[int]) -> tuple[str, int]:
    if not ids:
        return Relation.NEW.value, 0
    if len(ids) > 1:
        return Relation.MERGE.value, ids[0]
    is_split = shared.count(ids[0]) > 1
    return (Relation.SPLIT if is_split else Relation.SAME).value, ids[0]
