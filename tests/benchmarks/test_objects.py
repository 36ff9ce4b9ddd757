"""Reading over the network beside reading the file and beside GDAL's own network reader.

A server in a process of its own waits before each answer, as a store some way off does.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.windows
from figures import note, told  # noqa: F401 - a fixture of every test here
from pieces import CRS, GRID
from ranges import allow
from rasterio.transform import Affine

from rtsproj.domain.places import place_of
from rtsproj.imagery.safety import open_dataset

pytestmark = pytest.mark.bench
SIDE = 4096
SERVER = """
import sys, time
from pathlib import Path
from ranges import serving
with serving(Path(sys.argv[1])) as state:
    state.delay_s = float(sys.argv[2])
    print(state.port, flush=True)
    while sys.stdin.readline():
        print(len(state.asked), state.sent, flush=True)
"""


@contextmanager
def store(folder: Path, delay_s: float) -> Iterator[subprocess.Popen[str]]:
    tests = Path(__file__).parents[1] / "imagery"
    words = [sys.executable, "-c", SERVER, str(folder), str(delay_s)]
    with subprocess.Popen(
        words,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(tests), "PATH": "/usr/bin:/bin"},
    ) as server:
        yield server
        server.stdin.close()


def counted(server: subprocess.Popen[str]) -> np.ndarray:
    """(requests, bytes) so far."""
    server.stdin.write("\n")
    server.stdin.flush()
    return np.array(server.stdout.readline().split(), np.int64)


def read_strips(dataset: object) -> float:
    """s of reading the image strip by strip, as a search does."""
    began = time.monotonic()
    for row in range(0, SIDE, 1024):
        dataset.read(window=rasterio.windows.Window(0, row, SIDE, 1024))
    return time.monotonic() - began


def read_views(dataset: object) -> float:
    """s of ten pictures of 200 px."""
    began = time.monotonic()
    for n in range(10):
        dataset.read(window=rasterio.windows.Window(300 * n, (700 * n) % 3800, 200, 200))
    return time.monotonic() - began


@pytest.mark.parametrize("delay_s", [0.0, 0.03])
def test_objects_beside_files_and_gdal(
    delay_s: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "scene.tif"
    rng = np.random.default_rng(3)
    ground = rng.integers(0, 1500, (4, SIDE // 8, SIDE // 8)).repeat(8, 1).repeat(8, 2)
    values = (ground + rng.integers(0, 60, (4, SIDE, SIDE))).astype(np.uint16)
    how = {"crs": CRS, "transform": Affine(3.0, 0.0, GRID.origin_x, 0.0, -3.0, GRID.origin_y)}
    shape = {"width": SIDE, "height": SIDE, "count": 4, "dtype": "uint16"}
    with rasterio.open(path, "w", driver="COG", compress="deflate", **how, **shape) as sink:
        sink.write(values)
    with store(tmp_path, delay_s) as server:
        url = f"http://127.0.0.1:{server.stdout.readline().strip()}/data/{path.name}"
        allow(monkeypatch, tmp_path / "config", url)
        for work in (read_strips, read_views):
            found = {}
            for name in ("file", "object", "GDAL"):
                before = counted(server)
                with rasterio.Env(CPL_VSIL_CURL_ALLOWED_FILENAME=f"/vsicurl/{url}"):
                    began = time.monotonic()
                    if name == "GDAL":
                        dataset = rasterio.open(f"/vsicurl/{url}", driver="GTiff")
                    else:
                        dataset = open_dataset(path if name == "file" else place_of(url))
                    opened = time.monotonic() - began
                    found[name] = opened + work(dataset), *(counted(server) - before)
                    dataset.close()
            for name, (seconds, requests, sent) in found.items():
                what = f"{work.__name__}, {1000 * delay_s:g} ms a request, {name}"
                note(what, seconds, "s")
                note(f"{what}, of the file", seconds / found["file"][0], "ratio")
                note(f"{what}, requests", requests, "")
                note(f"{what}, sent", sent / 1e6, "MB")
