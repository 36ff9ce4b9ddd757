"""Sources must reach the area."""

from pathlib import Path

import numpy as np
import pytest
from desk import CRS, LEFT, PIXEL_M, TOP, geojson, square

from rtsproj.domain.labels import Polarity
from rtsproj.errors import UsageError
from rtsproj.imagery.rasters import Placement, write_geotiff
from rtsproj.settings import TrainSettings
from rtsproj.store.database import rows
from rtsproj.store.labels import training_labels
from rtsproj.workflow.project import Project, reading
from rtsproj.workflow.sources import add_exhaustive_area, add_terrain
from rtsproj.workflow.train import frozen_labels


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


def test_an_area_that_is_labelled_all_over_is_background_beside_any_cap(
    project: Project, tmp_path: Path
) -> None:
    area = geojson(tmp_path / "mapped.geojson", [square(0, 0, 90)])
    added = add_exhaustive_area(project, area, by="ann")
    assert added.features == 1
    with reading(project) as connection:
        found = training_labels(connection, 1)
        [row] = rows(connection, "SELECT polarity, origin, reason FROM labels WHERE reason <> ''")
    assert row == {"polarity": "negative", "origin": "given", "reason": "exhaustive"}
    chosen = frozen_labels(found, TrainSettings(negatives_per_positive=0.0))
    assert [one.polarity for one in chosen].count(Polarity.POSITIVE) == 2
    assert [one.reason for one in chosen].count("exhaustive") == 1
