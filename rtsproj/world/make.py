"""Write the synthetic corridor as raw data: scenes, lines, known slumps, terrain, truth."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.geometry import LineString, mapping
from shapely.geometry.base import BaseGeometry

from rtsproj.domain.grid import ProjectGrid
from rtsproj.geometry.crs import WGS84, transform
from rtsproj.geometry.outlines import smooth_pixels, to_crs
from rtsproj.imagery.rasters import Placement, write_geotiff
from rtsproj.imagery.shapes import polygonise
from rtsproj.world.fields import Field, shifted, smoothed
from rtsproj.world.layout import (
    CRS,
    LEFT_M,
    PIXEL_M,
    SEED_TYPES,
    TOP_M,
    TYPES,
    Layout,
    Size,
    lay_out,
)
from rtsproj.world.render import BANDS, Mask, Painted, paint

MAP_YEAR = 2019
HISTORY = (2016, 2018)
GRID = ProjectGrid(CRS, PIXEL_M, LEFT_M, TOP_M)
NOTE = (
    "SYNTHETIC DATA. This corridor was drawn by a program (rtsproj demo): no pixel shows a real "
    "place.\nIt serves to try the method where the truth is known; it says nothing about any real "
    "slump.\n"
)


@dataclass(frozen=True, slots=True)
class World:
    """Files of a synthetic corridor.

    Attributes:
        folder: where they lie.
        map_scenes: images of the searched year, overlapping, on different grids.
        history_scenes: images of earlier years.
        seeds: known slumps, about a third of all, of some types only (GeoJSON).
        road: roads (GeoJSON).
        railway: railway (GeoJSON).
        terrain: elevation (GeoTIFF).
        truth: every slump with its type (GeoJSON); for the simulated analyst and tests alone.
    """

    folder: Path
    map_scenes: tuple[Path, ...]
    history_scenes: tuple[Path, ...]
    seeds: Path
    road: Path
    railway: Path
    terrain: Path
    truth: Path


@dataclass(frozen=True, slots=True)
class Shot:
    """How one image is taken.

    Attributes:
        name: file name without suffix, Planet style.
        cols: (first, last) column of the corridor that it shows.
        shift: (down, right) of its grid, parts of a pixel.
        gain: brightness of the day.
        clouds: dark cloud shadow and bright cloud, with a mask beside the image.
    """

    name: str
    cols: tuple[int, int]
    shift: tuple[float, float] = (0.0, 0.0)
    gain: float = 1.0
    clouds: bool = False


def make_world(folder: Path, *, size: Size = "default", seed: int = 1) -> World:
    """Draw a corridor; equal seeds give equal files.

    Args:
        folder: made where missing.
        size: ``small`` for a walk of a minute or two.
        seed: of everything random.
    """
    images = folder / "images"
    images.mkdir(parents=True, exist_ok=True)
    layout = lay_out(size, np.random.default_rng(seed))
    now = paint(layout, np.random.default_rng(seed + 1), years_before=0)
    cols = layout.elevation_m.shape[1]
    shots = (
        Shot("20190715_042310_1032_3B_AnalyticMS_SR", (0, cols * 13 // 20)),
        Shot(
            "20190722_041955_100e_3B_AnalyticMS_SR",
            (cols * 7 // 20, cols),
            shift=(0.4, 0.3),
            gain=1.03,
            clouds=True,
        ),
    )
    mapped = tuple(_write_shot(images, shot, now, seed) for shot in shots)
    past = []
    for number, year in enumerate(HISTORY):
        painted = paint(
            layout, np.random.default_rng(seed + 2 + number), years_before=MAP_YEAR - year
        )
        name = f"{year}0711_040000_0f1{number}_3B_AnalyticMS_SR"
        shot = Shot(name, (0, cols), shift=(0.25, 0.6), gain=0.97 + 0.02 * number)
        past.append(_write_shot(images, shot, painted, seed + number))
    terrain = folder / "dem.tif"
    write_geotiff(
        terrain, layout.elevation_m[None], Placement(CRS, LEFT_M, TOP_M, PIXEL_M), nodata=-9999.0
    )
    (folder / "README.txt").write_text(NOTE, encoding="utf-8")
    return World(
        folder=folder,
        map_scenes=mapped,
        history_scenes=tuple(past),
        terrain=terrain,
        **_write_vectors(folder, layout, now.slumps),
    )


def _write_shot(folder: Path, shot: Shot, painted: Painted, seed: int) -> Path:
    rng = np.random.default_rng([seed, len(shot.name), shot.cols[0]])
    values = np.stack([shifted(band, *shot.shift) for band in painted.values]) * shot.gain
    first, last = shot.cols
    values = values[:, :, first:last]
    clear = np.ones(values.shape[1:], np.uint8)
    if shot.clouds:
        clear = _add_clouds(values, rng).astype(np.uint8)
    noise = rng.normal(0, 12, values.shape)
    raw = np.clip(values + noise, 1, 10_000).astype(np.uint16)
    raw[:, _wedge(raw.shape[1:])] = 0
    left = LEFT_M + (first + shot.shift[1]) * PIXEL_M
    place = Placement(CRS, left, TOP_M - shot.shift[0] * PIXEL_M, PIXEL_M)
    path = folder / f"{shot.name}.tif"
    write_geotiff(path, raw, place, nodata=0, band_names=BANDS)
    if shot.clouds:
        mask = np.zeros((8, *clear.shape), np.uint8)
        mask[0] = clear
        mask[5] = 1 - clear
        target = folder / f"{shot.name.split('_3B')[0]}_3B_udm2.tif"
        write_geotiff(target, mask, place)
    return path


def _add_clouds(values: Field, rng: np.random.Generator) -> Mask:
    """A few clouds with their shadows, drawn into the values; returns where it is clear."""
    shape = values.shape[1:]
    seeds = np.zeros(shape, np.float32)
    for row, col in rng.uniform((0.1, 0.1), (0.9, 0.9), size=(3, 2)):
        seeds[int(row * shape[0]), int(col * shape[1])] = 1.0
    cloud = smoothed(seeds, 14.0)
    cloud = np.clip(cloud / cloud.max() * 1.6 - 0.4, 0, 1)
    shade = np.roll(cloud, (22, -18), axis=(0, 1))
    values *= 1 - 0.45 * shade
    values += cloud * (5200 - values) * 0.9
    clear: Mask = cloud < 0.05
    return clear


def _wedge(shape: tuple[int, int]) -> Mask:
    """Corners without data, as a satellite's slanted footprint leaves them."""
    rows, cols = np.indices(shape)
    wedge: Mask = (cols < 10 - rows / 20) | (cols >= shape[1] - 8 + (shape[0] - rows) / 30)
    upper: Mask = rows < 160
    return wedge & upper


def _write_vectors(folder: Path, layout: Layout, masks: Sequence[Mask]) -> dict[str, Path]:
    outlines = [_outline(mask) for mask in masks]
    kinds = [one.kind for one in layout.slumps]
    rows: list[tuple[BaseGeometry, dict[str, Any]]] = [
        (outline, {"id": number + 1, "type": TYPES[kind], "synthetic": True})
        for number, (outline, kind) in enumerate(zip(outlines, kinds, strict=True))
    ]
    known = [row for row, kind in zip(rows, kinds, strict=True) if kind in SEED_TYPES]
    known = known[: max(4, len(rows) // 3)]
    road: list[tuple[BaseGeometry, dict[str, Any]]] = [
        (_line(layout.road), {"highway": "trunk", "name": "G109", "synthetic": True}),
        (_line(layout.track), {"highway": "track", "name": None, "synthetic": True}),
    ]
    rail = {"railway": "rail", "name": "Qinghai-Tibet Railway", "synthetic": True}
    return {
        "seeds": _geojson(folder / "seeds.geojson", known),
        "truth": _geojson(folder / "truth.geojson", rows),
        "road": _geojson(folder / "roads.geojson", road),
        "railway": _geojson(folder / "railway.geojson", [(_line(layout.railway), rail)]),
    }


def _outline(mask: Mask) -> BaseGeometry:
    largest = max(polygonise(mask), key=lambda one: one.area)
    return to_crs(smooth_pixels(largest), GRID)


def _line(points: Sequence[tuple[float, float]]) -> BaseGeometry:
    return to_crs(LineString([(col, row) for row, col in points]), GRID)


def _geojson(path: Path, rows: Sequence[tuple[BaseGeometry, dict[str, Any]]]) -> Path:
    """RFC 7946: WGS84, longitude before latitude."""
    features = [
        {
            "type": "Feature",
            "properties": props,
            "geometry": mapping(shapely.set_precision(transform(geom, CRS, WGS84), 1e-8)),
        }
        for geom, props in rows
    ]
    text = json.dumps({"type": "FeatureCollection", "note": NOTE, "features": features})
    path.write_text(text, encoding="utf-8")
    return path
