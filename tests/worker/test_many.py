"""Several processes on one folder, some of them killed: the candidates are those of one process."""

import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from workshop import BANDS, World, infer_job, make_world, model_info

from rtsproj.domain.requests import InferRequest
from rtsproj.errors import ExitCode, NeedsError, RtsError
from rtsproj.imagery.mosaic import Mosaic
from rtsproj.inference import many
from rtsproj.inference.many import search_here
from rtsproj.inference.shards import search
from rtsproj.jobs import tables
from rtsproj.jobs.claims import Claims
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.reporter import Reporter
from rtsproj.jobs.state import JobState, read_events, status_of
from rtsproj.learning.backend import choose_backend
from rtsproj.learning.inputs import probabilities, scaled_values
from rtsproj.learning.model_file import save_model
from rtsproj.learning.network import NetworkSpec, build_network
from rtsproj.settings import InferSettings
from rtsproj.worker.run import run_folder
from rtsproj.worker.together import Mode, run_part

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:Dataset has no geotransform"),
    pytest.mark.filterwarnings("ignore:The given matrix is equal to Affine.identity"),
]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}
SHARDS = 12
Make = Callable[..., tuple[JobFolder, InferRequest]]


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("wide"), side=384)


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory, wide: World) -> Make:
    """Search jobs of 144 tiles in 12 shards, by a network that was never trained."""
    torch.manual_seed(3)
    torch.set_num_threads(1)
    spec = NetworkSpec("Unet", "tu-test_efficientnet", 16, BANDS)
    info = model_info(spec)
    path = tmp_path_factory.mktemp("model") / "model.safetensors"
    network = build_network(spec).eval()
    digest = save_model(path, network.state_dict(), info)
    with Mosaic(wide.source.scenes, wide.source.grid, BANDS) as mosaic:
        image = scaled_values(mosaic.read(wide.source.extent), info.scaling)
    cut = float(np.quantile(probabilities(network, [image], choose_backend("fp32")), 0.8))
    settings = InferSettings(threshold=cut, min_px=4, span=1, shard_mpx=0.01)

    def job(folder: Path, **changed: int) -> tuple[JobFolder, InferRequest]:
        changes = replace(settings, **changed)
        return infer_job(folder, wide, (path, digest), core_px=32, settings=changes)

    return job


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, make: Make) -> bytes:
    """Outlines of one process."""
    folder, request = make(tmp_path_factory.mktemp("alone") / "1-infer")
    search(folder, request, Reporter(folder))
    assert len(list(folder.shards.glob("*.jsonl"))) == SHARDS
    assert len(tables.read_outlines(folder.outlines)) > 20
    return folder.outlines.read_bytes()


def wait_for(condition: Callable[[], object], folder: JobFolder) -> None:
    until = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < until, folder.log.read_text() if folder.log.exists() else ""
        time.sleep(0.005)


def children() -> list[int]:
    """Processes that this one has started."""
    found = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    return [int(one) for path in found for one in path.read_text().split()]


def test_a_part_that_is_killed_costs_its_tiles_only(
    tmp_path: Path, make: Make, alone: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, request = make(tmp_path / "2-infer", processes=2)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    before = children()

    def kill() -> None:
        wait_for(lambda: len(tables.known_outcomes(folder)) >= 5, folder)
        os.kill(next(one for one in children() if one not in before), signal.SIGKILL)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    search_here(folder, request, Reporter(folder))
    killer.join()
    assert folder.outlines.read_bytes() == alone
    assert any("died (signal 9)" in one["message"] for one in read_events(folder))


def test_a_part_that_fails_ends_the_job_with_its_reason(
    tmp_path: Path, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, request = make(tmp_path / "2-infer", processes=2)
    folder.area.unlink()
    log = io.StringIO()
    assert run_part(folder, 1, threading.Event(), log) is ExitCode.FAILED
    assert "Traceback" in log.getvalue()

    class Ended:
        """One part that has failed."""

        running = 1

        def __init__(self, *_: object) -> None:
            self.stopped = False

        def ended(self) -> dict[int, int]:
            return {1: ExitCode.FAILED}

        def stop(self) -> None:
            self.stopped = True

    monkeypatch.setattr(many, "Parts", Ended)
    with pytest.raises(RtsError, match=r"area\.wkb is missing"):
        search_here(folder, request, Reporter(folder))


def test_workers_that_share_a_folder_finish_it_though_one_is_killed(
    tmp_path: Path, make: Make, alone: bytes
) -> None:
    folder, _ = make(tmp_path / "2-infer")
    command = [sys.executable, "-P", "-m", "rtsproj.worker", str(folder.path), "--share"]
    with subprocess.Popen(command, env=ENVIRONMENT) as one:
        wait_for(lambda: len(tables.known_outcomes(folder)) >= 5, folder)
        assert status_of(folder).state is JobState.RUNNING
        # WHEN another one shares the folder, and the first is killed
        one.kill()
        one.wait()
        known = tables.known_outcomes(folder)
        assert run_folder(folder.path, {}, io.StringIO(), Mode(share=True)) is ExitCode.DONE
    # THEN nothing that was recorded was done again, and the last one has joined
    assert status_of(folder).state is JobState.DONE
    after = tables.known_outcomes(folder)
    assert {k: after[k] for k in known} == known
    assert folder.outlines.read_bytes() == alone


def test_a_worker_leaves_the_joining_to_others_that_are_still_at_it(
    tmp_path: Path, make: Make
) -> None:
    folder, _ = make(tmp_path / "2-infer")
    log = io.StringIO()
    folder.claims.mkdir()
    claims = Claims(folder)
    assert claims.take(3)
    assert not Claims(folder).take(3)
    assert run_folder(folder.path, {}, log, Mode(share=True)) is ExitCode.DONE
    assert not folder.done.exists()
    assert "the last one joins" in log.getvalue()
    assert len(tables.known_outcomes(folder)) == 132
    claims.close()
    assert run_folder(folder.path, {}, log, Mode(share=True)) is ExitCode.DONE
    assert folder.done.exists()


@pytest.fixture
def cluster() -> Iterator[object]:
    """A scheduler and two workers of this machine."""
    distributed = pytest.importorskip("distributed", reason="extra cluster is not installed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=50
    ) as made:
        yield made


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
def test_a_cluster_gives_the_candidates_of_one_process_though_a_worker_dies(
    tmp_path: Path, make: Make, alone: bytes, cluster: object
) -> None:
    module = pytest.importorskip("rtsproj.inference.cluster")
    folder, request = make(tmp_path / "2-infer")
    pids = [one.pid for one in cluster.workers.values()]  # type: ignore[attr-defined]

    def kill() -> None:
        wait_for(lambda: len(tables.known_outcomes(folder)) >= 5, folder)
        os.kill(pids[0], signal.SIGKILL)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    address = cluster.scheduler_address  # type: ignore[attr-defined]
    module.search_on_cluster(folder, request, Reporter(folder), address=address)
    killer.join()
    assert folder.outlines.read_bytes() == alone
    # and a second start finds everything done
    module.search_on_cluster(folder, request, Reporter(folder), address=address)
    assert folder.outlines.read_bytes() == alone


def test_a_scheduler_that_does_not_answer_is_named(
    tmp_path: Path, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = pytest.importorskip("rtsproj.inference.cluster")
    monkeypatch.setattr(module, "_CONNECT_S", 0.3)
    folder, request = make(tmp_path / "2-infer")
    with pytest.raises(NeedsError, match=r"no scheduler answers at tcp://127\.0\.0\.1:9"):
        module.search_on_cluster(folder, request, Reporter(folder), address="tcp://127.0.0.1:9")
