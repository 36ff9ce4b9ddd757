"""The area map."""

from rtsproj.workflow.area_map import MapLayers, Segments, read_layers, read_outlines
from rtsproj.workflow.project import Project


class Maps:
    """Layers of the project's map."""

    def __init__(self, project: Project) -> None:
        self._project = project

    def layers(self) -> MapLayers:
        """Read all layers."""
        return read_layers(self._project)

    def outlines(self, bounds: tuple[float, float, float, float]) -> Segments:
        """Outlines of candidates in a view."""
        return read_outlines(self._project, bounds)
