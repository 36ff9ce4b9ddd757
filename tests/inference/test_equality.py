"""The pipeline against the network on the whole image at once."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from workshop import BANDS, World, infer_job

from rtsproj.imagery.mosaic import Mosaic
from rtsproj.imagery.probability import FULL, read_probability
from rtsproj.inference.search import tile_raster
from rtsproj.inference.shards import search
from rtsproj.jobs import tables
from rtsproj.jobs.reporter import Reporter
from rtsproj.learning.backend import choose_backend
from rtsproj.learning.inputs import probabilities, scaled_values
from rtsproj.settings import InferSettings

pytestmark = [
    pytest.mark.filterwarnings("ignore:Dataset has no geotransform"),
    pytest.mark.filterwarnings("ignore:The given matrix is equal to Affine.identity"),
]


@pytest.mark.parametrize("span", [1, 2])
def test_tiles_hold_the_probabilities_of_the_whole_image(
    span: int, tmp_path: Path, world: World, use_network: Callable[[nn.Module], None]
) -> None:
    # GIVEN a network that looks 16 px far, as far as a window's margin reaches
    torch.manual_seed(1)
    network = nn.Sequential(
        nn.Conv2d(4, 6, 17, padding=8), nn.ReLU(), nn.Conv2d(6, 1, 17, padding=8)
    ).eval()
    use_network(network)
    with Mosaic(world.source.scenes, world.source.grid, BANDS) as mosaic:
        image = scaled_values(mosaic.read(world.source.extent), world.source.scaling)
    whole = probabilities(network, [image], choose_backend("fp32"))[0]
    # WHEN the image is searched in windows
    settings = InferSettings(threshold=0.3, span=span)
    job, request = infer_job(tmp_path / "2-infer", world, (Path("/none"), ""), settings=settings)
    search(job, request, Reporter(job))
    # THEN every kept pixel is that of the whole image, to 1/255
    kept = [one for one in tables.read_tiles(job.tiles) if tile_raster(job, one.tile_id).exists()]
    assert len(kept) > 8
    for tile in kept:
        core = tile.window
        exact = whole[core.row : core.row + core.rows, core.col : core.col + core.cols]
        found = read_probability(tile_raster(job, tile.tile_id))
        assert np.abs(found / FULL - exact).max() <= 1 / 255
