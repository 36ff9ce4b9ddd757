"""Ids as shown are taken by verbs, by columns of a CSV file, by filters and by an edited file."""

import json
from pathlib import Path

import pytest
from desk import search, square

from rtsproj.errors import UsageError
from rtsproj.vectors.read import read_features
from rtsproj.vectors.write import write_features
from rtsproj.workflow.edit import compare, export_outlines
from rtsproj.workflow.project import Project
from rtsproj.workflow.queue import Wanted, open_queue


@pytest.fixture
def found(project: Project) -> Project:
    search(project, [square(60, 60, 10), square(20, 20, 34)])
    return project


@pytest.mark.parametrize("text", ["C-00001", "c-1", "1", "c1"])
def test_verbs_take_an_id_as_it_is_shown(run, found: Project, text: str) -> None:
    shown = run("-C", found.folder, "candidate", "show", text, "--json")
    assert json.loads(shown.out)["candidate"]["candidate_id"] == 1
    assert run("-C", found.folder, "decide", text, "accept").code == 0


def test_a_slump_id_is_no_candidate(run, found: Project) -> None:
    refused = run("-C", found.folder, "candidate", "show", "RTS-00001")
    assert refused.code == 2
    assert "RTS-00001 is the id of a slump" in refused.err


def test_a_file_of_decisions_takes_every_form(run, found: Project, tmp_path: Path) -> None:
    file = tmp_path / "d.csv"
    file.write_text("candidate_id,verdict\nc-00001,accept\nC-2,accept\n")
    assert run("-C", found.folder, "decide", "--from", file).code == 0
    file.write_text("candidate_id,verdict\nRTS-00001,accept\n")
    refused = run("-C", found.folder, "decide", "--from", file)
    assert "line 2: RTS-00001 is the id of a slump" in refused.err


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("C-00001", [1]), ("c-1", [1]), ("2", [2]), ("RTS-00001", [2]), ("rts-2", [])],
)
def test_filters_take_candidates_and_slumps(found: Project, text: str, wanted: list[int]) -> None:
    queue = open_queue(found, Wanted(filter=text), analyst="ann")
    assert sorted(queue.ids.tolist()) == wanted


def test_an_edited_file_may_hold_names_in_its_id_columns(found: Project, tmp_path: Path) -> None:
    path = tmp_path / "outlines.gpkg"
    export_outlines(found, path)
    file = read_features(path)
    rows = [
        {
            **props,
            "candidate_id": f"C-{props['candidate_id']:05}" if props["candidate_id"] else None,
            "slump_id": f"rts-{props['slump_id']}" if props["slump_id"] else "",
            "geometry": geom,
        }
        for _, geom, props in file.features
    ]
    named = tmp_path / "named.gpkg"
    write_features(named, rows, crs=file.crs or "", layer="outlines")
    assert compare(found, named).same == len(rows)
    rows[0]["candidate_id"] = "nonsense"
    write_features(named, rows, crs=file.crs or "", layer="outlines")
    with pytest.raises(UsageError, match="'nonsense' is no candidate id"):
        compare(found, named)
