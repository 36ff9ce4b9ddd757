"""Read what a scene is from its name, its metadata and its blocks; refuse what cannot be used."""

import hashlib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import numpy as np
import rasterio.windows
import shapely
from rasterio.errors import RasterioError
from shapely.geometry import box

from rtsproj.domain.bands import BANDS, band_name, numbering_of
from rtsproj.domain.days import DayOfYear
from rtsproj.domain.places import ImageUrl, Place, place_of
from rtsproj.domain.scenes import Role, SceneSpec
from rtsproj.errors import UndatedError, UsageError
from rtsproj.geometry.crs import crs_name, parse_crs
from rtsproj.geometry.measures import measure
from rtsproj.imagery.band_statistics import band_statistics, statistics_line
from rtsproj.imagery.clearness import clear_share_of
from rtsproj.imagery.names import date_of, guess_bands, sensor_of, udm2_beside, year_of
from rtsproj.imagery.objects.allowed import require_allowed
from rtsproj.imagery.objects.reader import MissingObjectError, ObjectError, identity_of
from rtsproj.imagery.safety import Dataset, checked_path, open_raster

DTYPES = ("uint8", "uint16", "int16", "float32")
MOST_BLOCK_BYTES = 256 << 20
"""Bytes of one decoded block; a whole-image strip would have to be decoded for any window."""
MOST_RATIO = 2000
"""Declared bytes per byte on disk; beyond it the file is taken for a decompression bomb."""
SAMPLED_BLOCKS = 64
HEADER_BYTES = 65_536
NAMES = f"names: {', '.join(BANDS)}; numbers such as B02 are those of the sensor; others are kept"
"""What a band may be called, for messages."""


@dataclass(frozen=True, slots=True)
class SceneRecord:
    """A scene as it is registered.

    Attributes:
        spec: what reading needs; its scene_id is 0 until it is stored.
        crs: ``EPSG:n`` or WKT.
        gsd_m: m on the ground per pixel, geodesic.
        width: px.
        height: px.
        sensor: read from the name, None where it tells nothing.
        size_bytes: bytes on disk or in the store.
        mtime_ns: ns, modification time; 0 where a store does not tell.
        footprint_wkb: rectangle of the raster in its own CRS.
        transform: affine (a, b, c, d, e, f): x = a col + b row + c, y = d col + e row + f.
    """

    spec: SceneSpec
    crs: str
    gsd_m: float
    width: int
    height: int
    sensor: str | None
    size_bytes: int
    mtime_ns: int
    footprint_wkb: bytes
    transform: tuple[float, float, float, float, float, float]


@dataclass(frozen=True, slots=True)
class ProbeChoice:
    """What the user says; None = read it from the file.

    Attributes:
        acquired: day of acquisition; a day of the year is used where name and metadata tell none.
        bands: names in file order.
        assume_crs: CRS of a file that names none.
        max_pixels: px; a file that declares more is refused.
    """

    acquired: date | DayOfYear | None = None
    bands: tuple[str, ...] | None = None
    assume_crs: str | None = None
    max_pixels: int = 20_000_000_000


@dataclass(frozen=True, slots=True)
class Lying:
    """What lies at a place, without its pixels.

    Attributes:
        size_bytes: bytes.
        mtime_ns: ns, modification time; 0 where a store does not tell.
        fingerprint: digest that notices another content.
    """

    size_bytes: int
    mtime_ns: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class SceneState:
    """Whether a scene's image is still the one registered.

    Attributes:
        state: ok, missing, changed, or not read: whether it has changed cannot be told.
        why: the reason where it was not read.
    """

    state: Literal["ok", "missing", "changed", "not read"]
    why: str = ""


def read_scene(place: Place, role: Role, choice: ProbeChoice) -> SceneRecord:
    """Look at one raster.

    Raises:
        UsageError: no CRS, rotated, not georeferenced, truncated, too large, unknown data type,
            band names or date; the file, the value and the remedy are named. Or a URL that this
            machine may not read.
        ObjectError: the store does not give the object.
    """
    absolute = place if isinstance(place, ImageUrl) else checked_path(place)
    with open_raster(absolute) as dataset:
        lying = look_at(absolute)
        _check_layout(absolute, dataset, choice, lying.size_bytes)
        crs = _crs(absolute, dataset, choice.assume_crs)
        _check_blocks(absolute, dataset)
        bands = _bands(absolute, dataset, choice)
        nodata = dataset.nodata
        mask_path = udm2_beside(absolute) if isinstance(absolute, Path) else None
        clear_share = clear_share_of(dataset, bands, nodata, mask_path)
        if clear_share == 0:
            masked = f", mask {mask_path}" if mask_path else ""
            raise UsageError(
                f"{absolute} shows nothing: no pixel is clear (nodata {nodata}{masked})",
                hint="check the nodata value and the mask; leave the file out if it is empty",
            )
        spec = SceneSpec(
            scene_id=0,
            path=str(absolute),
            role=role,
            acquired=_date(absolute, dataset, choice.acquired),
            bands=bands,
            dtype=dataset.dtypes[0],
            nodata=None if nodata is None else float(nodata),
            mask_path=None if mask_path is None else str(mask_path),
            clear_share=clear_share,
            fingerprint=lying.fingerprint,
        )
        footprint = box(*dataset.bounds)
        own: Any = dataset.transform
        return SceneRecord(
            spec=spec,
            crs=crs,
            gsd_m=_gsd(footprint, crs, dataset),
            width=dataset.width,
            height=dataset.height,
            sensor=sensor_of(absolute.name),
            size_bytes=lying.size_bytes,
            mtime_ns=lying.mtime_ns,
            footprint_wkb=shapely.to_wkb(footprint),
            transform=(own.a, own.b, own.c, own.d, own.e, own.f),
        )


def look_at(place: Place) -> Lying:
    """What lies at a place now; of an object what its store tells, by one request.

    Raises:
        OSError: the file cannot be read. NotAllowedError: this machine may not read the URL.
        ObjectError: the store does not give the object.
    """
    if isinstance(place, ImageUrl):
        require_allowed([place])
        found = identity_of(place)
        return Lying(found.size, found.modified_ns, found.fingerprint)
    stat = place.stat()
    return Lying(stat.st_size, stat.st_mtime_ns, _digest(place))


def state_of(scene: SceneSpec) -> SceneState:
    """Compare a scene's image with what was registered; never raises for what it finds."""
    try:
        place = place_of(scene.path)
        if isinstance(place, Path) and not place.is_file():
            return SceneState("missing")
        same = not scene.fingerprint or look_at(place).fingerprint == scene.fingerprint
    except MissingObjectError:
        return SceneState("missing")
    except (UsageError, ObjectError) as error:
        return SceneState("not read", f"{error.what}; {error.hint}")
    except OSError as error:  # such as a stale handle of a network disk
        return SceneState("not read", f"{scene.path} cannot be read: {error.strerror}")
    return SceneState("ok" if same else "changed")


def _digest(path: Path) -> str:
    """Digest of size, header and sampled blocks; notices a replaced or re-written file."""
    size = path.stat().st_size
    digest = hashlib.sha256(str(size).encode())
    with path.open("rb") as stream:
        digest.update(stream.read(HEADER_BYTES))
        step = max(1, (size - HEADER_BYTES) // SAMPLED_BLOCKS)
        for start in range(HEADER_BYTES, size, step):
            stream.seek(start)
            digest.update(stream.read(4096))
    return digest.hexdigest()


def _check_layout(path: Place, dataset: Dataset, choice: ProbeChoice, size_bytes: int) -> None:
    own: Any = dataset.transform
    if own.is_identity and choice.assume_crs is None and dataset.crs is None:
        raise UsageError(
            f"{path} is not georeferenced", hint="give it a position: gdal_translate -a_ullr"
        )
    if abs(own.b) > 1e-9 * abs(own.a) or abs(own.d) > 1e-9 * abs(own.e):
        angle = float(np.degrees(np.arctan2(own.d, own.a)))
        raise UsageError(f"{path} is rotated {angle:.1f} deg", hint="warp it first: gdalwarp")
    if own.e > 0 or own.a < 0:
        raise UsageError(f"{path} is south-up or mirrored", hint="warp it first: gdalwarp")
    if len(set(dataset.dtypes)) > 1 or dataset.dtypes[0] not in DTYPES:
        raise UsageError(
            f"{path} has {', '.join(sorted(set(dataset.dtypes)))} pixels",
            hint=f"one of {', '.join(DTYPES)} for all bands: gdal_translate -ot",
        )
    pixels = dataset.width * dataset.height
    if pixels > choice.max_pixels:
        raise UsageError(
            f"{path} declares {pixels:,} pixels (limit {choice.max_pixels:,})",
            hint="split it, or raise imagery.max_pixels in project.toml",
        )
    item = np.dtype(dataset.dtypes[0]).itemsize
    declared = pixels * dataset.count * item
    if declared > MOST_RATIO * size_bytes and declared > MOST_BLOCK_BYTES:
        raise UsageError(
            f"{path} declares {declared / 1e9:,.1f} GB in {size_bytes / 1e6:.1f} MB",
            hint="it holds hardly any data: check where it came from",
        )
    rows, cols = dataset.block_shapes[0]
    if rows * cols * item * dataset.count > MOST_BLOCK_BYTES:
        raise UsageError(
            f"{path} has blocks of {cols} x {rows} px: too large to read by windows",
            hint="tile it: gdal_translate -co TILED=YES -co COMPRESS=DEFLATE",
        )


def _crs(path: Place, dataset: Dataset, assumed: str | None) -> str:
    if dataset.crs is not None:
        return crs_name(dataset.crs.to_wkt())
    if assumed is None:
        raise UsageError(f"{path} has no CRS", hint="give --assume-crs EPSG:n")
    return crs_name(assumed)


def _check_blocks(path: Place, dataset: Dataset) -> None:
    """Read the first, the middle and the last block: a cut file fails in the last one."""
    rows, cols = dataset.block_shapes[0]
    down, across = -(-dataset.height // rows), -(-dataset.width // cols)
    for row, col in {(0, 0), (down // 2, across // 2), (down - 1, across - 1)}:
        window = rasterio.windows.Window(
            col * cols,
            row * rows,
            min(cols, dataset.width - col * cols),
            min(rows, dataset.height - row * rows),
        )
        try:
            dataset.read(window=window)
        except RasterioError as error:
            raise UsageError(
                f"{path} is truncated or damaged: block ({row}, {col}) cannot be read",
                hint="copy or download it again",
            ) from error


def _bands(path: Place, dataset: Dataset, choice: ProbeChoice) -> tuple[str, ...]:
    if choice.bands is not None:
        numbers = numbering_of(path.name, choice.bands) or {}
        named = tuple(band_name(name, numbers) for name in choice.bands)
        if len(named) != dataset.count or len(set(named)) != len(named):
            raise UsageError(
                f"{path} has {dataset.count} bands, {len(named)} names were given: "
                f"{', '.join(named)}",
                hint=f"name each band once, in file order; {NAMES}",
            )
        return named
    colours = tuple(one.name for one in dataset.colorinterp)
    found = guess_bands(path.name, tuple(dataset.descriptions), colours)
    if found is None:
        raise UsageError(
            "\n".join(
                (
                    f"{path}: the meaning of its {dataset.count} bands is not known",
                    *map(statistics_line, band_statistics(dataset)),
                )
            ),
            hint=f"name them in file order with --bands; {NAMES}",
        )
    return found


def _date(path: Place, dataset: Dataset, asked: date | DayOfYear | None) -> date:
    if isinstance(asked, date):
        return asked
    found = date_of(path.name, dataset.tags())
    if found is not None:
        return found
    year = year_of(path.name)
    if asked is not None and year is not None:
        return asked.in_year(year)
    kept = f"; of {year} --date MM-DD is enough" if year else ""
    raise UndatedError(
        f"{path}: no date in its name or metadata", hint=f"give --date YYYY-MM-DD{kept}", year=year
    )


def _gsd(footprint: shapely.Geometry, crs: str, dataset: Dataset) -> float:
    if parse_crs(crs).is_projected:
        return float(dataset.res[0])
    area_m2 = measure(footprint, crs).area_m2
    return float((area_m2 / (dataset.width * dataset.height)) ** 0.5)
