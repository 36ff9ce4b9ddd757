"""What lies where in the synthetic corridor: terrain, river, road, railway, slumps, look-alikes."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from rtsproj.world.fields import Field, fractal, smoothed

Size = Literal["default", "small"]
PIXEL_M = 3.0
CRS = "EPSG:32646"
LEFT_M, TOP_M = 489_000.0, 3_853_000.0
"""Upper left corner: near Beiluhe, 92.88 E 34.82 N."""
SHAPES: dict[Size, tuple[int, int]] = {"default": (900, 1300), "small": (448, 576)}
COUNTS: dict[Size, int] = {"default": 42, "small": 14}
TYPES = ("dark mud", "brown mud", "red bed", "pale silt", "white silt")
"""Appearance of the bare floor, each like its neighbours in the list and passing into them."""
SEED_TYPES = (0, 1)
"""Types that the known slumps come from; the others have to be found."""
GAP_PX = 14.0
"""Least ground between two slumps."""


@dataclass(frozen=True, slots=True)
class Spot:
    """One slump or look-alike.

    Attributes:
        row: centre, px.
        col: centre, px.
        length: px along the slope in the map year.
        width: px across.
        up: unit vector (row, col) that points upslope.
        kind: index into TYPES.
        tone: 0..len(TYPES) - 1, how the floor looks: a place on the list, near ``kind``.
        is_slump: False: the same bare ground without a headwall.
    """

    row: float
    col: float
    length: float
    width: float
    up: tuple[float, float]
    kind: int
    tone: float
    is_slump: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """The corridor before any image is taken.

    Attributes:
        elevation_m: (rows, cols).
        river_px: distance of every pixel from the river's middle line.
        road: (row, col) points of the road.
        railway: (row, col) points of the railway.
        track: (row, col) points of a minor road.
        spots: slumps and look-alikes.
        ponds: (row, col, radius) in px.
    """

    elevation_m: Field
    river_px: Field
    road: tuple[tuple[float, float], ...]
    railway: tuple[tuple[float, float], ...]
    track: tuple[tuple[float, float], ...]
    spots: tuple[Spot, ...]
    ponds: tuple[tuple[float, float, float], ...]

    @property
    def slumps(self) -> tuple[Spot, ...]:
        """The slumps alone, in their order."""
        return tuple(one for one in self.spots if one.is_slump)


def lay_out(size: Size, rng: np.random.Generator) -> Layout:
    """Choose where everything lies."""
    shape = SHAPES[size]
    rows, cols = shape
    hills = fractal(shape, rng, slope=2.0)
    elevation = (4700 + 45 * smoothed(hills, 12.0)).astype(np.float32)
    across = np.linspace(0, cols, 60)
    river = (
        rows * 0.86 + 0.045 * rows * np.sin(across / cols * 9) + 0.02 * rows * np.sin(across / 31)
    )
    along = np.interp(np.arange(cols), across, river)
    distance = np.abs(np.arange(rows)[:, None] - along[None]).astype(np.float32)
    road = tuple(
        (float(rows * (0.62 + 0.05 * np.sin(x / cols * 4))), float(x))
        for x in np.linspace(-5, cols + 5, 24)
    )
    railway = tuple((row + rows * 0.07 + 4 * np.sin(col / 90), col) for row, col in road)
    track = ((rows * 0.64, cols * 0.3), (rows * 0.35, cols * 0.38), (rows * 0.05, cols * 0.42))
    spots = _spots(elevation, distance, road, rng, count=COUNTS[size])
    ponds = tuple(
        (float(rng.uniform(0.05, 0.8) * rows), float(rng.uniform(0.05, 0.95) * cols), float(r))
        for r in rng.uniform(5, 12, size=COUNTS[size] // 3)
    )
    spread = rng.uniform(-0.5, 0.5, size=len(spots))
    toned = tuple(
        replace(spot, tone=min(max(spot.kind + float(off), 0.0), len(TYPES) - 1.0))
        for spot, off in zip(spots, spread, strict=True)
    )
    return Layout(elevation, distance, road, railway, track, toned, _apart(ponds, toned))


def _spots(
    elevation: Field,
    river_px: Field,
    road: tuple[tuple[float, float], ...],
    rng: np.random.Generator,
    *,
    count: int,
) -> tuple[Spot, ...]:
    rows, cols = elevation.shape
    fall = np.array(np.gradient(smoothed(elevation, 8.0)))
    road_row = np.interp(np.arange(cols), [c for _, c in road], [r for r, _ in road])
    centre = (0.3 * rows, 0.66 * cols)
    spots: list[Spot] = []
    alike = max(5, count // 2)
    tries = 0
    while len(spots) < count + alike and tries < 60_000:
        tries += 1
        is_slump = len(spots) < count
        in_cluster = is_slump and len(spots) % 20 < 11
        row, col = (
            rng.normal(centre, (0.16 * rows, 0.15 * cols))
            if in_cluster
            else rng.uniform((0, 0), (rows, cols))
        )
        length, width = rng.uniform(24, 46), rng.uniform(0.5, 0.75)
        room = length * 0.75
        if not (room < row < rows - room and room < col < cols - room):
            continue
        place = (int(row), int(col))
        if river_px[place] < 30 + room / 2 or abs(row - road_row[place[1]]) < 14 + room:
            continue
        if any(
            np.hypot(row - s.row, col - s.col) < (length + s.length) / 2 + GAP_PX for s in spots
        ):
            continue
        up = fall[:, place[0], place[1]]
        up = up / max(float(np.hypot(*up)), 1e-6)
        kind = len(spots) % len(TYPES) if is_slump else int(rng.integers(len(TYPES)))
        spots.append(
            Spot(
                float(row),
                float(col),
                float(length),
                float(length * width),
                (float(up[0]), float(up[1])),
                kind,
                float(kind),
                is_slump,
            )
        )
    return tuple(spots)


def _apart(
    ponds: tuple[tuple[float, float, float], ...], spots: tuple[Spot, ...]
) -> tuple[tuple[float, float, float], ...]:
    return tuple(
        pond
        for pond in ponds
        if all(np.hypot(pond[0] - s.row, pond[1] - s.col) > s.length + pond[2] for s in spots)
    )
