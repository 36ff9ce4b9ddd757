"""list and remove on the command line."""

import json

import pytest

from rtsproj.workflow.project import Project


@pytest.mark.parametrize("kind", ["scene", "area", "label", "line", "terrain"])
def test_every_kind_is_listed_for_people_and_for_programs(project: Project, run, kind: str) -> None:
    assert run("-C", project.folder, kind, "list").out.startswith("id")
    assert isinstance(json.loads(run("-C", project.folder, kind, "list", "--json").out), list)


def test_nothing_is_removed_without_a_terminal_and_without_yes(project: Project, run) -> None:
    dry = run("-C", project.folder, "label", "remove", 1, "--dry-run")
    assert dry.code == 0
    assert "seed slumps that leave the inventory: 2" in dry.out
    values = json.loads(run("-C", project.folder, "label", "remove", 1, "--dry-run", "--json").out)
    assert (values["slumps_removed"], values["labels"]) == (2, 2)
    refused = run("-C", project.folder, "label", "remove", 1)
    assert refused.code == 2
    assert "label 1 was not removed" in refused.err
    assert "--yes" in refused.err
    assert len(json.loads(run("-C", project.folder, "label", "list", "--json").out)) == 1


def test_yes_removes_and_says_what_changed(project: Project, run) -> None:
    done = run("-C", project.folder, "label", "remove", 1, "--yes", "--as", "eva", "--json")
    assert done.code == 0
    assert "label 1 removed; 2 seed slumps left the inventory" in done.err
    assert json.loads(done.out)["removal"]["slumps_removed"] == 2
    assert json.loads(run("-C", project.folder, "label", "list", "--json").out) == []
    again = run("-C", project.folder, "label", "remove", 1, "--yes")
    assert (again.code, "no label 1 is in use" in again.err) == (2, True)
