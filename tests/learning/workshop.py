"""A small world with known slumps: one GeoTIFF, labels, tiles and requests."""

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import shapely
import torch
from numpy.typing import NDArray
from torch import nn

from rtsproj.domain.grid import ProjectGrid, Window
from rtsproj.domain.labels import Polarity, TrainingLabel
from rtsproj.domain.requests import ImagerySource, InferRequest, Scaling, Split, TrainRequest
from rtsproj.domain.scenes import Role, SceneSpec
from rtsproj.domain.tiles import Tile
from rtsproj.geometry.grid import tiles_over
from rtsproj.geometry.outlines import to_crs
from rtsproj.imagery.rasters import Placement, write_geotiff
from rtsproj.jobs import tables
from rtsproj.jobs.folder import JobFolder
from rtsproj.learning.model_file import ModelInfo
from rtsproj.learning.network import NetworkSpec
from rtsproj.settings import InferSettings, TrainSettings

BANDS = ("red", "green", "blue", "nir")
GRID = ProjectGrid("EPSG:32646", 3.0, 500_000.0, 3_900_000.0)
TINY = TrainSettings(
    encoder="tu-test_efficientnet",
    weights="random",
    chip_px=64,
    batch=4,
    steps=8,
    validate_every=4,
    checkpoint_every=2,
    buffer_m=60.0,
    refit="none",
)
"""A network of 0.2 million parameters with dropout, for tests of the machinery."""


@dataclass(frozen=True)
class World:
    """A raster with bright ellipses on a dark ground.

    Attributes:
        source: the raster as the search mosaic.
        slumps: outlines of the ellipses, px of the grid.
        truth: (rows, cols), True inside.
    """

    source: ImagerySource
    slumps: tuple[shapely.Polygon, ...]
    truth: NDArray[np.bool_]

    @property
    def labels(self) -> tuple[TrainingLabel, ...]:
        """All slumps as positives, and one negative beside each third one."""
        rows = [
            TrainingLabel(n + 1, Polarity.POSITIVE, "seed", "", wkb(one))
            for n, one in enumerate(self.slumps)
        ]
        beside = [shapely.transform(one, lambda xy: xy + 18) for one in self.slumps[::3]]
        rows += [
            TrainingLabel(900 + n, Polarity.NEGATIVE, "rejected", "barren", wkb(one))
            for n, one in enumerate(beside)
        ]
        return tuple(rows)


def wkb(outline_px: shapely.Polygon) -> bytes:
    """An outline in pixels as WKB in the project CRS."""
    return shapely.to_wkb(to_crs(outline_px, GRID))


def make_world(folder: Path, *, side: int = 256, hole: Window | None = None) -> World:
    """Write the raster; ``hole`` is a place without data."""
    rng = np.random.default_rng(7)
    values = rng.normal(600, 60, (4, side, side))
    slumps = []
    rows, cols = np.mgrid[:side, :side] + 0.5
    truth = np.zeros((side, side), bool)
    for row in range(24, side - 20, 48):
        for col in range(24, side - 20, 48):
            a, b = rng.uniform(5, 10, 2)
            inside = ((rows - row) / a) ** 2 + ((cols - col) / b) ** 2 <= 1
            truth |= inside
            circle = shapely.Point(0, 0).buffer(1, quad_segs=16)
            slumps.append(
                shapely.transform(circle, lambda xy, a=a, b=b, r=row, c=col: xy * (b, a) + (c, r))
            )
    values[0, truth] += 900
    values[3, truth] -= 300
    values = np.clip(values, 1, 4000).astype(np.uint16)
    if hole is not None:
        values[:, hole.row : hole.row + hole.rows, hole.col : hole.col + hole.cols] = 0
    path = folder / "scene.tif"
    place = Placement(GRID.crs, GRID.origin_x, GRID.origin_y, GRID.pixel_m)
    write_geotiff(path, values, place, nodata=0, band_names=BANDS)
    scene = SceneSpec(1, str(path), Role.MAP, date(2020, 8, 1), BANDS, "uint16", 0, None, 1.0, "")
    scaling = Scaling((300.0,) * 4, (1800.0,) * 4)
    extent = Window(0, 0, side, side)
    return World(ImagerySource(GRID, (scene,), BANDS, scaling, extent), tuple(slumps), truth)


def train_job(
    folder: Path,
    world: World,
    *,
    settings: TrainSettings = TINY,
    validation: tuple[tuple[int, int], ...] = ((1, 1),),
    labels: tuple[TrainingLabel, ...] | None = None,
) -> tuple[JobFolder, TrainRequest]:
    """A training job that is ready to run."""
    job = JobFolder(folder)
    job.create()
    digest = tables.write_labels(job.labels, world.labels if labels is None else labels)
    request = TrainRequest(
        job=1,
        iteration=1,
        source=world.source,
        split=Split(96, validation),
        settings=settings,
        weights_path="",
        weights_sha256="",
        training_sha256=digest,
        margin_px=16,
    )
    job.write_request(request)
    return job, request


def infer_job(
    folder: Path,
    world: World,
    model: tuple[Path, str],
    *,
    core_px: int = 64,
    settings: InferSettings | None = None,
) -> tuple[JobFolder, InferRequest]:
    """A search job over the whole raster."""
    job = JobFolder(folder)
    job.create()
    extent = world.source.extent
    tiles = [
        Tile(n + 1, row, col, core_px) for n, (row, col) in enumerate(tiles_over(extent, core_px))
    ]
    tables.write_tiles(job.tiles, tiles)
    job.area.write_bytes(shapely.to_wkb(shapely.box(*GRID.bounds(extent))))
    request = InferRequest(
        job=2,
        iteration=1,
        source=world.source,
        settings=settings or InferSettings(threshold=0.5, min_px=12),
        model_path=str(model[0]),
        model_sha256=model[1],
        core_px=core_px,
        margin_px=16,
    )
    job.write_request(request)
    return job, request


def shifted(request: InferRequest, row: int, col: int) -> InferRequest:
    """The same search with the grid's origin moved by pixels; scenes stay where they are."""
    grid = GRID
    moved = ProjectGrid(
        grid.crs,
        grid.pixel_m,
        grid.origin_x + col * grid.pixel_m,
        grid.origin_y - row * grid.pixel_m,
    )
    extent = request.source.extent
    source = replace(
        request.source,
        grid=moved,
        extent=Window(extent.row - row, extent.col - col, extent.rows, extent.cols),
    )
    return replace(request, source=source)


class Brightness(nn.Module):
    """A 1x1 convolution that knows the answer: bright in red and dark in near infrared."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(4, 1, 1)
        with torch.no_grad():
            self.layer.weight[:] = torch.tensor([5.0, 0.0, 0.0, 0.0]).reshape(1, 4, 1, 1)
            self.layer.bias[:] = 0.0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x)


def model_info(spec: NetworkSpec | None = None) -> ModelInfo:
    """Header of a model that was never trained."""
    return ModelInfo(
        spec=spec or NetworkSpec("Unet", "resnet18", 16, BANDS),
        scaling=Scaling((300.0,) * 4, (1800.0,) * 4),
        pixel_m=3.0,
        margin_px=16,
        training_sha256="",
        weights_origin="random",
        weights_sha256="",
        device="CPU",
        torch_version="",
    )
