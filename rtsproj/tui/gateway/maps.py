"""The area map."""

from rtsproj.tui.gateway.pictures import Memory
from rtsproj.workflow.area_map import MapLayers, Segments, read_layers, read_outlines
from rtsproj.workflow.map_imagery import MapPicture, read_map_picture
from rtsproj.workflow.project import Project

PICTURES = 32
"""Views whose imagery is kept."""


class Maps:
    """Layers of the project's map."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._pictures = Memory(PICTURES)

    def layers(self) -> MapLayers:
        """Read all layers."""
        return read_layers(self._project)

    def outlines(self, bounds: tuple[float, float, float, float]) -> Segments:
        """Outlines of candidates in a view."""
        return read_outlines(self._project, bounds)

    def picture(
        self, bounds: tuple[float, float, float, float], size: tuple[int, int]
    ) -> MapPicture:
        """Imagery of a view, (across, down) picture elements; kept for the next time."""
        key = (*bounds, *size)
        return self._pictures.get(key, lambda: read_map_picture(self._project, bounds, size))
