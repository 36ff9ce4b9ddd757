"""How far parts of real ponds and slumps, extended over ground that looks the same, become whole.

pytest -m soak tests/journeys/test_surfaces.py -s (a minute).
"""

from pathlib import Path

import pytest
import shapely
from shell import Shell

from rtsproj.inference.surfaces import Extender, best_trial
from rtsproj.workflow.project import open_project
from rtsproj.workflow.tiles import read_ground, read_source

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
PEEL_BANDS = "blue,green,red,rededge1,rededge2,rededge3,nir"
pytestmark = [
    pytest.mark.soak,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(not DATA.is_dir(), reason=f"no real images in {DATA}"),
]


@pytest.mark.parametrize("name", ["20090818", "20120731", "20170827", "20190904", "peel"])
def test_parts_become_whole(name: str, tmp_path: Path) -> None:
    shell = Shell(tmp_path / "project")
    Shell(tmp_path).run("init", shell.folder, "--name", name)
    if name == "peel":
        [image] = (DATA / "rts_peel" / "images").glob("Peel_S2*.tif")
        labels = DATA / "rts_peel" / "labels" / "Peel_consensus_majority.geojson"
        shell.run("scene", "add", image, "--bands", PEEL_BANDS)
    else:
        [image] = (DATA / "ponds" / "images").glob(f"*{name}.tif")
        labels = DATA / "ponds" / "labels" / f"ponds_{name}.geojson"
        shell.run("scene", "add", image)
    shell.run("label", "add", labels, "--polarity", "positive")
    shell.run("tile")
    project = open_project(shell.folder)
    source, area = read_source(project), read_ground(project).area
    known = [shapely.from_wkt(one["geom"]) for one in shell.sql("SELECT geom FROM inventory")]
    extender = Extender(source, area, known)
    trials = extender.trials()
    extender.close()
    for one in trials:
        print(f"{name}: within {one.tolerance:g} spreads, {one.text}")
    best = best_trial(trials)
    assert best is not None
    assert best.is_right
    assert not extender.problems
