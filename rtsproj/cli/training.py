"""Sweeps on the command line: what will be trained, and what came of it."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from rtsproj.cli.output import clock, print_table
from rtsproj.cli.session import Session
from rtsproj.domain.sweeps import SweepRow, changes_text
from rtsproj.domain.text import counted
from rtsproj.errors import UsageError
from rtsproj.jobs.folder import JobFolder
from rtsproj.workflow.project import Project
from rtsproj.workflow.sweep import plan_runs, preview_sweep, sweep_table, toml_lines
from rtsproj.workflow.train import ONE_TRAINING, Sweep


class Take(StrEnum):
    """Which model of a sweep becomes the iteration's."""

    BEST = "best"


def planned(here: Session, project: Project, given: Sequence[str], take: Take | None) -> Sweep:
    """The sweep that the options ask for, shown before it starts.

    Raises:
        UsageError: a list of values is not accepted, or --take stands without --sweep.
    """
    if not given:
        if take is not None:
            raise UsageError("--take needs a sweep", hint="add --sweep key=value,value")
        return ONE_TRAINING
    runs = plan_runs(given, project.settings.train)
    for number, run in enumerate(runs, start=1):
        here.talk.say(f"run {number}: {changes_text(run)}")
    seconds = preview_sweep(project, runs).seconds
    pace = "no training yet to tell the time by"
    if seconds is not None:
        pace = f"about {clock(seconds)} by the pace of the newest training"
    here.talk.say(f"{counted(len(runs), 'run')}, {pace}")
    return Sweep(runs, take_best=take is Take.BEST)


def show_sweep(here: Session, folder: Path) -> None:
    """Print the table of a sweep, best run first, and what to do with it; nothing elsewhere."""
    found = JobFolder(folder)
    table = sweep_table(found)
    if not table:
        return
    header = ("run", "settings", "F1", "IoU", "precision", "recall", "best step", "s", "failed")
    print_table(header, [_line(row) for row in table])
    best = table[0]
    if found.model.exists():
        here.talk.say(f"the model of run {best.run} was taken in")
    elif best.f1 is None:
        here.talk.say("no run has scores: none is best")
    else:
        here.talk.say("no model was taken in; for the best run write into project.toml:")
        here.talk.say(f"[train]\n{toml_lines(best.changes)}")


def _line(row: SweepRow) -> tuple[object, ...]:
    shares = (row.f1, row.pixel_iou, row.precision, row.recall)
    scores = tuple("" if one is None else f"{one:.3f}" for one in shares)
    steps = row.best_step or ""
    return (row.run, changes_text(row.changes), *scores, steps, f"{row.seconds:.0f}", row.error)
