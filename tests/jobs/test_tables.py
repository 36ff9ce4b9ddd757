"""Tables of a job folder come back as they were written."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtsproj.domain.candidates import Outline
from rtsproj.domain.labels import Polarity, TrainingLabel
from rtsproj.domain.tiles import Outcome, Tile, TileOutcome
from rtsproj.errors import DamagedError
from rtsproj.jobs import tables
from rtsproj.jobs.files import sha256_of

LABELS = st.builds(
    TrainingLabel,
    label_id=st.integers(-9, 9),
    polarity=st.sampled_from(Polarity),
    origin=st.sampled_from(["seed", "accepted", "rejected"]),
    reason=st.text(max_size=8),
    wkb=st.binary(max_size=40),
)
OUTLINES = st.builds(
    Outline,
    seq=st.integers(0, 9),
    wkb=st.binary(max_size=40),
    score_mean=st.floats(0, 1),
    score_max=st.floats(0, 1),
    pixels=st.integers(0, 99),
    tiles=st.lists(st.integers(0, 9)).map(tuple),
    at_edge=st.booleans(),
    spread=st.none() | st.floats(0, 0.5),
    cut=st.floats(0, 1),
    stability=st.floats(0, 1),
    is_low=st.booleans(),
)


@given(labels=st.lists(LABELS).map(tuple))
def test_labels_come_back(
    tmp_path_factory: pytest.TempPathFactory, labels: tuple[TrainingLabel, ...]
) -> None:
    path = tmp_path_factory.mktemp("t") / "labels.jsonl"
    assert tables.write_labels(path, labels) == sha256_of(path)
    assert tables.read_labels(path) == labels


@given(outlines=st.lists(OUTLINES).map(tuple))
def test_outlines_come_back(
    tmp_path_factory: pytest.TempPathFactory, outlines: tuple[Outline, ...]
) -> None:
    path = tmp_path_factory.mktemp("t") / "outlines.jsonl"
    assert tables.write_outlines(path, outlines) == sha256_of(path)
    assert tables.read_outlines(path) == outlines


def test_an_outline_of_an_older_job_has_no_recorded_cut(tmp_path: Path) -> None:
    line = {"at_edge": False, "pixels": 4, "score_max": 0.9, "score_mean": 0.7, "seq": 0}
    path = tmp_path / "outlines.jsonl"
    path.write_text(json.dumps({**line, "tiles": [1], "wkb": "00"}) + "\n")
    (found,) = tables.read_outlines(path)
    assert (found.cut, found.stability, found.spread) == (0.0, 1.0, None)


def test_tiles_come_back(tmp_path: Path) -> None:
    tiles = (Tile(3, 0, -1, 512), Tile(4, 0, 2, 512))
    tables.write_tiles(tmp_path / "tiles.jsonl", tiles)
    assert tables.read_tiles(tmp_path / "tiles.jsonl") == tiles


def test_the_newest_outcome_of_a_tile_counts_and_a_torn_one_does_not(tmp_path: Path) -> None:
    path = tmp_path / "outcomes.jsonl"
    tables.append_outcomes(path, [TileOutcome(1, Outcome.FAILED, message="unreadable")])
    tables.append_outcomes(path, [TileOutcome(1, Outcome.DONE, outlines=2, sha256="ab")])
    tables.append_outcomes(path, [])
    with path.open("a") as stream:
        stream.write('{"tile_id":1,"outcome":"fai')
    assert tables.read_outcomes(path) == {1: TileOutcome(1, Outcome.DONE, outlines=2, sha256="ab")}


def test_no_outcome_is_recorded_before_the_first(tmp_path: Path) -> None:
    assert tables.read_outcomes(tmp_path / "none.jsonl") == {}


@pytest.mark.parametrize("line", ["not json", "[1]", '{"tile_id": 1}', '{"outcome":"odd"}'])
def test_a_complete_line_that_is_no_row_is_damage(tmp_path: Path, line: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(line + "\n")
    with pytest.raises(DamagedError, match=r"rows\.jsonl is damaged"):
        tables.read_outcomes(path)


def test_missing_inputs_are_damage(tmp_path: Path) -> None:
    with pytest.raises(DamagedError, match="is missing"):
        tables.read_labels(tmp_path / "labels.jsonl")
