"""The area map, and slumps that are drawn on it or removed from it."""

from shapely.geometry.base import BaseGeometry

from rtsproj.domain.drawings import SavedDrawing
from rtsproj.tui.gateway.pictures import Memory
from rtsproj.workflow.area_map import MapLayers, Segments, read_layers, read_outlines
from rtsproj.workflow.drawing import Drawing, Source, draw_slump
from rtsproj.workflow.map_imagery import MapPicture, read_map_picture
from rtsproj.workflow.probabilities import grow_outline
from rtsproj.workflow.project import Project
from rtsproj.workflow.slumps import remove_slumps

PICTURES = 32
"""Views whose imagery is kept."""


class Maps:
    """Layers of the project's map."""

    def __init__(self, project: Project, analyst: str) -> None:
        self._project = project
        self._analyst = analyst
        self._pictures = Memory(PICTURES)

    def layers(self) -> MapLayers:
        """Read all layers."""
        return read_layers(self._project)

    def outlines(self, bounds: tuple[float, float, float, float]) -> Segments:
        """Outlines of candidates and digitised slumps in a view."""
        return read_outlines(self._project, bounds)

    def picture(
        self, bounds: tuple[float, float, float, float], size: tuple[int, int]
    ) -> MapPicture:
        """Imagery of a view, (across, down) picture elements; kept for the next time."""
        key = (*bounds, *size)
        return self._pictures.get(key, lambda: read_map_picture(self._project, bounds, size))

    def grow(self, at: tuple[float, float], cut: float) -> BaseGeometry:
        """The outline round a place that the newest search gives at a cut."""
        return grow_outline(self._project, at, cut)

    def draw(self, outline: BaseGeometry, source: Source) -> SavedDrawing:
        """Save a drawn slump; on return it is on disk."""
        return draw_slump(self._project, outline, Drawing(self._analyst, geom_source=source))

    def remove(self, slump_id: int) -> None:
        """Remove a slump that no accepted candidate shows; on return it is on disk."""
        remove_slumps(self._project, [slump_id], by=self._analyst)
