"""Verbs as an outside program uses them: data on stdout, talk on stderr, exit codes."""

import csv
import io
import json
import os
import sys
from pathlib import Path

import duckdb
import numpy as np
import pytest
from desk import geojson, scene_file, search, square
from rooms import at_work, training

from rtsproj.cli.main import VERBS
from rtsproj.domain.decisions import Verdict
from rtsproj.errors import ExitCode
from rtsproj.imagery.rasters import Placement, write_geotiff
from rtsproj.jobs.folder import JobFolder
from rtsproj.store.database import rows
from rtsproj.vectors.read import read_features
from rtsproj.workflow.decide import Word, decide
from rtsproj.workflow.project import Project, reading
from rtsproj.workflow.queue import Wanted, read_queue

README = Path(__file__).resolve().parents[2] / "README.md"


def test_every_verb_has_help_with_an_example_and_stands_in_the_readme(run) -> None:
    text = README.read_text(encoding="utf-8")
    for verb in VERBS:
        said = run(verb, "--help")
        assert said.code == 0, verb
        assert "Usage: rtsproj" in said.out, verb
        assert f"`{verb}" in text, verb
        if verb not in ("scene", "area", "label", "line", "terrain", "job", "candidate"):
            assert "Example: rtsproj" in said.out, verb


def test_the_readme_names_every_exit_code() -> None:
    text = " ".join(README.read_text(encoding="utf-8").split())
    listed = text.split("Exit codes:")[1].split("## SQL")[0]
    for code in ExitCode:
        assert f" {int(code)} " in listed, code


def test_status_is_the_contracts_json(run, project: Project) -> None:
    search(project, [square(60, 80, 15)])
    said = run("-C", project.folder, "status", "--json")
    status = json.loads(said.out)
    assert (status["project"], status["schema"], status["iteration"]) == ("desk", 11, 1)
    assert status["stage"] == "triage"
    assert status["blocked_by"] == ["1 candidate to decide"]
    wanted = {"scenes", "tiles", "labels", "candidates", "open", "slumps"}
    assert wanted <= set(status["counts"])
    assert [job["verb"] for job in status["jobs"]] == ["train", "infer"]


def test_an_empty_project_says_what_it_needs(run, tmp_path: Path) -> None:
    assert run("init", tmp_path / "p").code == 0
    assert json.loads(run("-C", tmp_path / "p", "status", "--json").out)["stage"] == "setup"
    said = run("-C", tmp_path / "p", "train")
    assert said.code == 4
    assert "add images first: rtsproj scene add" in said.err
    assert said.out == ""


def test_decisions_from_a_file_are_taken_whole_or_not_at_all(
    run, project: Project, tmp_path: Path
) -> None:
    search(project, [square(60, 80, 15), square(120, 120, 12)])
    file = tmp_path / "d.csv"
    file.write_text("candidate_id,verdict,reason\n1,accept,\n2,perhaps,\n7,reject,aliens\n")
    said = run("-C", project.folder, "decide", "--from", file)
    assert said.code == 2
    assert "line 3" in said.err
    assert "line 4" in said.err
    assert _open(run, project) == 2
    file.write_text("candidate_id,verdict\n1,accept\n99,reject\nC-77,reject\n")
    said = run("-C", project.folder, "decide", "--from", file)
    assert "line 3: no candidate 99; line 4: no candidate 77" in said.err
    assert _open(run, project) == 2
    file.write_text("candidate_id,verdict,reason,analyst\n1,accept,,bob\n2,reject,river,\n")
    assert run("-C", project.folder, "decide", "--from", file, "--as", "ann").code == 0
    said = run(
        "-C", project.folder, "sql", "FROM decisions ORDER BY candidate_id", "--format", "json"
    )
    assert [row["analyst"] for row in json.loads(said.out)] == ["bob", "ann"]
    # WHEN the same file is taken again THEN what stands is not said twice
    again = run("-C", project.folder, "decide", "--from", file, "--as", "ann")
    assert again.code == 0
    assert "2 lines say what stands already" in again.err + again.out
    file.write_text("candidate_id,verdict,reason\n1,reject,river\n2,reject,river\n")
    said = run("-C", project.folder, "decide", "--from", file, "--as", "ann", "--json")
    assert [row["candidate_id"] for row in json.loads(said.out)] == [1]
    # WHEN a file changes a word and changes it back THEN the last line is what stands
    file.write_text("candidate_id,verdict\n1,accept\n1,unsure\n1,accept\n1,accept\n")
    assert run("-C", project.folder, "decide", "--from", file, "--as", "ann").code == 0
    file.write_text("candidate_id,verdict\n1,reject\n1,accept\n")
    said = run("-C", project.folder, "decide", "--from", file, "--as", "ann", "--json")
    assert [row["verdict"] for row in json.loads(said.out)] == ["reject", "accept"]


def test_converge_refuses_with_exit_4_and_still_prints_its_json(run, project: Project) -> None:
    search(project, [square(60, 80, 15)])
    said = run("-C", project.folder, "converge", "--json")
    assert said.code == 4
    outcome = json.loads(said.out)
    assert (outcome["open"], outcome["converged"], outcome["next_iteration"]) == (1, False, None)
    assert run("-C", project.folder, "decide", 1, "accept").code == 0
    said = run("-C", project.folder, "converge", "--json")
    outcome = json.loads(said.out)
    wanted = {"iteration": 1, "new_slumps": 1, "converged": False, "next_iteration": 2}
    assert said.code == 0
    assert {key: outcome[key] for key in wanted} == wanted


def test_report_tells_the_headline_with_its_definition(run, project: Project) -> None:
    search(project, [square(60, 80, 15)])
    run("-C", project.folder, "decide", 1, "accept")
    text = run("-C", project.folder, "report").out
    assert "3 of 3 slumps (100.0 %) lie within 500 m of a road or railway" in text
    assert "geodesic (WGS84), inclusive" in text
    assert "877" in text
    data = json.loads(run("-C", project.folder, "report", "--json").out)
    assert [one["distance_m"] for one in data["counts"]] == [100, 250, 500, 1000, 2000]
    page = run("-C", project.folder, "report", "--format", "html").out.strip()
    assert Path(page).read_text(encoding="utf-8").startswith("<!doctype html>")
    headline = "SELECT count(DISTINCT slump_id) AS n FROM proximity WHERE distance_m <= 500"
    said = run("-C", project.folder, "sql", headline, "--format", "csv")
    assert said.out.split() == ["n", "3"]


@pytest.mark.parametrize("suffix", [".gpkg", ".parquet", ".geojson", ".fgb", ".csv", ".shp"])
def test_exports_open_again_with_the_right_crs(
    run, project: Project, tmp_path: Path, suffix: str
) -> None:
    target = tmp_path / f"slumps{suffix}"
    assert run("-C", project.folder, "export", target).code == 0
    if suffix == ".csv":
        with target.open(encoding="utf-8") as stream:
            found = list(csv.DictReader(stream))
        assert [row["name"] for row in found] == ["RTS-00001", "RTS-00002"]
        assert found[0]["geometry"].startswith("POLYGON")
    elif suffix == ".parquet":
        with duckdb.connect() as plain:
            meta = plain.execute(
                "SELECT value FROM parquet_kv_metadata(?) WHERE key = 'geo'", [str(target)]
            ).fetchall()
        assert b"32646" in bytes(meta[0][0])
    else:
        file = read_features(target)
        assert file.crs == ("EPSG:4326" if suffix == ".geojson" else "EPSG:32646")
        assert len(file.features) == 2


def test_a_candidate_shows_its_card_and_its_picture(run, project: Project, tmp_path: Path) -> None:
    search(project, [square(60, 80, 15)])
    png = tmp_path / "c.png"
    said = run("-C", project.folder, "candidate", "show", 1, "--png", png)
    assert "road" in said.out
    assert "score" not in said.out
    assert png.read_bytes().startswith(b"\x89PNG")
    run("-C", project.folder, "decide", 1, "reject", "--reason", "river")
    assert "score" in run("-C", project.folder, "candidate", "show", 1).out
    listed = json.loads(run("-C", project.folder, "candidate", "list", "--json").out)
    assert (listed[0]["status"], listed[0]["reason"]) == ("reject", "river")


def test_triage_plain_asks_line_by_line(run, project: Project, monkeypatch) -> None:
    search(project, [square(60, 80, 15), square(120, 120, 12), square(150, 30, 12)])
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\nn\nr\nx\nm\n"))
    said = run("-C", project.folder, "triage", "--plain", "--as", "ann")
    assert said.out.count("saved #") == 3
    assert "not a key: 'x'" in said.out
    assert "nothing open" in said.out
    assert _open(run, project) == 0


def test_what_a_file_decided_is_undone_at_once(run, project: Project, monkeypatch) -> None:
    search(project, [square(60, 80, 15), square(120, 120, 12), square(150, 30, 12)])
    path = project.folder / "decisions.csv"
    path.write_text("candidate_id,verdict\n1,reject\n2,accept\n", encoding="utf-8")
    assert run("-C", project.folder, "decide", "--from", path, "--as", "ann").code == 0
    said = run("-C", project.folder, "undo", "--as", "ann")
    assert "undone: one act of 2 decisions" in said.err
    assert _open(run, project) == 3
    assert "redone: one act of 2" in run("-C", project.folder, "redo", "--as", "ann").err
    monkeypatch.setattr(sys, "stdin", io.StringIO("u\nq\n"))
    said = run("-C", project.folder, "triage", "--plain", "--as", "ann")
    assert "undone: one act of 2 decisions\n\n3 open" in said.out


class Answers(io.StringIO):
    """Lines of an answer; before the first one is read another analyst decides."""

    def __init__(self, text: str, first) -> None:
        super().__init__(text)
        self._first = first

    def readline(self, *given: int) -> str:
        first, self._first = self._first, None
        if first is not None:
            first()
        return super().readline(*given)


@pytest.mark.parametrize(
    ("answers", "verdicts"),
    [
        ("n\n\n\nn\n\n", ["accept"]),
        ("n\n\ny\nn\n\n", ["accept"]),
        ("n\n\nsecond\nq\n", ["accept", "reject"]),
    ],
)
def test_triage_plain_asks_before_a_second_opinion(
    run, project: Project, monkeypatch, answers: str, verdicts: list[str]
) -> None:
    search(project, [square(60, 80, 15), square(120, 120, 12)])
    first = int(read_queue(project, Wanted(), analyst="ann").ids[0])
    by_ben = lambda: decide(project, first, Word(Verdict.ACCEPT), analyst="ben")  # noqa: E731
    monkeypatch.setattr(sys, "stdin", Answers(answers, by_ben))
    said = run("-C", project.folder, "triage", "--plain", "--as", "ann")
    assert f"ben accepted C-{first:05} at " in said.out
    with reading(project) as connection:
        found = rows(connection, "SELECT candidate_id, verdict FROM decision ORDER BY decision_id")
    own = [one for one in found if one["candidate_id"] == first]
    assert [one["verdict"] for one in own] == verdicts


def test_undo_with_nothing_to_undo_is_exit_4(run, project: Project) -> None:
    assert run("-C", project.folder, "undo").code == 4


def test_names_cannot_steer_the_terminal(run, project: Project, tmp_path: Path) -> None:
    hostile = "\x1b]52;c;aGk=\x1b\\ [/b] \u202e"
    shapes = [square(140, 140, 9)]
    file = geojson(tmp_path / "lines.geojson", [s.boundary for s in shapes], name=hostile)
    assert run("-C", project.folder, "line", "add", file, "--kind", "road").code == 0
    search(project, [square(150, 150, 12)])
    out = run("-C", project.folder, "candidate", "show", 1).out
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "\\u001b]52" in out
    table = run("-C", project.folder, "sql", "SELECT line_name FROM lines").out
    assert "\x1b" not in table


def test_backup_doctor_and_restore(run, project: Project) -> None:
    search(project, [square(60, 80, 15)])
    backup = run("-C", project.folder, "backup").out.strip()
    assert Path(backup).is_file()
    run("-C", project.folder, "decide", 1, "accept", "--as", "ann")
    project.database.close()
    (project.folder / "project.duckdb").unlink()
    (project.folder / "project.duckdb.wal").unlink(missing_ok=True)
    said = run("-C", project.folder, "restore")
    assert said.code == 0
    assert "1 decision replayed" in said.err
    assert _open(run, project) == 0


def test_a_second_scene_of_another_data_type_is_refused(run, project: Project, tmp_path) -> None:
    other = tmp_path / "20190720_x_3B_AnalyticMS.tif"
    values = np.ones((4, 64, 64), np.uint8)
    write_geotiff(other, values, Placement("EPSG:32646", 490_000.0, 3_851_000.0, 3.0), nodata=0)
    said = run("-C", project.folder, "scene", "add", other)
    assert said.code == 2
    assert "uint8" in said.err
    assert "uint16" in said.err
    twice = run("-C", project.folder, "scene", "add", scene_file(tmp_path))
    assert "registered already" in twice.err


def test_a_changed_scene_stops_work_and_only_the_same_file_can_be_relinked(
    run, project: Project, tmp_path: Path
) -> None:
    [scene] = json.loads(run("-C", project.folder, "scene", "list", "--json").out)
    path = Path(scene["path"])
    moved = path.rename(tmp_path / "moved.tif")
    said = run("-C", project.folder, "train")
    assert said.code == 2
    assert f"{path} is missing" in said.err
    assert run("-C", project.folder, "scene", "check").code == 2
    damaged = tmp_path / "damaged.tif"
    data = bytearray(moved.read_bytes())
    data[2000] ^= 1
    damaged.write_bytes(bytes(data))
    assert run("-C", project.folder, "scene", "relink", 1, damaged).code == 2
    assert run("-C", project.folder, "scene", "relink", 1, moved).code == 0
    assert run("-C", project.folder, "scene", "check").code == 0


def test_a_read_only_project_is_one_clear_error(run, project: Project) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    project.folder.chmod(0o500)
    said = run("-C", project.folder, "decide", 1, "accept")
    project.folder.chmod(0o700)
    assert said.code == 2


def test_wrong_words_are_exit_2_with_a_hint(run, project: Project) -> None:
    for words in (
        ("nonsense",),
        ("decide", "1"),
        ("decide", "1", "maybe"),
        ("sql", "SELEC 1"),
        ("sql",),
        ("report", "--format", "pdf"),
        ("export", "x.doc"),
        ("candidate", "show", "99"),
        ("job", "show", "99"),
        ("scene", "add", "missing.tif"),
        ("label", "add", "missing.gpkg"),
        ("line", "add", "x.geojson", "--kind", "river"),
        ("init", "p", "--preset", "best"),
    ):
        said = run("-C", project.folder, *words)
        assert said.code == 2, words
        assert "error" in said.err.lower(), words


def _open(run, project: Project) -> int:
    said = run("-C", project.folder, "candidate", "list", "--status", "open", "--json")
    return len(json.loads(said.out))


@pytest.mark.parametrize(
    ("words", "error", "hint"),
    [
        (("trian",), "trian: no such verb", "did you mean train?"),
        (("xyzzy",), "xyzzy: no such verb", "rtsproj --help"),
        (("job", "stpo", "3"), "Did you mean 'stop'?", "job --help"),
        (
            ("line", "add", "x.geojson"),
            "Missing option '--kind'. Choose from: road, railway",
            "add",
        ),
        (("line", "add", "x", "--kind", "rod"), "'rod' is not one of 'road', 'railway'", "--help"),
    ],
)
def test_what_is_mistyped_or_missing_is_named(run, words, error: str, hint: str) -> None:
    said = run(*words)
    assert (said.code, said.out) == (2, "")
    first, second = said.err.splitlines()
    assert error in first
    assert hint in second


@pytest.mark.parametrize("words", [("job", "attach", 1), ("next", "--wait")])
def test_ctrl_c_says_that_the_job_goes_on_and_how_to_stop_it(
    run, project: Project, monkeypatch, words: tuple[object, ...]
) -> None:
    folder = JobFolder(training(project, monkeypatch).folder)

    def cancelled(*_given: object, **_named: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("rtsproj.cli.work.follow_job", cancelled)
    monkeypatch.setattr("rtsproj.workflow.next_step.follow_job", cancelled)
    with at_work(folder):
        said = run("-C", project.folder, *words)
    assert said.code == 130
    assert "job 1 (train) goes on" in said.err
    assert "rtsproj job stop 1" in said.err
