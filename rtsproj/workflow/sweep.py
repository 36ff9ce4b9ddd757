"""Plan a sweep of training settings, say how long it may take, and read its table."""

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from itertools import product
from typing import Any

from rtsproj.domain.requests import TrainRequest, Value, run_request
from rtsproj.domain.sweeps import MOST_RUNS, SweepRow, best_first
from rtsproj.errors import UsageError
from rtsproj.jobs.folder import JobFolder, read_json
from rtsproj.settings import TrainSettings, settings_from
from rtsproj.settings.catalogue import derived_keys
from rtsproj.workflow.jobs import Job, list_jobs
from rtsproj.workflow.project import Project

_FIXED = frozenset(("weights", "warm_start", "processes", "negatives_per_positive", "reason_quota"))
"""Settings that the desk has used before the job starts: one value per job."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a sweep will do.

    Attributes:
        runs: settings that differ, run by run.
        seconds: s that they may take by the pace of the newest training; None without one.
    """

    runs: tuple[Mapping[str, Value], ...]
    seconds: float | None


@dataclass(frozen=True, slots=True)
class SweepLook:
    """How far a sweep is.

    Attributes:
        run: the one at work, from 1; the best one once all have ended.
        runs: of the sweep.
        changes: settings of that run that differ.
        rows: runs that have ended, best first.
    """

    run: int
    runs: int
    changes: Mapping[str, Value]
    rows: tuple[SweepRow, ...]


def plan_runs(given: Iterable[str], settings: TrainSettings) -> tuple[Mapping[str, Value], ...]:
    """The product of lists such as ``learning_rate=1e-3,2e-3`` and ``loss=bce,bce_dice``.

    Args:
        given: one ``key=value,value`` each; a value is read as TOML, else as text.
        settings: of the project; values are checked as in project.toml.

    Returns:
        Changes per run; the last list varies fastest.

    Raises:
        UsageError: a list cannot be read, a key is not known or fixed, a value is not accepted, or
            there are more than 32 runs.
    """
    lists: dict[str, list[Value]] = {}
    for text in given:
        key, equals, values = text.partition("=")
        key = key.strip().removeprefix("train.")
        if not (equals and values.strip()) or key in lists:
            raise UsageError(
                f"--sweep {text} is no list of values, or its key was given before",
                hint="write it as --sweep learning_rate=1e-3,2e-3",
            )
        lists[key] = [_checked(key, one.strip(), settings) for one in values.split(",")]
    runs = tuple(dict(zip(lists, one, strict=True)) for one in product(*lists.values()))
    if len(runs) > MOST_RUNS:
        raise UsageError(
            f"that are {len(runs)} runs, more than {MOST_RUNS}", hint="give fewer values"
        )
    return runs if lists else ()


def preview_sweep(project: Project, runs: tuple[Mapping[str, Value], ...]) -> Preview:
    """How long the runs may take: steps and pixels of each, by the pace of the newest training."""
    pace = _seconds_per_pixel(list_jobs(project))
    if pace is None:
        return Preview(runs, None)
    own = asdict(project.settings.train)
    pixels = sum(
        _pixels(settings_from({"train": {**own, **run}}, source="the sweep").train) for run in runs
    )
    return Preview(runs, pace * pixels)


def sweep_table(folder: JobFolder) -> tuple[SweepRow, ...]:
    """The table that a sweep has left, best run first; empty elsewhere."""
    try:
        raw = json.loads(folder.sweep.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ()
    return tuple(SweepRow(**row) for row in raw)


def look_at_sweep(folder: JobFolder, request: TrainRequest) -> SweepLook | None:
    """How far a sweep is, by what its runs have left; None where the job is one training."""
    if not request.runs:
        return None
    numbers = range(1, len(request.runs) + 1)
    found = {n: read_json(folder.run(n).row) for n in numbers}
    rows = best_first(SweepRow(**row) for row in found.values() if row)  # type: ignore[arg-type]
    run = next((n for n in numbers if not found[n]), rows[0].run if rows else 1)
    return SweepLook(run, len(request.runs), request.runs[run - 1], rows)


def best_request(folder: JobFolder, request: TrainRequest) -> TrainRequest:
    """The request of the training whose model a job leaves: of a sweep, its best run's."""
    table = sweep_table(folder)
    return run_request(request, table[0].changes) if table else request


def toml_lines(changes: Mapping[str, Value]) -> str:
    """Settings as lines of the table [train] of project.toml."""
    return "\n".join(f"{key} = {json.dumps(value)}" for key, value in changes.items())


def _checked(key: str, text: str, settings: TrainSettings) -> Value:
    if key in _FIXED:
        raise UsageError(
            f"--sweep {key}: it is settled before the job starts",
            hint="set it in project.toml, one value per job",
        )
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    raw: dict[str, Any] = {**asdict(settings), key: value}
    checked: Value = getattr(settings_from({"train": raw}, source="--sweep").train, key)
    if not checked and f"train.{key}" in derived_keys():
        raise UsageError(
            f"--sweep {key}: 0 stands for the value that follows from the data",
            hint="give the values that are to be compared",
        )
    return checked


def _pixels(settings: TrainSettings) -> float:
    return float(settings.steps * settings.members * settings.batch * settings.chip_px**2)


def _seconds_per_pixel(jobs: Iterable[Job]) -> float | None:
    done = [one for one in jobs if one.verb == "train" and JobFolder(one.folder).scores.exists()]
    if not done:
        return None
    folder = JobFolder(done[-1].folder)
    request = folder.read_request()
    said = json.loads(folder.scores.read_text(encoding="utf-8"))
    if not isinstance(request, TrainRequest) or not said.get("steps_run"):
        return None
    settings = best_request(folder, request).settings
    steps = sum(one["steps_run"] for one in said.get("members", ())) or said["steps_run"]
    pixels = steps * settings.batch * settings.chip_px**2
    return float(said["seconds"]) / float(pixels)
