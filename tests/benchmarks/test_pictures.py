"""Pictures against textual-image 0.12.0 on the same chip: milliseconds and bytes, as ratios.

Run by hand; the library is no dependency, so put it beside for this once:
    pip install --no-deps --target /tmp/other textual-image==0.12.0
    PYTHONPATH=/tmp/other pytest -m bench tests/benchmarks/test_pictures.py -s
"""

import importlib
import io
import statistics
import sys
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

import pytest
from PIL import Image
from rich.console import Console
from textures import tundra

from rtsproj.tui.pictures.cells import Mode
from rtsproj.tui.pictures.fit import compose, drawn
from rtsproj.tui.pictures.kitty import png_of, upload
from rtsproj.tui.pictures.sixel import sixel_of
from rtsproj.tui.pictures.strips import placeholder_strip, strips_of

pytestmark = pytest.mark.bench
SIZES = [(60, 30), (80, 40), (120, 60)]
CELL_PX = (10, 20)
CHIP = tundra(256)
TIMES = 5
CONSOLE = Console(color_system="truecolor", force_terminal=True, width=400, height=100)


@dataclass(frozen=True)
class Cost:
    """What one picture costs: ms, bytes, bytes after zlib as ``ssh -C`` sends them."""

    ms: float
    size: int
    packed: int

    def __str__(self) -> str:
        return f"{self.ms:7.1f} ms {self.size / 1024:7.1f} KiB ({self.packed / 1024:6.1f})"


def cost(make: Callable[[], bytes]) -> Cost:
    spent, data = [], b""
    for _ in range(TIMES):
        began = time.perf_counter()
        data = make()
        spent.append((time.perf_counter() - began) * 1000)
    return Cost(statistics.median(spent), len(data), len(zlib.compress(data)))


def compare(name: str, own: Cost, other: Cost) -> None:
    print(
        f"{name:24} own {own}   textual-image {other}   "
        f"time x{other.ms / max(own.ms, 1e-3):.1f}, bytes x{other.size / own.size:.1f}"
    )


@pytest.fixture
def other(monkeypatch) -> Callable[[str], ModuleType]:
    """Its renderables, with the size of a cell given instead of asked for."""
    pytest.importorskip("textual_image", reason="textual-image is not installed: see the module")
    sizes = importlib.import_module("textual_image._terminal").CellSize(*CELL_PX)

    def load(name: str) -> ModuleType:
        module = importlib.import_module(f"textual_image.renderable.{name}")
        monkeypatch.setattr(module, "get_cell_size", lambda: sizes)
        return module

    return load


def rendered(module: ModuleType, cells: tuple[int, int]) -> Callable[[], bytes]:
    """All that it writes for one picture: through rich, and past it to stdout."""
    picture = Image.fromarray(CHIP)

    def make() -> bytes:
        past, before = io.StringIO(), sys.__stdout__
        sys.__stdout__ = past
        try:
            image = module.Image(picture, width=cells[0], height=cells[1])
            with CONSOLE.capture() as through:
                CONSOLE.print(image, end="")
        finally:
            sys.__stdout__ = before
        return (past.getvalue() + through.get()).encode()

    return make


def strips_bytes(strips: list) -> bytes:
    return "\n".join(strip.render(CONSOLE) for strip in strips).encode()


@pytest.mark.parametrize("cells", SIZES)
def test_cells(cells: tuple[int, int], other) -> None:
    theirs = cost(rendered(other("halfcell"), cells))
    print(f"\n{cells[0]}x{cells[1]} cells, chip of 256 px")
    for mode in (Mode.HALF, Mode.QUADRANT, Mode.SEXTANT):

        def show(mode: Mode = mode) -> list:
            return strips_of(compose(CHIP, [], cells=cells, mode=mode), mode)

        compare(f"{mode}, first", cost(lambda show=show: strips_bytes(show())), theirs)
        known = show()
        compare(f"{mode}, blink", cost(lambda known=known: strips_bytes(known)), theirs)


@pytest.mark.parametrize("cells", SIZES)
def test_kitty(cells: tuple[int, int], other) -> None:
    theirs = cost(rendered(other("tgp"), cells))
    rows = [placeholder_strip(0x2A0001, row, 0, cells[0]) for row in range(cells[1])]
    print(f"\n{cells[0]}x{cells[1]} cells, chip of 256 px")

    def send() -> bytes:
        return upload(png_of(CHIP), 0x2A0001, cells=cells, in_tmux=False).encode()

    compare("kitty, sent once", cost(lambda: send() + strips_bytes(rows)), theirs)
    compare("kitty, blink", cost(lambda: strips_bytes(rows)), theirs)


@pytest.mark.parametrize("cells", SIZES)
def test_sixel(cells: tuple[int, int], other) -> None:
    other("sixel")
    theirs_of = importlib.import_module("textual_image._sixel").image_to_sixels
    size = (cells[0] * CELL_PX[0], cells[1] * CELL_PX[1])
    large = drawn(CHIP, [], size=size)
    picture = Image.fromarray(large)

    def theirs() -> bytes:
        data = theirs_of(picture)
        return data if isinstance(data, bytes) else data.encode()

    print(f"\n{size[0]}x{size[1]} px")
    compare("sixel, full screen", cost(lambda: sixel_of(large)), cost(theirs))
