"""The ladder of pictures: what cells show is close to the chip, and costs what was promised."""

import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from textures import psnr, tundra

from rtsproj.tui.pictures.cells import SHADES, Mode, decode, encode, sub_cells
from rtsproj.tui.pictures.fit import compose, drawn, drawn_without_colour, grey_of
from rtsproj.tui.pictures.strips import strips_of
from rtsproj.tui.pictures.view import (
    Cut,
    Line,
    Ring,
    View,
    cut_for,
    cut_picture,
    cut_rings,
    scale_bar,
)

CELLS = [Mode.SEXTANT, Mode.QUADRANT, Mode.HALF, Mode.GREY, Mode.ASCII]
FLOORS = [
    ((40, 20), Mode.HALF, 21), ((40, 20), Mode.QUADRANT, 22), ((40, 20), Mode.SEXTANT, 23),
    ((60, 30), Mode.HALF, 24), ((60, 30), Mode.QUADRANT, 25), ((60, 30), Mode.SEXTANT, 26),
    ((80, 40), Mode.HALF, 27), ((80, 40), Mode.QUADRANT, 27), ((80, 40), Mode.SEXTANT, 28),
    ((120, 60), Mode.HALF, 30), ((120, 60), Mode.QUADRANT, 30), ((120, 60), Mode.SEXTANT, 31),
]  # fmt: skip
CEILINGS = [((60, 30), 72), ((80, 40), 128), ((120, 60), 285)]
"""KiB of one picture in cells; about half of that is the colours, which compress well."""
CONSOLE = Console(color_system="truecolor", force_terminal=True)


def ring(low: float = 0.2, high: float = 0.8, line: Line = Line.OWN) -> Ring:
    corners = [[low, low], [high, low], [high, high], [low, high], [low, low]]
    return Ring(np.array(corners), line)


def view(width_m: float, box: tuple[float, float, float, float] | None) -> View:
    return View(2020, None, "", tundra(64), (ring(),), width_m, box=box)


def written(strips: list) -> bytes:
    return "\n".join(strip.render(CONSOLE) for strip in strips).encode()


@pytest.mark.parametrize(("cells", "mode", "floor"), FLOORS)
def test_cells_are_as_close_to_the_chip_as_was_measured(cells, mode: Mode, floor: float) -> None:
    chip = tundra()
    pixels = compose(chip, [], cells=cells, mode=mode)
    assert psnr(decode(*encode(pixels, mode), mode), chip) >= floor


@pytest.mark.parametrize("mode", [Mode.HALF, Mode.QUADRANT, Mode.SEXTANT, Mode.GREY])
@pytest.mark.parametrize(("cells", "ceiling"), CEILINGS)
def test_a_picture_costs_no_more_bytes_than_was_measured(mode: Mode, cells, ceiling: int) -> None:
    data = written(strips_of(compose(tundra(), [ring()], cells=cells, mode=mode), mode))
    assert len(data) <= ceiling * 1024
    assert len(zlib.compress(data)) <= ceiling * 1024 / 5


@pytest.mark.parametrize("mode", CELLS)
@pytest.mark.parametrize("cells", [(0, 0), (2, 1), (14, 7), (60, 30)])
def test_a_picture_fills_exactly_its_cells_at_any_size(mode: Mode, cells) -> None:
    strips = strips_of(compose(tundra(33), [ring()], cells=cells, mode=mode), mode)
    assert len(strips) == cells[1]
    assert {strip.cell_length for strip in strips} <= {cells[0]}
    assert all(segment.style is not None for strip in strips for segment in strip)


@pytest.mark.parametrize("mode", CELLS)
def test_a_picture_without_pixels_is_no_fault(mode: Mode) -> None:
    nothing = np.zeros((0, 0, 3), np.uint8)
    assert compose(nothing, [ring()], cells=(4, 2), mode=mode).shape[2] == 3
    assert grey_of(nothing).size == 0
    assert drawn(tundra(8), [], size=(0, 5)).shape == (5, 0, 3)


@settings(max_examples=30, deadline=None)
@given(rows=st.integers(1, 40), cols=st.integers(1, 40), mode=st.sampled_from(CELLS))
def test_odd_chips_are_drawn_whole(rows: int, cols: int, mode: Mode) -> None:
    chip = tundra(64)[:rows, :cols]
    assert len(strips_of(compose(chip, [ring()], cells=(20, 10), mode=mode), mode)) == 10


@pytest.mark.parametrize("mode", [Mode.HALF, Mode.QUADRANT, Mode.SEXTANT, Mode.GREY])
def test_the_outline_survives_the_encoding_closed(mode: Mode) -> None:
    pixels = compose(tundra(), [ring()], cells=(40, 20), mode=mode)
    across, down = sub_cells(mode)
    shown = decode(*encode(pixels, mode), mode).astype(int)
    near = np.abs(shown - np.array(Line.OWN.value)).sum(axis=-1) < 90
    line = (pixels == Line.OWN.value).all(axis=-1)
    assert line.sum() >= 4 * 0.55 * min(40 * across, 20 * down)
    assert near[line].mean() > 0.9


def test_each_kind_of_line_has_its_colour_and_the_own_one_lies_on_top() -> None:
    rings = [ring(), ring(line=Line.INVENTORY), ring(0.1, 0.5, Line.NEIGHBOUR)]
    pixels = drawn(np.zeros((32, 32, 3), np.uint8), rings, size=(64, 64))
    colours = {tuple(one) for one in pixels.reshape(-1, 3).tolist()}
    assert {Line.OWN.value, Line.NEIGHBOUR.value} <= colours
    assert Line.INVENTORY.value not in colours


def test_grey_has_no_colour_but_the_outline() -> None:
    pixels = compose(tundra(), [ring()], cells=(40, 20), mode=Mode.GREY)
    coloured = pixels[(pixels.max(axis=-1) != pixels.min(axis=-1))]
    assert {tuple(one) for one in coloured.tolist()} == {Line.OWN.value}
    assert pixels[..., 0].min() == 0


def test_without_colour_each_kind_of_line_has_its_pattern_on_any_ground() -> None:
    for level in (10, 240):
        ground = tundra(64) // 32 + np.uint8(level - 10)
        own = drawn_without_colour(ground, [ring()], size=(80, 80))
        assert {0, 255} <= set(own[own.shape[0] // 5 - 1 : own.shape[0] // 5 + 1].ravel().tolist())
        assert (own.max(axis=-1) == own.min(axis=-1)).all()
    grey = np.full((64, 64, 3), 120, np.uint8)
    grey[:, ::2] = 130
    near = drawn_without_colour(grey, [ring(line=Line.NEIGHBOUR)], size=(80, 80))
    known = drawn_without_colour(grey, [ring(line=Line.INVENTORY)], size=(80, 80))
    plain = drawn_without_colour(grey, [], size=(80, 80))
    assert (near.astype(int) - plain).min() == 0
    assert (known.astype(int) - plain).max() == 0


def test_ascii_says_dark_and_bright() -> None:
    half = np.zeros((8, 8, 3), np.uint8)
    half[:, 4:] = 255
    text = strips_of(compose(half, [], cells=(16, 8), mode=Mode.ASCII), Mode.ASCII)[4].text
    assert text[0] == SHADES[0]
    assert text[-1] == SHADES[-1]


def test_a_candidate_opens_fine_enough_inside_its_box() -> None:
    wide = view(900.0, (1 / 3, 1 / 3, 2 / 3, 2 / 3))
    cut = cut_for(wide, 84)
    assert wide.width_m * cut.side / 84 <= 5.0 + 1e-9
    assert cut.left < 1 / 3
    assert cut.left + cut.side > 2 / 3


def test_the_outline_is_always_seen_whole_and_a_frame_of_ones_own_is_left_alone() -> None:
    huge = view(6000.0, (1 / 3, 1 / 3, 2 / 3, 2 / 3))
    assert cut_for(huge, 40).side == pytest.approx(1.25 / 3)
    assert cut_for(view(6000.0, None), 40) == Cut()
    assert cut_for(view(250.0, (0.4, 0.4, 0.6, 0.6)), 84) == Cut()
    assert cut_for(view(900.0, (0.0, 0.0, 0.3, 0.3)), 40).left == 0.0


def test_a_cut_moves_pixels_and_rings_alike() -> None:
    chip = tundra(100)
    cut = Cut(0.25, 0.5, 0.5)
    assert (cut_picture(chip, cut) == chip[50:100, 25:75]).all()
    moved = cut_rings([ring(0.25, 0.75)], cut)[0]
    assert moved.points[0].tolist() == [0.0, -0.5]
    assert cut_rings((moved,), Cut()) == (moved,)


@pytest.mark.parametrize(("width_m", "cols", "text"), [(300.0, 60, "100 m"), (250.0, 40, "50 m")])
def test_a_scale_bar_is_as_long_as_it_says(width_m: float, cols: int, text: str) -> None:
    bar = scale_bar(width_m, cols)
    assert bar.endswith(text)
    length_m = float(text.split(maxsplit=1)[0])
    assert bar.index("┤") == pytest.approx(length_m / width_m * cols, abs=1)
    assert scale_bar(width_m, 8) == scale_bar(0.0, 80) == ""
