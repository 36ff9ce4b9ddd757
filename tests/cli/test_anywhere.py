"""Global options stand before or after the verb, and the package runs as a module."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from rtsproj.cli import anywhere, main
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


def test_no_parameter_of_a_verb_is_taken_for_a_global_option() -> None:
    shared = {one.name for one in typer.main.get_command(anywhere._options).params}

    def check(command) -> None:
        names = [one.name for one in command.params]
        assert len(names) == len(set(names)), command.name
        assert shared <= set(names)
        for inner in getattr(command, "commands", {}).values():
            check(inner)

    group = typer.main.get_command(main.app)
    for verb in main.VERBS:
        check(group.get_command(None, verb))


def test_a_relative_folder_is_made_where_it_is_named(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "rtsproj", "init", "qtec", "--name", "corridor"]
    subprocess.run(command, check=True, cwd=tmp_path, capture_output=True)
    assert (tmp_path / "qtec" / "project.toml").exists()
    assert not (tmp_path / "qtec" / "qtec").exists()
