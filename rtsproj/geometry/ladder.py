"""Steps that change an outline: grow, shrink, smooth, fill, split at a neck, merge (method 8.6).

Every step takes and gives polygons in metres of the project CRS and is total: what cannot be done
is an error that says why, never an empty outline.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from rtsproj.errors import UsageError

NECK_M = 25.0
"""m; half the widest neck that a split cuts (Tibet-wide settings, method 2.6)."""
BRIDGE_PX = 2.0
"""px; widest gap that a merge bridges."""
LEAST_PX = 4.0
"""px; smaller parts are not split off."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a step makes of an outline.

    Attributes:
        outline: the outline afterwards: valid, one part.
        cut_off: parts that a split took off it, largest first.
    """

    outline: BaseGeometry
    cut_off: tuple[BaseGeometry, ...] = ()


def grow(outline: BaseGeometry, pixel_m: float) -> Change:
    """One pixel more all round."""
    return Change(_whole(outline.buffer(pixel_m, join_style="mitre")))


def shrink(outline: BaseGeometry, pixel_m: float) -> Change:
    """One pixel less all round; of several parts the largest stays.

    Raises:
        UsageError: nothing would be left.
    """
    return Change(_whole(outline.buffer(-pixel_m, join_style="mitre")))


def smooth(outline: BaseGeometry, pixel_m: float) -> Change:
    """Round off corners and fill notches narrower than two pixels.

    Raises:
        UsageError: nothing would be left.
    """
    opened = outline.buffer(-pixel_m / 2).buffer(pixel_m)
    closed = opened.buffer(pixel_m / 2).buffer(-pixel_m)
    return Change(_whole(closed.simplify(pixel_m / 10)))


def drop_holes(outline: BaseGeometry, _pixel_m: float) -> Change:
    """Fill every hole."""
    return Change(_whole(Polygon(_largest(outline).exterior)))


def split(outline: BaseGeometry, pixel_m: float) -> Change:
    """Cut at the narrowest neck, at most 2 x 25 m wide; what hangs on the cut goes with its part.

    Raises:
        UsageError: there is no such neck.
    """
    for radius in np.arange(pixel_m / 2, NECK_M + pixel_m / 4, pixel_m / 2):
        cores = [
            part
            for part in shapely.get_parts(outline.buffer(-radius))
            if part.area >= LEAST_PX * pixel_m**2
        ]
        if len(cores) > 1:
            parts = _shared_out(outline, cores, radius)
            return Change(parts[0], tuple(parts[1:]))
    raise UsageError(
        f"the outline has no neck narrower than {2 * NECK_M:.0f} m",
        hint="raise the cut with > until it falls apart, or edit it in QGIS: rtsproj edit export",
    )


def merge(outline: BaseGeometry, other: BaseGeometry, pixel_m: float) -> Change:
    """Join with a neighbour; a gap of up to two pixels is bridged.

    Raises:
        UsageError: the two are further apart.
    """
    gap = outline.distance(other)
    if gap > BRIDGE_PX * pixel_m:
        raise UsageError(
            f"the neighbour is {gap:.0f} m away",
            hint=f"a merge bridges {BRIDGE_PX * pixel_m:.0f} m",
        )
    joined = outline.union(other)
    if len(shapely.get_parts(joined)) > 1:
        reach = gap / 2 + pixel_m
        link = shapely.shortest_line(outline, other)
        joined = joined.union(link.buffer(reach).intersection(joined.convex_hull))
    return Change(_whole(joined))


STEPS: dict[str, Callable[[BaseGeometry, float], Change]] = {
    "grow": grow,
    "shrink": shrink,
    "smooth": smooth,
    "holes": drop_holes,
    "split": split,
}
"""Steps that need nothing but the outline and the pixel size in m."""


def _shared_out(
    outline: BaseGeometry, cores: Sequence[BaseGeometry], radius: float
) -> list[BaseGeometry]:
    """Parts round the cores, largest first; together they are the whole outline."""
    parts = [core.buffer(radius).intersection(outline) for core in cores]
    rest = outline.difference(shapely.union_all(parts))
    for piece in shapely.get_parts(rest):
        touch = [part.buffer(1e-6).intersection(piece).length for part in parts]
        nearest = int(np.argmax(touch)) if max(touch) > 0 else 0
        parts[nearest] = parts[nearest].union(piece.buffer(1e-6))
    taken: list[BaseGeometry] = []
    for part in sorted(parts, key=lambda one: -one.area):
        free = part.difference(shapely.union_all(taken)) if taken else part
        taken.append(_largest(free))
    return taken


def _whole(changed: BaseGeometry) -> BaseGeometry:
    valid = shapely.make_valid(changed, method="structure", keep_collapsed=False)
    if valid.is_empty:
        raise UsageError(
            "nothing would be left of the outline", hint="it is too narrow for this step"
        )
    return shapely.normalize(_largest(valid))


def _largest(geom: BaseGeometry) -> Polygon:
    parts = [one for one in shapely.get_parts(geom) if isinstance(one, Polygon)]
    return max(parts, key=lambda one: one.area) if isinstance(geom, MultiPolygon) else parts[0]
