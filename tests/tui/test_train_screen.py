"""The monitor of a training: driven by keys, fed by files alone."""

from dataclasses import replace

import pytest
from desk import write_settings
from driving import settle, text_of
from rooms import RUNS, at_work, end_run, launches, point, sweeping, tell_course, toasts, training

from rtsproj.domain.sweeps import SweepRow
from rtsproj.jobs.curves import append_point
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.reporter import Reporter
from rtsproj.tui.app import RtsApp
from rtsproj.tui.screens.questions import Confirm, TextPage
from rtsproj.tui.screens.train import TrainScreen
from rtsproj.workflow.jobs import list_jobs
from rtsproj.workflow.monitor import TrainWatch
from rtsproj.workflow.project import Project

SIZES = [(1, 1), (20, 5), (80, 24), (120, 36), (160, 46)]


@pytest.mark.parametrize("size", SIZES)
async def test_it_lives_at_any_size(
    project: Project, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = JobFolder(training(project, monkeypatch).folder)
    app = RtsApp(project, analyst="ann", at="train")
    with at_work(folder):
        tell_course(folder)
        async with app.run_test(size=size) as pilot:
            await settle(pilot)
            await pilot.press("t", "l")
            await settle(pilot)
            await pilot.press("q")
            assert isinstance(app.screen, TrainScreen)


async def test_it_shows_curves_scores_device_and_samples(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = JobFolder(training(project, monkeypatch).folder)
    app = RtsApp(project, analyst="ann", at="train")
    with at_work(folder):
        tell_course(folder)
        async with app.run_test(size=(160, 46)) as pilot:
            await settle(pilot)
            text = text_of(app)
    for words in (
        "job 1 running", "15 %", "IoU 0.62", "F1 0.72", "best step 8", "step 9/60 fit",
        "data wait 7 %", "61/139 GB", "97 %", "patience 0/4", "training on CPU in fp32",
        "samples after step 8", "IoU 0.20 · truth · said", "IoU 0.90 · truth · said",
    ):  # fmt: skip
        assert words in text
    assert "▼" in text
    assert any("⠀" < one <= "⣿" for one in text)


async def test_of_a_sweep_it_shows_the_run_at_work_and_the_table_so_far(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = sweeping(project, monkeypatch)
    app = RtsApp(project, analyst="ann", at="train")
    with at_work(folder) as reporter:
        async with app.run_test(size=(120, 36)) as pilot:
            await settle(pilot)
            text = text_of(app)
            for words in (
                "run 3 of 3", "learning_rate=0.002", "step 9/60 fit", "IoU 0.62",
                "run    F1   IoU  settings", "1  0.71  0.58  learning_rate=0.001",
                "2    -     -   learning_rate=5.0: the",
            ):  # fmt: skip
                assert words in text, text
            assert any("⠀" < one <= "⣿" for one in text)
            # WHEN the last run ends as the best one
            end_run(folder, SweepRow(3, RUNS[2], pixel_iou=0.7, f1=0.8, best_step=50))
            reporter.note("run 3 of 3, learning_rate=0.002: F1 0.800")
            await pilot.pause(1.3)
            await settle(pilot)
            text = text_of(app)
        # THEN its curve stays, and it leads the table
        assert "best: run 3" in text
        assert text.index("3  0.80  0.70") < text.index("1  0.71  0.58")


async def test_enter_starts_the_training_and_says_why_not_a_second_time(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = launches(monkeypatch)
    app = RtsApp(project, analyst="ann", at="train")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert "no training yet" in text_of(app)
        await pilot.press("enter")
        await settle(pilot)
        assert started == ["1-train"]
        assert [(one.verb, one.created_by) for one in list_jobs(project)] == [("train", "ann")]
        await pilot.press("enter")
        await settle(pilot)
        assert "job 1 is queued: nothing to start" in toasts(app)
    assert started == ["1-train"]


async def test_stop_asks_first_and_only_yes_stops(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = JobFolder(training(project, monkeypatch).folder)
    app = RtsApp(project, analyst="ann", at="train")
    with at_work(folder) as reporter:
        reporter.started("worker started")
        async with app.run_test(size=(120, 36)) as pilot:
            await settle(pilot)
            await pilot.press("x")
            assert isinstance(app.screen, Confirm)
            await pilot.press("j", "n")
            await settle(pilot)
            assert not folder.stop.exists()
            await pilot.press("x", "y")
            await settle(pilot)
            assert folder.stop.exists()


async def test_a_worker_that_died_is_seen_and_resumed(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = JobFolder(training(project, monkeypatch).folder)
    tell_course(folder)
    started = launches(monkeypatch)
    app = RtsApp(project, analyst="ann", at="train")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert "job 1 dead" in text_of(app)
        await pilot.press("enter")
        await settle(pilot)
        assert "job 1 is dead: R resumes it" in toasts(app)
        await pilot.press("R")
        await settle(pilot)
    assert started == ["1-train"]


async def test_a_monitor_that_comes_later_follows_by_number(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = JobFolder(training(project, monkeypatch).folder)
    app = RtsApp(project, analyst="ben")
    with at_work(folder):
        tell_course(folder)
        async with app.run_test(size=(120, 36)) as pilot:
            await settle(pilot)
            app.go("train", job_id=1)
            await settle(pilot)
            assert "step 9/60" in text_of(app)
            Reporter(folder).progress(0.5, "half", metrics={"step": 30.0, "steps": 60.0})
            await pilot.pause(1.3)
            await settle(pilot)
            assert "step 30/60" in text_of(app)


async def test_an_idle_monitor_reads_nothing(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = JobFolder(training(project, monkeypatch).folder)
    tell_course(folder)
    looks: list[int] = []
    whole = TrainWatch.look
    monkeypatch.setattr(TrainWatch, "look", lambda self: looks.append(1) or whole(self))
    app = RtsApp(project, analyst="ann", at="train")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        seen = len(looks)
        await pilot.pause(2.5)
        assert len(looks) == seen


async def test_the_log_shows_what_the_worker_printed_and_obeys_none_of_it(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = JobFolder(training(project, monkeypatch).folder)
    Reporter(folder).note("[/b] [@click=app.quit]x[/] \x1b]52;c;aGk=\x07")
    folder.log.write_text("Traceback \x1b[2J of the worker\n")
    app = RtsApp(project, analyst="ann", at="train")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.press("l")
        await settle(pilot)
        assert isinstance(app.screen, TextPage)
        text = text_of(app)
    assert "\x1b" not in text
    assert "[@click=app.quit]" in text
    assert "\\u001b[2J of the worker" in text


def edit_settings(project: Project, old: str, new: str) -> None:
    path = project.folder / "project.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


async def test_an_edit_of_project_toml_is_named_and_the_next_job_uses_it(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    launches(monkeypatch)
    steps = project.settings.train.steps
    app = RtsApp(project, analyst="ann", at="train")
    async with app.run_test(size=(160, 46)) as pilot:
        await settle(pilot)
        edit_settings(project, f"\nsteps = {steps}\n", "\nsteps = 61\n")
        app._follow_settings()
        app.screen._tick()
        await settle(pilot)
        line = f"train.steps = 61 (was {steps})"
        assert f"project.toml: {line}" in toasts(app)
        assert f"settings changed: {line}" in text_of(app).splitlines()[0]
        await pilot.press("enter")
        await settle(pilot)
        assert f"job 1 runs detached · settings changed: {line}" in toasts(app)
    [job] = list_jobs(project)
    assert JobFolder(job.folder).read_request().settings.steps == 61


async def test_a_broken_project_toml_is_told_and_starts_no_job(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = launches(monkeypatch)
    steps = project.settings.train.steps
    app = RtsApp(project, analyst="ann", at="train")
    async with app.run_test(size=(160, 46)) as pilot:
        await settle(pilot)
        edit_settings(project, f"\nsteps = {steps}\n", "\nsteps = -5\n")
        app._follow_settings()
        app.screen._tick()
        await settle(pilot)
        assert any("steps = -5 is not accepted" in one for one in toasts(app))
        assert any("1..10,000,000 steps" in one for one in toasts(app))
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(app.screen, TrainScreen)
        edit_settings(project, "\nsteps = -5\n", f"\nsteps = {steps}\n")
        app._follow_settings()
        await settle(pilot)
        assert "project.toml is accepted" in toasts(app)
    assert not started
    assert not list_jobs(project)


async def test_a_failed_or_unvalidated_training_is_not_said_to_go_on(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    grid = replace(project.settings.grid, validation_share=0.0)
    write_settings(project, replace(project.settings, grid=grid))
    folder = JobFolder(training(project, monkeypatch).folder)
    reporter = Reporter(folder)
    reporter.started("worker started")
    reporter.failed("the loss is nan", hint="lower train.learning_rate")
    app = RtsApp(project, analyst="ann", at="train")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert "no step was taken" in text_of(app)
        assert "on their way" not in text_of(app)
        append_point(folder.curve, point(1))
        app.screen.look()
        await settle(pilot)
        assert "no known slump could be kept" in text_of(app)
