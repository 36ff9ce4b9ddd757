"""Freeze the iteration's training set and start the training job."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import shapely

from rtsproj.domain.grid import ProjectGrid
from rtsproj.domain.iterations import Stage
from rtsproj.domain.labels import (
    NegativeRule,
    Polarity,
    TrainingLabel,
    capped_negatives,
    seeded_hash,
)
from rtsproj.domain.requests import Split, TrainRequest, Value
from rtsproj.errors import NeedsError
from rtsproj.geometry.grid import block_of
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.tables import write_labels
from rtsproj.jobs.weights import resolve_weights
from rtsproj.settings import GridSettings
from rtsproj.store import iterations, jobs, labels, tiles
from rtsproj.store.database import Connection
from rtsproj.workflow.jobs import (
    Job,
    list_jobs,
    require_no_running_job,
    resume_job,
    start_job,
)
from rtsproj.workflow.project import Project, reading, writing
from rtsproj.workflow.scenes import require_unchanged
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


def start_training(project: Project, *, by: str, sweep: Sweep = ONE_TRAINING) -> Job:
    """Start the iteration's training or sweep, detached; returns at once.

    Raises:
        NeedsError: no tiles or no positive labels yet, or another stage is on.
        UsageError: project.toml is not accepted, or weights, an earlier model or a scene cannot
            be used.
    """
    settings = project.settings_file.require()
    row = require_stage(project, Stage.TRAIN, Stage.INFER)
    require_no_running_job(project)
    iteration = row["iteration"]
    weights = resolve_weights(settings.train.weights)
    warm = warm_start(project, iteration)
    source = read_source(project)
    require_unchanged(source.scenes)
    with writing(project, f"freeze the training set of iteration {iteration}") as connection:
        labels.sync_labels(connection, iteration, by=by)
        found = labels.training_labels(connection, iteration)
        tables = asdict(settings).items()
        flat = {f"{table}.{key}": v for table, values in tables for key, v in values.items()}
        iterations.record_settings(connection, iteration, flat)
        _settle_split(connection, found, source.grid, settings.grid)
        blocks = tiles.validation_blocks(connection)
        job_id = jobs.next_job_id(connection)
    chosen = frozen_labels(found, project)
    folder = JobFolder(project.folder / "jobs" / f"{job_id}-train")
    _fresh(folder.path)
    folder.create()
    digest = write_labels(folder.labels, chosen)
    request = TrainRequest(
        job=job_id,
        iteration=iteration,
        source=source,
        split=Split(settings.grid.block_px, blocks),
        settings=settings.train,
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


def frozen_labels(found: Sequence[TrainingLabel], project: Project) -> tuple[TrainingLabel, ...]:
    """The training set of an iteration: positives, capped negatives, and what is ignored.

    Raises:
        NeedsError: there is no positive label.
    """
    settings = project.settings.train
    positives = [one for one in found if one.polarity is Polarity.POSITIVE]
    if not positives:
        raise NeedsError(
            "there is no positive label to train on",
            hint="add known slumps: rtsproj label add FILE --polarity positive",
        )
    negatives = capped_negatives(
        (one for one in found if one.polarity is Polarity.NEGATIVE),
        positives=len(positives),
        rule=NegativeRule(settings.negatives_per_positive, settings.reason_quota, settings.seed),
    )
    ignored = [one for one in found if one.polarity is Polarity.IGNORE]
    return tuple(sorted((*positives, *negatives, *ignored), key=lambda one: one.label_id))


def choose_validation(
    blocks: Sequence[tuple[int, int]],
    positive_blocks: Sequence[tuple[int, int]],
    settings: GridSettings,
) -> tuple[tuple[int, int], ...]:
    """Assign blocks to validation by a seeded hash, once.

    Blocks with positives are taken in hash order until they hold the wanted share of all
    positives, but never the last training block that holds any; other blocks by their own hash.

    Args:
        blocks: every block of the grid, (row, col).
        positive_blocks: block of each positive label, repeated per label.
        settings: share and seed.
    """
    share = settings.validation_share
    ordered = sorted(set(positive_blocks), key=lambda one: seeded_hash(settings.seed, *one))
    chosen: list[tuple[int, int]] = []
    held = 0
    for block in ordered[:-1]:
        if held >= share * len(positive_blocks):
            break
        count = positive_blocks.count(block)
        if held + count <= max(1.5 * share, 0.5) * len(positive_blocks):
            chosen.append(block)
            held += count
    empty = set(blocks) - set(positive_blocks)
    limit = share * 2.0**64
    chosen.extend(one for one in empty if seeded_hash(settings.seed, *one) < limit)
    return tuple(sorted(chosen)) if share > 0 else ()


def _settle_split(
    connection: Connection,
    found: Sequence[TrainingLabel],
    grid: ProjectGrid,
    settings: GridSettings,
) -> None:
    """Fix the split when the first training starts; afterwards it stands."""
    if connection.execute("SELECT 1 FROM job WHERE verb = 'train' LIMIT 1").fetchall():
        return
    size = settings.block_px
    blocks = sorted(
        {
            (row, col)
            for tile in tiles.read_tiles(connection)
            for row in range(tile.window.row // size, -(-(tile.window.row + tile.core_px) // size))
            for col in range(tile.window.col // size, -(-(tile.window.col + tile.core_px) // size))
        }
    )
    positives = [_block(one, grid, size) for one in found if one.polarity is Polarity.POSITIVE]
    connection.execute("DELETE FROM validation_block")
    chosen = choose_validation(blocks, positives, settings)
    tiles.settle_split(connection, chosen, block_px=size)


def _block(label: TrainingLabel, grid: ProjectGrid, size: int) -> tuple[int, int]:
    point = shapely.from_wkb(label.wkb).representative_point()
    row = int((grid.origin_y - point.y) // grid.pixel_m)
    col = int((point.x - grid.origin_x) // grid.pixel_m)
    return block_of(row, col, size)


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
