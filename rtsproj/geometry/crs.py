"""Coordinate reference systems: which a project may use, and getting into it."""

from functools import lru_cache
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS, Geod, Transformer
from pyproj.exceptions import CRSError
from shapely.geometry.base import BaseGeometry

from rtsproj.errors import UsageError

WGS84 = "EPSG:4326"
SCALE_LIMIT = 0.002
"""Largest deviation of local scale from 1 (stack 2.10)."""
Shapes = TypeVar("Shapes", BaseGeometry, npt.NDArray[np.object_])


def parse_crs(text: str) -> CRS:
    """A CRS from ``EPSG:n`` or WKT.

    Raises:
        UsageError: the text names no CRS.
    """
    try:
        return _crs(text)
    except CRSError as error:
        raise UsageError(
            f"CRS {text!r} is not known", hint="write EPSG:n, as EPSG:32646"
        ) from error


def crs_name(text: str) -> str:
    """``EPSG:n`` where the CRS has a code (trusting a match of at least 70 %), else its WKT."""
    crs = parse_crs(text)
    code = crs.to_epsg(min_confidence=70)
    return f"EPSG:{code}" if code else crs.to_wkt()


def utm_crs(lon: float, lat: float) -> str:
    """The UTM zone of a place, ``EPSG:n``.

    Args:
        lon: degrees, -180..180.
        lat: degrees, -90..90.

    Raises:
        UsageError: outside these ranges (axes swapped?).
    """
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise UsageError(
            f"({lon:.4f}, {lat:.4f}) is no longitude, latitude", hint="are the axes swapped?"
        )
    zone = min(60, int((lon + 180) // 6) + 1)
    return f"EPSG:{(32600 if lat >= 0 else 32700) + zone}"


def check_project_crs(crs: str, bounds: tuple[float, float, float, float] | None) -> None:
    """Refuse a CRS whose distances are not metres on the ground.

    Args:
        crs: ``EPSG:n`` or WKT.
        bounds: (left, bottom, right, top) in that CRS of what is to be mapped; None: unknown yet.

    Raises:
        UsageError: geographic, not metres, or local scale off by more than 0.2 %.
    """
    parsed = parse_crs(crs)
    hint = "use the UTM zone of the region, as EPSG:32646"
    if not parsed.is_projected:
        raise UsageError(f"{crs} is not a projected CRS", hint=hint)
    if any(axis.unit_name not in ("metre", "meter") for axis in parsed.axis_info):
        raise UsageError(f"{crs} does not count in metres", hint=hint)
    if bounds is not None:
        worst = max(abs(scale - 1) for scale in _scales(crs, bounds))
        if worst > SCALE_LIMIT:
            raise UsageError(
                f"{crs} stretches distances by {100 * worst:.1f} % there (limit 0.2 %)", hint=hint
            )


def is_geographic(text: str) -> bool:
    """True for a CRS of longitudes and latitudes."""
    return bool(parse_crs(text).is_geographic)


def transform(geom: Shapes, source: str, target: str) -> Shapes:
    """The same shape, or array of shapes, in another CRS, x before y on both sides."""
    if source == target:
        return geom

    def move(xy: np.ndarray) -> np.ndarray:
        return np.column_stack(transform_points(xy, source, target))

    moved: Shapes = shapely.transform(geom, move)
    return moved


def transform_points(xy: np.ndarray, source: str, target: str) -> tuple[np.ndarray, np.ndarray]:
    """Points (n, 2) in another CRS: all x, all y."""
    x, y = _transformer(source, target).transform(xy[:, 0], xy[:, 1])
    return x, y


@lru_cache(maxsize=32)
def _crs(text: str) -> CRS:
    return CRS.from_user_input(text)


@lru_cache(maxsize=32)
def _transformer(source: str, target: str) -> Transformer:
    return Transformer.from_crs(parse_crs(source), parse_crs(target), always_xy=True)


def _scales(crs: str, bounds: tuple[float, float, float, float]) -> list[float]:
    """Map metres per ground metre, east and north, at the corners and the centre."""
    left, bottom, right, top = bounds
    change = _transformer(crs, WGS84)
    geod = Geod(ellps="WGS84")
    scales = []
    places = ((left, bottom), (right, bottom), (left, top), (right, top))
    for x, y in (*places, ((left + right) / 2, (bottom + top) / 2)):
        for dx, dy in ((100.0, 0.0), (0.0, 100.0)):
            lon, lat = change.transform([x, x + dx], [y, y + dy])
            ground = geod.line_length(lon, lat)
            scales.append(100.0 / ground if ground else float("inf"))
    return scales
