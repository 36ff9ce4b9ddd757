"""Worlds drawn from a seed: sizes, bands, data types, holes, zones, slumps at any place."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import shapely
from desk import geojson
from numpy.typing import NDArray

from rtsproj.domain.labels import Polarity
from rtsproj.domain.scenes import Role
from rtsproj.imagery.rasters import Placement, write_geotiff
from rtsproj.settings import Settings, TrainSettings
from rtsproj.settings.write import settings_text
from rtsproj.workflow.create import init_project
from rtsproj.workflow.project import SETTINGS, Project, open_project
from rtsproj.workflow.scenes import SceneChoice, add_scenes
from rtsproj.workflow.sources import VectorChoice, add_labels, add_lines
from rtsproj.workflow.tiles import lay_tiles

BANDS = ("blue", "green", "red", "nir", *(f"extra{n}" for n in range(5, 14)))
GROUND = {"uint8": 70.0, "uint16": 900.0, "int16": 900.0, "float32": 0.09}
"""Middle of the ground's values by data type; a slump is twice as bright."""
HOLES = ("none", "frame", "stripe", "specks", "half", "mask")
ZONES = tuple(f"EPSG:{side}{zone:02}" for side in (326, 327) for zone in (1, 17, 33, 46, 60))


@dataclass(frozen=True)
class Ellipse:
    """A slump: middle and half axes, px; it may reach beyond the image."""

    row: float
    col: float
    down: float
    across: float


@dataclass(frozen=True)
class Plan:
    """What a world is made of.

    Attributes:
        seed: of everything random.
        shape: (rows, cols) of the first image.
        bands: names in file order.
        dtype: of all map images.
        pixel_m: m.
        crs: of the project and of the first image.
        corner: m, upper left corner.
        holes: kind of missing pixels, one of ``HOLES``.
        shifts: (down, right) of each further map image, parts of a pixel and pixels.
        history: images of other years, and of the same year.
        slumps: the truth.
        known: how many of them are known before.
        settings: sizes for the two cores of a test machine.
    """

    seed: int
    shape: tuple[int, int]
    bands: tuple[str, ...]
    dtype: str
    pixel_m: float
    crs: str
    corner: tuple[float, float]
    holes: str
    shifts: tuple[tuple[float, float], ...]
    history: int
    slumps: tuple[Ellipse, ...]
    known: int
    settings: Settings

    @property
    def text(self) -> str:
        """The world in a few words."""
        rows, cols = self.shape
        return (
            f"{cols} x {rows} px of {self.pixel_m:g} m, {len(self.bands)} bands {self.dtype}, "
            f"{self.crs}, holes {self.holes}, {1 + len(self.shifts)}+{self.history} images, "
            f"{self.known} of {len(self.slumps)} slumps known"
        )


def draw_plan(seed: int) -> Plan:
    """Draw a world; equal seeds give equal worlds."""
    rng = np.random.default_rng(seed)
    kind = rng.choice(["small", "middle", "thin", "tiny"], p=[0.35, 0.45, 0.1, 0.1])
    low, high = {"small": (40, 130), "middle": (130, 300), "thin": (60, 300), "tiny": (3, 40)}[kind]
    shape = [int(one) for one in rng.integers(low, high, 2)]
    if kind == "thin":
        shape[int(rng.integers(2))] = int(rng.integers(1, 12))
    dtype = str(rng.choice(list(GROUND)))
    count = int(rng.choice([1, 3, 4, 4, 5, 8, 13]))
    slumps = tuple(_ellipse(rng, shape) for _ in range(int(rng.integers(1, 10))))
    return Plan(
        seed=seed,
        shape=(shape[0], shape[1]),
        bands=BANDS[:count] if count > 1 else ("gray",),
        dtype=dtype,
        pixel_m=float(rng.choice([0.5, 2.0, 3.0, 10.0, 30.0])),
        crs=str(rng.choice(ZONES)),
        corner=(float(rng.uniform(3e5, 6e5)), float(rng.uniform(2e6, 7e6))),
        holes=str(rng.choice(HOLES)),
        shifts=tuple(
            (float(rng.choice([0.0, 0.5, 7.0])), float(rng.choice([0.0, 0.25, -5.0])))
            for _ in range(int(rng.integers(0, 3)))
        ),
        history=int(rng.integers(0, 3)),
        slumps=slumps,
        known=int(rng.integers(1, len(slumps) + 1)),
        settings=_settings(rng, seed),
    )


def _ellipse(rng: np.random.Generator, shape: Sequence[int]) -> Ellipse:
    row, col = rng.uniform(-2, np.array(shape) + 2)
    down, across = rng.uniform(1.5, 12, 2)
    return Ellipse(float(row), float(col), float(down), float(across))


def _settings(rng: np.random.Generator, seed: int) -> Settings:
    base = Settings()
    train = TrainSettings(
        encoder="tu-test_efficientnet",
        weights="random",
        chip_px=int(rng.choice([32, 48, 64])),
        batch=4,
        steps=int(rng.choice([4, 30])),
        learning_rate=0.02,
        validate_every=int(rng.choice([2, 10])),
        checkpoint_every=int(rng.choice([1, 3])),
        buffer_m=float(rng.choice([0.0, 30.0, 300.0])),
        refit=str(rng.choice(["none", "all"])),  # type: ignore[arg-type]
        members=int(rng.choice([1, 1, 2])),
        seed=seed,
    )
    grid = replace(
        base.grid,
        core_px=int(rng.choice([32, 64, 100, 512])),
        margin_px=int(rng.choice([0, 16, 40])),
        block_px=int(rng.choice([32, 64, 512])),
        seed=seed,
    )
    infer = replace(
        base.infer,
        threshold=float(rng.choice([0.35, 0.5, 0.8])),
        min_px=int(rng.choice([1, 4, 12])),
        span=int(rng.choice([1, 2, 3])),
        engine="torch",
        processes=1,
    )
    return replace(base, train=train, grid=grid, infer=infer)


def truth(plan: Plan) -> list[shapely.Geometry]:
    """Outlines of all slumps, project CRS."""
    left, top = plan.corner
    circle = shapely.Point(0, 0).buffer(1, quad_segs=8)
    return [
        shapely.transform(
            circle,
            lambda xy, one=one: np.column_stack(
                (
                    left + (one.col + one.across * xy[:, 0]) * plan.pixel_m,
                    top - (one.row + one.down * xy[:, 1]) * plan.pixel_m,
                )
            ),
        )
        for one in plan.slumps
    ]


def make_world(plan: Plan, folder: Path, *, by: str) -> Project:
    """Write the images and make the project, ready to be trained.

    Raises:
        RtsError: the world cannot be mapped, with the reason.
    """
    folder.mkdir(parents=True)
    project = init_project(folder / "project", title=f"world {plan.seed}")
    (project.folder / SETTINGS).write_text(settings_text(plan.settings), encoding="utf-8")
    project = open_project(project.folder)
    maps, history = _images(plan, folder)
    add_scenes(project, maps, SceneChoice(bands=plan.bands), by=by)
    if history:
        add_scenes(project, history, SceneChoice(role=Role.HISTORY, bands=plan.bands), by=by)
    seeds = geojson(folder / "seeds.geojson", truth(plan)[: plan.known], crs=plan.crs)
    add_labels(project, seeds, VectorChoice(), polarity=Polarity.POSITIVE, by=by)
    left, top = plan.corner
    road = shapely.LineString([(left, top), (left + plan.shape[1] * plan.pixel_m, top - 1.0)])
    lines = geojson(folder / "road.geojson", [road], crs=plan.crs)
    add_lines(project, lines, VectorChoice(), kind="road", by=by)
    lay_tiles(project)
    return project


def _images(plan: Plan, folder: Path) -> tuple[list[Path], list[Path]]:
    rng = np.random.default_rng(plan.seed + 1)
    maps = []
    for number, (down, right) in enumerate([(0.0, 0.0), *plan.shifts]):
        day = f"201907{10 + number:02}"
        maps.append(_image(plan, folder / f"{day}_map.tif", rng, (down, right)))
    history = []
    for number in range(plan.history):
        year = 2019 - number  # the first is of the year of the map
        history.append(_image(plan, folder / f"{year}0601_old.tif", rng, (0.3, 0.6)))
    return maps, history


def _image(plan: Plan, path: Path, rng: np.random.Generator, shift: tuple[float, float]) -> Path:
    down, right = shift
    middle = GROUND[plan.dtype]
    values = rng.normal(middle, middle / 12, (len(plan.bands), *plan.shape))
    rows, cols = np.indices(plan.shape) + 0.5
    for one in plan.slumps:
        inside = ((rows + down - one.row) / one.down) ** 2 + (
            (cols + right - one.col) / one.across
        ) ** 2 <= 1
        values[:, inside] += middle
    clear = _clear(plan, rng)
    values = np.clip(values, middle / 9, middle * 3)
    nodata: float | None = 0
    if plan.holes == "none":
        nodata = None
    elif plan.holes == "mask":
        _mask(plan, path, clear, shift)
    else:
        values[:, ~clear] = np.nan if plan.dtype == "float32" else 0
        nodata = float("nan") if plan.dtype == "float32" else 0
    left, top = plan.corner
    place = Placement(
        plan.crs, left + right * plan.pixel_m, top - down * plan.pixel_m, plan.pixel_m
    )
    write_geotiff(path, values.astype(plan.dtype), place, nodata=nodata)
    return path


def _clear(plan: Plan, rng: np.random.Generator) -> NDArray[np.bool_]:
    rows, cols = plan.shape
    clear = np.ones(plan.shape, bool)
    if plan.holes == "frame":
        clear[:2], clear[-2:], clear[:, :3], clear[:, -3:] = False, False, False, False
    elif plan.holes == "stripe":
        clear[:, cols // 2 : cols // 2 + max(1, cols // 9)] = False
    elif plan.holes in ("specks", "mask"):
        clear = rng.random(plan.shape) > 0.15
    elif plan.holes == "half":
        clear[np.indices(plan.shape).sum(axis=0) > (rows + cols) // 2] = False
    return clear


def _mask(plan: Plan, path: Path, clear: NDArray[np.bool_], shift: tuple[float, float]) -> None:
    """Planet's usable data mask beside the image."""
    left, top = plan.corner
    place = Placement(
        plan.crs, left + shift[1] * plan.pixel_m, top - shift[0] * plan.pixel_m, plan.pixel_m
    )
    mask = np.zeros((8, *plan.shape), np.uint8)
    mask[0] = clear
    write_geotiff(path.with_name(f"{path.stem}_udm2.tif"), mask, place)
