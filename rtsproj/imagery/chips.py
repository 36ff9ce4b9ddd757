"""Preview chips: a square of the mosaic as a picture; missing imagery is striped."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil

from rtsproj.domain.grid import ProjectGrid, Window
from rtsproj.domain.scenes import SceneSpec
from rtsproj.geometry.grid import window_of
from rtsproj.imagery.looks import Limits, Picture, measure_limits, stretched, striped
from rtsproj.imagery.mosaic import Mask, Mosaic, Pixels

Bounds = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Chip:
    """One picture.

    Attributes:
        rgb: (rows, cols, 3) uint8.
        window: place on the project grid, in grid pixels.
        missing_share: 0..1, pixels without imagery.
        valid: (rows, cols), where there is imagery.
    """

    rgb: Picture
    window: Window
    missing_share: float
    valid: Mask


@dataclass(frozen=True, slots=True)
class Sight:
    """Values of one square view.

    Attributes:
        pixels: values and validity.
        names: band names, as in ``pixels.values``.
        window: place on the project grid, in grid pixels; a square.
        taken: day of the scene that gave most pixels, None where none gave any.
    """

    pixels: Pixels
    names: tuple[str, ...]
    window: Window
    taken: date | None

    @property
    def missing_share(self) -> float:
        """0..1, pixels without imagery."""
        return float(1 - self.pixels.valid.mean())

    def limits(self) -> Limits:
        """2nd and 98th percentile of each band."""
        return measure_limits(self.pixels.values, self.pixels.valid, self.names)

    def chip(self, rgb: Picture) -> Chip:
        """A picture of this view; missing pixels are striped."""
        return Chip(
            striped(rgb, self.pixels.valid), self.window, self.missing_share, self.pixels.valid
        )


def read_sight(
    scenes: Sequence[SceneSpec],
    grid: ProjectGrid,
    names: Sequence[str],
    bounds: Bounds,
    *,
    most_px: int = 512,
) -> Sight:
    """Read the values of a view; only as many pixels as the picture has.

    Args:
        scenes: in reading order.
        grid: the project grid.
        names: bands to read.
        bounds: (left, bottom, right, top), m of the project CRS; made a square of whole pixels.
        most_px: longest side of the picture; a wider view is read thinned, by overviews where the
            files have them.

    Raises:
        BandError: a scene lacks a band. RtsError: a file cannot be read.
    """
    window = _square(window_of(grid, bounds))
    step = max(1, ceil(window.rows / most_px))
    side = ceil(window.rows / step)
    left, _, _, top = grid.bounds(window)
    coarse = ProjectGrid(grid.crs, grid.pixel_m * step, left, top) if step > 1 else grid
    part = Window(0, 0, side, side) if step > 1 else window
    distinct = tuple(dict.fromkeys(names))
    with Mosaic(scenes, coarse, distinct, thin=step) as mosaic:
        pixels, given = mosaic.read_traced(part)
    order = [distinct.index(name) for name in names]
    days = {scene.scene_id: scene.acquired for scene in scenes}
    most = max(given, key=lambda one: given[one], default=None)
    taken = days[most] if most is not None and given[most] else None
    whole = Window(window.row, window.col, side * step, side * step)
    return Sight(Pixels(pixels.values[order], pixels.valid), tuple(names), whole, taken)


def read_chip(mosaic: Mosaic, bounds: Bounds, *, most_px: int = 512) -> Chip:
    """Read a view and stretch it 2-98 % over its valid pixels.

    Args:
        mosaic: scenes of one year with three bands: red, green, blue.
        bounds: (left, bottom, right, top), m of the project CRS.
        most_px: longest side of the picture; a wider view is thinned.
    """
    sight = read_sight(mosaic.scenes, mosaic.grid, mosaic.bands, bounds, most_px=most_px)
    return sight.chip(stretched(sight.pixels.values, sight.names, sight.limits()))


def _square(window: Window) -> Window:
    side = max(window.rows, window.cols)
    return Window(window.row, window.col, side, side)
