"""Search the area with the iteration's model."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import shapely

from rtsproj.domain.derived import candidate_cut
from rtsproj.domain.iterations import Stage
from rtsproj.domain.labels import Polarity
from rtsproj.domain.requests import InferRequest
from rtsproj.errors import DamagedError, NeedsError
from rtsproj.geometry.grid import require_blend
from rtsproj.jobs.files import sha256_of, write_atomic
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.tables import write_places, write_tiles
from rtsproj.settings import InferSettings, TriageSettings
from rtsproj.store import candidates, iterations, jobs, labels, tiles
from rtsproj.store.bulk import Shapes
from rtsproj.store.database import Connection
from rtsproj.workflow.from_data import as_recorded
from rtsproj.workflow.jobs import HERE, Job, Where, require_no_running_job, start_job
from rtsproj.workflow.project import Project, reading
from rtsproj.workflow.scenes import require_unchanged
from rtsproj.workflow.stages import require_stage
from rtsproj.workflow.tiles import read_ground, read_source


def start_search(
    project: Project,
    *,
    by: str,
    where: Where = HERE,
    note: Callable[[str], None] = lambda _: None,
) -> Job:
    """Start the search of the tiles that the iteration has not done, detached.

    Failed tiles and tiles added since are searched by starting again; finished ones are kept.

    Args:
        project: the project.
        by: who starts it.
        where: which machines.
        note: takes what the person should know before it starts: the candidate cut.

    Raises:
        NeedsError: there is no model yet, or nothing is left to search.
        UsageError: project.toml is not accepted, or blended windows do not fit the tiles.
        DamagedError: the model file does not match its recorded digest.
    """
    settings = project.settings_file.require()
    require_blend(settings.infer.blend_px, core_px=settings.grid.core_px)
    row = require_stage(project, Stage.INFER, Stage.TRIAGE, Stage.CONVERGE)
    require_no_running_job(project)
    iteration = row["iteration"]
    with reading(project) as connection:
        model = jobs.newest_model(connection, iteration)
        wanted = tiles.tiles_to_search(connection, iteration)
        recorded = iterations.recorded_settings(connection, iteration)
        judged = candidates.judged_places(connection)
        digitised = _digitised(connection, iteration)
        job_id = jobs.next_job_id(connection)
    if model is None:
        raise NeedsError(f"iteration {iteration} has no model yet", hint="next: rtsproj train")
    if not wanted:
        raise NeedsError(f"every tile of iteration {iteration} is searched", hint="next: triage")
    path = project.folder / model["path"]
    _require_unchanged_model(path, model["sha256"])
    ground, source = read_ground(project), read_source(project)
    require_unchanged(source.scenes)
    folder = JobFolder(project.folder / "jobs" / f"{job_id}-infer")
    if folder.path.exists():
        shutil.rmtree(folder.path)
    folder.create()
    write_tiles(folder.tiles, wanted)
    _write_places(folder, judged, digitised, settings.triage)
    write_atomic(folder.area, shapely.to_wkb(ground.area))
    request = InferRequest(
        job=job_id,
        iteration=iteration,
        source=source,
        settings=_settled(as_recorded(settings, recorded).infer, model["scores"], note),
        model_path=str(path),
        model_sha256=model["sha256"],
        core_px=settings.grid.core_px,
        margin_px=settings.grid.margin_px,
    )
    return start_job(project, folder, request, by=by, where=where)


def _require_unchanged_model(path: Path, sha256: str) -> None:
    if sha256_of(path) != sha256:
        raise DamagedError(
            f"{path} does not match its recorded sha256",
            hint="restore the file from a backup, or train again",
        )


def _write_places(
    folder: JobFolder, judged: Shapes, digitised: Sequence[bytes], triage: TriageSettings
) -> None:
    """What the search compares its outlines with."""
    (_, slump_ids), geoms = judged
    places = shapely.to_wkb(geoms)
    is_compared = bool(triage.budget and triage.far)
    write_places(folder.judged, places if is_compared else ())
    write_places(folder.slumps, places[slump_ids > 0])
    write_places(folder.known, digitised)


def _digitised(connection: Connection, iteration: int) -> Sequence[bytes]:
    """Outlines of the slumps that a person digitised."""
    return [
        one.wkb
        for one in labels.training_labels(connection, iteration)
        if one.polarity is Polarity.POSITIVE and one.origin != "accepted"
    ]


def _settled(settings: InferSettings, scores: str, note: Callable[[str], None]) -> InferSettings:
    """The settings with a candidate cut: the project's, or the one that suits the model."""
    if settings.threshold:
        return settings
    threshold, said = candidate_cut(held_out(scores))
    note(said)
    return replace(settings, threshold=threshold)


def held_out(scores: str) -> Sequence[float]:
    """Of each known slump that a model's training did not see, the highest cut that finds it."""
    said = json.loads(scores).get("scores") or {}
    return [float(one) for one in said.get("found_at", ())]
