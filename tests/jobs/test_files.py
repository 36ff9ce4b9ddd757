"""Files that survive a kill at any moment."""

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtsproj.errors import RtsError
from rtsproj.jobs.files import append_line, complete_lines, require_space, sha256_of, write_atomic


def test_atomic_write_returns_the_digest_of_what_stands_there(tmp_path: Path) -> None:
    digest = write_atomic(tmp_path / "a.json", b"one")
    assert digest == hashlib.sha256(b"one").hexdigest() == sha256_of(tmp_path / "a.json")


def test_a_write_that_cannot_be_renamed_leaves_the_old_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.json"
    write_atomic(path, b"old")

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(RtsError, match="No space left"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == ["a.json"]


def test_digest_of_a_missing_file_is_empty(tmp_path: Path) -> None:
    assert sha256_of(tmp_path / "none") == ""


@given(cut=st.integers(0, 24))
def test_a_torn_tail_is_ignored_and_cut_before_the_next_line(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    # GIVEN three lines of eight bytes, torn at any byte
    path = tmp_path_factory.mktemp("lines") / "events.jsonl"
    for number in range(3):
        append_line(path, f"line {number:02}")
    os.truncate(path, cut)
    whole = [f"line {number:02}" for number in range(cut // 8)]
    assert list(complete_lines(path)) == whole
    # WHEN a line is added
    append_line(path, "more")
    # THEN nothing of the torn one is left
    assert list(complete_lines(path)) == [*whole, "more"]


def test_lines_of_a_missing_file_are_none(tmp_path: Path) -> None:
    assert list(complete_lines(tmp_path / "none")) == []


def test_a_line_that_cannot_be_written_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(RtsError, match="was not written") as caught:
        append_line(tmp_path / "missing" / "a.jsonl", "x")
    assert caught.value.hint


def test_work_that_the_disk_cannot_hold_is_refused(tmp_path: Path) -> None:
    require_space(tmp_path, needed=1)
    with pytest.raises(RtsError, match="MB are needed"):
        require_space(tmp_path, needed=1 << 60)
