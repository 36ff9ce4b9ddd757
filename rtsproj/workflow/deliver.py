"""Deliveries for others: the ARTS data standard, and a benchmark data set with its split."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import shapely

from rtsproj.domain.grid import ProjectGrid
from rtsproj.domain.labels import Subset
from rtsproj.domain.requests import Split
from rtsproj.errors import UsageError
from rtsproj.geometry.crs import WGS84, transform
from rtsproj.geometry.grid import pixel_on
from rtsproj.reports.arts import CRS as ARTS_CRS
from rtsproj.reports.arts import BaseMap, Drawn, arts_rows, kept_values, two_days
from rtsproj.store import deliveries, facts, tiles
from rtsproj.vectors.write import write_features
from rtsproj.workflow.project import Project, reading
from rtsproj.workflow.scenes import grid_of


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a delivery says of itself; an outline of an ARTS file keeps what the file says of it.

    Attributes:
        region: RegionName; empty = the project's name.
        creator: CreatorLab, such as ``Ann Li, Example University``.
        source: BaseMapSource; empty = the sensors of the map scenes.
        dates: BaseMapDate, one or two days or years; empty = the days of the map scenes.
        resolution_m: BaseMapResolution, m; None = the pixels of the map scenes.
    """

    region: str = ""
    creator: str = ""
    source: str = ""
    dates: str = ""
    resolution_m: float | None = None


SUFFIXES = (".geojson", ".gpkg")
NEEDED = {
    "CreatorLab": ("a creator", "--creator 'Name, Organisation'; several joined by ;"),
    "BaseMapSource": ("a sensor", "--source SENSOR; no map scene names one"),
    "BaseMapDate": ("days of the images", "--date YYYY-MM-DD,YYYY-MM-DD; there is no map scene"),
    "BaseMapResolution": ("a resolution", "--resolution M; there is no map scene"),
}
"""Columns that may not be empty -> what is missing, and the option that gives it."""


def export_arts(project: Project, target: Path, delivery: Delivery) -> int:
    """Write slumps as Positive and negative labels as Negative rows; returns how many.

    Raises:
        UsageError: another suffix, dates that are none, or a value that neither the delivery, nor
            the map scenes, nor the outline's own file gives.
    """
    if target.suffix not in SUFFIXES:
        raise UsageError(
            f"{target}: ARTS takes GeoJSON or GeoPackage", hint="name it FILE.geojson or FILE.gpkg"
        )
    with reading(project) as connection:
        values = facts.read_facts(connection)
        images = deliveries.map_images(connection)
        slumps = deliveries.slumps(connection)
        negatives = deliveries.negatives(connection)
    base = _base(delivery, images, values)
    crs = values["crs"]
    drawn = [_drawn(row, crs, "Positive") for row in slumps]
    drawn += [_drawn(row, crs, "Negative") for row in negatives]
    rows = arts_rows(base, drawn)
    _check_complete(rows)
    write_features(target, rows, crs=ARTS_CRS, layer="arts", geojson_crs=ARTS_CRS)
    return len(drawn)


def _base(delivery: Delivery, images: dict[str, Any] | None, values: dict[str, str]) -> BaseMap:
    """What all rows share: as given, else of the map scenes, else empty."""
    dates = two_days(delivery.dates)
    if delivery.dates and dates is None:
        raise UsageError(
            f"{delivery.dates!r} is neither one nor two days",
            hint="write --date YYYY-MM-DD or YYYY-MM-DD,YYYY-MM-DD",
        )
    resolution_m, source = delivery.resolution_m, delivery.source
    if images is not None:
        dates = dates or two_days(f"{images['first']},{images['last']}")
        resolution_m = resolution_m or float(values["pixel_m"])
        source = source or ";".join(sorted({one for one in images["sensors"] if one}))
    return BaseMap(
        region=delivery.region or values["name"],
        creator=delivery.creator,
        dates=dates or "",
        source=source,
        resolution_m=resolution_m,
        contributed=datetime.now(UTC).date(),
    )


def _check_complete(rows: Sequence[dict[str, Any]]) -> None:
    for column, (what, hint) in NEEDED.items():
        count = sum(not row[column] for row in rows)
        if count:
            raise UsageError(
                f"ARTS needs {what}: {count} of {len(rows)} outlines have no {column}",
                hint=f"give {hint}",
            )


def export_benchmark(project: Project, target: Path) -> int:
    """Write every label in use with its side of the split and its origin; returns how many.

    Raises:
        UsageError: the file cannot be written. NeedsError: there is no map scene yet.
    """
    with reading(project) as connection:
        values = facts.read_facts(connection)
        grid = grid_of(values)
        split = tiles.read_split(connection)
        found = deliveries.labels(connection)
    rows = [_labelled(row, grid, split) for row in found]
    write_features(target, rows, crs=grid.crs, layer="benchmark")
    return len(rows)


def _drawn(row: dict[str, Any], crs: str, train_class: Literal["Positive", "Negative"]) -> Drawn:
    geom = shapely.from_wkb(bytes(row["wkb"]))
    middle = transform(shapely.centroid(geom), crs, WGS84)
    attributes = json.loads(row["attributes"] or "{}")
    uid, dates = row["source_uid"] or "", row["source_date"] or ""
    return Drawn(
        transform(geom, crs, ARTS_CRS),
        middle.x,
        middle.y,
        float(row["area_m2"]),
        train_class,
        row["notes"],
        kept_values(attributes, uid=uid, dates=dates),
    )


def _labelled(row: dict[str, Any], grid: ProjectGrid, split: Split | None) -> dict[str, Any]:
    geom = shapely.from_wkb(bytes(row["wkb"]))
    subset = Subset.TRAIN if split is None else split.subset(*pixel_on(grid, geom))
    values = {name: value for name, value in row.items() if name != "wkb"}
    return {**values, "subset": subset.value, "geometry": geom}
