"""Projects for the workflow tests."""

from pathlib import Path

import pytest
from desk import make_project

from rtsproj.workflow.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path)
