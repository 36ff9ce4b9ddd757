"""Images over the network: the loopback gives ranges, misbehaves, and counts what it is asked."""

import gc
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from weakref import finalize

import numpy as np
import pytest
import rasterio
import rasterio.windows
from pieces import GRID
from ranges import NAME, Ranges, allow

from rtsproj.domain.grid import Window
from rtsproj.domain.places import place_of
from rtsproj.domain.scenes import Role
from rtsproj.errors import UsageError
from rtsproj.imagery.mosaic import Mosaic, Reading, ReadStopped
from rtsproj.imagery.objects import reader as reader_module
from rtsproj.imagery.objects import store as store_module
from rtsproj.imagery.objects.allowed import NotAllowedError
from rtsproj.imagery.objects.file import PIECE_BYTES
from rtsproj.imagery.objects.reader import ChangedObjectError, MissingObjectError, ObjectError
from rtsproj.imagery.probe import ProbeChoice, read_scene, state_of
from rtsproj.imagery.safety import open_dataset, open_raster

BLOCK = rasterio.windows.Window(64, 128, 64, 64)


def pixels(server: Ranges, name: str = NAME, **how: object) -> np.ndarray:
    with open_raster(place_of(server.url(name))) as dataset:
        return dataset.read(**how)


def refused(server: Ranges, kind: type[Exception] = ObjectError, name: str = NAME) -> str:
    with pytest.raises(kind) as caught:
        pixels(server, name)
    return f"{caught.value.what} | {caught.value.hint}"


def once_asked(server: Ranges, act: Callable[[], object]) -> None:
    """Do something as soon as the server lets the next request wait."""
    before = len(server.asked)

    def watch() -> None:
        while len(server.asked) == before:
            time.sleep(0.01)
        act()

    threading.Thread(target=watch).start()


def test_an_object_gives_the_pixels_of_the_file(server: Ranges, cog: Path) -> None:
    small = {"indexes": 2, "out_shape": (64, 64)}
    with open_raster(cog) as file, open_raster(place_of(server.url(NAME))) as dataset:
        assert dataset.tags() == file.tags()
        assert (dataset.crs, dataset.bounds) == (file.crs, file.bounds)
        assert np.array_equal(dataset.read(), file.read())
        assert np.array_equal(dataset.read(**small), file.read(**small))
    assert {path for path, _ in server.asked} == {f"/data/{NAME}"}


def test_a_small_window_costs_few_requests_and_bytes(server: Ranges, cog: Path) -> None:
    pixels(server, window=BLOCK)
    most = cog.stat().st_size // 16
    assert len(server.asked) <= 3
    assert server.sent <= 2 * PIECE_BYTES + 2 * most
    assert server.connections == 1


def test_a_whole_image_is_read_in_requests_that_grow(server: Ranges, cog: Path) -> None:
    pixels(server)
    assert len(server.asked) <= 12
    assert server.sent <= 1.5 * cog.stat().st_size


def test_many_threads_decode_the_same_pixels(server: Ranges, cog: Path) -> None:
    found: list[np.ndarray] = []

    def read() -> None:
        dataset = open_dataset(place_of(server.url(NAME)), threads=3)
        closing = threading.Thread(target=dataset.close)
        found.append(dataset.read())
        closing.start()
        closing.join()

    readers = [threading.Thread(target=read) for _ in range(3)]
    for one in readers:
        one.start()
    for one in readers:
        one.join()
    with open_raster(cog) as file:
        assert [np.array_equal(one, file.read()) for one in found] == [True] * 3


def test_a_raster_that_nobody_closed_is_closed_in_time(server: Ranges) -> None:
    """GDAL's handle would otherwise outlive what it points to."""
    closed: list[int] = []

    def read() -> None:
        dataset = open_dataset(place_of(server.url(NAME)), threads=2)
        dataset.read(window=BLOCK)
        finalize(dataset._file, closed.append, 1)
        dataset.itself = dataset  # a cycle, which the collector takes apart in any order

    for _ in range(4):
        one = threading.Thread(target=read)
        one.start()
        one.join()
        gc.collect()
    assert closed == [1, 1, 1, 1]


def test_nothing_is_asked_without_the_opt_in(
    server: Ranges, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = read_scene(place_of(server.url(NAME)), Role.MAP, ProbeChoice()).spec
    before = server.connections
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "nothing"))
    with pytest.raises(NotAllowedError) as caught:
        read_scene(place_of(server.url(NAME)), Role.MAP, ProbeChoice())
    assert server.url(NAME) in caught.value.what
    assert "object_stores" in caught.value.hint
    assert str(tmp_path / "nothing" / "rtsproj" / "machine.toml") in caught.value.hint
    with pytest.raises(NotAllowedError):
        Mosaic([scene], GRID, scene.bands)
    assert state_of(scene).state == "not read"
    allow(monkeypatch, tmp_path / "other", server.url("") + "elsewhere/")
    with pytest.raises(NotAllowedError):
        open_dataset(place_of(server.url(NAME)))
    assert server.connections == before


def test_a_path_to_gdals_own_network_stays_shut(server: Ranges) -> None:
    before = server.connections
    for text in (f"/vsicurl/{server.url(NAME)}", server.url(NAME)):
        with pytest.raises(UsageError, match="not a plain file path"):
            open_dataset(Path(text))
        with pytest.raises(rasterio.errors.RasterioIOError):
            rasterio.open(text, driver="GTiff")
    assert server.connections == before


VRT = (
    '<VRTDataset rasterXSize="9" rasterYSize="9"><VRTRasterBand dataType="Byte" band="1">'
    "<SimpleSource><SourceFilename>/vsicurl/{url}</SourceFilename></SimpleSource>"
    "</VRTRasterBand></VRTDataset>"
)
WMS = '<GDAL_WMS><Service name="TMS"><ServerUrl>{url}</ServerUrl></Service></GDAL_WMS>'


@pytest.mark.parametrize("text", [VRT, WMS], ids=["VRT", "WMS"])
def test_what_leads_elsewhere_is_not_followed(server: Ranges, text: str) -> None:
    (server.folder / "evil.tif").write_text(text.replace("{url}", server.url(NAME)))
    assert "cannot be read as GTiff" in refused(server, UsageError, "evil.tif")
    assert {path for path, _ in server.asked} == {"/data/evil.tif"}
    assert "only GeoTIFF" in refused(server, UsageError, "evil.vrt")


def test_a_place_that_is_allowed_may_lead_on(server: Ranges, cog: Path) -> None:
    shutil.copy(cog, server.folder / "moved.tif")
    server.ways = ["moved"]
    with open_raster(cog) as file:
        assert np.array_equal(pixels(server), file.read())
    assert [path for path, _ in server.asked[:2]] == [f"/data/{NAME}", "/data/moved.tif"]


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        (400, "refused by the store (400)"),
        (401, "refused by the store"),
        (403, "refused by the store"),
        (418, "the store answers 418"),
        (503, "the store answers 503"),
        ("whole", "only as a whole"),
        ("drop", "cannot be read: "),
        ("cut", "cannot be read: "),
    ],
)
def test_each_refusal_has_its_words(server: Ranges, way: int | str, expected: str) -> None:
    server.always = way
    assert expected in refused(server)
    assert len(server.asked) <= 4


def test_an_object_that_is_not_there_or_empty_is_told(server: Ranges) -> None:
    assert "does not exist" in refused(server, MissingObjectError, "none.tif")
    (server.folder / "empty.tif").write_bytes(b"")
    assert "is empty" in refused(server, name="empty.tif")


def test_what_passes_by_itself_is_asked_again(server: Ranges, cog: Path) -> None:
    server.ways = ["drop", 503, "", "cut", 429]
    with open_raster(cog) as file:
        assert np.array_equal(pixels(server), file.read())


def test_a_store_that_hangs_is_given_up_and_left_alone_for_a_while(
    server: Ranges, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "WAIT_S", 0.1)
    server.always = "hang"
    assert "no answer" in refused(server)
    asked = len(server.asked)
    assert asked == 3
    assert "no answer" in refused(server)
    assert len(server.asked) == asked


def test_an_object_that_a_store_cannot_give_does_not_keep_others_from_being_read(
    server: Ranges, cog: Path
) -> None:
    shutil.copy(cog, server.folder / "other.tif")
    server.ways = [503, 503, 503]
    assert "answers 503" in refused(server, name="other.tif")
    assert "answers 503" in refused(server, name="other.tif")
    assert len(server.asked) == 3
    with open_raster(cog) as file:
        assert np.array_equal(pixels(server), file.read())


def test_an_answer_that_trickles_is_cut(server: Ranges, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "MOST_S", 0.1)
    server.always = "hang"
    assert "cannot be read: " in refused(server)


def test_an_object_that_changes_is_noticed_at_the_next_request(server: Ranges) -> None:
    scene = read_scene(place_of(server.url(NAME)), Role.MAP, ProbeChoice()).spec
    assert state_of(scene).state == "ok"
    with open_raster(place_of(server.url(NAME))) as dataset:
        path = server.folder / NAME
        path.write_bytes(path.read_bytes()[:-1] + b"!")
        with pytest.raises(ChangedObjectError, match="has changed"):
            dataset.read()
    assert state_of(scene).state == "changed"
    path.unlink()
    assert state_of(scene).state == "missing"


def test_reading_goes_on_after_a_failure(
    server: Ranges, cog: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader_module, "QUIET_S", 0.0)
    with open_raster(cog) as file, open_raster(place_of(server.url(NAME))) as dataset:
        server.always = 503
        with pytest.raises(ObjectError, match="answers 503"):
            dataset.read()
        with pytest.raises(ObjectError, match="answers 503"):
            dataset.read(window=BLOCK)
        server.always = ""
        assert np.array_equal(dataset.read(), file.read())


@pytest.fixture
def interrupts() -> Iterator[None]:
    """Ctrl+C raises, whatever a worker that was run before has made of it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interrupts")
def test_an_interrupt_ends_a_read_that_a_store_lets_wait(server: Ranges) -> None:
    with open_raster(place_of(server.url(NAME))) as dataset:
        server.always = "hang"
        with pytest.raises(KeyboardInterrupt):  # noqa: PT012  no signal may come before
            once_asked(server, lambda: os.kill(os.getpid(), signal.SIGINT))
            dataset.read()
        assert len(server.asked) == 2


def test_a_stop_cuts_a_read_that_a_store_lets_wait(server: Ranges) -> None:
    spec = read_scene(place_of(server.url(NAME)), Role.MAP, ProbeChoice()).spec
    leaving = threading.Event()
    with Mosaic([spec], GRID, spec.bands, how=Reading(1, leaving.is_set)) as mosaic:
        mosaic.read(Window(0, 0, 8, 8))
        server.always = "hang"
        asked = len(server.asked)
        once_asked(server, leaving.set)
        with pytest.raises(ReadStopped):
            mosaic.read(Window(300, 300, 64, 64))
    assert len(server.asked) == asked + 1


def test_a_read_that_nobody_waits_for_is_not_asked_again(server: Ranges) -> None:
    spec = read_scene(place_of(server.url(NAME)), Role.MAP, ProbeChoice()).spec
    leaving: list[bool] = []
    with Mosaic([spec], GRID, spec.bands, how=Reading(1, lambda: bool(leaving))) as mosaic:
        mosaic.read(Window(0, 0, 8, 8))
        leaving.append(True)
        asked = len(server.asked)
        with pytest.raises(ReadStopped):
            mosaic.read(Window(300, 300, 64, 64))
    assert len(server.asked) == asked
