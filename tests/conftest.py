"""Which tests drive whole screens, and the option that writes golden frames anew."""

from pathlib import Path

import pytest
from hypothesis import settings

SCREENS = (
    "test_*_screen.py",
    "test_triage.py",
    "test_golden.py",
    "test_layers.py",
    "test_live.py",
    "test_picture_widgets.py",
    "test_remote.py",
)
"""Files of tests/tui that start the UI for each test: a step of .ci/run."""

settings.register_profile("calm", deadline=None)
settings.load_profile("calm")  # no test asserts a time: a loaded machine is slow, not wrong


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden frames anew")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        path = Path(item.path)
        if path.parent.name == "tui" and any(path.match(one) for one in SCREENS):
            item.add_marker(pytest.mark.screens)
