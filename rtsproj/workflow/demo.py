"""The whole method on a synthetic corridor with known truth."""

from dataclasses import dataclass, replace
from pathlib import Path

import shapely

from rtsproj.domain.candidates import Status
from rtsproj.domain.decisions import Verdict
from rtsproj.domain.iterations import Stage
from rtsproj.domain.labels import Polarity
from rtsproj.domain.scenes import Role
from rtsproj.domain.text import counted
from rtsproj.errors import RtsError, UsageError
from rtsproj.geometry.crs import transform
from rtsproj.settings import Settings, settings_text
from rtsproj.store import facts
from rtsproj.store.outlines import current_outlines
from rtsproj.vectors.read import read_features
from rtsproj.workflow.candidates import list_candidates, show_candidate
from rtsproj.workflow.create import init_project
from rtsproj.workflow.decide import Word, decide_many
from rtsproj.workflow.next_step import Watch, next_step
from rtsproj.workflow.project import SETTINGS, Project, open_project, reading
from rtsproj.workflow.scenes import SceneChoice, add_scenes
from rtsproj.workflow.sources import VectorChoice, add_labels, add_lines, add_terrain
from rtsproj.workflow.status import status
from rtsproj.world.analyst import found_by_type, truth_verdicts
from rtsproj.world.layout import Size
from rtsproj.world.make import World, make_world

ANALYST = "simulated"
"""Name under which the simulated analyst decides."""
MOST_STEPS = 60
"""Steps of the method after which the demo gives up."""


@dataclass(frozen=True, slots=True)
class DemoChoice:
    """What is drawn and how far it is walked.

    Attributes:
        size: small walks in a minute or two.
        is_auto: a simulated analyst decides from the truth; else it stops at the first triage.
        seed: of the corridor.
    """

    size: Size = "default"
    is_auto: bool = False
    seed: int = 1


def demo_settings(base: Settings) -> Settings:
    """Small tiles, so that there are several; everything else as in any project."""
    return replace(base, grid=replace(base.grid, core_px=256, margin_px=64, block_px=128))


def make_demo(folder: Path, choice: DemoChoice, *, by: str) -> Project:
    """Draw the corridor and make a project of it, ready for the first training."""
    project = init_project(folder, title="synthetic corridor (demo)")
    settings = demo_settings(project.settings)
    (project.folder / SETTINGS).write_text(settings_text(settings), encoding="utf-8")
    project = open_project(project.folder)
    world = make_world(project.folder / "world", size=choice.size, seed=choice.seed)
    _take_in(project, world, by=by)
    return project


def run_demo(project: Project, choice: DemoChoice, watch: Watch, *, by: str) -> list[str]:
    """Walk the method to its end, or to the first triage.

    Returns:
        What was done, one sentence a step.

    Raises:
        RtsError: the rule was not met within the steps allowed.
    """
    done: list[str] = []
    for _ in range(MOST_STEPS):
        now = status(project)
        if now.stage is Stage.DONE:
            return done
        if now.stage is Stage.TRIAGE:
            if not choice.is_auto:
                return done
            done.append(_decide(project))
        else:
            done.append(next_step(project, watch, by=by).did)
        watch.work(len(done), len(done), done[-1])
    raise RtsError(
        f"the demo did not converge within {MOST_STEPS} steps", hint="see `rtsproj status`"
    )


def _take_in(project: Project, world: World, *, by: str) -> None:
    add_scenes(project, world.map_scenes, SceneChoice(), by=by)
    add_scenes(project, world.history_scenes, SceneChoice(role=Role.HISTORY), by=by)
    add_labels(project, world.seeds, VectorChoice(), polarity=Polarity.POSITIVE, by=by)
    add_lines(project, world.road, VectorChoice(), kind="road", by=by)
    add_lines(project, world.railway, VectorChoice(), kind="railway", by=by)
    add_terrain(project, world.terrain, by=by)


def found_text(project: Project) -> str:
    """How many of the true slumps the inventory holds, by their appearance."""
    truth = _truth(project)
    with reading(project) as connection:
        inventory = [bytes(one["wkb"]) for one in current_outlines(connection)]
    counts = found_by_type(inventory, truth)
    found = sum(some for some, _ in counts.values())
    parts = ", ".join(f"{kind} {some}/{of}" for kind, (some, of) in counts.items())
    return f"{found} of {len(truth)} true slumps are in the inventory: {parts}"


def _decide(project: Project) -> str:
    truth = [wkb for wkb, _ in _truth(project)]
    waiting = list_candidates(project, status=Status.OPEN)
    outlines = [
        (one.candidate_id, shapely.to_wkb(show_candidate(project, one.candidate_id).outline))
        for one in waiting
    ]
    said = truth_verdicts(outlines, truth)
    words = {one: Word(Verdict(verdict), reason) for one, (verdict, reason) in said.items()}
    decide_many(project, words, analyst=ANALYST)
    accepted = sum(word.verdict is Verdict.ACCEPT for word in words.values())
    return f"{counted(len(words), 'candidate')} decided from the truth: {accepted} accepted"


def _truth(project: Project) -> list[tuple[bytes, str]]:
    """True slumps (WKB, project CRS) and their types."""
    truth_file = project.folder / "world" / "truth.geojson"
    if not truth_file.exists():
        raise UsageError(f"{truth_file} is missing", hint="draw a new demo: rtsproj demo DIR")
    with reading(project) as connection:
        crs = facts.read_fact(connection, "crs") or ""
    file = read_features(truth_file)
    return [
        (shapely.to_wkb(transform(geom, file.crs or "", crs)), str(props["type"]))
        for _, geom, props in file.features
        if geom is not None
    ]
