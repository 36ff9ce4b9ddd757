"""Walk the method over a world with an analyst who errs, and hold every count against another."""

import io
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from checks import (
    ANALYST,
    NEW,
    Asked,
    check_counts,
    check_home,
    check_lineage,
    check_outlines,
    check_screens,
    check_state,
    check_tiles,
)
from shapely.geometry.base import BaseGeometry
from worlds import Plan, make_world, truth

from rtsproj.domain.candidates import Status as CandidateStatus
from rtsproj.domain.decisions import Verdict
from rtsproj.errors import RtsError
from rtsproj.inference import shards
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.state import JobState
from rtsproj.learning.loop import Trainer
from rtsproj.worker.run import run_folder
from rtsproj.workflow import jobs as job_verbs
from rtsproj.workflow.candidates import list_candidates, show_candidate
from rtsproj.workflow.collect import catch_up
from rtsproj.workflow.converge import converge
from rtsproj.workflow.decide import Word, decide, decide_many
from rtsproj.workflow.infer import start_search
from rtsproj.workflow.jobs import Job, find_job, resume_job
from rtsproj.workflow.pictures import write_picture
from rtsproj.workflow.project import Project, open_project
from rtsproj.workflow.train import start_training
from rtsproj.workflow.undo import redo, undo

MOST_ITERATIONS = 4
SIGNALS = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)
TRUE_REASONS = ("no positive label on the images", "do not lie over the area", "no pixel is clear")
"""Reasons for which a world may end early; each is held against the world."""


class Kill(BaseException):
    """Ends a job at once, like SIGKILL: nothing is saved."""


@dataclass
class Walk:
    """How a world went.

    Attributes:
        ended: "converged", "stopped after … iterations", or the reason why it could not go on.
        iterations: closed ones.
        decisions: of the analyst, undo and redo not counted.
        killed: jobs that were killed and gone on with in a copy.
    """

    plan: Plan
    ended: str = ""
    iterations: int = 0
    decisions: int = 0
    killed: int = 0

    @property
    def line(self) -> str:
        """One line for the person who waits."""
        return (
            f"world {self.plan.seed}: {self.plan.text}: {self.iterations} iterations, "
            f"{self.decisions} decisions, {self.killed} killed jobs: {self.ended}"
        )


@contextmanager
def worker_here() -> Iterator[None]:
    """Workers run in this process, by the same function as detached ones."""

    def launch(folder: JobFolder, **_: object) -> int:
        run_folder(folder.path, {}, io.StringIO())
        return 0

    before = [signal.getsignal(one) for one in SIGNALS]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(job_verbs, "launch", launch)
        try:
            yield
        finally:
            for kind, handler in zip(SIGNALS, before, strict=True):
                signal.signal(kind, handler)


async def walk(plan: Plan, folder: Path) -> Walk:
    """Make the world, go round until the rule is met, check after each iteration."""
    done, rng = Walk(plan), np.random.default_rng(plan.seed + 7)
    try:
        project = make_world(plan, folder, by=ANALYST)
        with worker_here():
            await _rounds(project, done, rng)
    except RtsError as error:
        done.ended = f"ended with a reason: {error.what}"
        assert_reason(plan, error)
    return done


def assert_reason(plan: Plan, error: RtsError) -> None:
    """A world may end early for a named reason alone, and it must be true."""
    assert any(one in error.what for one in TRUE_REASONS), error.what
    if "no pixel is clear" in error.what:
        assert min(plan.shape) < 8, error.what
        assert plan.holes in ("frame", "specks", "mask"), error.what
        return
    left, top = plan.corner
    rows, cols = plan.shape
    image = shapely.box(left, top - rows * plan.pixel_m, left + cols * plan.pixel_m, top)
    assert not all(one.intersects(image) for one in truth(plan)[: plan.known]), error.what


async def _rounds(project: Project, done: Walk, rng: np.random.Generator) -> None:
    with Asked(project) as asked:
        check_tiles(project, asked)
        check_state(project, asked)
    for number in range(1, MOST_ITERATIONS + 1):
        twin = _copy(project) if rng.random() < 0.4 else None
        _end(start_training(project, by=ANALYST), project)
        _end(start_search(project, by=ANALYST), project)
        if twin is not None:
            done.killed += _killed(twin, project, rng)
        with Asked(project) as asked:
            check_outlines(project, asked)
            check_lineage(asked)
        _picture(project, rng)
        done.decisions += _decide(project, done.plan, rng)
        with Asked(project) as asked:
            check_counts(project, asked, done.decisions)
            new = asked.number(NEW)
        await check_home(project)
        outcome = converge(project, by=ANALYST)
        done.iterations = number
        may_stop = new == 0 and number > 1  # the silence of the first network does not count
        assert (outcome.converged, outcome.new_slumps) == (may_stop, new)
        with Asked(project) as asked:
            check_state(project, asked)
            check_counts(project, asked, done.decisions)
        if outcome.converged:
            done.ended = "ended well: converged"
            break
    else:
        done.ended = f"ended well: still finding after {MOST_ITERATIONS} iterations"
    await check_screens(project)


def _end(job: Job, project: Project) -> None:
    now = find_job(project, job.job_id)
    assert now.status.state is JobState.DONE, f"{now.verb}: {now.status.error}"
    catch_up(project)


def _copy(project: Project) -> Project:
    twin = project.folder.with_name("twin")
    shutil.rmtree(twin, ignore_errors=True)
    shutil.copytree(project.folder, twin)
    return open_project(twin)


def _killed(twin: Project, project: Project, rng: np.random.Generator) -> int:
    """Do the iteration again in a copy, killed and gone on with: it ends equal."""
    step = int(rng.integers(project.settings.train.steps))
    after = int(rng.integers(3))
    killed = _kill_and_resume(twin, start_training, _training_killed_at(step))
    killed += _kill_and_resume(twin, start_search, _search_killed_after(after))
    for verb, name in (("train", "model.safetensors"), ("infer", "outlines.jsonl")):
        mine, other = (
            next(one for one in sorted(p.folder.glob(f"jobs/*-{verb}"), key=_number)[::-1])
            for p in (project, twin)
        )
        assert (mine / "outputs" / name).read_bytes() == (other / "outputs" / name).read_bytes()
    return killed


def _kill_and_resume(
    twin: Project, start: Callable[..., Job], patch: Callable[[pytest.MonkeyPatch], None]
) -> int:
    with pytest.MonkeyPatch.context() as patched:
        patch(patched)
        try:
            start(twin, by=ANALYST)
            killed = 0
        except Kill:
            killed = 1
    job = job_verbs.list_jobs(twin)[-1]
    if killed:
        assert job.status.state is JobState.DEAD
        resume_job(twin, job.job_id)
    _end(job, twin)
    return killed


def _training_killed_at(step: int) -> Callable[[pytest.MonkeyPatch], None]:
    whole = Trainer._step

    def killed(self: Trainer, at: int, batch: Any) -> tuple[float, float]:
        if at == step:
            raise Kill
        return whole(self, at, batch)

    return lambda patched: patched.setattr(Trainer, "_step", killed)


def _search_killed_after(windows: int) -> Callable[[pytest.MonkeyPatch], None]:
    whole, count = shards.append_outcomes, [0]

    def killed(*given: Any) -> None:
        if count[0] == windows:
            raise Kill
        count[0] += 1
        whole(*given)

    return lambda patched: patched.setattr(shards, "append_outcomes", killed)


def _number(folder: Path) -> int:
    return int(folder.name.partition("-")[0])


def _decide(project: Project, plan: Plan, rng: np.random.Generator) -> int:
    """Decide by the truth, but for one in eight; undo, redo and change some."""
    slumps = shapely.union_all(truth(plan))
    waiting = [one.candidate_id for one in list_candidates(project, status=CandidateStatus.OPEN)]
    words = {one: _word(show_candidate(project, one).outline, slumps, rng) for one in waiting}
    if not words:
        return 0
    half = list(words.items())[: len(words) // 2]
    decide_many(project, dict(half), analyst=ANALYST)
    for one, word in list(words.items())[len(half) :]:
        decide(project, one, word, analyst=ANALYST)
    count = len(words)
    if rng.random() < 0.5:
        times = int(rng.integers(1, 4))
        back = undo(project, times=times, analyst=ANALYST)
        again = redo(project, times=times, analyst=ANALYST)
        assert len(again) == len(back)
    if rng.random() < 0.5:
        changed = waiting[int(rng.integers(len(waiting)))]
        decide(project, changed, Word(Verdict.REJECT, "river"), analyst=ANALYST)
        count += 1
    assert not list_candidates(project, status=CandidateStatus.OPEN)
    return count


def _word(outline: BaseGeometry, slumps: BaseGeometry, rng: np.random.Generator) -> Word:
    is_slump = outline.intersection(slumps).area >= 0.5 * outline.area
    errs = rng.random()
    if errs < 0.06:
        return Word(Verdict.UNSURE)
    if errs < 0.12:
        is_slump = not is_slump
    return Word(Verdict.ACCEPT) if is_slump else Word(Verdict.REJECT, "barren")


def _picture(project: Project, rng: np.random.Generator) -> None:
    found = list_candidates(project)
    if found:
        card = show_candidate(project, found[int(rng.integers(len(found)))].candidate_id)
        path = project.folder / "exports" / "evidence.png"
        write_picture(project, card, path)
        assert path.read_bytes().startswith(b"\x89PNG")
