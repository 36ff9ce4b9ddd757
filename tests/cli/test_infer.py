"""infer, as an outside program uses it: prepared for a scheduler, started on a cluster."""

import json

import pytest
from desk import add_model

from rtsproj.jobs.files import sha256_of
from rtsproj.workflow import infer, jobs
from rtsproj.workflow.project import Project


@pytest.fixture
def launched(project: Project, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """What workers were started with, in place of starting them."""
    add_model(project)
    found: list[tuple[str, ...]] = []
    monkeypatch.setattr(infer, "sha256_of", lambda path: f"{1:064}")
    monkeypatch.setattr(jobs, "launch", lambda _, arguments=(): found.append(tuple(arguments)))
    return found


def test_a_held_search_waits_for_workers(
    run, project: Project, launched: list[tuple[str, ...]]
) -> None:
    at = ("-C", project.folder)
    said = run(*at, "infer", "--hold", "--json")
    assert said.code == 0, said.err
    job = json.loads(said.out)
    assert (job["verb"], job["status"]["state"]) == ("infer", "queued")
    assert f"python -m rtsproj.worker {job['folder']} --share" in said.err
    assert launched == []
    assert sha256_of(project.folder / "jobs" / f"{job['job_id']}-infer" / "request.json")
    # WHEN nobody has begun, it can be started here, or on a cluster
    assert run(*at, "job", "resume", job["job_id"]).code == 0
    assert run(*at, "job", "resume", job["job_id"], "--cluster", "tcp://head:8786").code == 0
    assert launched == [(), ("--cluster", "tcp://head:8786")]


@pytest.mark.parametrize("more", [["--wait"], ["--cluster", "tcp://head:8786"]])
def test_what_is_held_is_neither_waited_for_nor_sent_away(
    more: list[str], run, project: Project, launched: list[tuple[str, ...]]
) -> None:
    said = run("-C", project.folder, "infer", "--hold", *more)
    assert said.code == 2
    assert "--hold starts nothing" in said.err
    assert not list((project.folder / "jobs").glob("*-infer"))


def test_a_search_is_given_to_a_cluster(
    run, project: Project, launched: list[tuple[str, ...]]
) -> None:
    said = run("-C", project.folder, "infer", "--cluster", "tcp://head:8786")
    assert said.code == 0, said.err
    assert launched == [("--cluster", "tcp://head:8786")]
