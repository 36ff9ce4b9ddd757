"""A job folder with a small request."""

from pathlib import Path

import pytest

from rtsproj.domain.grid import ProjectGrid, Window
from rtsproj.domain.requests import ImagerySource, InferRequest, Scaling
from rtsproj.jobs.folder import JobFolder
from rtsproj.settings import InferSettings


@pytest.fixture
def request_() -> InferRequest:
    source = ImagerySource(
        grid=ProjectGrid("EPSG:32646", 3.0, 500_000.0, 3_900_000.0),
        scenes=(),
        bands=("red", "green", "blue"),
        scaling=Scaling((0.0,) * 3, (1.0,) * 3),
        extent=Window(0, 0, 64, 64),
    )
    return InferRequest(
        job=1,
        iteration=1,
        source=source,
        settings=InferSettings(),
        model_path="/none",
        model_sha256="0" * 64,
        core_px=32,
        margin_px=8,
    )


@pytest.fixture
def folder(tmp_path: Path, request_: InferRequest) -> JobFolder:
    made = JobFolder(tmp_path / "1-infer")
    made.create()
    made.write_request(request_)
    return made
