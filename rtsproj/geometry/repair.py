"""Check and repair geometry at the door: every bad feature is named, nothing is taken silently."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from rtsproj.domain.text import first_of
from rtsproj.errors import RefusedError, UsageError
from rtsproj.geometry.crs import WGS84, transform

Feature = tuple[str, BaseGeometry | None]
"""(id for messages, geometry)."""
Geometries = npt.NDArray[np.object_]
POLYGONS = ("Polygon", "MultiPolygon")
LINES = ("LineString", "MultiLineString")
POINTS = ("Point", "MultiPoint")
FIX = "remove or fix them; nothing was imported"
NO_LENGTH = (
    "a point may be an airstrip or a station (--kind), no road or railway; nothing was imported"
)
SHOWN = 20
"""Ids named in a message; the rest are counted."""
SAME_IOU = 0.95
"""IoU above which two polygons are one drawn twice."""


@dataclass(frozen=True, slots=True)
class Checked:
    """Geometries that can be stored.

    Attributes:
        geoms: valid, not empty, two-dimensional, in the order given.
        repaired: ids of those that had to be made valid.
    """

    geoms: tuple[BaseGeometry, ...]
    repaired: tuple[str, ...]


def checked_polygons(features: Sequence[Feature]) -> Checked:
    """Polygons and multipolygons; invalid ones are repaired, keeping their structure.

    Raises:
        UsageError: naming every feature that is missing, empty, of another type or beyond repair.
    """
    return _checked(features, POLYGONS, what="polygon")


def checked_lines(features: Sequence[Feature]) -> Checked:
    """Lines and multilines.

    Raises:
        UsageError: naming every feature that is missing, empty or of another type.
    """
    has_points = any(geom is not None and geom.geom_type in POINTS for _, geom in features)
    return _checked(features, LINES, what="line", hint=NO_LENGTH if has_points else FIX)


def checked_places(features: Sequence[Feature]) -> Checked:
    """Lines and points, single or several together: a point is a line without length.

    Raises:
        UsageError: naming every feature that is missing, empty or of another type.
    """
    return _checked(features, (*LINES, *POINTS), what="line or point")


def check_over_area(
    geoms: Sequence[BaseGeometry] | Geometries, area: BaseGeometry, crs: str, what: str
) -> None:
    """Refuse geometries none of which reaches the area.

    Args:
        geoms: in the project CRS.
        area: in the project CRS.
        crs: the project CRS.
        what: file name for the message.

    Raises:
        UsageError: naming the distance, and swapped axes where swapping would land inside.
    """
    shapely.prepare(area)
    if shapely.intersects(area, np.array(geoms, dtype=object)).any():
        return
    finite = [g for g in geoms if all(abs(v) < float("inf") for v in g.bounds)]
    if any(_swapped(geom, crs).intersects(area) for geom in geoms):
        raise UsageError(
            f"{what} lies outside the area; with its axes swapped it lies inside",
            hint="swap latitude and longitude in the file",
        )
    if not finite:
        raise UsageError(
            f"{what} has coordinates that do not exist in {crs}", hint="axes swapped? wrong CRS?"
        )
    km = min(geom.distance(area) for geom in finite) / 1000
    raise UsageError(
        f"{what} lies outside the area by {km:,.1f} km",
        hint="wrong CRS or axes swapped? check the file in a GIS",
    )


def repeated_polygons(
    geoms: Sequence[BaseGeometry] | Geometries, known: Sequence[BaseGeometry]
) -> dict[int, int]:
    """Polygons that repeat an earlier one of the file, or a known one.

    Two are the same where their IoU is above 0.95 (faults 6); the first one stays.

    Args:
        geoms: polygons of the file, in order.
        known: polygons that are there.

    Returns:
        Number of a polygon -> number of what it repeats: a known one, or after those an earlier
        polygon of the file.
    """
    everything = np.array([*known, *geoms], dtype=object)
    first = len(known)
    asked, found = shapely.STRtree(everything).query(everything[first:])
    at = asked + first
    one, two = at[found < at], found[found < at]
    area = shapely.area(everything)
    # An IoU is at most the ratio of the areas, so that few pairs are intersected.
    is_near = np.minimum(area[one], area[two]) > SAME_IOU * np.maximum(area[one], area[two])
    one, two = one[is_near], two[is_near]
    shared = shapely.area(shapely.intersection(everything[one], everything[two]))
    is_same = shared > SAME_IOU * (area[one] + area[two] - shared)
    repeated: dict[int, int] = {}
    for number, other in sorted(zip(one[is_same].tolist(), two[is_same].tolist(), strict=True)):
        if other - first not in repeated:
            repeated.setdefault(number - first, other)
    return repeated


def _swapped(geom: BaseGeometry, crs: str) -> BaseGeometry:
    """The geometry as it would be, had latitude and longitude been swapped in its file."""
    lonlat = transform(geom, crs, WGS84)
    swapped = shapely.transform(lonlat, lambda xy: xy[:, ::-1])
    xy = shapely.get_coordinates(swapped)
    if not (abs(xy[:, 0]) <= 180).all() or not (abs(xy[:, 1]) <= 90).all():
        return shapely.Point()
    moved = transform(swapped, WGS84, crs)
    return moved if all(abs(v) < float("inf") for v in moved.bounds) else shapely.Point()


def _checked(
    features: Sequence[Feature], types: tuple[str, ...], *, what: str, hint: str = FIX
) -> Checked:
    ids = np.array([fid for fid, _ in features], dtype=object)
    given = np.array([geom for _, geom in features], dtype=object)
    reasons = _unusable(given, types, what=what)
    geoms = shapely.force_2d(given)
    broken = np.flatnonzero((reasons == "") & ~shapely.is_valid(geoms))
    geoms[broken] = shapely.make_valid(geoms[broken], method="structure", keep_collapsed=False)
    lost = broken[_unusable(geoms[broken], types, what=what) != ""]
    reasons[lost] = "cannot be made valid"
    bad = [(str(fid), str(reason)) for fid, reason in zip(ids, reasons, strict=True) if reason]
    if bad:
        named = first_of([f"{fid} ({reason})" for fid, reason in bad], most=SHOWN)
        raise RefusedError(
            f"{len(bad)} of {len(features)} features cannot be used: {named}",
            hint=hint,
            refused=bad,
        )
    return Checked(tuple(geoms), tuple(ids[broken]))


def _unusable(geoms: Geometries, types: tuple[str, ...], *, what: str) -> Geometries:
    """Why each geometry cannot be used, as text; empty where it can."""
    names = np.array([None if geom is None else geom.geom_type for geom in geoms], dtype=object)
    reasons = np.full(len(geoms), "", dtype=object)
    reasons[~np.isfinite(shapely.bounds(geoms)).all(axis=1)] = "coordinates are not finite"
    other = ~np.isin(names.astype(str), types)
    reasons[other] = [f"{name}, not a {what}" for name in names[other]]
    reasons[shapely.is_empty(geoms)] = "empty"
    reasons[shapely.is_missing(geoms)] = "no geometry"
    return reasons
