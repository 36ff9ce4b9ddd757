"""Read a vector file whole: geometries, attributes, CRS, digest."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError
from shapely.errors import ShapelyError
from shapely.geometry.base import BaseGeometry

from rtsproj.domain.text import first_of
from rtsproj.errors import RefusedError, UsageError
from rtsproj.geometry.crs import crs_name

SUFFIXES = (".geojson", ".json", ".gpkg", ".shp", ".fgb", ".geojsonl")


@dataclass(frozen=True, slots=True)
class VectorFile:
    """What a vector file holds.

    Attributes:
        features: (feature id as text, geometry or None, attributes).
        crs: ``EPSG:n`` or WKT; None where the file names none.
        layer: the layer that was read.
        sha256: digest of the file's bytes.
    """

    features: tuple[tuple[str, BaseGeometry | None, dict[str, Any]], ...]
    crs: str | None
    layer: str
    sha256: str


def read_features(path: Path, *, layer: str | None = None, where: str | None = None) -> VectorFile:
    """Read a layer.

    Args:
        path: .geojson, .gpkg, .shp, .fgb.
        layer: needed where the file has several.
        where: attribute filter in OGR SQL, such as ``highway in ('trunk','primary')``.

    Raises:
        UsageError: no such file, unknown suffix, not readable, several layers, or a bad filter.
    """
    absolute = _checked(path)
    chosen = _layer(absolute, layer)
    try:
        meta, fids, wkb, columns = pyogrio.raw.read(
            absolute, layer=chosen, where=where, return_fids=True
        )
    except (DataSourceError, DataLayerError, ValueError) as error:
        hint = "check the file in a GIS"
        if where:
            fields = pyogrio.read_info(absolute, layer=chosen)["fields"]
            hint = f"check --where; fields: {', '.join(map(str, fields)) or 'none'}"
        raise UsageError(f"{absolute} cannot be read: {_first(error)}", hint=hint) from error
    if wkb is None:
        raise UsageError(f"{absolute} has no geometry", hint="give a file with polygons or lines")
    names = list(meta["fields"])
    values = [_values(*one) for one in zip(columns, meta["dtypes"], strict=True)]
    features = []
    bad: list[tuple[str, str]] = []
    for number, (fid, one) in enumerate(zip(fids.tolist(), wkb, strict=True)):
        try:
            geom = None if one is None else shapely.from_wkb(one)
        except ShapelyError as error:
            bad.append((str(fid), _first(error)))
            continue
        props = {name: values[n][number] for n, name in enumerate(names)}
        features.append((str(fid), geom, props))
    if bad:
        named = first_of([f"{fid} ({reason})" for fid, reason in bad])
        raise RefusedError(
            f"{absolute}: {len(bad)} geometries cannot be read: {named}",
            hint="fix them in a GIS; nothing was imported",
            refused=bad,
        )
    crs = crs_name(meta["crs"]) if meta["crs"] else None
    return VectorFile(tuple(features), crs, chosen, _sha256(absolute))


@dataclass(frozen=True, slots=True)
class LayerInfo:
    """A layer before it is read: name, features, kind of geometry, CRS, names of attributes."""

    name: str
    features: int
    geometry: str
    crs: str | None
    fields: tuple[str, ...]


def describe_layers(path: Path) -> tuple[LayerInfo, ...]:
    """What a vector file holds.

    Raises:
        UsageError: no such file, unknown suffix, or not readable.
    """
    absolute = _checked(path)
    try:
        names = [str(one) for one in pyogrio.list_layers(absolute)[:, 0]]
        found = [
            (name, pyogrio.read_info(absolute, layer=name, force_feature_count=True))
            for name in names
        ]
    except (DataSourceError, DataLayerError, ValueError) as error:
        raise UsageError(
            f"{absolute} cannot be read: {_first(error)}", hint="check the file in a GIS"
        ) from error
    return tuple(
        LayerInfo(
            name,
            int(info["features"]),
            str(info["geometry_type"] or "none"),
            crs_name(info["crs"]) if info["crs"] else None,
            tuple(str(one) for one in info["fields"]),
        )
        for name, info in found
    )


def _checked(path: Path) -> Path:
    text = str(path)
    if text.startswith("/vsi") or (":" in text and not path.exists()):
        raise UsageError(f"{text} is not a plain file path", hint="give the path of a local file")
    absolute = path.absolute()
    if absolute.suffix.lower() not in SUFFIXES:
        raise UsageError(
            f"{absolute}: suffix {absolute.suffix!r} is not known",
            hint=f"use {', '.join(SUFFIXES)}",
        )
    if not absolute.is_file():
        raise UsageError(f"{absolute} does not exist", hint="check the path")
    if absolute.suffix.lower() == ".shp" and not absolute.with_suffix(".shx").exists():
        raise UsageError(
            f"{absolute} has no .shx beside it", hint="copy all files of the shapefile together"
        )
    return absolute


def _layer(path: Path, layer: str | None) -> str:
    try:
        names = [str(one) for one in pyogrio.list_layers(path)[:, 0]]
    except DataSourceError as error:
        raise UsageError(
            f"{path} cannot be read: {_first(error)}", hint="check the file in a GIS"
        ) from error
    if layer is not None and layer not in names:
        raise UsageError(f"{path} has no layer {layer!r}", hint=f"it has {', '.join(names)}")
    if layer is None and len(names) != 1:
        raise UsageError(
            f"{path} has {len(names)} layers", hint=f"choose one with --layer: {', '.join(names)}"
        )
    return layer or names[0]


def _values(column: npt.NDArray[Any], dtype: str) -> list[Any]:
    """Values of a field; None for NULL, for which a column of whole numbers is read as decimal."""
    values = [None if isinstance(v, float) and v != v else v for v in column.tolist()]  # noqa: PLR0124 - NaN
    if dtype.startswith(("int", "uint")):
        return [None if value is None else int(value) for value in values]
    return values


def _first(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
