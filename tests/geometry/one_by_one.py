"""Measures, distances and lineage of one outline at a time: what arrays must equal exactly."""

from collections.abc import Sequence
from dataclasses import dataclass

import shapely
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

from rtsproj.domain.candidates import Lineage, Relation
from rtsproj.geometry.crs import WGS84, transform
from rtsproj.geometry.lineage import EMPTY
from rtsproj.settings import LineageSettings

GEOD = Geod(ellps="WGS84")


@dataclass(frozen=True, slots=True)
class Judged:
    """A place with a word that stands; candidate_id 0 for a seed, slump_id 0 for none."""

    candidate_id: int
    geom: BaseGeometry
    slump_id: int


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
    rim_m = settings.rim_px * pixel_m
    yes = [one for one in judged if one.slump_id and shapely.dwithin(one.geom, geom, rim_m)]
    no = [one for one in judged if not one.slump_id and one.geom.intersects(geom)]
    if not yes + no:
        return (Lineage.FRESH.value, 0, 0, 0.0, 0.0)
    known = _joined(yes).buffer(rim_m)
    denied = _joined([one for one in no if geom.area >= 0.5 * one.geom.area])
    is_accepted = bool(yes) and geom.intersection(known).area >= geom.intersection(denied).area
    place = max(
        (one for one in yes + no if bool(one.slump_id) == is_accepted),
        key=lambda one: (iou(geom, one.geom), one.candidate_id, one.slump_id),
    )
    share = iou(geom, place.geom)
    ground = known if denied.is_empty else known.union(denied)
    shared = geom.intersection(ground).area
    growth_m2 = float(opened(geom.difference(ground), r=pixel_m).area) if shared else 0.0
    found = (place.candidate_id, place.slump_id, share, growth_m2)
    inside = settings.inside < 1 and shared >= settings.inside * geom.area
    if not inside and share < settings.iou:
        return ((Lineage.PARTIAL if share else Lineage.TOUCHING).value, *found)
    limit = settings.growth_share * shared
    grown = growth_m2 > 0 and growth_m2 >= max(settings.growth_px * pixel_m**2, limit)
    return ((Lineage.GROWN if grown else Lineage.SAME).value, *found)


def _joined(places: Sequence[Judged]) -> BaseGeometry:
    shapes = [one.geom for one in places]
    return shapes[0] if len(shapes) == 1 else shapely.union_all(shapes) if shapes else EMPTY


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
