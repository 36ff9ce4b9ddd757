"""Where the project is: the figures of the home screen and of ``status``."""

from dataclasses import dataclass, replace

from rtsproj.domain.iterations import SearchState, Stage, reopened_sentence, state_sentence
from rtsproj.store import iterations, jobs, migrations
from rtsproj.store.database import rows
from rtsproj.store.lock import holder_of
from rtsproj.workflow.jobs import Job, list_jobs
from rtsproj.workflow.planner import NextAction, ProjectPlan, Situation, plan_of
from rtsproj.workflow.project import Project, has_crs, reading
from rtsproj.workflow.stages import missing_inputs

COUNTS = """
SELECT (SELECT count(*) FROM scenes) AS scenes,
       (SELECT count(*) FROM tile WHERE withdrawn_at IS NULL) AS tiles,
       (SELECT count(*) FROM label WHERE until_iteration IS NULL) AS labels,
       (SELECT count(*) FROM candidate) AS candidates,
       (SELECT count(*) FROM candidates WHERE status = 'open') AS open,
       (SELECT count(*) FROM inventory) AS slumps,
       (SELECT count(*) FROM lines) AS lines
"""
_NO_IMAGE = "add images to search: rtsproj scene add PATH…"
_FIRST = ProjectPlan(
    NextAction.INPUTS, "rtsproj scene add PATH…", "add images to search", (_NO_IMAGE,)
)
"""The plan of a project without images."""
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
        new_slumps: slumps first seen in it, drawn ones included.
        drawn: those that an analyst drew.
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
    drawn: int
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
        state: the state of the search in one sentence.
        plan: what is next; ``next`` and the home screen act on it.
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
    state: str
    plan: ProjectPlan
    counts: dict[str, int]
    area_km2: float
    jobs: tuple[Job, ...]
    iterations: tuple[IterationRow, ...]
    held_by: str
    reopened: str = ""

    @property
    def next_step(self) -> str:
        """The verb that is next."""
        return self.plan.command

    @property
    def blocked_by(self) -> tuple[str, ...]:
        """What the stage is blocked by; empty where the next verb can be run now."""
        return self.plan.blocked_by


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
            state="no image has been added",
            plan=_FIRST,
            counts=EMPTY,
            area_km2=0.0,
            jobs=(),
            iterations=(),
            held_by=held_by,
        )
    all_jobs = list_jobs(project)
    with reading(project) as connection:
        schema = migrations.schema_version(connection)
        found = iterations.read_iterations(connection)
        counts = rows(connection, COUNTS)[0]
        area_km2 = float(rows(connection, AREA)[0]["km2"])
        state = iterations.state_of(connection, found[-1])
        model = jobs.newest_model(connection, state.outcome.iteration)
    listed = tuple(_iteration(row) for row in found)
    missing = missing_inputs(project) if state.stage is Stage.SETUP else ()
    situation = replace(
        _situation(state, missing, all_jobs, model_job=model["job_id"] if model else 0),
        expected=_expected(listed),
    )
    return Status(
        project=project.settings.project.name,
        folder=str(project.folder),
        schema=schema,
        iteration=state.outcome.iteration,
        stage=state.stage,
        state=state_sentence(state),
        plan=plan_of(situation),
        counts=counts,
        area_km2=area_km2,
        jobs=all_jobs,
        iterations=listed,
        held_by=held_by,
        reopened=_reopened(listed),
    )


def _situation(
    state: SearchState, missing: tuple[str, ...], all_jobs: tuple[Job, ...], *, model_job: int
) -> Situation:
    outcome = state.outcome
    return Situation(
        stage=state.stage,
        iteration=outcome.iteration,
        model_job=model_job,
        open_candidates=outcome.open_candidates,
        failed_tiles=outcome.failed_tiles,
        unsearched_tiles=state.tiles - state.searched - outcome.failed_tiles,
        drawn_since=state.drawn_since,
        missing=missing,
        jobs=all_jobs,
    )


def _expected(listed: tuple[IterationRow, ...]) -> int | None:
    """New slumps among the open candidates, at the rate of the iteration before."""
    if len(listed) < 2:
        return None
    before, now = listed[-2:]
    decided = before.accepted + before.rejected + before.unsure - before.hidden
    if not now.open or decided <= 0:
        return None
    return round(now.open * min(1.0, (before.new_slumps - before.drawn) / decided))


def _reopened(listed: tuple[IterationRow, ...]) -> str:
    count = sum(one.open for one in listed if one.stage == Stage.DONE)
    newest = listed[-1]
    return reopened_sentence(count, newest.iteration, is_done=newest.stage == Stage.DONE)


def _iteration(row: dict[str, object]) -> IterationRow:
    values = {name: row[name] for name in IterationRow.__slots__ if name != "converged"}
    return IterationRow(**values, converged=bool(row["converged"]))  # type: ignore[arg-type]


def _is_bare(project: Project) -> bool:
    """True where no iteration is open yet, as in a copy from before the first scene."""
    with reading(project) as connection:
        return not iterations.has_begun(connection)
