"""Figures of the README: ratios measured side by side, printed, never asserted.

Run by hand: pytest -m bench tests/benchmarks -s
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from desk import make_project
from workshop import TINY, infer_job, make_world, train_job

from rtsproj.inference.search import search
from rtsproj.jobs.files import sha256_of
from rtsproj.jobs.reporter import Reporter
from rtsproj.learning.backend import choose_backend
from rtsproj.learning.inputs import probabilities
from rtsproj.learning.model_file import load_model
from rtsproj.learning.train import train

pytestmark = pytest.mark.bench
RTSPROJ = Path(sys.executable).with_name("rtsproj")


def seconds(work: Callable[[], object], *, times: int) -> float:
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        spent.append(time.perf_counter() - began)
    return statistics.median(spent)


def test_start_up_of_status_against_bare_python(tmp_path: Path) -> None:
    project = make_project(tmp_path)

    def call(*words: str) -> Callable[[], object]:
        return lambda: subprocess.run(words, check=True, capture_output=True)

    bare = seconds(call(sys.executable, "-c", "pass"), times=7)
    status = seconds(call(str(RTSPROJ), "-C", str(project.folder), "status"), times=7)
    print(f"\nbare python {bare:.3f} s, rtsproj status {status:.3f} s, ratio {status / bare:.1f}")


def test_search_pixels_per_second_against_the_bare_model(tmp_path: Path) -> None:
    """The same windows through the network alone, and from GeoTIFF to outlines."""
    side, core_px, margin_px = 2048, 512, 64
    world = make_world(tmp_path, side=side)
    settings = replace(TINY, encoder="tu-tf_efficientnet_lite0", steps=1, validate_every=1)
    folder, request = train_job(tmp_path / "1-train", world, settings=settings)
    train(folder, request, Reporter(folder))
    model = (folder.model, sha256_of(folder.model))
    job, asked = infer_job(tmp_path / "2-infer", world, model, core_px=core_px)
    asked = replace(asked, margin_px=margin_px)
    backend = choose_backend("fp32")
    network, _ = load_model(*model)
    network.to(backend.device).eval()
    windows = [torch.rand(4, 640, 640).numpy() for _ in range((side // core_px) ** 2)]
    probabilities(network, windows[:1], backend)
    began = time.perf_counter()
    for window in windows:
        probabilities(network, [window], backend)
    bare = side * side / (time.perf_counter() - began)
    began = time.perf_counter()
    search(job, asked, Reporter(job))
    whole = side * side / (time.perf_counter() - began)
    print(
        f"\n{backend.name}: bare model {bare / 1e6:.2f} Mpx/s, GeoTIFF to outlines "
        f"{whole / 1e6:.2f} Mpx/s of useful pixels, pipeline efficiency {whole / bare:.2f}"
    )
