"""Geodesic measures of outlines on the WGS84 ellipsoid.

Coordinates of all outlines are brought to longitude and latitude at once; the area of each ring is
then asked of the geodesic library alone, so that many outlines measure exactly as one does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import pi

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

from rtsproj.geometry.crs import WGS84, transform

GEOD = Geod(ellps="WGS84")
Floats = npt.NDArray[np.float64]
Geometries = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class Measures:
    """Size and place of a polygon.

    Attributes:
        area_m2: m2, geodesic, holes left out.
        perimeter_m: m, geodesic, of the outer rings.
        lon: degrees WGS84 of a point on the surface.
        lat: degrees WGS84 of that point.
        circularity: 4 pi area / perimeter squared, 0..1.
    """

    area_m2: float
    perimeter_m: float
    lon: float
    lat: float
    circularity: float


@dataclass(frozen=True, slots=True)
class MeasureColumns:
    """Size and place of many polygons, one entry each, in their order; units as in ``Measures``."""

    area_m2: Floats
    perimeter_m: Floats
    lon: Floats
    lat: Floats


def measure(geom: BaseGeometry, crs: str) -> Measures:
    """Measure a polygon given in any CRS (Karney 2013, Journal of Geodesy 87, 43-55)."""
    found = measure_all([geom], crs)
    area_m2, perimeter_m = float(found.area_m2[0]), float(found.perimeter_m[0])
    circularity = 4 * pi * area_m2 / perimeter_m**2 if perimeter_m else 0.0
    return Measures(area_m2, perimeter_m, float(found.lon[0]), float(found.lat[0]), circularity)


def measure_all(geoms: Sequence[BaseGeometry] | Geometries, crs: str) -> MeasureColumns:
    """Measure polygons and multipolygons given in one CRS; none may be empty."""
    shapes = np.asarray(geoms, dtype=object)
    parts, owner = shapely.get_parts(transform(shapes, crs, WGS84), return_index=True)
    part_m2, perimeter_m = _rings(shapely.orient_polygons(parts))
    points = transform(shapely.point_on_surface(shapes), crs, WGS84)
    return MeasureColumns(
        area_m2=_sums(np.abs(part_m2), owner, len(shapes)),
        perimeter_m=_sums(perimeter_m, owner, len(shapes)),
        lon=shapely.get_x(points),
        lat=shapely.get_y(points),
    )


def shape_columns(geoms: Sequence[BaseGeometry] | Geometries, crs: str) -> dict[str, Floats]:
    """Measures and box of polygons given in one projected CRS, one entry each, by column name."""
    found = measure_all(geoms, crs)
    minx, miny, maxx, maxy = shapely.bounds(np.asarray(geoms, dtype=object)).T
    return {
        "area_m2": found.area_m2,
        "perimeter_m": found.perimeter_m,
        "lon": found.lon,
        "lat": found.lat,
        "minx": minx,
        "miny": miny,
        "maxx": maxx,
        "maxy": maxy,
    }


def _rings(polygons: Geometries) -> tuple[Floats, Floats]:
    """Signed area (m2, holes taken off) and outer perimeter (m) of oriented polygons, degrees."""
    rings, owner = shapely.get_rings(polygons, return_index=True)
    lonlat = shapely.get_coordinates(rings)
    ends = np.cumsum(shapely.get_num_coordinates(rings)).tolist()
    lon, lat = np.ascontiguousarray(lonlat[:, 0]), np.ascontiguousarray(lonlat[:, 1])
    found = [
        GEOD.polygon_area_perimeter(lon[start:end], lat[start:end])
        for start, end in zip([0, *ends], ends, strict=False)
    ]
    ring_m2, ring_m = np.array(found, dtype=float).reshape(-1, 2).T
    is_outer = np.diff(owner, prepend=-1) != 0
    return (
        _sums(ring_m2, owner, len(polygons)),
        _sums(np.where(is_outer, ring_m, 0.0), owner, len(polygons)),
    )


def _sums(values: Floats, owner: npt.NDArray[np.int64], owners: int) -> Floats:
    """Sum of the values of each owner, added in order."""
    sums = np.zeros(owners)
    np.add.at(sums, owner, values)
    return sums
