"""Check and repair geometry at the door: every bad feature is named, nothing is taken silently."""

from collections.abc import Sequence
from dataclasses import dataclass

import shapely
from shapely.geometry.base import BaseGeometry

from rtsproj.domain.text import first_of
from rtsproj.errors import RefusedError, UsageError
from rtsproj.geometry.crs import WGS84, transform

Feature = tuple[str, BaseGeometry | None]
"""(id for messages, geometry)."""
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
    return _checked(features, ("Polygon", "MultiPolygon"), "polygon")


def checked_lines(features: Sequence[Feature]) -> Checked:
    """Lines and multilines.

    Raises:
        UsageError: naming every feature that is missing, empty or of another type.
    """
    return _checked(features, ("LineString", "MultiLineString"), "line")


def check_over_area(geoms: Sequence[BaseGeometry], area: BaseGeometry, crs: str, what: str) -> None:
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
    if any(geom.intersects(area) for geom in geoms):
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
    geoms: Sequence[BaseGeometry], known: Sequence[BaseGeometry]
) -> tuple[int, ...]:
    """Numbers of polygons that repeat an earlier one of the file, or a known one.

    Two are the same where their IoU is above 0.95 (faults 6); the first one stays.
    """
    everything = [*known, *geoms]
    if not everything:
        return ()
    asked, found = shapely.STRtree(everything).query(list(geoms), predicate="intersects")
    repeated = set()
    for number, other in zip(asked.tolist(), found.tolist(), strict=True):
        at = number + len(known)
        if other < at and other - len(known) not in repeated:
            one, two = everything[at], everything[other]
            if one.intersection(two).area > SAME_IOU * one.union(two).area:
                repeated.add(number)
    return tuple(sorted(repeated))


def _swapped(geom: BaseGeometry, crs: str) -> BaseGeometry:
    """The geometry as it would be, had latitude and longitude been swapped in its file."""
    lonlat = transform(geom, crs, WGS84)
    swapped = shapely.transform(lonlat, lambda xy: xy[:, ::-1])
    xy = shapely.get_coordinates(swapped)
    if not (abs(xy[:, 0]) <= 180).all() or not (abs(xy[:, 1]) <= 90).all():
        return shapely.Point()
    moved = transform(swapped, WGS84, crs)
    return moved if all(abs(v) < float("inf") for v in moved.bounds) else shapely.Point()


def _checked(features: Sequence[Feature], types: tuple[str, ...], what: str) -> Checked:
    geoms, repaired = [], []
    bad: list[tuple[str, str]] = []
    for fid, given in features:
        reason = _unusable(given, types, what)
        if reason or given is None:
            bad.append((fid, reason))
            continue
        geom = shapely.force_2d(given)
        if not shapely.is_valid(geom):
            geom = shapely.make_valid(geom, method="structure", keep_collapsed=False)
            repaired.append(fid)
            if geom.is_empty or geom.geom_type not in types:
                bad.append((fid, "cannot be made valid"))
                continue
        geoms.append(geom)
    if bad:
        named = first_of([f"{fid} ({reason})" for fid, reason in bad], most=SHOWN)
        raise RefusedError(
            f"{len(bad)} of {len(features)} features cannot be used: {named}",
            hint="remove or fix them; nothing was imported",
            refused=bad,
        )
    return Checked(tuple(geoms), tuple(repaired))


def _unusable(geom: BaseGeometry | None, types: tuple[str, ...], what: str) -> str:
    if geom is None:
        return "no geometry"
    if geom.is_empty:
        return "empty"
    if geom.geom_type not in types:
        return f"{geom.geom_type}, not a {what}"
    if not all(abs(value) < float("inf") for value in geom.bounds):
        return "coordinates are not finite"
    return ""
