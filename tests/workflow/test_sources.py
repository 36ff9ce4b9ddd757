"""Sources must reach the area."""

from pathlib import Path

import numpy as np
import pytest
from desk import CRS, LEFT, PIXEL_M, TOP

from rtsproj.errors import UsageError
from rtsproj.imagery.rasters import Placement, write_geotiff
from rtsproj.store.database import rows
from rtsproj.workflow.project import Project, reading
from rtsproj.workflow.sources import add_terrain


def dem(path: Path, left: float) -> Path:
    heights = np.add.outer(np.arange(40), np.arange(40)).astype(np.float32)
    write_geotiff(path, heights[None], Placement(CRS, left, TOP, PIXEL_M), nodata=-9999.0)
    return path


def test_terrain_far_from_the_images_is_refused_and_changes_nothing(
    project: Project, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=r"far.tif lies outside the area by [\d.,]+ km"):
        add_terrain(project, dem(tmp_path / "far.tif", LEFT + 60_000), by="ann")
    with reading(project) as connection:
        assert not rows(connection, "FROM source WHERE role = 'terrain'")
    add_terrain(project, dem(tmp_path / "near.tif", LEFT), by="ann")
    with reading(project) as connection:
        assert len(rows(connection, "FROM source WHERE role = 'terrain'")) == 1
