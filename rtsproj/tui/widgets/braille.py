"""A canvas of braille dots and glyphs: 2 x 4 dots and one ink a cell, drawn with numpy."""

import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
ACROSS, DOWN = 2, 4
"""Dots per cell; a dot is as high as it is wide."""
_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
_BLANK = 0x2800
_STEP = 0.5
"""Dots between two samples of a line."""


class Canvas:
    """Dots, then glyphs over them; what is drawn later decides a cell's ink."""

    def __init__(self, cols: int, rows: int) -> None:
        self.cols, self.rows = max(0, cols), max(0, rows)
        self._dots = np.zeros((self.rows * DOWN, self.cols * ACROSS), np.bool_)
        self._inks = np.zeros((self.rows, self.cols), np.int8)
        self._glyphs = np.full((self.rows, self.cols), "", "<U1")
        self._ground = np.full((self.rows, self.cols), " ", "<U1")

    def dots(self, x: Ints, y: Ints, ink: int) -> None:
        """Set dots; those outside are left out.

        Args:
            x: dots from the left.
            y: dots from the top.
            ink: of their cells.
        """
        inside = (x >= 0) & (x < self.cols * ACROSS) & (y >= 0) & (y < self.rows * DOWN)
        x, y = x[inside], y[inside]
        self._dots[y, x] = True
        self._inks[y // DOWN, x // ACROSS] = ink

    def line(self, points: Floats, ink: int, *, dash: int = 0) -> None:
        """Draw a line through points (n, 2) in dots; ``dash`` = dots of a stroke and of a gap."""
        if len(points) > 1:
            self.segments(points[:-1], points[1:], ink, dash=dash)

    def segments(self, start: Floats, end: Floats, ink: int, *, dash: int = 0) -> None:
        """Draw straight pieces from starts to ends, (n, 2) in dots each."""
        if not len(start) or not self.cols or not self.rows:
            return
        start, end = clipped(start, end, (self.cols * ACROSS, self.rows * DOWN))
        if not len(start):
            return
        counts = np.ceil(np.abs(end - start).max(axis=1) / _STEP).astype(int) + 1
        piece = np.repeat(np.arange(len(counts)), counts)
        place = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        share = place / np.maximum(1, counts - 1)[piece]
        found = start[piece] + share[:, None] * (end - start)[piece]
        if dash:
            found = found[(np.arange(len(found)) * _STEP / dash).astype(int) % 2 == 0]
        dots = np.floor(found).astype(np.int64)
        self.dots(dots[:, 0], dots[:, 1], ink)

    def ground(self, cols: Ints, rows: Ints, glyph: str, *, ink: int) -> None:
        """Put one character into cells, under the dots."""
        self._ground[rows, cols] = glyph
        self._inks[rows, cols] = ink

    def glyphs(self, cols: Ints, rows: Ints, glyph: str, *, ink: int) -> None:
        """Put one character into cells; those outside are left out."""
        inside = (cols >= 0) & (cols < self.cols) & (rows >= 0) & (rows < self.rows)
        self._glyphs[rows[inside], cols[inside]] = glyph
        self._inks[rows[inside], cols[inside]] = ink

    def write(self, col: int, row: int, text: str, *, ink: int) -> None:
        """Write a text of one-cell characters; what does not fit is cut."""
        if 0 <= row < self.rows:
            for n, character in enumerate(text):
                if 0 <= col + n < self.cols:
                    self._glyphs[row, col + n] = character
                    self._inks[row, col + n] = ink

    def characters(self) -> npt.NDArray[np.str_]:
        """What each cell shows, (rows, cols)."""
        cells = self._dots.reshape(self.rows, DOWN, self.cols, ACROSS)
        bits = (cells.transpose(0, 2, 1, 3) * _BITS).sum(axis=(2, 3))
        braille = (bits + _BLANK).astype(np.uint32).view("<U1").reshape(bits.shape)
        shown = np.where(bits == 0, self._ground, braille)
        return np.where(self._glyphs == "", shown, self._glyphs)

    def text(self) -> str:
        """The canvas as lines of text."""
        return "\n".join("".join(row) for row in self.characters())

    @property
    def inks(self) -> npt.NDArray[np.int8]:
        """The ink of each cell, (rows, cols)."""
        return self._inks

    def strips(self, styles: Sequence[Style]) -> list[Strip]:
        """The canvas as strips; neighbours of one ink are one segment."""
        if not self.cols:
            return [Strip([], 0)] * self.rows
        return [
            _strip(characters, inks, styles)
            for characters, inks in zip(self.characters(), self._inks, strict=True)
        ]


def _strip(
    characters: npt.NDArray[np.str_], inks: npt.NDArray[np.int8], styles: Sequence[Style]
) -> Strip:
    edges = [0, *(np.flatnonzero(np.diff(inks)) + 1).tolist(), len(inks)]
    pieces = [
        Segment("".join(characters[a:b]), styles[int(inks[a])])
        for a, b in itertools.pairwise(edges)
    ]
    return Strip(pieces, len(inks))


def clipped(start: Floats, end: Floats, size: tuple[float, float]) -> tuple[Floats, Floats]:
    """Parts of segments inside 0..size (Liang and Barsky), so that a far end costs nothing."""
    along = end - start
    low, high = np.zeros(len(start)), np.ones(len(start))
    for axis in (0, 1):
        for edge, sign in ((0.0, -1.0), (float(size[axis]), 1.0)):
            rate, gap = sign * along[:, axis], sign * (edge - start[:, axis])
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                at = gap / rate
            high = np.where(rate > 0, np.minimum(high, at), high)
            low = np.where(rate < 0, np.maximum(low, at), low)
            high = np.where((rate == 0) & (gap < 0), -1.0, high)
    kept = low <= high
    first, second = start + low[:, None] * along, start + high[:, None] * along
    return first[kept], second[kept]
