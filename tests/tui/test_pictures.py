"""Pictures in cells: what is drawn can be read back, outlines stay, nothing is stretched."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rtsproj.imagery.samples import Sample
from rtsproj.tui.pictures.cells import Mode, decode, encode, glyphs, sub_cells
from rtsproj.tui.pictures.fit import compose, fit_cells, grey_of
from rtsproj.tui.pictures.strips import strips_of
from rtsproj.tui.pictures.view import Line, Ring, View, cut_for, cut_picture, cut_rings
from rtsproj.tui.widgets.samples import GAP, layout, triple

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


BOXES = st.tuples(*4 * [st.floats(-3, 4)]).map(
    lambda b: (min(b[0], b[2]), min(b[1], b[3]), max(b[0], b[2]), max(b[1], b[3]))
)


@settings(max_examples=60, deadline=None)
@given(
    side=st.one_of(st.integers(1, 5), st.integers(1, 90)),
    missing=st.sampled_from(["nothing", "half", "all"]),
    box=BOXES,
    cells=st.tuples(st.integers(1, 40), st.integers(1, 20)),
    mode=st.sampled_from([*MODES, Mode.GREY, Mode.ASCII]),
)
@example(side=1, missing="all", box=(0, 0, 1, 1), cells=(1, 1), mode=Mode.SEXTANT)
def test_any_view_fits_any_pane_with_its_outline_anywhere(
    side: int,
    missing: str,
    box: tuple[float, float, float, float],
    cells: tuple[int, int],
    mode: Mode,
) -> None:
    valid = np.full((side, side), missing == "nothing")
    valid[: side // 2] |= missing == "half"
    left, top, right, bottom = box
    ring = np.array([(left, top), (right, top), (right, bottom), (left, bottom), (left, top)])
    view = View(2020, None, "", picture(side), (Ring(ring),), 400.0 * side, valid, box=box)
    cut = cut_for(view, cells[0] * sub_cells(mode)[0])
    assert 0 <= cut.left <= cut.left + cut.side <= 1 + 1e-9
    assert 0 <= cut.top <= cut.top + cut.side <= 1 + 1e-9
    shown = cut_picture(view.rgb, cut)
    assert shown.size
    assert view.missing_words(cut) == "NO IMAGERY 100 %" or missing != "all"
    pixels = compose(shown, cut_rings(view.rings, cut), cells=cells, mode=mode)
    strips = strips_of(pixels, Mode.QUADRANT if mode is Mode.GREY else mode)
    assert [strip.cell_length for strip in strips] == cells[1] * [cells[0]]


@settings(max_examples=40, deadline=None)
@given(
    rows=st.one_of(st.just(1), st.integers(1, 128)),
    cols=st.one_of(st.just(1), st.integers(1, 128)),
    pane=st.tuples(st.integers(0, 120), st.integers(0, 40)),
)
def test_a_sample_of_any_size_fits_any_pane(rows: int, cols: int, pane: tuple[int, int]) -> None:
    grey = np.full((rows, cols), 9, np.uint8)
    rgb = triple(Sample(np.repeat(grey[..., None], 3, axis=2), grey % 2, grey, 0.5))
    assert rgb.shape == (max(rows, cols), 3 * max(rows, cols), 3)
    across, down, side = layout(*pane)
    assert side == 0 or across * 6 * side + GAP * (across - 1) <= pane[0]
    assert side == 0 or down * (side + 1) <= pane[1]
    strips = strips_of(
        compose(rgb, (), cells=(6 * max(0, side), max(0, side)), mode=Mode.HALF), Mode.HALF
    )
    assert len(strips) == max(0, side)
