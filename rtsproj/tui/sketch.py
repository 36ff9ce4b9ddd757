"""An outline that is being drawn on the map: corners, or what grew from a point. No widgets."""

from dataclasses import dataclass, replace

import shapely
from shapely.geometry.base import BaseGeometry

from rtsproj.workflow.area_map import Segments, segments_of

Place = tuple[float, float]
LEAST = 3
"""Corners of a polygon."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """What is drawn so far, project CRS.

    Attributes:
        corners: in order.
        grown: the outline that grew from a point; corners are left out of account then.
        point: where it grew from.
        cut: probability at which it grew.
    """

    corners: tuple[Place, ...] = ()
    grown: BaseGeometry | None = None
    point: Place | None = None
    cut: float = 0.0

    def with_corner(self, here: Place) -> "Sketch":
        """One more corner; the same place twice is one."""
        if self.corners and self.corners[-1] == here:
            return self
        return Sketch((*self.corners, here))

    def without_last(self) -> "Sketch":
        """Without the newest corner, or without what grew."""
        if self.grown is not None:
            return Sketch(self.corners)
        return replace(self, corners=self.corners[:-1])

    def outline(self) -> BaseGeometry | None:
        """The polygon; None before it has three corners."""
        if self.grown is not None:
            return self.grown
        return shapely.Polygon(self.corners) if len(self.corners) >= LEAST else None

    def lines(self, here: Place) -> Segments:
        """What is shown: the outline that grew, or the corners and the way to the cursor."""
        if self.grown is not None:
            return segments_of([self.grown.boundary])
        if not self.corners:
            return segments_of([])
        return segments_of([shapely.LineString([*self.corners, here, self.corners[0]])])
