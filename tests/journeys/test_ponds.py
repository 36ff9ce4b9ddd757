"""Real ponds that are all known: what a model draws otherwise than the digitiser is no question.

pytest -m soak tests/journeys/test_ponds.py -s (two minutes on two cores).
"""

from pathlib import Path

import pytest
from shell import Shell

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "ponds"
pytestmark = [
    pytest.mark.soak,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(not DATA.is_dir(), reason=f"no real images in {DATA}"),
]


def test_known_ponds_do_not_come_back(tmp_path: Path) -> None:
    shell = Shell(tmp_path / "ponds")
    Shell(tmp_path).run("init", shell.folder, "--name", "ponds")
    images = sorted((DATA / "images").glob("*.tif"))
    shell.run("scene", "add", images[0], "--role", "map")
    shell.run("scene", "add", *images[1:], "--role", "history")
    shell.run("label", "add", DATA / "labels" / "ponds_20090818.geojson")
    shell.run("line", "add", DATA / "labels" / "road_digitised.geojson", "--kind", "road")
    shell.run("next", "--wait")
    rows = shell.sql("SELECT lineage, status, count(*) AS n FROM candidates GROUP BY ALL")
    counts = {(row["lineage"], row["status"]): row["n"] for row in rows}
    waiting = sum(n for (_, status), n in counts.items() if status == "open")
    again = sum(
        n
        for (lineage, status), n in counts.items()
        if status == "open" and lineage in ("grown", "partial")
    )
    print(f"{waiting} of {sum(counts.values())} candidates wait for a decision: {counts}")
    assert again <= 0.1 * 64
