"""settings list, get, set: data on stdout, what is refused on stderr."""

import json

from rtsproj.workflow.project import Project


def test_keys_are_listed_read_and_changed(run, project: Project) -> None:
    here = ("-C", project.folder, "settings")
    found = {one["key"]: one for one in json.loads(run(*here, "list", "--json").out)}
    assert found["train.patience"]["accepted"] == "1..1,000,000 validations"
    assert run(*here, "set", "train.steps", "61").code == 0
    assert run(*here, "get", "train.steps").out == "61\n"
    got = json.loads(run(*here, "get", "train.steps", "--json").out)
    assert (got["value"], got["source"], got["unit"]) == (61, "project.toml", "steps")
    assert "train.steps" in run(*here, "list", "--changed").out
    assert project.settings.train.steps == 61


def test_a_value_out_of_range_is_refused_with_the_range(run, project: Project) -> None:
    said = run("-C", project.folder, "settings", "set", "train.patience", "-5")
    assert (said.code, said.out) == (2, "")
    assert "patience = -5" in said.err
    assert "1..1,000,000 validations" in said.err
