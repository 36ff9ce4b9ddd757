"""Pictures in cells: what is drawn can be read back, outlines stay, nothing is stretched."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtsproj.tui.pictures.cells import Mode, decode, encode, glyphs, sub_cells
from rtsproj.tui.pictures.fit import compose, fit_cells, grey_of
from rtsproj.tui.pictures.strips import strips_of
from rtsproj.tui.pictures.view import Line, Ring

MODES = [Mode.SEXTANT, Mode.QUADRANT, Mode.HALF]


def picture(side: int) -> np.ndarray:
    rows, cols = np.mgrid[0:side, 0:side] / side
    wave = np.sin(rows * 9) * np.cos(cols * 7)
    return (np.stack([rows, cols, 0.5 + wave / 2], axis=-1) * 255).astype(np.uint8)


@pytest.mark.parametrize("mode", MODES)
def test_two_colours_a_cell_keep_a_smooth_picture(mode: Mode) -> None:
    pixels = compose(picture(256), [], cells=(60, 30), mode=mode)
    again = decode(*encode(pixels, mode), mode).astype(float)
    error = ((again - pixels) ** 2).mean()
    assert 10 * np.log10(255**2 / error) > 27


@pytest.mark.parametrize("mode", MODES)
def test_every_bit_pattern_has_its_own_glyph(mode: Mode) -> None:
    across, down = sub_cells(mode)
    assert len(set(glyphs(mode))) == 2 ** (across * down)


@pytest.mark.parametrize("mode", [*MODES, Mode.ASCII])
@pytest.mark.parametrize("cells", [(2, 1), (40, 20), (14, 7)])
def test_a_picture_fills_exactly_its_cells(mode: Mode, cells: tuple[int, int]) -> None:
    strips = strips_of(compose(picture(33), [], cells=cells, mode=mode), mode)
    assert len(strips) == cells[1]
    assert {strip.cell_length for strip in strips} == {cells[0]}


def test_a_one_colour_picture_and_no_picture_are_fine() -> None:
    flat = np.full((8, 8, 3), 77, np.uint8)
    assert (decode(*encode(flat, Mode.QUADRANT), Mode.QUADRANT) == 77).all()
    assert strips_of(np.zeros((0, 0, 3), np.uint8), Mode.QUADRANT) == []
    assert grey_of(flat).shape == flat.shape


@given(cols=st.integers(0, 300), rows=st.integers(0, 100))
def test_a_square_stays_square_in_any_pane(cols: int, rows: int) -> None:
    across, down = fit_cells(cols, rows)
    assert across == 2 * down
    assert across <= cols
    assert down <= rows


@pytest.mark.parametrize("mode", MODES)
def test_the_outline_is_closed_and_one_element_wide(mode: Mode) -> None:
    ring = np.array([[0.2, 0.2], [0.8, 0.2], [0.8, 0.8], [0.2, 0.8], [0.2, 0.2]])
    dark = np.zeros((64, 64, 3), np.uint8)
    pixels = compose(dark, [Ring(ring)], cells=(40, 20), mode=mode)
    lit = (pixels == np.array(Line.OWN.value)).all(axis=-1)
    assert lit.any(axis=1).sum() > 0.5 * len(lit)
    assert lit[len(lit) // 2].sum() == 2
