"""What of the ground is shown, and how: the frame round an outline and the look of its pixels."""

from dataclasses import dataclass, replace
from enum import StrEnum

TIGHT, TIGHT_LEAST_M = 3.0, 250.0
"""Tight view: times the outline's box, and m at least (method 8.2)."""
WIDE, WIDE_LEAST_M = 10.0, 1500.0
"""Wide view: times the outline's box, and m at least (method 8.2)."""
MOST_STEPS = 8
"""Zoom steps in either direction; two steps double or halve the view."""
PAN = 0.25
"""Share of the view that one pan moves it by."""
Box = tuple[float, float, float, float]
"""(left, bottom, right, top), m of the project CRS."""


class Bands(StrEnum):
    """Which values become a picture."""

    COLOUR = "colour"
    INFRARED = "infrared"
    NDVI = "NDVI"
    DIFFERENCE = "difference"
    HILLSHADE = "hillshade"


class Stretch(StrEnum):
    """Which values become black and white."""

    VIEW = "view"
    """2nd and 98th percentile of what is seen."""
    SCENE = "scene"
    """the same percentiles of the year's wide view: zooming and panning change no colour."""
    FIXED = "fixed"
    """the project's recorded scaling: years and places compare."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A square of ground round an outline.

    Attributes:
        is_wide: the wide view instead of the tight one.
        zoom: steps out (positive) or in (negative).
        east_m: m that the middle is moved to the east.
        north_m: m that the middle is moved to the north.
    """

    is_wide: bool = False
    zoom: int = 0
    east_m: float = 0.0
    north_m: float = 0.0

    @property
    def is_own(self) -> bool:
        """True where the person has zoomed or panned."""
        return (self.zoom, self.east_m, self.north_m) != (0, 0.0, 0.0)

    def side_m(self, box: Box) -> float:
        """Side of the view of an outline's box, m."""
        left, bottom, right, top = box
        factor, least_m = (WIDE, WIDE_LEAST_M) if self.is_wide else (TIGHT, TIGHT_LEAST_M)
        return float(max(factor * max(right - left, top - bottom), least_m) * 2 ** (self.zoom / 2))

    def bounds(self, box: Box) -> Box:
        """The view of an outline's box."""
        half = self.side_m(box) / 2
        x = (box[0] + box[2]) / 2 + self.east_m
        y = (box[1] + box[3]) / 2 + self.north_m
        return (x - half, y - half, x + half, y + half)

    def toggled(self) -> "Frame":
        """The other of tight and wide, round the outline again."""
        return Frame(not self.is_wide)

    def zoomed(self, steps: int) -> "Frame":
        """Further out (positive) or in (negative)."""
        return replace(self, zoom=max(-MOST_STEPS, min(MOST_STEPS, self.zoom + steps)))

    def panned(self, east: int, north: int, *, width_m: float) -> "Frame":
        """Moved by a quarter of what is seen, per step.

        Args:
            east: steps to the east.
            north: steps to the north.
            width_m: m across what is seen.
        """
        step = PAN * width_m
        return replace(self, east_m=self.east_m + east * step, north_m=self.north_m + north * step)


@dataclass(frozen=True, slots=True)
class Look:
    """How pixels are turned into a picture."""

    bands: Bands = Bands.COLOUR
    stretch: Stretch = Stretch.VIEW

    def stretched(self) -> "Look":
        """The next stretch."""
        order = list(Stretch)
        return replace(self, stretch=order[(order.index(self.stretch) + 1) % len(order)])
