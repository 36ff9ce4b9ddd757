"""``next`` does what the plan says, and never the same failure again."""

import pytest
from desk import add_model, search, square

from rtsproj.domain.decisions import Verdict
from rtsproj.domain.iterations import Stage
from rtsproj.errors import NeedsError
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.reporter import Reporter
from rtsproj.jobs.state import JobState
from rtsproj.reports.text import report_text
from rtsproj.workflow import jobs as job_verbs
from rtsproj.workflow.converge import converge, look
from rtsproj.workflow.decide import Word, decide
from rtsproj.workflow.next_step import Step, Watch, next_step
from rtsproj.workflow.planner import NextAction
from rtsproj.workflow.project import Project
from rtsproj.workflow.report import collect_report
from rtsproj.workflow.status import status
from rtsproj.workflow.train import start_training

FRESH = square(60, 80, 15)


class Worker:
    """A worker that ends each job that is launched in the same way."""

    def __init__(self, ends: str) -> None:
        self.ends = ends
        self.launched: list[int] = []

    def __call__(self, folder: JobFolder, **_: object) -> int:
        self.launched.append(folder.read_request().job)
        reporter = Reporter(folder)
        reporter.started("worker started")
        if self.ends == "failed":
            reporter.failed("the loss is nan after step 3", hint="lower train.learning_rate")
        else:
            reporter.interrupted("stopped after step 3")
        return 1


def go_on(project: Project) -> Step:
    return next_step(project, Watch(lambda _: None, lambda *_: None, wait=True), by="ann")


def answer(project: Project) -> str:
    return status(project).next_step


def test_a_failure_is_not_started_again_and_says_what_can_be_changed(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = Worker("failed")
    monkeypatch.setattr(job_verbs, "launch", worker)
    start_training(project, by="ann")
    for _ in range(3):
        with pytest.raises(NeedsError, match=r"job 1 \(train\) failed: the loss is nan") as caught:
            go_on(project)
    assert worker.launched == [1]
    assert "lower train.learning_rate" in caught.value.hint
    assert str(project.folder / "jobs" / "1-train" / "worker.log") in caught.value.hint
    now = status(project)
    assert (now.next_step, now.stage) == ("rtsproj job show 1", Stage.TRAIN)
    # AND nothing else is blocked by it: a new training may start at once
    assert start_training(project, by="ann").job_id == 2


def test_an_interrupted_job_is_gone_on_with(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = Worker("interrupted")
    monkeypatch.setattr(job_verbs, "launch", worker)
    start_training(project, by="ann")
    assert answer(project) == "rtsproj job resume 1"
    with pytest.raises(Exception, match="job 1 was interrupted"):
        go_on(project)
    assert worker.launched == [1, 1]


def test_a_job_that_was_replaced_is_not_gone_on_with(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = Worker("interrupted")
    monkeypatch.setattr(job_verbs, "launch", worker)
    start_training(project, by="ann")
    add_model(project)  # job 2
    assert answer(project) == "rtsproj infer"
    assert status(project).jobs[0].status.state is JobState.PAUSED
    assert not status(project).blocked_by


def test_failed_tiles_are_left_to_a_person(project: Project) -> None:
    search(project, [], failed=[1])
    assert status(project).plan.action is NextAction.RETRY
    step = go_on(project)
    assert step.did == ""
    assert "1 tile failed" in step.waits_for
    assert "--despite-failures" in step.waits_for


def test_an_iteration_that_was_not_trained_is_never_said_to_have_met_the_rule(
    project: Project,
) -> None:
    search(project, [FRESH])
    decide(project, 1, Word(Verdict.ACCEPT), analyst="ann")
    converge(project, by="ann")
    expected = (
        "iteration 2 has not been trained or searched; "
        "before it: iteration 1 found 1 new slump: search again"
    )
    report = collect_report(project)
    for reason in (report.reason, look(project).reason, status(project).state):
        assert reason == expected
    assert f"search goes on: {expected}" in report_text(report)
    assert not look(project).converged
    assert not report.converged
