"""Figures of a benchmark: printed as they are found, and kept as JSON where that is asked for."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

FOUND: dict[str, object] = {}


@pytest.fixture(scope="module", autouse=True)
def told() -> Iterator[None]:
    """Load before and after; the figures as JSON where that is asked for."""
    FOUND["load before"] = os.getloadavg()
    yield
    FOUND["load after"] = os.getloadavg()
    target = os.environ.get("RTSPROJ_BENCH_JSON")
    if target:
        Path(target).write_text(json.dumps(FOUND, indent=1), encoding="utf-8")
    print(f"\nload {FOUND['load before']} before, {FOUND['load after']} after")


def note(name: str, value: float, unit: str) -> None:
    """Keep and print one figure."""
    FOUND[name] = round(value, 3)
    print(f"{name:58} {value:10.2f} {unit}")
