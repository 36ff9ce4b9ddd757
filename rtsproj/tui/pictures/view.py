"""One picture of the ground, with all that must be said of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from math import floor, log10
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from rtsproj.tui.pictures.cells import Picture

SHORT = {"Sentinel-2": "S2", "Landsat": "LS", "PlanetScope": "PS", "NAIP": "NA"}
"""Sensor -> two letters, where there is no room for the name."""
Points = npt.NDArray[np.float64]
Pixels = TypeVar("Pixels", npt.NDArray[np.uint8], npt.NDArray[np.bool_])
FINE_M = 5.0
"""A candidate opens at this many metres per picture element or fewer, where the pane allows."""
LEAST_ROUND = 1.25
"""Times the outline's box that is always seen."""


class Line(Enum):
    """What a ring is; the value is its colour, (red, green, blue)."""

    INVENTORY = (255, 120, 220)
    NEIGHBOUR = (0, 190, 255)
    OWN = (255, 214, 0)


@dataclass(frozen=True, slots=True, eq=False)
class Ring:
    """A closed line in fractions of the picture: (x, y) 0..1, y down."""

    points: Points
    line: Line = Line.OWN


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One picture to show; two are the same only if they are one object.

    Attributes:
        year: calendar year.
        taken: day of the scene that gave most pixels, None = none did.
        words: bands and stretch.
        rgb: (rows, cols, 3) uint8, square.
        rings: outlines in fractions of the picture.
        width_m: m across.
        valid: (rows, cols), where there is imagery; None = everywhere.
        is_searched: True for the year that was searched.
        label: the year; day and sensor where several pictures are of one year.
        sensor: its sensor where several pictures are of one year, else empty.
        box: the candidate's outline in fractions: (left, top, right, bottom); None = it must not
            be cut to the pane, because the person chose the frame.
    """

    year: int
    taken: date | None
    words: str
    rgb: Picture
    rings: tuple[Ring, ...]
    width_m: float
    valid: npt.NDArray[np.bool_] | None = None
    is_searched: bool = False
    label: str = ""
    sensor: str = ""
    box: tuple[float, float, float, float] | None = None

    @property
    def day(self) -> str:
        """Day of the scene that dominates, else the year."""
        return self.taken.isoformat() if self.taken else f"{self.year}"

    @property
    def title(self) -> str:
        """Day, sensor where it tells pictures apart, and whether it is the searched one."""
        parts = (self.day, self.sensor, "searched" if self.is_searched else "")
        return " · ".join(part for part in parts if part)

    def name(self, width: int) -> str:
        """What tells it from the others, in a width: the label, or its day and sensor in short."""
        label = self.label or f"{self.year}"
        if len(label) <= width:
            return label
        short = next((s for name, s in SHORT.items() if name in label), "")
        return f"{label[5:10]} {short}".strip()

    @property
    def missing_share(self) -> float:
        """0..1 of the whole view without imagery."""
        return 0.0 if self.valid is None else float(1 - self.valid.mean())

    def missing_words(self, cut: "Cut") -> str:
        """NO IMAGERY with its share of the part that is shown; empty where nothing is missing."""
        if self.valid is None or not self.valid.size:
            return ""
        share = float(1 - cut_picture(self.valid, cut).mean())
        return f"NO IMAGERY {max(1, round(100 * share))} %" if share > 0 else ""


@dataclass(frozen=True, slots=True)
class Cut:
    """A square part of a view in fractions: left and top edge, side."""

    left: float = 0.0
    top: float = 0.0
    side: float = 1.0


def cut_for(view: View, elements: int) -> Cut:
    """The part of a view that a pane shows: fine enough inside the outline's box.

    The whole view where that is fine enough; else less ground round the outline, but never less
    than the outline with a margin.

    Args:
        view: what is shown.
        elements: picture elements across the pane.
    """
    if view.box is None or elements <= 0 or view.width_m <= FINE_M * elements:
        return Cut()
    left, top, right, bottom = view.box
    least = LEAST_ROUND * max(right - left, bottom - top)
    side = min(1.0, max(FINE_M * elements / view.width_m, least))
    x, y = (left + right) / 2 - side / 2, (top + bottom) / 2 - side / 2
    return Cut(min(max(x, 0.0), 1 - side), min(max(y, 0.0), 1 - side), side)


def cut_picture(rgb: Pixels, cut: Cut) -> Pixels:
    """The pixels of a part; at least one."""
    rows, cols = rgb.shape[:2]
    top, left = floor(cut.top * rows), floor(cut.left * cols)
    height, width = max(1, round(cut.side * rows)), max(1, round(cut.side * cols))
    return rgb[top : top + height, left : left + width]


def cut_rings(rings: Sequence[Ring], cut: Cut) -> tuple[Ring, ...]:
    """Rings in fractions of the part."""
    if cut == Cut():
        return tuple(rings)
    corner = np.array([cut.left, cut.top])
    return tuple(Ring((one.points - corner) / cut.side, one.line) for one in rings)


def scale_bar(width_m: float, cols: int) -> str:
    """A bar of round length, at most a third of the pane; empty where there is no room.

    Args:
        width_m: m across the pane's picture.
        cols: cells across it.
    """
    if cols < 12 or width_m <= 0:
        return ""
    most_m = width_m / 3
    power = 10.0 ** floor(log10(most_m))
    length_m = max(step * power for step in (1, 2, 5) if step * power <= most_m)
    cells = max(2, round(length_m / width_m * cols))
    return f"0├{'─' * (cells - 2)}┤{length_m:g} m"
