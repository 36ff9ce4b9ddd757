"""undo, status and doctor tell of candidates that are open in a closed iteration."""

from desk import search, square

from rtsproj.workflow.project import Project


def test_all_doors_say_it(run, project: Project) -> None:
    search(project, [square(60, 80, 15)])
    run("-C", project.folder, "decide", 1, "reject", "--reason", "barren", "--as", "ann")
    run("-C", project.folder, "converge", "--as", "ann")
    wanted = "open in a closed iteration: 1 candidate"
    assert wanted in run("-C", project.folder, "undo", "--as", "ann").err
    assert wanted in run("-C", project.folder, "status").out
    assert wanted in run("-C", project.folder, "doctor").out
