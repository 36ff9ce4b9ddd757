"""Freeze the iteration's training set and start the training job."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import shapely

from rtsproj.domain.iterations import Stage
from rtsproj.domain.labels import (
    NegativeRule,
    Polarity,
    TrainingLabel,
    capped_negatives,
)
from rtsproj.domain.requests import ImagerySource, TrainRequest, Value
from rtsproj.errors import NeedsError
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.tables import write_labels
from rtsproj.jobs.weights import resolve_weights
from rtsproj.settings import TrainSettings
from rtsproj.store import iterations, jobs, labels, tiles
from rtsproj.workflow.from_data import from_data
from rtsproj.workflow.jobs import (
    Job,
    list_jobs,
    require_no_running_job,
    resume_job,
    start_job,
)
from rtsproj.workflow.project import Project, reading, writing
from rtsproj.workflow.scenes import require_unchanged
from rtsproj.workflow.split import plan_split
from rtsproj.workflow.stages import latest, require_stage
from rtsproj.workflow.tiles import read_source
from rtsproj.workflow.warm_start import warm_start


@dataclass(frozen=True, slots=True)
class Sweep:
    """Trainings in one job.

    Attributes:
        runs: settings that differ, run by run.
        take_best: True = the model of the best run becomes the iteration's.
    """

    runs: tuple[Mapping[str, Value], ...] = ()
    take_best: bool = False


ONE_TRAINING = Sweep()


def start_training(
    project: Project,
    *,
    by: str,
    sweep: Sweep = ONE_TRAINING,
    note: Callable[[str], None] = lambda _: None,
) -> Job:
    """Start the iteration's training or sweep, detached; returns at once.

    Args:
        project: the project.
        by: who starts it.
        sweep: trainings in one job.
        note: takes what the person should know before it starts: what the network starts from, and
            what scores it.

    Raises:
        NeedsError: no tiles or no positive labels on the images yet, or another stage is on.
        UsageError: project.toml is not accepted, or weights, an earlier model or a scene cannot
            be used.
    """
    given = project.settings_file.require()
    row = require_stage(project, Stage.TRAIN, Stage.INFER)
    require_no_running_job(project)
    iteration = row["iteration"]
    note(weights_text(project))
    weights = resolve_weights(given.train.weights)
    warm = warm_start(project, iteration)
    source = read_source(project)
    require_unchanged(source.scenes)
    with writing(project, f"freeze the training set of iteration {iteration}") as connection:
        labels.sync_labels(connection, iteration, by=by)
        found = on_images(labels.training_labels(connection, iteration), source)
        settings, said = from_data(given, found, source)
        tables = asdict(settings).items()
        flat = {f"{table}.{key}": v for table, values in tables for key, v in values.items()}
        iterations.record_settings(connection, iteration, flat)
        standing, laid = tiles.read_split(connection), tiles.read_tiles(connection)
        plan = plan_split(found, laid, source.grid, settings.grid, standing=standing)
        tiles.settle_split(connection, plan.split)
        job_id = jobs.next_job_id(connection)
    note(said)
    note(plan.text)
    chosen = frozen_labels(found, settings.train)
    folder = JobFolder(project.folder / "jobs" / f"{job_id}-train")
    _fresh(folder.path)
    folder.create()
    digest = write_labels(folder.labels, chosen)
    request = TrainRequest(
        job=job_id,
        iteration=iteration,
        source=source,
        split=plan.split,
        settings=replace(settings.train, seed=settings.train.seed + iteration - 1),
        weights_path=weights.path,
        weights_sha256=weights.sha256,
        training_sha256=digest,
        margin_px=settings.grid.margin_px,
        warm_path=warm.path if warm else "",
        warm_sha256=warm.sha256 if warm else "",
        warm_model=warm.model_id if warm else 0,
        runs=sweep.runs,
        take_best=sweep.take_best,
    )
    return start_job(project, folder, request, by=by)


def on_images(found: Sequence[TrainingLabel], source: ImagerySource) -> tuple[TrainingLabel, ...]:
    """Labels that meet the images: others show the network nothing."""
    extent = shapely.box(*source.grid.bounds(source.extent))
    return tuple(one for one in found if extent.intersects(shapely.from_wkb(one.wkb)))


def frozen_labels(
    found: Sequence[TrainingLabel], settings: TrainSettings
) -> tuple[TrainingLabel, ...]:
    """The training set of an iteration: positives, capped negatives, and what is ignored.

    Raises:
        NeedsError: there is no positive label.
    """
    positives = [one for one in found if one.polarity is Polarity.POSITIVE]
    if not positives:
        raise NeedsError(
            "there is no positive label on the images to train on",
            hint="add known slumps: rtsproj label add FILE --polarity positive",
        )
    negatives = capped_negatives(
        (one for one in found if one.polarity is Polarity.NEGATIVE),
        positives=len(positives),
        rule=NegativeRule(settings.negatives_per_positive, settings.reason_quota, settings.seed),
    )
    ignored = [one for one in found if one.polarity is Polarity.IGNORE]
    return tuple(sorted((*positives, *negatives, *ignored), key=lambda one: one.label_id))


def _fresh(folder: Path) -> None:
    """Clear what a launch that never reached the database has left under the next number."""
    if folder.exists():
        shutil.rmtree(folder)


def resume_training(project: Project) -> Job:
    """Go on with the iteration's training that was interrupted or has failed.

    Raises:
        NeedsError: there is none.
    """
    iteration = latest(project)["iteration"]
    found = [
        one
        for one in list_jobs(project)
        if (one.verb, one.iteration, one.collected) == ("train", iteration, False)
    ]
    if not found:
        raise NeedsError(
            f"iteration {iteration} has no training to go on with",
            hint="start one: rtsproj train",
        )
    return resume_job(project, found[-1].job_id)


def weights_text(project: Project) -> str:
    """What the network will start from, resolved before a job is started.

    Raises:
        UsageError: the setting names nothing that is here; there is no silent fallback.
    """
    settings = project.settings.train
    found = resolve_weights(settings.weights)
    if found.path:
        where = f"{found.path}, sha256 {found.sha256[:12]}"
    elif found.origin == "random":
        where = "no file: the encoder starts from random weights"
    else:
        where = "fetched from the hub when the job starts; the job fails where it is not reachable"
    cold = f"{settings.encoder} with weights {found.origin}: {where}"
    if settings.warm_start == "none":
        return cold
    warm = warm_start(project, latest(project)["iteration"])
    if warm is None:
        return f"no earlier iteration has a model for a warm start: {cold}"
    return f"warm start: the whole network of model {warm.model_id}, sha256 {warm.sha256[:12]}"


def model_row(project: Project, iteration: int) -> dict[str, object] | None:
    """The model that searches in an iteration, as its row; None before training."""
    with reading(project) as connection:
        return jobs.newest_model(connection, iteration)
