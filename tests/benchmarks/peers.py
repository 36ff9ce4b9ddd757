"""Other tools on the same raster with the same network: ``peers.py WHAT RASTER WINDOW STRIDE``.

Runs in an environment of its own, which has torchgeo or terratorch besides rtsproj (see the
benchmark ``test_peers``). Prints seconds. Both only compute: torchgeo's sampler stitches and writes
nothing, terratorch's tiled inference returns the whole image as one tensor.
"""

import sys
import time
import warnings
from importlib import import_module
from pathlib import Path

import rasterio
import torch
from torch.utils.data import DataLoader

from rtsproj.learning.network import NetworkSpec, build_network

warnings.filterwarnings("ignore")
LOW, HIGH = 300.0, 1800.0


def network() -> torch.nn.Module:
    """The network of ``test_engine``."""
    torch.manual_seed(0)
    bands = ("red", "green", "blue", "nir")
    return build_network(NetworkSpec("DeepLabV3Plus", "tu-tf_efficientnet_lite0", 16, bands)).eval()


def scaled(image: torch.Tensor) -> torch.Tensor:
    """As rtsproj scales."""
    x = ((image.float() - LOW) / (HIGH - LOW)).clamp(-0.5, 1.5)
    return ((x - 0.5) / 0.5).to(memory_format=torch.channels_last)


def torchgeo(raster: Path, window: int, stride: int) -> float:
    """GridGeoSampler in a DataLoader, the loop of its tutorials."""
    datasets, samplers = import_module("torchgeo.datasets"), import_module("torchgeo.samplers")

    class Scene(datasets.RasterDataset):
        filename_glob = raster.name
        filename_regex = ".*"

    dataset = Scene(str(raster.parent))
    sampler = samplers.GridGeoSampler(dataset, size=window, stride=stride)
    loader = DataLoader(dataset, batch_size=1, sampler=sampler, collate_fn=datasets.stack_samples)
    net = network()
    began = time.perf_counter()
    with torch.inference_mode():
        for batch in loader:
            torch.sigmoid(net(scaled(batch["image"])))
    return time.perf_counter() - began


def terratorch(raster: Path, window: int, stride: int) -> float:
    """Tiled inference on the whole image."""
    tiled = import_module("terratorch.tasks.tiled_inference")
    net = network()
    began = time.perf_counter()
    with rasterio.open(raster) as opened:
        image = scaled(torch.from_numpy(opened.read().astype("float32"))[None])
    with torch.inference_mode():
        tiled.tiled_inference(
            net, image, h_crop=window, w_crop=window, h_stride=stride, w_stride=stride, batch_size=4
        )
    return time.perf_counter() - began


if __name__ == "__main__":
    what, path, size, step = sys.argv[1:]
    run = {"torchgeo": torchgeo, "terratorch": terratorch}[what]
    print(run(Path(path), int(size), int(step)))
