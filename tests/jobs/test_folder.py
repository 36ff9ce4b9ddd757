"""The request of a job is frozen."""

from dataclasses import replace
from pathlib import Path

import pytest

from rtsproj.domain.requests import InferRequest
from rtsproj.errors import DamagedError, RtsError
from rtsproj.jobs.folder import JobFolder, read_json


def test_the_request_comes_back(folder: JobFolder, request_: InferRequest) -> None:
    assert folder.read_request() == request_
    assert folder.write_request(request_) == folder.request_sha256()


def test_a_request_is_never_changed(folder: JobFolder, request_: InferRequest) -> None:
    with pytest.raises(RtsError, match="asks for something else"):
        folder.write_request(replace(request_, iteration=2))


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"verb": "train"}'])
def test_a_damaged_request_is_refused(folder: JobFolder, text: str) -> None:
    folder.request.write_text(text)
    with pytest.raises(DamagedError, match=r"request\.json cannot be read"):
        folder.read_request()


def test_the_area_is_read_as_bytes(folder: JobFolder) -> None:
    with pytest.raises(DamagedError, match=r"area\.wkb is missing"):
        folder.read_area()
    folder.area.write_bytes(b"\x01")
    assert folder.read_area() == b"\x01"


def test_what_is_no_object_reads_as_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("[1]")
    (tmp_path / "b").write_text("{")
    assert read_json(tmp_path / "a") == read_json(tmp_path / "b") == read_json(tmp_path / "c") == {}
