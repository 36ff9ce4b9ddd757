"""Take in what finished jobs have left, each job in one transaction."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import shapely

from rtsproj.domain.candidates import Lineage, Outline
from rtsproj.domain.requests import TrainRequest
from rtsproj.domain.tiles import Outcome
from rtsproj.errors import DamagedError
from rtsproj.geometry.lineage import Judged, LineageMatch, classify_all, relations
from rtsproj.geometry.measures import measure
from rtsproj.jobs.files import sha256_of
from rtsproj.jobs.folder import JobFolder, read_json
from rtsproj.jobs.state import JobState
from rtsproj.jobs.tables import read_outcomes, read_outlines
from rtsproj.store import candidates, facts, jobs, outlines, tiles
from rtsproj.store.database import Connection
from rtsproj.workflow.distances import measure_candidates
from rtsproj.workflow.jobs import Job, list_jobs
from rtsproj.workflow.model_card import write_card
from rtsproj.workflow.project import Project, catch_up_journal, reading, writing
from rtsproj.workflow.sweep import best_request, sweep_table


@dataclass(frozen=True, slots=True)
class Collected:
    """What one job brought.

    Attributes:
        job_id: the job.
        verb: train or infer.
        candidates: outlines taken in; 0 for a training.
        shown: those that wait for a decision.
        specks: outlines below ``infer.min_px`` that were left out.
        failed_tiles: tiles that the search could not do, by id, with the reason.
        has_model: True where a training's model was taken in; a sweep may leave only its table.
    """

    job_id: int
    verb: str
    candidates: int
    shown: int
    specks: int
    failed_tiles: tuple[tuple[int, str], ...]
    has_model: bool = False


def catch_up(project: Project) -> tuple[Collected, ...]:
    """Bring the database up to what journals and finished jobs hold; safe to repeat."""
    catch_up_journal(project)
    return tuple(
        _collect(project, job)
        for job in list_jobs(project)
        if not job.collected and job.status.state is JobState.DONE
    )


def _collect(project: Project, job: Job) -> Collected:
    return _collect_model(project, job) if job.verb == "train" else _collect_search(project, job)


def _collect_model(project: Project, job: Job) -> Collected:
    folder = JobFolder(job.folder)
    asked = folder.read_request()
    if asked.verb != "train":
        raise DamagedError(f"{folder.request} is no training", hint="start a new job")
    table = sweep_table(folder)
    row = None
    if folder.model.exists():
        request = best_request(folder, asked)
        row = _model_row(folder, request, path=_kept_model(project, folder))
        write_card(project, folder, request, sha256=str(row["sha256"]))
    with writing(project, f"collect job {job.job_id}") as connection:
        if not jobs.is_collected(connection, job.job_id):
            detail: dict[str, Any] = {"sweep": [asdict(one) for one in table]} if table else {}
            if row is not None:
                model_id = jobs.add_model(connection, {"job_id": job.job_id, **row})
                detail |= {"model_id": model_id, "sha256": row["sha256"]}
            jobs.mark_collected(connection, job.job_id, detail)
    return Collected(job.job_id, "train", 0, 0, 0, (), has_model=row is not None)


def _kept_model(project: Project, folder: JobFolder) -> Path:
    """The job's model among the project's, copied whole."""
    digest = sha256_of(folder.model)
    target = project.models / f"{digest}.safetensors"
    if not target.exists():
        part = target.with_suffix(".part")
        shutil.copyfile(folder.model, part)
        part.replace(target)
    if sha256_of(target) != digest:
        raise DamagedError(f"{target} was not copied whole", hint="free space, then repeat")
    return target.relative_to(project.folder)


def _model_row(folder: JobFolder, request: TrainRequest, *, path: Path) -> dict[str, Any]:
    warm = request.warm_model
    said = json.loads(folder.scores.read_text(encoding="utf-8"))
    return {
        "path": str(path),
        "sha256": path.stem,
        "architecture": request.settings.architecture,
        "encoder": request.settings.encoder,
        "weights_origin": f"model {warm}" if warm else request.settings.weights,
        "weights_sha256": request.warm_sha256 if warm else request.weights_sha256,
        "training_sha256": request.training_sha256,
        "scores": json.dumps(said),
    }


def _collect_search(project: Project, job: Job) -> Collected:
    folder = JobFolder(job.folder)
    found = read_outlines(folder.outlines)
    outcomes = read_outcomes(folder.outcomes)
    rows = _candidate_rows(project, job, found)
    specks = int(_summary(folder).get("specks", 0))
    failed = tuple(
        (one.tile_id, one.message) for one in outcomes.values() if one.outcome is Outcome.FAILED
    )
    with writing(project, f"collect job {job.job_id}") as connection:
        if not jobs.is_collected(connection, job.job_id):
            first = candidates.add_candidates(connection, rows)
            tiles.add_outcomes(connection, job.job_id, outcomes.values())
            crs = facts.read_fact(connection, "crs") or ""
            numbered = [(first + n, bytes(row["geom"])) for n, row in enumerate(rows)]
            measure_candidates(connection, numbered, crs)
            jobs.mark_collected(
                connection,
                job.job_id,
                {"candidates": len(rows), "specks": specks, "failed_tiles": len(failed)},
            )
    shown = sum(row["lineage"] != Lineage.SAME for row in rows)
    return Collected(job.job_id, "infer", len(rows), shown, specks, failed)


def _summary(folder: JobFolder) -> dict[str, Any]:
    summary = read_json(folder.done).get("summary")
    return summary if isinstance(summary, dict) else {}


def _candidate_rows(project: Project, job: Job, found: Sequence[Outline]) -> list[dict[str, Any]]:
    with reading(project) as connection:
        values = facts.read_facts(connection)
        judged = _judged(connection)
        slumps = [
            (row["slump_id"], shapely.from_wkb(bytes(row["wkb"])))
            for row in outlines.current_outlines(connection)
        ]
    geoms = [shapely.from_wkb(one.wkb) for one in found]
    lineages = classify_all(
        geoms, judged, pixel_m=float(values["pixel_m"]), settings=project.settings.lineage
    )
    related = relations(geoms, slumps)
    return [
        {
            **_shape(one, geom, values["crs"]),
            **_lineage(match),
            "job_id": job.job_id,
            "iteration": job.iteration,
            "relation": relation.value,
            "relation_slump": slump_id,
        }
        for one, geom, match, (relation, slump_id) in zip(
            found, geoms, lineages, related, strict=True
        )
    ]


def _judged(connection: Connection) -> list[Judged]:
    """Earlier candidates with a word that stands, and seeds, which count as accepted."""
    said = [
        Judged(
            candidate_id=row["candidate_id"],
            geom=shapely.from_wkb(bytes(row["wkb"])),
            verdict=row["verdict"],
            slump_id=row["slump_id"],
        )
        for row in candidates.judged_places(connection)
    ]
    seeds = [
        Judged(
            candidate_id=0,
            geom=shapely.from_wkb(bytes(row["wkb"])),
            verdict="accept",
            slump_id=row["slump_id"],
        )
        for row in candidates.seed_outlines(connection)
    ]
    return said + seeds


def _lineage(match: LineageMatch) -> dict[str, Any]:
    seed = match.of == 0 and match.case is not Lineage.FRESH
    return {
        "lineage": match.case.value,
        "lineage_of": match.of,
        "lineage_slump": match.slump_id if seed else 0,
        "lineage_iou": match.iou,
        "growth_m2": match.growth_m2,
    }


def _shape(one: Outline, geom: shapely.Geometry, crs: str) -> dict[str, Any]:
    found = measure(geom, crs)
    minx, miny, maxx, maxy = geom.bounds
    return {
        "seq": one.seq,
        "area_m2": found.area_m2,
        "perimeter_m": found.perimeter_m,
        "lon": found.lon,
        "lat": found.lat,
        "score_mean": one.score_mean,
        "score_max": one.score_max,
        "pixels": one.pixels,
        "at_edge": one.at_edge,
        "tiles": ",".join(map(str, one.tiles)),
        "minx": minx,
        "miny": miny,
        "maxx": maxx,
        "maxy": maxy,
        "geom": one.wkb,
    }
