"""The search beside other tools: same raster, same network, same machine, one run.

python3 -m venv peers && peers/bin/pip install -c .ci/constraints.txt . torchgeo==0.8.1 terratorch
RTSPROJ_PEERS=peers/bin/python pytest -m bench tests/benchmarks/test_peers.py -s
"""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from figures import note, told  # noqa: F401 - a fixture of every test here
from test_engine import job, network, run, scene  # noqa: F401 - a fixture of this test

from rtsproj.jobs.launch import worker_environment
from rtsproj.settings import InferSettings

pytestmark = [
    pytest.mark.bench,
    pytest.mark.filterwarnings("ignore:Dataset has no geotransform"),
    pytest.mark.filterwarnings("ignore:The given matrix is equal to Affine.identity"),
]
SIDE = 2048
PEERS = (("torchgeo", 256, 192), ("torchgeo", 1152, 1024), ("terratorch", 224, 192))


def test_other_tools(tmp_path: Path, run: Callable[..., float]) -> None:  # noqa: F811
    python = os.environ.get("RTSPROJ_PEERS")
    if not python:
        pytest.skip("RTSPROJ_PEERS names no python that has torchgeo or terratorch")
    spec = scene(tmp_path, "tiled", rows=SIDE, cols=SIDE)
    made, request = job(tmp_path / "job", spec, InferSettings(threshold=0.5, engine="torch"))
    ours = SIDE**2 / 1e6 / run(network(), made, request)
    note("rtsproj, torch, GeoTIFF to outlines", ours, "Mpx/s")
    script = Path(__file__).with_name("peers.py")
    for what, window, stride in PEERS:
        words = [python, script, what, spec.path, window, stride]
        done = subprocess.run(
            [*map(str, words)],
            env=worker_environment(os.environ),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            print(f"{what} {window}/{stride} did not run: {done.stderr.splitlines()[-1]}")
            continue
        rate = SIDE**2 / 1e6 / float(done.stdout.split()[-1])
        note(f"{what}, window {window}, stride {stride}", rate, "Mpx/s")
        note(f"rtsproj against {what} {window}/{stride}", ours / rate, "x")
