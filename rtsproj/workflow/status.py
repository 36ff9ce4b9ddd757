"""Where the project stands: the figures of the home screen and of ``status``."""

from dataclasses import dataclass

from rtsproj.domain.iterations import Stage, reopened_sentence, stop_reason
from rtsproj.domain.text import counted
from rtsproj.jobs.state import JobState
from rtsproj.store import iterations, migrations
from rtsproj.store.database import rows
from rtsproj.store.lock import holder_of
from rtsproj.workflow.jobs import RUNNING, Job, list_jobs
from rtsproj.workflow.project import Project, has_crs, reading
from rtsproj.workflow.stages import NEXT, missing_inputs

COUNTS = """
SELECT (SELECT count(*) FROM scenes) AS scenes,
       (SELECT count(*) FROM tile WHERE withdrawn_at IS NULL) AS tiles,
       (SELECT count(*) FROM label WHERE until_iteration IS NULL) AS labels,
       (SELECT count(*) FROM candidate) AS candidates,
       (SELECT count(*) FROM candidates WHERE status = 'open') AS open,
       (SELECT count(*) FROM inventory) AS slumps,
       (SELECT count(*) FROM lines) AS lines
"""
EMPTY = {"scenes": 0, "tiles": 0, "labels": 0, "candidates": 0, "open": 0, "slumps": 0, "lines": 0}
AREA = "SELECT coalesce(sum(valid_m2), 0) / 1e6 AS km2 FROM tile WHERE withdrawn_at IS NULL"


@dataclass(frozen=True, slots=True)
class IterationRow:
    """One row of the iterations table.

    Attributes:
        iteration: number.
        stage: where it stands.
        positives: positive labels it trains on.
        negatives: negative labels it may choose from.
        candidates: outlines of its search.
        hidden: candidates linked to a judged place, not shown.
        open: without a decision.
        accepted: accepted, inherited verdicts included.
        rejected: likewise.
        unsure: likewise.
        new_slumps: slumps first seen in it.
        slumps_so_far: slumps of the inventory up to it.
        failed_tiles: tiles that its search could not do.
        converged: True where the project stopped with it.
    """

    iteration: int
    stage: str
    positives: int
    negatives: int
    candidates: int
    hidden: int
    open: int
    accepted: int
    rejected: int
    unsure: int
    new_slumps: int
    slumps_so_far: int
    failed_tiles: int
    converged: bool


@dataclass(frozen=True, slots=True)
class Status:
    """Where the project stands.

    Attributes:
        project: title.
        folder: absolute path.
        schema: number of the newest migration.
        iteration: newest iteration, 0 before the first scene.
        stage: setup, train, infer, triage, converge or done.
        next_step: the verb that is next.
        blocked_by: why the next step cannot be done yet; empty where it can.
        counts: scenes, tiles, labels, candidates, open, slumps, lines.
        area_km2: km2 of valid pixels, geodesic.
        jobs: all jobs, newest last.
        iterations: one row per iteration.
        held_by: who writes to the project now; empty = nobody.
        reopened: on candidates that are open in closed iterations; empty = there is none.
    """

    project: str
    folder: str
    schema: int
    iteration: int
    stage: Stage
    next_step: str
    blocked_by: tuple[str, ...]
    counts: dict[str, int]
    area_km2: float
    jobs: tuple[Job, ...]
    iterations: tuple[IterationRow, ...]
    held_by: str
    reopened: str = ""


def status(project: Project) -> Status:
    """Collect where the project stands; changes nothing."""
    held_by = holder_of(project.database.lock_path)
    if not has_crs(project) or _is_bare(project):
        return Status(
            project=project.settings.project.name,
            folder=str(project.folder),
            schema=1,
            iteration=0,
            stage=Stage.SETUP,
            next_step="rtsproj scene add PATH…",
            blocked_by=("add images to search: rtsproj scene add PATH…",),
            counts=EMPTY,
            area_km2=0.0,
            jobs=(),
            iterations=(),
            held_by=held_by,
        )
    with reading(project) as connection:
        schema = migrations.schema_version(connection)
        found = iterations.read_iterations(connection)
        counts = rows(connection, COUNTS)[0]
        area_km2 = float(rows(connection, AREA)[0]["km2"])
    listed = tuple(_iteration(row) for row in found)
    all_jobs = list_jobs(project)
    now = listed[-1]
    stage = Stage(now.stage)
    blocked = _blocked(project, now, all_jobs)
    return Status(
        project=project.settings.project.name,
        folder=str(project.folder),
        schema=schema,
        iteration=now.iteration,
        stage=stage,
        next_step=_next_step(stage, blocked),
        blocked_by=blocked,
        counts=counts,
        area_km2=area_km2,
        jobs=all_jobs,
        iterations=listed,
        held_by=held_by,
        reopened=_reopened(listed),
    )


def _reopened(listed: tuple[IterationRow, ...]) -> str:
    count = sum(one.open for one in listed if one.stage == Stage.DONE)
    newest = listed[-1]
    return reopened_sentence(count, newest.iteration, is_done=newest.stage == Stage.DONE)


def why_not_converged(project: Project) -> str:
    """The sentence of the stop rule for the newest iteration."""
    with reading(project) as connection:
        row = iterations.latest_iteration(connection)
        return stop_reason(iterations.outcome_of(connection, row)) if row else ""


def _iteration(row: dict[str, object]) -> IterationRow:
    values = {name: row[name] for name in IterationRow.__slots__ if name != "converged"}
    return IterationRow(**values, converged=bool(row["converged"]))  # type: ignore[arg-type]


def _is_bare(project: Project) -> bool:
    """True where no iteration is open yet, as in a copy from before the first scene."""
    with reading(project) as connection:
        return not iterations.has_begun(connection)


def _next_step(stage: Stage, blocked: tuple[str, ...]) -> str:
    """The verb that is next: what a missing input or a stopped job asks for comes first."""
    asked = [one.rpartition(": ")[2] for one in blocked if ": rtsproj " in one]
    waits = stage is Stage.SETUP or any("job resume" in one for one in asked[:1])
    return asked[0] if asked and waits else NEXT[stage]


def _blocked(project: Project, now: IterationRow, all_jobs: tuple[Job, ...]) -> tuple[str, ...]:
    blocked = list(missing_inputs(project)) if now.stage == Stage.SETUP else []
    for job in all_jobs:
        if job.collected:
            continue
        if job.status.state in RUNNING:
            blocked.append(
                f"job {job.job_id} ({job.verb}) is {job.status.state}, "
                f"{100 * job.status.fraction:.0f} %"
            )
        elif job is all_jobs[-1] and job.status.state is not JobState.DONE:
            blocked.append(
                f"job {job.job_id} ({job.verb}) is {job.status.state}: "
                f"rtsproj job resume {job.job_id}"
            )
    if now.stage == Stage.TRIAGE:
        blocked.append(f"{counted(now.open, 'candidate')} to decide")
    if now.failed_tiles and now.stage in (Stage.TRIAGE, Stage.CONVERGE):
        blocked.append(f"{counted(now.failed_tiles, 'tile')} failed: rtsproj infer tries again")
    return tuple(blocked)
