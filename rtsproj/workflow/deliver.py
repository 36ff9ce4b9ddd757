"""Deliveries for others: the ARTS data standard, and a benchmark data set with its split."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import shapely

from rtsproj.domain.grid import ProjectGrid
from rtsproj.domain.labels import Subset
from rtsproj.domain.requests import Split
from rtsproj.errors import NeedsError, UsageError
from rtsproj.geometry.crs import WGS84, transform
from rtsproj.geometry.grid import pixel_on
from rtsproj.reports.arts import CRS as ARTS_CRS
from rtsproj.reports.arts import BaseMap, Drawn, arts_rows
from rtsproj.store import deliveries, facts, tiles
from rtsproj.vectors.write import write_features
from rtsproj.workflow.project import Project, reading
from rtsproj.workflow.scenes import grid_of


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a delivery says of itself.

    Attributes:
        region: RegionName; empty = the project's name.
        creator: CreatorLab, such as ``Ann Li, Example University``.
        source: BaseMapSource; empty = the sensors of the map scenes.
    """

    region: str = ""
    creator: str = ""
    source: str = ""


def export_arts(project: Project, target: Path, delivery: Delivery) -> int:
    """Write slumps as Positive and negative labels as Negative rows; returns how many.

    Raises:
        UsageError: the suffix is not .geojson, or creator or sensor are not known.
        NeedsError: there is no map scene yet.
    """
    if target.suffix != ".geojson":
        raise UsageError(f"{target}: ARTS takes GeoJSON", hint="name it FILE.geojson")
    if not delivery.creator:
        raise UsageError(
            "ARTS needs a creator", hint="--creator 'Name, Organisation'; several joined by ;"
        )
    with reading(project) as connection:
        values = facts.read_facts(connection)
        images = deliveries.map_images(connection)
        slumps = deliveries.slumps(connection)
        negatives = deliveries.negatives(connection)
    if images is None:
        raise NeedsError("there is no map scene yet", hint="rtsproj scene add PATH --role map")
    base = BaseMap(
        region=delivery.region or project.settings.project.name,
        creator=delivery.creator,
        first=images["first"],
        last=images["last"],
        source=delivery.source or _sensors(images["sensors"]),
        resolution_m=float(values["pixel_m"]),
        contributed=datetime.now(UTC).date(),
    )
    crs = values["crs"]
    drawn = [_drawn(row, crs, "Positive") for row in slumps]
    drawn += [_drawn(row, crs, "Negative") for row in negatives]
    write_features(target, arts_rows(base, drawn), crs=crs, layer="arts", geojson_crs=ARTS_CRS)
    return len(drawn)


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


def _sensors(found: list[str | None]) -> str:
    names = sorted({one for one in found if one})
    if not names:
        raise UsageError("no map scene names its sensor", hint="give --source SENSOR")
    return ";".join(names)


def _drawn(row: dict[str, Any], crs: str, train_class: Literal["Positive", "Negative"]) -> Drawn:
    geom = shapely.from_wkb(bytes(row["wkb"]))
    middle = transform(shapely.centroid(geom), crs, WGS84)
    return Drawn(geom, middle.x, middle.y, float(row["area_m2"]), train_class, row["notes"])


def _labelled(row: dict[str, Any], grid: ProjectGrid, split: Split | None) -> dict[str, Any]:
    geom = shapely.from_wkb(bytes(row["wkb"]))
    subset = Subset.TRAIN if split is None else split.subset(*pixel_on(grid, geom))
    values = {name: value for name, value in row.items() if name != "wkb"}
    return {**values, "subset": subset.value, "geometry": geom}
