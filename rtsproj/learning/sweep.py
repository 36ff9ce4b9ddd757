"""A sweep: the runs of one job, one after another, each a training in a folder of its own.

A run that has left its row is not repeated; one that was interrupted goes on from its checkpoint.
A run that fails, such as by a rate so high that the loss is no number, takes its reason into the
table and the others go on.
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from rtsproj.domain.requests import TrainRequest, run_request
from rtsproj.domain.sweeps import SweepRow, best_first, changes_text
from rtsproj.errors import InterruptedJobError, RtsError, UsageError
from rtsproj.jobs.files import write_atomic
from rtsproj.jobs.folder import JobFolder, read_json
from rtsproj.jobs.reporter import Reporter
from rtsproj.learning.ranks import Ranks
from rtsproj.learning.train import train


class RunReporter(Reporter):
    """Tells of one run in its sweep's words and files; only done.json is the run's own."""

    def __init__(self, folder: JobFolder, whole: Reporter, *, place: tuple[int, int]) -> None:
        super().__init__(folder, stopping=whole.should_stop)
        self._whole = whole
        self._number, self._runs = place

    def note(self, message: str, **facts: Any) -> None:
        """A thing that a person may want to know later."""
        self._whole.note(self._named(message), **facts)

    def beat(self) -> None:
        """Show life while a longer piece of work goes on."""
        self._whole.beat()

    def progress(
        self, fraction: float, message: str, *, metrics: Mapping[str, float] | None = None
    ) -> None:
        """Show how far the whole sweep is."""
        done = (self._number - 1 + fraction) / self._runs
        self._whole.progress(done, self._named(message), metrics=metrics)

    def _named(self, message: str) -> str:
        return f"run {self._number} of {self._runs}, {message}"


def sweep(folder: JobFolder, request: TrainRequest, reporter: Reporter, *, ranks: Ranks) -> None:
    """Train every run, leave the table, and the best model where that was asked for.

    Raises:
        UsageError: several processes were started for it.
        InterruptedJobError: stopped after a checkpoint.
    """
    if ranks.world > 1:
        raise UsageError("a sweep trains in one process", hint="start it without torchrun")
    rows = [_row(folder, request, reporter, number=n + 1) for n in range(len(request.runs))]
    table = best_first(rows)
    text = json.dumps([asdict(row) for row in table], indent=1) + "\n"
    write_atomic(folder.sweep, text.encode())
    outputs = [folder.sweep]
    if request.take_best and table[0].f1 is not None:
        best = folder.run(table[0].run)
        for source, target in ((best.model, folder.model), (best.scores, folder.scores)):
            write_atomic(target, source.read_bytes())
            outputs.append(target)
    reporter.finished({"verb": request.verb, "runs": len(rows)}, outputs=outputs)


def _row(folder: JobFolder, request: TrainRequest, reporter: Reporter, *, number: int) -> SweepRow:
    changes, run = request.runs[number - 1], folder.run(number)
    if run.row.exists():
        return SweepRow(**read_json(run.row))  # type: ignore[arg-type]
    row = _trained(folder, request, reporter, number=number)
    write_atomic(run.row, json.dumps(asdict(row), indent=1).encode())
    shutil.rmtree(run.checkpoint, ignore_errors=True)
    scores = f"F1 {row.f1:.3f}" if row.f1 is not None else row.error or "no scores"
    reporter.note(f"run {number} of {len(request.runs)}, {changes_text(changes)}: {scores}")
    return row


def _trained(
    folder: JobFolder, request: TrainRequest, reporter: Reporter, *, number: int
) -> SweepRow:
    changes, run = request.runs[number - 1], folder.run(number)
    try:
        asked = run_request(request, changes)
        run.create()
        write_atomic(run.labels, folder.labels.read_bytes())
        run.write_request(asked)
        train(run, asked, RunReporter(run, reporter, place=(number, len(request.runs))))
    except InterruptedJobError:
        raise
    except RtsError as error:
        return SweepRow(number, changes, error=error.what)
    return sweep_row(number, changes, json.loads(run.scores.read_text(encoding="utf-8")))


def sweep_row(number: int, changes: Mapping[str, Any], said: Mapping[str, Any]) -> SweepRow:
    """A row from the scores that a training has left."""
    scores = said["scores"]
    objects = scores.get("objects", {}).get("0.3", {})
    return SweepRow(
        run=number,
        changes=changes,
        pixel_iou=scores.get("pixel_iou"),
        f1=objects.get("f1"),
        precision=objects.get("precision"),
        recall=objects.get("recall"),
        best_step=said["best_step"],
        seconds=said["seconds"],
    )
