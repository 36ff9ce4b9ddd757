"""The examples run as they are printed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from desk import geojson, make_project, scene_file, search, square
from PIL import Image

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


def test_the_notebook_walk(tmp_path: Path) -> None:
    pytest.importorskip("geopandas", reason="extra notebook is not installed")
    image = scene_file(tmp_path)
    seeds = geojson(tmp_path / "seeds.geojson", [square(20, 20, 20)])
    words = [EXAMPLES / "1-notebook" / "walk.py", tmp_path / "p", image, seeds]
    done = subprocess.run(
        [sys.executable, *map(str, words)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "1 tiles, 0.33 km2 of valid pixels" in done.stdout
    assert "stage train, next: rtsproj train" in done.stdout
    assert "RTS-00001" in done.stdout
    assert "1 slumps, 0.36 ha, CRS EPSG:32646" in done.stdout
    assert "iteration 1 has not been trained or searched" in done.stdout


def test_the_tour_takes_pictures_of_real_screens(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    search(project, [square(60, 80, 15)])
    words = [EXAMPLES / "2-tour" / "capture.py", project.folder, tmp_path / "out", "triage-80x24"]
    done = subprocess.run(
        [sys.executable, *map(str, words)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "out" / "triage-80x24.png") as picture:
        assert picture.size == (80 * 9, 24 * 18)
        assert len(picture.convert("RGB").getcolors(100_000)) > 10


def test_the_growth_of_the_desk_is_plotted(tmp_path: Path) -> None:
    figures = {
        "collect, 10000 rows": {"seconds": 2.0},
        "collect, 100000 rows": {"seconds": 19.0},
        "load before": [1.0, 1.0, 1.0],
    }
    (tmp_path / "desk.json").write_text(json.dumps(figures))
    words = [EXAMPLES / "3-scaling" / "plot.py", tmp_path / "desk.json", tmp_path / "out.png"]
    done = subprocess.run(
        [sys.executable, *map(str, words)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "1 lines in" in done.stdout
    with Image.open(tmp_path / "out.png") as picture:
        assert picture.width > 500
