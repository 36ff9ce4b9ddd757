"""scene bands, and --bands, show every name."""

import json
from pathlib import Path

import numpy as np
from desk import CRS, LEFT, PIXEL_M, TOP

from rtsproj.domain.bands import BANDS
from rtsproj.imagery.rasters import Placement, write_geotiff
from rtsproj.workflow.project import Project


def seven(path: Path) -> Path:
    values = np.stack([np.full((64, 64), 100 * n, np.uint16) for n in range(1, 8)])
    write_geotiff(path, values, Placement(CRS, LEFT, TOP, PIXEL_M), nodata=0)
    return path


def test_all_names_are_listed(run) -> None:
    listed = run("scene", "bands").out
    values = json.loads(run("scene", "bands", "--json").out)
    text = " ".join(run("scene", "add", "--help").out.split())
    for name in BANDS:
        assert f"\n{name} " in listed
        assert name in text
    red = next(one for one in values if one["name"] == "red")
    assert "Landsat 8, 9 B4" in red["numbers"]


def test_a_file_of_unknown_bands_is_shown_then_named(run, project: Project, tmp_path: Path) -> None:
    file = seven(tmp_path / "x_20200721.tif")
    shown = run("scene", "bands", file)
    assert "not known" in shown.err
    assert "7     ?                  700  700   700  100.0" in shown.out
    refused = run("-C", project.folder, "scene", "add", file, "--role", "history")
    assert refused.code == 2
    assert "band 7: min 700, mean 700, max 700, valid 100.0 %" in refused.err
    names = "coastal,blue,green,red,nir,swir1,swir2"
    said = run("-C", project.folder, "scene", "add", file, "--role", "history", "--bands", names)
    assert said.code == 0
