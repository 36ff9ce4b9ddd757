"""The search: pixels per second from GeoTIFF to outlines, beside the bare network.

RTSPROJ_BENCH_JSON=engine.json pytest -m bench tests/benchmarks/test_engine.py -s
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
import torch
from figures import note, told  # noqa: F401 - a fixture of every test here
from rasterio.transform import Affine
from rasterio.windows import Window as Part
from torch import nn
from workshop import BANDS, GRID, Brightness, model_info

from rtsproj.domain.grid import Window
from rtsproj.domain.requests import ImagerySource, InferRequest, Scaling
from rtsproj.domain.scenes import Role, SceneSpec
from rtsproj.domain.tiles import Tile
from rtsproj.geometry.grid import tiles_over
from rtsproj.geometry.matching import object_scores
from rtsproj.imagery.mosaic import Mosaic
from rtsproj.imagery.shapes import AreaMask
from rtsproj.inference import search as search_module
from rtsproj.inference import shards as shards_module
from rtsproj.inference.engine import Engine
from rtsproj.inference.search import layout_of
from rtsproj.inference.shards import search
from rtsproj.inference.strips import StripReader
from rtsproj.inference.windows import strips_of
from rtsproj.jobs import tables
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.launch import worker_environment
from rtsproj.jobs.reporter import Reporter
from rtsproj.learning.backend import choose_backend
from rtsproj.learning.network import NetworkSpec, build_network
from rtsproj.settings import InferSettings

pytestmark = [
    pytest.mark.bench,
    pytest.mark.filterwarnings("ignore:Dataset has no geotransform"),
    pytest.mark.filterwarnings("ignore:The given matrix is equal to Affine.identity"),
]
SIDE = int(os.environ.get("RTSPROJ_BENCH_SIDE", "4096"))
"""px; side of the searched raster."""
SCALING = Scaling((300.0,) * 4, (1800.0,) * 4)
SPEC = NetworkSpec("DeepLabV3Plus", "tu-tf_efficientnet_lite0", 16, BANDS)


def scene(folder: Path, layout: str, *, rows: int = SIDE, cols: int = SIDE) -> SceneSpec:
    """Noise with bright ellipses on 1 % of its pixels, deflate, in tiles of 512 px or in strips."""
    rng = np.random.default_rng(3)
    shape = {"tiled": {"tiled": True, "blockxsize": 512, "blockysize": 512}}
    how = shape.get(layout, {"tiled": False, "blockysize": 8})
    path = folder / f"{layout}-{rows}-{cols}.tif"
    patch = _patch(rng)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        count=4,
        height=rows,
        width=cols,
        dtype="uint16",
        crs=GRID.crs,
        nodata=0,
        compress="deflate",
        predictor=2,
        transform=Affine(GRID.pixel_m, 0.0, GRID.origin_x, 0.0, -GRID.pixel_m, GRID.origin_y),
        bigtiff="if_safer",
        **how,
    ) as sink:
        for row in range(0, rows, 512):
            high = min(512, rows - row)
            band = np.tile(patch, (1, 1, -(-cols // 512)))[:, :high, :cols]
            sink.write(band, window=Part(0, row, cols, high))
    return spec_of(path)


def spec_of(path: Path) -> SceneSpec:
    """A raster of ``scene`` as a search takes it."""
    return SceneSpec(1, str(path), Role.MAP, date(2020, 8, 1), BANDS, "uint16", 0, None, 1.0, "")


def _patch(rng: np.random.Generator) -> np.ndarray:
    values = rng.normal(600, 60, (4, 512, 512))
    rows, cols = np.mgrid[:512, :512] + 0.5
    inside = np.zeros((512, 512), bool)
    for row, col in ((90, 120), (250, 400), (420, 200)):
        a, b = rng.uniform(14, 20, 2)
        inside |= ((rows - row) / a) ** 2 + ((cols - col) / b) ** 2 <= 1
    values[0, inside] += 1200
    values[3, inside] -= 300
    return np.clip(values, 1, 4000).astype(np.uint16)


def job(folder: Path, spec: SceneSpec, settings: InferSettings, *, shift: int = 0) -> tuple:
    """A search of the whole raster; ``shift`` moves the grid of tiles by pixels."""
    with rasterio.open(spec.path) as opened:
        extent = Window(shift, shift, opened.height, opened.width)
    grid = replace(
        GRID,
        origin_x=GRID.origin_x - shift * GRID.pixel_m,
        origin_y=GRID.origin_y + shift * GRID.pixel_m,
    )
    made = JobFolder(folder)
    made.create()
    places = tiles_over(extent, 512)
    tables.write_tiles(made.tiles, [Tile(n, row, col, 512) for n, (row, col) in enumerate(places)])
    made.area.write_bytes(shapely.to_wkb(shapely.box(*grid.bounds(extent))))
    source = ImagerySource(grid, (spec,), BANDS, SCALING, extent)
    request = InferRequest(2, 1, source, settings, "/none", "", 512, 64)
    made.write_request(request)
    return made, request


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., float]:
    """Search with a network; returns s."""

    def go(network: nn.Module, made: JobFolder, request: InferRequest) -> float:
        info = model_info(SPEC)
        monkeypatch.setattr(search_module, "load_model", lambda *_: (network.eval(), info))
        began = time.perf_counter()
        search(made, request, Reporter(made))
        return time.perf_counter() - began

    return go


@contextmanager
def cores(count: int) -> Iterator[None]:
    """This thread, and those that it starts, on so many processors."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[:count])
    torch.set_num_threads(count)
    yield
    os.sched_setaffinity(0, before)
    torch.set_num_threads(len(before))


def network() -> nn.Module:
    torch.manual_seed(0)
    return build_network(SPEC).eval()


def bare_rate(request: InferRequest, engine: str) -> tuple[float, float]:
    """Useful px/s of the network alone on the search's own windows, and s of preparing it.

    Preparing is what the first window takes longer than another: converting, the check in fp32.
    """
    backend = choose_backend("fp32")
    settings = replace(request.settings, engine=engine)
    stages = Engine(network(), SCALING, settings, backend, print)
    layout, extent = layout_of(request), request.source.extent
    area = AreaMask(shapely.box(*request.source.grid.bounds(extent)), request.source.grid)
    with Mosaic(request.source.scenes, request.source.grid, BANDS) as mosaic:
        reader = StripReader(mosaic, area, extent)
        reads = [
            read
            for strip in strips_of(tables_of(extent), layout)
            for read in reader.windows(strip, strip.windows)
        ]
    began = time.perf_counter()
    stages.found(reads[:1])
    first = time.perf_counter() - began
    note(f"{engine}: first window, converting included", first, "s")
    began = time.perf_counter()
    for read in reads:
        stages.found([read])
    seconds = time.perf_counter() - began
    return extent.rows * extent.cols / seconds, max(0.0, first - seconds / len(reads))


def tables_of(extent: Window) -> list[Tile]:
    return [Tile(n, row, col, 512) for n, (row, col) in enumerate(tiles_over(extent, 512))]


def test_end_to_end_against_the_bare_network(tmp_path: Path, run: Callable[..., float]) -> None:
    spec = scene(tmp_path, "tiled")
    wholes = {}
    for engine in os.environ.get("RTSPROJ_BENCH_ENGINES", "torch,openvino").split(","):
        if engine == "openvino":
            pytest.importorskip("openvino")
        # a cut that 1 % of the pixels of an untrained network reach
        settings = InferSettings(threshold=0.5, engine=engine)
        made, request = job(tmp_path / engine, spec, settings)
        bare, first = bare_rate(request, engine)
        seconds = run(network(), made, request)
        whole = wholes[engine] = SIDE**2 / (seconds - first)
        note(f"{engine}: bare network", bare / 1e6, "Mpx/s")
        note(f"{engine}: GeoTIFF to outlines, all of it", SIDE**2 / 1e6 / seconds, "Mpx/s")
        note(f"{engine}: share of the bare network", SIDE**2 / seconds / bare, "")
        note(f"{engine}: GeoTIFF to outlines, preparing not counted", whole / 1e6, "Mpx/s")
        note(f"{engine}: share of the bare network", whole / bare, "")
    if len(wholes) == 2:
        note(
            "openvino against torch, preparing not counted",
            wholes["openvino"] / wholes["torch"],
            "x",
        )


@pytest.mark.parametrize("span", [1, 2, 4])
def test_windows_of_more_tiles(span: int, tmp_path: Path) -> None:
    spec = scene(tmp_path, "tiled", rows=2048, cols=2048)
    _, request = job(tmp_path / "job", spec, InferSettings(span=span, engine="torch"))
    rate, _ = bare_rate(request, "torch")
    note(f"bare network, windows of {span * 512 + 128} px", rate / 1e6, "Mpx/s")


def test_blended_windows(tmp_path: Path) -> None:
    spec = scene(tmp_path, "tiled", rows=2048, cols=2048)
    rates = {}
    for side in (0, 256):
        asked = InferSettings(engine="torch", blend_px=side)
        rates[side], _ = bare_rate(job(tmp_path / f"{side}", spec, asked)[1], "torch")
    note("cropped cores against windows of 256 px blended", rates[0] / rates[256], "x")


@pytest.mark.parametrize("layout", ["tiled", "striped"])
def test_host_only(layout: str, tmp_path: Path, run: Callable[..., float]) -> None:
    spec = scene(tmp_path, layout, rows=2 * SIDE, cols=SIDE)
    settings = InferSettings(threshold=0.5, engine="torch")
    rates = {}
    for count in (1, len(os.sched_getaffinity(0))):
        with cores(count):
            made, request = job(tmp_path / f"{count}", spec, settings)
            rates[count] = 2 * SIDE**2 / run(Brightness(), made, request) / 1e6
        note(f"host only, {layout}, {count} cores", rates[count], "Mpx/s")
    one, many = min(rates), max(rates)
    note(f"host only, {layout}, share of linear", rates[many] / rates[one] / many * one, "")
    with rasterio.open(spec.path) as opened:
        began = time.perf_counter()
        for row in range(0, opened.height, 512):
            opened.read(window=Part(0, row, opened.width, min(512, opened.height - row)))
        note(
            f"decoding alone, {layout}, one core",
            2 * SIDE**2 / 1e6 / (time.perf_counter() - began),
            "Mpx/s",
        )


def test_outlines_at_one_percent(
    tmp_path: Path, run: Callable[..., float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Delineation, writing and joining, as a share of a run whose network is the real one."""
    spent = [0.0]
    inner = search_module.Search._written

    def timed(self: object, *given: object) -> object:
        began = time.thread_time()
        found = inner(self, *given)  # type: ignore[arg-type]
        spent[0] += time.thread_time() - began
        return found

    monkeypatch.setattr(search_module.Search, "_written", timed)
    joined = [0.0]
    conclude = shards_module.conclude

    def timed_conclude(*given: object) -> None:
        began = time.thread_time()
        conclude(*given)
        joined[0] = time.thread_time() - began

    monkeypatch.setattr(shards_module, "conclude", timed_conclude)
    spec = scene(tmp_path, "tiled")
    made, request = job(tmp_path / "job", spec, InferSettings(threshold=0.5, engine="torch"))
    run(Brightness(), made, request)
    _, other = job(tmp_path / "bare", spec, InferSettings(threshold=0.5, engine="torch"))
    whole = SIDE**2 / bare_rate(other, "torch")[0] * len(os.sched_getaffinity(0))
    share = sum(one.pixels for one in tables.read_outlines(made.outlines)) / SIDE**2
    note("positive pixels", 100 * share, "%")
    note("outlines", len(tables.read_outlines(made.outlines)), "")
    note("delineating and writing", spent[0], "CPU s")
    note("joining", joined[0], "CPU s")
    note("both, share of the network's CPU time", (spent[0] + joined[0]) / whole, "")


def test_seams(tmp_path: Path, run: Callable[..., float]) -> None:
    """The grid shifted by half a core: how alike the outlines of a real network are."""
    spec = scene(tmp_path, "tiled", rows=2048, cols=2048)
    found = []
    torch.manual_seed(1)
    wide = nn.Sequential(nn.Conv2d(4, 6, 9, padding=4), nn.ReLU(), nn.Conv2d(6, 1, 9, padding=4))
    for shift in (0, 256):
        made, request = job(tmp_path / f"{shift}", spec, InferSettings(engine="torch"), shift=shift)
        run(wide, made, request)
        found.append(tables.read_outlines(made.outlines))
    one, other = ([shapely.from_wkb(each.wkb) for each in each_run] for each_run in found)
    note(
        "outlines, grid shifted by half a core: F1 at IoU 0.9",
        object_scores(one, other, iou=0.9).f1,
        "",
    )


WIDE = """
import sys, resource
sys.path[:0] = [r"{here}", r"{learning}"]
import pytest, torch
from pathlib import Path
import test_engine as bench
settings = bench.InferSettings(threshold=0.5, engine="torch")
from rtsproj.inference import search as module
info = bench.model_info(bench.SPEC)
module.load_model = lambda *_: (bench.Brightness().eval(), info)
spec = bench.spec_of(Path(r"{path}"))
made, request = bench.job(Path(r"{folder}") / "job", spec, settings)
bench.search(made, request, bench.Reporter(made))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.parametrize("rows", [2048, 4096])
def test_memory_of_a_scene_100_000_px_wide(rows: int, tmp_path: Path) -> None:
    here = Path(__file__).parent
    spec = scene(tmp_path, "tiled", rows=rows, cols=100_000)
    text = WIDE.format(
        here=here, learning=here.parent / "learning", folder=tmp_path, path=spec.path
    )
    said = subprocess.run(
        [sys.executable, "-c", text],
        check=True,
        capture_output=True,
        text=True,
        env=worker_environment(os.environ),
    )
    note(f"peak memory, 100,000 x {rows:,} px", int(said.stdout.split()[-1]) / 1e6, "GB")
