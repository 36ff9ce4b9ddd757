"""A file that grows is read once; its points are told apart from what is none."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from rtsproj.jobs.curves import (
    CurvePoint,
    SpeedPoint,
    append_point,
    curve_points,
    speed_points,
)
from rtsproj.jobs.tail import Tail


def test_only_new_whole_lines_are_given_out(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    tail = Tail(path)
    assert tail.lines() == []
    path.write_text("one\ntwo\nth")
    assert tail.lines() == ["one", "two"]
    assert tail.lines() == []
    with path.open("a") as stream:
        stream.write("ree\n")
    assert tail.lines() == ["three"]


def test_a_file_made_anew_is_read_from_its_start(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text("a long first line\n")
    tail = Tail(path)
    tail.lines()
    path.write_text("short\n")
    assert tail.lines() == ["short"]
    path.unlink()
    assert tail.lines() == []
    path.write_text("again\n")
    assert tail.lines() == ["again"]


@given(parts=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=8))
def test_any_pieces_join_to_the_same_lines(tmp_path_factory, parts: list[str]) -> None:
    path = tmp_path_factory.mktemp("tail") / "file"
    tail, seen = Tail(path), []
    for part in parts:
        with path.open("ab") as stream:
            stream.write(part.encode())
        seen += tail.lines()
    whole = "".join(parts)
    assert seen == whole.split("\n")[:-1]


def test_points_come_back_and_other_lines_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "curve.jsonl"
    point = CurvePoint(1, 5, 0.5, 0.6, 1e-3, 0.4, None, 17.0)
    append_point(path, point)
    with path.open("a") as stream:
        stream.write('[]\n{"step": 1}\nnot json\n')
    speed = SpeedPoint(3, 1.5, 18.0)
    append_point(path, speed)
    lines = Tail(path).lines()
    assert curve_points(lines) == (point,)
    assert speed_points(lines) == (speed,)
