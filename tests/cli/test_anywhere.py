"""Global options stand before or after the verb, and the package runs as a module."""

import json
import subprocess
import sys

import pytest

from rtsproj.workflow.project import Project

VERBS = (("status", "--json"), ("job", "list", "--json"), ("candidate", "list", "--json"))


@pytest.mark.parametrize("verb", VERBS, ids=[one[0] for one in VERBS])
def test_the_project_may_be_named_before_or_after_the_verb(
    verb: tuple[str, ...], run, project: Project
) -> None:
    before = run("-C", project.folder, *verb)
    assert before.code == 0
    for after in (("-C", project.folder), ("-C", project.folder, "-q", "-v")):
        assert run(*verb, *after) == before
    # inside a group, too, and the later one counts
    assert run(verb[0], *verb[1:-1], "-C", project.folder, verb[-1]) == before
    assert run("-C", "/", *verb, "-C", project.folder) == before


def test_a_word_after_two_dashes_is_no_option(run, project: Project) -> None:
    said = run("-C", project.folder, "sql", "--", "-q")
    assert said.code == 2


def test_quiet_after_the_verb_is_quiet(run, project: Project) -> None:
    loud = run("-C", project.folder, "undo")
    assert "nothing" in loud.err
    assert run("undo", "-q", "-C", project.folder).err == ""


def test_the_package_runs_as_a_module(project: Project) -> None:
    command = [sys.executable, "-m", "rtsproj", "status", "--json", "-C", str(project.folder)]
    said = subprocess.run(command, capture_output=True, text=True, check=True, cwd="/")
    assert json.loads(said.stdout)["project"] == "desk"
