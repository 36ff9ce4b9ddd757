"""Write tables with a geometry, under a temporary name first."""

import csv
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from rtsproj.errors import UsageError
from rtsproj.geometry.crs import WGS84, transform

DRIVERS = {".gpkg": "GPKG", ".geojson": "GeoJSON", ".fgb": "FlatGeobuf", ".shp": "ESRI Shapefile"}
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\0")
"""First characters that a spreadsheet takes for a formula (CWE-1236)."""

SHORT = 10
"""Characters of a column name in a shapefile; a name map lies beside it."""

Row = Mapping[str, Any]


def write_features(
    path: Path, rows: Sequence[Row], *, crs: str, layer: str, geojson_crs: str = WGS84
) -> None:
    """Write rows; each has ``geometry`` (project CRS) and plain columns.

    GeoJSON goes out in WGS84 (RFC 7946) unless another CRS is asked for, CSV with the geometry as
    WKT, all else in ``crs``.

    Raises:
        UsageError: the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".export-") as folder:
            part = Path(folder) / path.name
            if path.suffix == ".csv":
                _write_csv(part, rows)
            else:
                _write_ogr(part, rows, (crs, geojson_crs), layer=layer)
            for one in sorted(Path(folder).iterdir()):
                shutil.move(one, path.parent / one.name)
    except (OSError, DataSourceError, DataLayerError) as error:
        raise UsageError(
            f"{path} cannot be written: {error}", hint="check folder, rights and free space"
        ) from error


def _write_ogr(path: Path, rows: Sequence[Row], crs_: tuple[str, str], *, layer: str) -> None:
    crs, geojson_crs = crs_
    out = geojson_crs if path.suffix == ".geojson" else crs
    geoms = [transform(row["geometry"], crs, out) for row in rows]
    names = [name for name in (rows[0] if rows else {}) if name != "geometry"]
    columns = [_column([row[name] for row in rows]) for name in names]
    fields = names
    if path.suffix == ".shp":
        fields = short_names(names)
        _write_name_map(path.with_suffix(".columns.csv"), fields, names)
    many = any(geom.geom_type.startswith("Multi") for geom in geoms)
    if many:
        geoms = [shapely.multipolygons([*shapely.get_parts(geom)]) for geom in geoms]
    pyogrio.raw.write(
        path,
        geometry=shapely.to_wkb(np.array(geoms, dtype=object)),
        field_data=[values for values, _ in columns],
        field_mask=[mask for _, mask in columns],
        fields=fields,
        crs=out,
        driver=DRIVERS[path.suffix],
        geometry_type="MultiPolygon" if many else "Polygon",
        **({"layer": layer} if path.suffix == ".gpkg" else {}),
        **({"RFC7946": "YES"} if path.suffix == ".geojson" and out == WGS84 else {}),
    )


def short_names(names: Sequence[str]) -> list[str]:
    """Names of at most 10 characters, as a shapefile holds them, none twice."""
    found: list[str] = []
    for name in names:
        short, number = name[:SHORT], 1
        while short in found:
            number += 1
            short = f"{name[: SHORT - len(str(number))]}{number}"
        found.append(short)
    return found


def _write_name_map(path: Path, fields: Sequence[str], names: Sequence[str]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("shapefile", "rtsproj"))
        writer.writerows(zip(fields, names, strict=True))


def _write_csv(path: Path, rows: Sequence[Row]) -> None:
    names = list(rows[0]) if rows else []
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(names)
        for row in rows:
            writer.writerow([_cell(row[name]) for name in names])


def _cell(value: Any) -> Any:
    if isinstance(value, shapely.Geometry):
        return value.wkt
    if isinstance(value, str) and value.startswith(FORMULA):
        return "'" + value
    return value


def _column(values: Sequence[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Values of one column with a mask of missing ones, in one data type."""
    mask = np.array([value is None for value in values], bool)
    present = [value for value in values if value is not None]
    if present and all(isinstance(value, bool) for value in present):
        return np.array([bool(value) for value in values]), mask
    if present and all(isinstance(value, int) for value in present):
        return np.array([0 if value is None else value for value in values], np.int64), mask
    if present and all(isinstance(value, int | float) for value in present):
        return np.array([np.nan if v is None else v for v in values], np.float64), mask
    return np.array([None if v is None else _text(v) for v in values], dtype=object), mask


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime | date) else str(value)
