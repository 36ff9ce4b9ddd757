"""Real slumps of the Peel Plateau (Sentinel-2), one iteration with the README's words alone.

Small (2.5 x 2.5 km, 9 slumps): a smoke and format case, not a benchmark. pytest -m soak
"""

from pathlib import Path

import pytest
from shell import Shell

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "rts_peel"
pytestmark = [
    pytest.mark.soak,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(not DATA.is_dir(), reason=f"no real images in {DATA}"),
]


def test_one_iteration_on_real_slumps(tmp_path: Path) -> None:
    shell = Shell(tmp_path / "peel")
    Shell(tmp_path).run("init", shell.folder, "--name", "Peel Plateau")
    image = next((DATA / "images").glob("Peel_S2*.tif"))
    bands = "blue,green,red,rededge1,rededge2,rededge3,nir"
    shell.run("scene", "add", image, "--bands", bands)
    shell.run("area", "add", DATA / "Peel_AOI_2500.geojson")
    shell.run("label", "add", DATA / "labels" / "Peel_consensus_majority.geojson")
    shell.setting("train", "steps", 100)
    shell.setting("train", "chip_px", 96)
    shell.run("next", "--wait")
    [row] = shell.sql("FROM iterations")
    print(shell.run("status"))
    print(shell.run("candidate", "list"))
    print(shell.sql("SELECT scores -> 'scores' AS scores FROM models"))
    assert row["positives"] == 9
    assert row["candidates"] > 0
    known = shell.sql("SELECT count(DISTINCT slump_id) AS n FROM candidates WHERE slump_id <= 9")
    assert known[0]["n"] >= 5
    first = shell.sql("SELECT min(candidate_id) AS n FROM candidates")[0]["n"]
    shell.run("candidate", "show", first, "--png", tmp_path / "peel.png")
