"""doctor: what workers that were killed have left behind."""

from desk import finished_search, make_project, square

from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.lock import held_lock
from rtsproj.workflow.care import examine


def test_unfinished_files_of_a_job_are_found_and_removed_when_nobody_is_at_it(tmp_path) -> None:
    project = make_project(tmp_path)
    number = finished_search(project, [square(60, 80, 15)])
    folder = JobFolder(project.folder / "jobs" / f"{number}-infer")
    left = [folder.outputs / ".outlines.spool", folder.outputs / ".5.tif.part"]
    for path in left:
        path.write_bytes(b"half")

    def said(*, fix: bool) -> str:
        checks = examine(project, deep=False, fix=fix)
        return next(one.state for one in checks if one.name == "temporary files")

    assert said(fix=False) == "warning"
    folder.done.unlink()
    with held_lock(folder):
        assert said(fix=True) == "ok"
    assert all(path.exists() for path in left)
    assert said(fix=True) == "mended"
    assert not any(path.exists() for path in left)
