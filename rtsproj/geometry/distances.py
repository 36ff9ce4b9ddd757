"""Distance from an outline to the nearest line: nearest points by index, geodesic between them.

Why two steps: the pair of nearest points is the same in a project CRS of scale within 0.2 %, and
the geodesic between that pair was equal to a local projection in 600 of 600 cases (stack 2.10).
Buffers are never intersected: a buffer polygon lies inside its circle.
"""

from collections.abc import Sequence

import numpy as np
import shapely
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

from rtsproj.errors import UsageError
from rtsproj.geometry.crs import WGS84, transform

GEOD = Geod(ellps="WGS84")


class LineIndex:
    """Lines of one kind, ready to be asked for the nearest."""

    def __init__(self, lines: Sequence[tuple[int, BaseGeometry]], crs: str) -> None:
        """Build the index.

        Args:
            lines: (line_id, geometry in ``crs``), at least one, none empty.
            crs: projected CRS in metres.

        Raises:
            UsageError: there is no line; an empty file is never "0 near".
        """
        if not lines or any(geom.is_empty for _, geom in lines):
            raise UsageError("no line to measure distances to", hint="check the line file")
        ordered = sorted(lines, key=lambda one: one[0])
        self._ids = [line_id for line_id, _ in ordered]
        self._geoms = np.array([geom for _, geom in ordered], dtype=object)
        self._tree = shapely.STRtree(self._geoms)
        self._crs = crs

    def nearest(self, geoms: Sequence[BaseGeometry]) -> list[tuple[int, float]]:
        """The nearest line of each geometry.

        Returns:
            (line_id, distance in m): geodesic, from the edge, 0 where they meet; the lowest
            line_id where several are equally near. One entry per geometry, in order.

        Raises:
            UsageError: a geometry is empty, which is near nothing.
        """
        if not len(geoms):
            return []
        shapes = np.array(list(geoms), dtype=object)
        if shapely.is_empty(shapes).any():
            raise UsageError("an empty outline has no distance", hint="check the outlines")
        asked, found = self._tree.query_nearest(shapes, all_matches=True)
        best: dict[int, int] = {}
        for one, line in zip(asked.tolist(), found.tolist(), strict=True):
            best[one] = min(line, best.get(one, line))
        lines = self._geoms[[best[one] for one in range(len(shapes))]]
        metres = self._geodesic(shapely.shortest_line(shapes, lines))
        return [(self._ids[best[n]], float(metres[n])) for n in range(len(shapes))]

    def _geodesic(self, links: np.ndarray) -> np.ndarray:
        ends = [transform(link, self._crs, WGS84) for link in links]
        xy = shapely.get_coordinates(ends).reshape(-1, 4)
        _, _, metres = GEOD.inv(xy[:, 0], xy[:, 1], xy[:, 2], xy[:, 3])
        planar = shapely.length(links)
        return np.where(planar == 0, 0.0, metres)
