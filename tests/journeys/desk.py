"""A small real project for tests of the desk; searches are made by hand, without a network."""

import atexit
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import shapely
from shapely.geometry import box, mapping
from shapely.geometry.base import BaseGeometry

from rtsproj.domain.candidates import Outline
from rtsproj.domain.extension import Extension
from rtsproj.domain.labels import Polarity
from rtsproj.domain.requests import InferRequest, TrainRequest
from rtsproj.domain.tiles import Outcome, TileOutcome
from rtsproj.geometry.crs import WGS84, transform
from rtsproj.imagery.rasters import Placement, write_geotiff
from rtsproj.jobs import tables
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.reporter import Reporter
from rtsproj.settings import Settings, settings_text
from rtsproj.store import jobs
from rtsproj.workflow.collect import Collected, catch_up
from rtsproj.workflow.create import init_project
from rtsproj.workflow.project import Project, open_project, reading, writing
from rtsproj.workflow.scenes import SceneChoice, add_scenes
from rtsproj.workflow.sources import VectorChoice, add_labels, add_lines
from rtsproj.workflow.stages import latest
from rtsproj.workflow.tiles import lay_tiles, read_source

CRS = "EPSG:32646"
LEFT, TOP, PIXEL_M = 490_000.0, 3_851_000.0, 3.0
SIDE = 192


def write_settings(project: Project, settings: Settings) -> None:
    """Edit project.toml; an open project reads it again."""
    path = project.settings_file.path
    path.write_text(settings_text(settings), encoding="utf-8")


def stop_at_once(project: Project) -> None:
    """Let the first silent search stop the project, as published: no budget, no probes."""
    settings = project.settings
    triage = replace(settings.triage, budget=0.0, probes=0)
    write_settings(project, replace(settings, triage=triage))


def square(col: float, row: float, side: float) -> BaseGeometry:
    """A square given in pixels of the scene, as a geometry of the project CRS."""
    left, top = LEFT + col * PIXEL_M, TOP - row * PIXEL_M
    return box(left, top - side * PIXEL_M, left + side * PIXEL_M, top)


def scene_file(path: Path, *, year: int = 2019) -> Path:
    """A scene of random ground."""
    rng = np.random.default_rng(year)
    values = rng.integers(500, 2500, size=(4, SIDE, SIDE)).astype(np.uint16)
    file = path / f"{year}0715_042310_1032_3B_AnalyticMS_SR.tif"
    write_geotiff(file, values, Placement(CRS, LEFT, TOP, PIXEL_M), nodata=0)
    return file


def geojson(path: Path, shapes: Sequence[BaseGeometry], *, crs: str = CRS, **props: object) -> Path:
    """A GeoJSON file in WGS84 of shapes of the project CRS."""
    features = [
        {
            "type": "Feature",
            "properties": props,
            "geometry": mapping(transform(one, crs, WGS84)),
        }
        for one in shapes
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def make_project(path: Path) -> Project:
    """A project that is ready to be trained: two seeds, a road 30 px below the first.

    It is made once per process and then copied with its files, whose paths are brought up to date.
    """
    made = _made()
    path.mkdir(parents=True, exist_ok=True)
    shutil.copytree(made, path, dirs_exist_ok=True)
    project = open_project(path / "project")
    with project.database.writing("a copy") as connection:
        for table in ("scene", "source"):
            moved = f"UPDATE {table} SET uri = replace(uri, ?, ?)"  # noqa: S608 - literals
            connection.execute(moved, [str(made), str(path.absolute())])
    return project


@cache
def _made() -> Path:
    """A folder that holds the project and its files; goes when the process ends."""
    folder = Path(mkdtemp(prefix="rtsproj-desk-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    project = init_project(folder / "project", title="desk")
    add_scenes(project, [scene_file(folder)], SceneChoice(), by="ann")
    add_known(project, folder)
    project.database.close()
    return folder


def add_known(project: Project, path: Path) -> None:
    """Two seeds, a road 30 px below the first, and the grid."""
    seeds = geojson(path / "seeds.geojson", [square(20, 20, 20), square(100, 20, 10)])
    add_labels(project, seeds, VectorChoice(), polarity=Polarity.POSITIVE, by="ann")
    road = shapely.LineString([(LEFT - 50, TOP - 210), (LEFT + 700, TOP - 210)])
    line = geojson(path / "road.geojson", [road], highway="trunk", name="G109")
    add_lines(project, line, VectorChoice(), kind="road", by="ann")
    lay_tiles(project)


def add_model(project: Project) -> None:
    """A model row, as a collected training leaves it."""
    row = latest(project)
    request = TrainRequest.__name__
    with writing(project, "a model for the tests") as connection:
        job_id = jobs.next_job_id(connection)
        jobs.add_job(connection, _job(job_id, row["iteration"], "train"))
        jobs.mark_collected(connection, job_id, {"made_by": request})
        jobs.add_model(
            connection,
            {
                "job_id": job_id,
                "path": f"models/{job_id}.safetensors",
                "sha256": f"{job_id:064}",
                "architecture": "DeepLabV3Plus",
                "encoder": "resnet18",
                "weights_origin": "random",
                "weights_sha256": "",
                "training_sha256": "",
                "scores": "{}",
            },
        )


def search(
    project: Project, shapes: Sequence[BaseGeometry], *, failed: Sequence[int] = ()
) -> tuple[Collected, ...]:
    """A finished search that drew these outlines, collected."""
    add_model(project)
    return catch_up_with(project, shapes, failed=failed)


def finished_search(
    project: Project,
    shapes: Sequence[BaseGeometry],
    *,
    failed: Sequence[int] = (),
    extension: Extension | None = None,
    detected: float = 1.0,
) -> int:
    """A finished search of the newest iteration, not yet collected; returns its number.

    Of each outline, the share ``detected`` was detected, the rest was added to it.
    """
    iteration = latest(project)["iteration"]
    with writing(project, "a search for the tests") as connection:
        job_id = jobs.next_job_id(connection)
        jobs.add_job(connection, _job(job_id, iteration, "infer"))
    folder = JobFolder(project.folder / "jobs" / f"{job_id}-infer")
    folder.create()
    settings = project.settings
    folder.write_request(
        InferRequest(
            job=job_id,
            iteration=iteration,
            source=replace(read_source(project)),
            settings=settings.infer,
            model_path="",
            model_sha256="",
            core_px=settings.grid.core_px,
            margin_px=settings.grid.margin_px,
        )
    )
    with reading(project) as connection:
        ids = [row[0] for row in connection.execute("SELECT tile_id FROM tile").fetchall()]
    for tile_id in ids:
        is_bad = tile_id in failed
        outcome = Outcome.FAILED if is_bad else Outcome.DONE
        reason = "read error in block 12" if is_bad else ""
        tables.append_outcomes(folder.outcomes, [TileOutcome(tile_id, outcome, message=reason)])
    outlines = [
        Outline(
            n,
            shapely.to_wkb(one),
            0.5 + n / 100,
            0.9,
            int(detected * one.area / 9),
            (ids[0],),
            False,
        )
        for n, one in enumerate(shapes)
    ]
    tables.write_outlines(folder.outlines, outlines)
    summary = {"specks": 3} | ({} if extension is None else {"extension": asdict(extension)})
    Reporter(folder).finished(summary, outputs=[folder.outlines])
    return job_id


def catch_up_with(
    project: Project, shapes: Sequence[BaseGeometry], *, failed: Sequence[int] = ()
) -> tuple[Collected, ...]:
    """Finish a search and collect it."""
    finished_search(project, shapes, failed=failed)
    return catch_up(project)


def _job(job_id: int, iteration: int, verb: str) -> dict[str, object]:
    return {
        "job_id": job_id,
        "iteration": iteration,
        "verb": verb,
        "folder": f"jobs/{job_id}-{verb}",
        "request_sha256": "",
        "created_by": "ann",
    }
