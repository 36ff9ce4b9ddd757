"""Journal lines are whole or do not count, and every broken link is reported."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rtsproj.errors import DamagedError, RtsError
from rtsproj.journal.lines import (
    Mark,
    analyst_of,
    append,
    check,
    cut_torn_tail,
    journal_path,
    read_entries,
)


def write(path: Path, count: int) -> Mark:
    mark = Mark()
    for seq in range(1, count + 1):
        mark = append(path, {"seq": seq, "kind": "decisions", "payload": {"n": seq}}, after=mark)
    return mark


def test_lines_come_back_in_order_with_their_chain(tmp_path: Path) -> None:
    path = tmp_path / "ann.jsonl"
    mark = write(path, 5)
    entries = list(read_entries(path, after=Mark()))
    assert [one.seq for one in entries] == [1, 2, 3, 4, 5]
    assert entries[-1].mark == mark == check(path)
    assert list(read_entries(path, after=entries[2].mark)) == entries[3:]
    assert path.stat().st_mode & 0o007 == 0


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_torn_last_line_is_left_out_and_cut(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "ann.jsonl"
    write(path, 3)
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    assert [one.seq for one in read_entries(path, after=Mark())] == [1, 2]
    assert cut_torn_tail(path) > 0
    assert cut_torn_tail(path) == 0
    assert check(path).size_bytes == path.stat().st_size


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 0.999), bit=st.integers(0, 7))
def test_no_flipped_bit_passes_unnoticed(tmp_path: Path, place: float, bit: int) -> None:
    path = tmp_path / "ann.jsonl"
    path.unlink(missing_ok=True)
    mark = write(path, 6)
    data = bytearray(path.read_bytes())
    data[int(place * len(data))] ^= 1 << bit
    path.write_bytes(bytes(data))
    try:
        found = check(path)
    except (DamagedError, UnicodeDecodeError):
        return
    assert found != mark  # the last line's digest is what the database remembers


def test_a_file_that_changed_meanwhile_is_not_appended_to(tmp_path: Path) -> None:
    path = tmp_path / "ann.jsonl"
    write(path, 2)
    with pytest.raises(DamagedError, match="changed while it was written"):
        append(path, {"seq": 3}, after=Mark())
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(DamagedError, match="bytes"):
        list(read_entries(path, after=Mark(100, "x")))


def test_a_broken_link_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "ann.jsonl"
    write(path, 4)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], *lines[2:]]))
    with pytest.raises(DamagedError, match="broken at line 2"):
        check(path)


def test_a_folder_that_cannot_be_written_says_not_saved(tmp_path: Path) -> None:
    with pytest.raises(RtsError, match="not saved"):
        append(tmp_path / "missing" / "ann.jsonl", {"seq": 1}, after=Mark())


@given(st.text(min_size=1, max_size=40).filter(lambda name: name.encode("utf-8", "ignore") != b""))
def test_any_name_of_an_analyst_is_a_file_name(name: str) -> None:
    try:
        name.encode()
    except UnicodeEncodeError:
        return
    path = journal_path(Path("/journal"), name)
    assert path.parent == Path("/journal")
    assert analyst_of(path) == name


def test_a_line_is_json_with_its_predecessors_digest(tmp_path: Path) -> None:
    path = tmp_path / "ann.jsonl"
    write(path, 2)
    first, second = map(json.loads, path.read_text().splitlines())
    assert first["prev"] == "0" * 64
    assert len(second["prev"]) == 64
    assert second["prev"] != first["prev"]
