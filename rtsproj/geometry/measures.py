"""Geodesic measures of outlines on the WGS84 ellipsoid."""

from dataclasses import dataclass
from math import pi

import shapely
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

from rtsproj.geometry.crs import WGS84, transform

GEOD = Geod(ellps="WGS84")


@dataclass(frozen=True, slots=True)
class Measures:
    """Size and place of a polygon.

    Attributes:
        area_m2: m2, geodesic, holes left out.
        perimeter_m: m, geodesic, of all rings.
        lon: degrees WGS84 of a point on the surface.
        lat: degrees WGS84 of that point.
        circularity: 4 pi area / perimeter squared, 0..1.
    """

    area_m2: float
    perimeter_m: float
    lon: float
    lat: float
    circularity: float


def measure(geom: BaseGeometry, crs: str) -> Measures:
    """Measure a polygon given in any CRS (Karney 2013, Journal of Geodesy 87, 43-55)."""
    lonlat = transform(geom, crs, WGS84)
    area_m2, perimeter_m = 0.0, 0.0
    for part in shapely.get_parts(lonlat):
        part_m2, part_m = GEOD.geometry_area_perimeter(shapely.orient_polygons(part))
        area_m2 += abs(part_m2)
        perimeter_m += part_m
    point = transform(shapely.point_on_surface(geom), crs, WGS84)
    circularity = 4 * pi * area_m2 / perimeter_m**2 if perimeter_m else 0.0
    return Measures(area_m2, perimeter_m, point.x, point.y, circularity)
