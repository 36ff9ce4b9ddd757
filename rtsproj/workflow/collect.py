"""Take in what finished jobs have left, each job in one transaction."""

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rtsproj.domain.extension import Extension
from rtsproj.domain.requests import TrainRequest
from rtsproj.domain.text import counted
from rtsproj.domain.tiles import Outcome
from rtsproj.errors import DamagedError
from rtsproj.jobs.files import sha256_of
from rtsproj.jobs.folder import JobFolder, read_json
from rtsproj.jobs.state import JobState
from rtsproj.jobs.tables import each_outline, read_outcomes
from rtsproj.store import candidates, jobs, sources, tiles
from rtsproj.store.bulk import Spool
from rtsproj.store.database import Connection
from rtsproj.workflow.asking import asking_plan
from rtsproj.workflow.better import replace_outlines
from rtsproj.workflow.distances import measure_candidates
from rtsproj.workflow.drawn import Drawn, lay_down
from rtsproj.workflow.jobs import Job, list_jobs
from rtsproj.workflow.known import read_known
from rtsproj.workflow.model_card import write_card
from rtsproj.workflow.project import Progress, Project, catch_up_journal, reading, writing
from rtsproj.workflow.sweep import best_request, sweep_table

SILENT_S = 2.0
"""s of work without a word."""


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
        probes: those of the shown ones that are asked as probes.
        far: those of the probes that are unlike everything judged.
        left: outlines on new ground that are not asked about in this iteration.
        better: accepted outlines replaced by better ones of this search.
        extension: outlines extended over adjoining ground.
    """

    job_id: int
    verb: str
    candidates: int
    shown: int
    specks: int
    failed_tiles: tuple[tuple[int, str], ...]
    has_model: bool = False
    probes: int = 0
    far: int = 0
    left: int = 0
    better: int = 0
    extension: Extension = field(default_factory=Extension)

    @property
    def notes(self) -> tuple[str, ...]:
        """A sentence each on extended and on replaced outlines, where there are some."""
        replaced = (
            f"{counted(self.better, 'accepted outline')} replaced by better ones that two searches "
            "agree on; decisions are unchanged (lineage.better)"
        )
        return tuple(one for one in (self.extension.text, replaced if self.better else "") if one)


def catch_up(project: Project, *, progress: Progress | None = None) -> tuple[Collected, ...]:
    """Bring the database up to what journals and finished jobs hold; safe to repeat.

    Args:
        project: the project.
        progress: called while outlines are collected for longer than a moment.
    """
    catch_up_journal(project)
    return tuple(
        _collect(project, job, progress)
        for job in list_jobs(project)
        if not job.collected and job.status.state is JobState.DONE
    )


def _collect(project: Project, job: Job, progress: Progress | None) -> Collected:
    if job.verb == "train":
        return _collect_model(project, job)
    return _collect_search(project, job, progress)


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


def _collect_search(project: Project, job: Job, progress: Progress | None) -> Collected:
    """Measure first, then take in: the project is held for the second part only."""
    folder = JobFolder(job.folder)
    outcomes = read_outcomes(folder.outcomes)
    summary = _summary(folder)
    specks, extension = int(summary.get("specks", 0)), Extension.of(summary.get("extension") or {})
    failed = tuple(
        (one.tile_id, one.message) for one in outcomes.values() if one.outcome is Outcome.FAILED
    )
    settings, asked = project.settings, folder.read_request()
    if asked.verb != "infer":
        raise DamagedError(f"{folder.request} is no search", hint="start a new job")
    with reading(project) as connection:
        known = read_known(connection, settings.lineage)
        plan = asking_plan(connection, job.iteration, settings.triage)
    better = 0
    with Spool() as spool:
        tell = _told(progress, of=int(summary.get("outlines", 0)))
        drawn = lay_down(spool, each_outline(folder.outlines), known, plan, tell=tell)
        with writing(project, f"collect job {job.job_id}") as connection:
            if not jobs.is_collected(connection, job.job_id):
                _take_in(connection, job, spool, drawn)
                if settings.lineage.better and not extension.is_applied:
                    better = replace_outlines(connection, job)
                tiles.add_outcomes(connection, job.job_id, outcomes.values())
                jobs.mark_collected(
                    connection,
                    job.job_id,
                    {
                        "candidates": drawn.count,
                        "raised": drawn.shown,
                        "probes": drawn.probes,
                        "far": drawn.far,
                        "left": drawn.left,
                        "better": better,
                        "specks": specks,
                        "failed_tiles": len(failed),
                        "extension": asdict(extension),
                        "asking": asdict(plan),
                    },
                )
    return Collected(
        job.job_id,
        "infer",
        drawn.count,
        drawn.shown,
        specks,
        failed,
        probes=drawn.probes,
        far=drawn.far,
        left=drawn.left,
        better=better,
        extension=extension,
    )


def _take_in(connection: Connection, job: Job, spool: Spool, drawn: Drawn) -> None:
    first = candidates.take_in(connection, spool, job_id=job.job_id, iteration=job.iteration)
    for (source_id, kind), (numbers, lines, metres) in drawn.near.items():
        found = (numbers + first, lines, metres)
        candidates.add_candidate_distances(connection, kind, source_id, found)
    for line in sources.line_sources(connection):
        one = (line["source_id"], line["kind"])
        if one not in drawn.near:  # taken in while the outlines were measured
            measure_candidates(connection, one, first)


def _told(progress: Progress | None, *, of: int) -> Callable[[int], None]:
    """Tells the progress of work that is longer than a moment."""
    began = time.monotonic()

    def tell(done: int) -> None:
        if progress is not None and time.monotonic() - began > SILENT_S:
            progress(done, max(of, done), "outlines collected")

    return tell


def _summary(folder: JobFolder) -> dict[str, Any]:
    summary = read_json(folder.done).get("summary")
    return summary if isinstance(summary, dict) else {}
