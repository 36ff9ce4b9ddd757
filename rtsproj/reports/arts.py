"""Rows of the ARTS data standard v3.1.0 (Yang et al., Scientific Data 12:18, 2025): pure values."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
OWN = ("TrainClass", "LabelType", "Area")
"""Columns that are never taken from the file that an outline came from."""
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
DATE_COLUMNS = 10
"""Characters of a day, YYYY-MM-DD."""


@dataclass(frozen=True, slots=True)
class BaseMap:
    """What all rows of a delivery share, where a row has no value of its own.

    Attributes:
        region: RegionName.
        creator: CreatorLab: creator, organisation; several joined by ``;``; empty = not known.
        dates: BaseMapDate: days of the earliest and the latest image; empty = not known.
        source: sensor; empty = not known.
        resolution_m: m; None = not known.
        contributed: day of delivery.
    """

    region: str
    creator: str
    dates: str
    source: str
    resolution_m: float | None
    contributed: date


@dataclass(frozen=True, slots=True)
class Drawn:
    """One polygon: place in degrees WGS84, geodesic area in m2, class and notes.

    ``kept`` holds values by column of the file that the outline came from, from ``kept_values``.
    """

    geom: BaseGeometry
    lon: float
    lat: float
    area_m2: float
    train_class: Literal["Positive", "Negative"]
    notes: str
    kept: Mapping[str, Any] = field(default_factory=dict)


def arts_rows(base: BaseMap, drawn: Sequence[Drawn]) -> list[dict[str, Any]]:
    """Rows of the standard, with ``geometry``; generated relations are empty texts.

    A project maps one date, so no row stands for another date of the same slump: what the standard
    calls merged, split, new or stabilised needs a second delivery to compare with.
    """
    return [_row(base, one) for one in drawn]


def uid_of(row: dict[str, Any]) -> str:
    """UUID version 5 of the seeded values (ARTS formatter)."""
    return str(uuid5(NAMESPACE_DNS, "".join(_seed(row[name]) for name in SEEDED)))


def kept_values(attributes: Mapping[str, Any], *, uid: str, dates: str) -> dict[str, Any]:
    """Values that an unchanged outline keeps from its file: what the standard accepts.

    Args:
        attributes: all fields of the outline in its file.
        uid: its id there; kept where it is written as a UUID.
        dates: its date there.
    """
    values = {
        name: attributes[name]
        for name in COLUMNS
        if name not in OWN and attributes.get(name) not in (None, "")
    }
    values |= {
        "UID": uid if UUID.fullmatch(uid) else None,
        "BaseMapDate": two_days(dates),
        "BaseMapResolution": _metres(values.get("BaseMapResolution")),
    }
    return {name: value for name, value in values.items() if value is not None}


def two_days(text: str) -> str | None:
    """``start,end`` of one or two days or years; None where the text is neither."""
    words = [word.strip() for word in text.split(",")]
    first, last = words[0], words[-1]
    try:
        start = date(int(first), 1, 1) if first.isdecimal() else _day(first)
        end = date(int(last), 12, 31) if last.isdecimal() else _day(last)
    except ValueError:
        return None
    return f"{start.isoformat()},{end.isoformat()}"


def _metres(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _day(text: str) -> date:
    return date.fromisoformat(text[:DATE_COLUMNS])


def _row(base: BaseMap, one: Drawn) -> dict[str, Any]:
    row: dict[str, Any] = {
        "CentroidLat": round(one.lat, 5),
        "CentroidLon": round(one.lon, 5),
        "RegionName": base.region,
        "CreatorLab": base.creator,
        "BaseMapDate": base.dates,
        "BaseMapSource": base.source,
        "BaseMapResolution": base.resolution_m,
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
    row |= one.kept
    row.setdefault("UID", uid_of(row))
    return {**{name: row[name] for name in COLUMNS}, "geometry": one.geom}


def _seed(value: Any) -> str:
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value)
