"""What a monitor reads of a training's folder."""

from pathlib import Path

from rtsproj.imagery.samples import Samples, samples_bytes
from rtsproj.jobs.curves import CurvePoint, append_point
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.reporter import Reporter
from rtsproj.jobs.state import JobState
from rtsproj.workflow.monitor import TrainWatch, worker_output


def point(step: int, loss: float, *, phase: int = 1) -> CurvePoint:
    return CurvePoint(phase, step, loss, loss, 1e-3, None, None, 0.0)


def made(path: Path) -> JobFolder:
    folder = JobFolder(path / "1-train")
    folder.create()
    return folder


def test_steps_that_a_resumed_worker_writes_again_count_once(tmp_path: Path) -> None:
    folder = made(tmp_path)
    for step, loss in ((1, 0.9), (2, 0.8), (3, 0.7)):
        append_point(folder.curve, point(step, loss))
    watch = TrainWatch(folder.path)
    assert len(watch.look().points) == 3
    for step, loss in ((2, 0.81), (3, 0.71), (4, 0.6)):
        append_point(folder.curve, point(step, loss))
    append_point(folder.curve, point(1, 0.5, phase=2))
    told = [(one.phase, one.step, one.loss) for one in watch.look().points]
    assert told == [(1, 1, 0.9), (1, 2, 0.81), (1, 3, 0.71), (1, 4, 0.6), (2, 1, 0.5)]
    # THEN a monitor that comes later sees the same
    later = [(one.phase, one.step, one.loss) for one in TrainWatch(folder.path).look().points]
    assert later == told


def test_an_empty_folder_is_a_queued_training(tmp_path: Path) -> None:
    look = TrainWatch(made(tmp_path).path).look()
    assert look.status.state is JobState.QUEUED
    assert (look.points, look.samples, look.checkpoint_s, look.device) == ((), None, None, "")


def test_the_stamp_changes_with_every_file_that_is_shown(tmp_path: Path) -> None:
    folder = made(tmp_path)
    watch = TrainWatch(folder.path)
    seen = {watch.stamp()}
    Reporter(folder).note("begins")
    seen.add(watch.stamp())
    append_point(folder.curve, point(1, 0.5))
    seen.add(watch.stamp())
    folder.samples.write_bytes(samples_bytes(Samples(1, ())))
    seen.add(watch.stamp())
    assert len(seen) == 4
    assert watch.stamp() in seen


def test_checkpoint_age_and_scores_in_the_log(tmp_path: Path) -> None:
    folder = made(tmp_path)
    scores = {"pixel_iou": 0.6175, "objects": {"0.3": {"f1": 0.72}}}
    Reporter(folder).note("validation after step 8", scores=scores)
    (folder.checkpoint / "1-0000008.pt").write_bytes(b"x")
    written = (folder.checkpoint / "1-0000008.pt").stat().st_mtime
    look = TrainWatch(folder.path, now=lambda: written + 240).look()
    assert look.checkpoint_s is not None
    assert round(look.checkpoint_s) == 240
    assert look.log[-1].message == "validation after step 8: IoU 0.618, F1 0.720"


def test_the_worker_s_output_is_its_end(tmp_path: Path) -> None:
    folder = made(tmp_path)
    assert worker_output(folder) == ()
    folder.log.write_text("\n".join(str(n) for n in range(1000)))
    assert worker_output(folder, most_lines=2) == ("998", "999")
