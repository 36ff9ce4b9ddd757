"""Rows of the ARTS data standard v3.1.0 (Yang et al., Scientific Data 12:18, 2025): pure values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from uuid import NAMESPACE_DNS, uuid5

from shapely.geometry.base import BaseGeometry

COLUMNS = (
    "CentroidLat",
    "CentroidLon",
    "RegionName",
    "CreatorLab",
    "BaseMapDate",
    "BaseMapSource",
    "BaseMapResolution",
    "TrainClass",
    "LabelType",
    "MergedRTS",
    "SplitRTS",
    "NewRTS",
    "StabilizedRTS",
    "UnknownRelationship",
    "ContributionDate",
    "UID",
    "BaseMapID",
    "Area",
    "Notes",
)
"""Columns in the order of the standard."""
CRS = "EPSG:3413"
"""Grid of an ARTS file; places and areas are geodesic and computed before."""
SEEDED = (
    "CentroidLat",
    "CentroidLon",
    "RegionName",
    "CreatorLab",
    "BaseMapDate",
    "BaseMapSource",
    "BaseMapResolution",
    "TrainClass",
    "LabelType",
)
"""Values whose texts, joined without separator, are the seed of a UID."""


@dataclass(frozen=True, slots=True)
class BaseMap:
    """What all rows of a delivery share.

    Attributes:
        region: RegionName.
        creator: CreatorLab: creator, organisation; several joined by ``;``.
        first: day of the earliest image.
        last: day of the latest one.
        source: sensor.
        resolution_m: m.
        contributed: day of delivery.
    """

    region: str
    creator: str
    first: date
    last: date
    source: str
    resolution_m: float
    contributed: date


@dataclass(frozen=True, slots=True)
class Drawn:
    """One polygon: place in degrees WGS84, geodesic area in m2, class and notes."""

    geom: BaseGeometry
    lon: float
    lat: float
    area_m2: float
    train_class: Literal["Positive", "Negative"]
    notes: str


def arts_rows(base: BaseMap, drawn: Sequence[Drawn]) -> list[dict[str, Any]]:
    """Rows of the standard, with ``geometry``; generated relations are empty texts.

    A project maps one date, so no row stands for another date of the same slump: what the standard
    calls merged, split, new or stabilised needs a second delivery to compare with.
    """
    return [_row(base, one) for one in drawn]


def uid_of(row: dict[str, Any]) -> str:
    """UUID version 5 of the seeded values (ARTS formatter)."""
    return str(uuid5(NAMESPACE_DNS, "".join(_seed(row[name]) for name in SEEDED)))


def _row(base: BaseMap, one: Drawn) -> dict[str, Any]:
    row: dict[str, Any] = {
        "CentroidLat": round(one.lat, 5),
        "CentroidLon": round(one.lon, 5),
        "RegionName": base.region,
        "CreatorLab": base.creator,
        "BaseMapDate": f"{base.first.isoformat()},{base.last.isoformat()}",
        "BaseMapSource": base.source,
        "BaseMapResolution": float(base.resolution_m),
        "TrainClass": one.train_class,
        "LabelType": "Polygon",
        "MergedRTS": "",
        "SplitRTS": "",
        "NewRTS": "",
        "StabilizedRTS": "",
        "UnknownRelationship": "",
        "ContributionDate": base.contributed.isoformat(),
        "BaseMapID": "",
        "Area": round(one.area_m2, 2),
        "Notes": one.notes,
    }
    row["UID"] = uid_of(row)
    return {**{name: row[name] for name in COLUMNS}, "geometry": one.geom}


def _seed(value: Any) -> str:
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value)
