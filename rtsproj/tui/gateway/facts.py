"""The report as data, and its export."""

from dataclasses import dataclass
from pathlib import Path

from rtsproj.reports.summary import Report
from rtsproj.workflow.area_map import MapLayers, read_layers
from rtsproj.workflow.export import export
from rtsproj.workflow.near import NearSlump, near_slumps
from rtsproj.workflow.overview import Overview, read_overview
from rtsproj.workflow.project import Project
from rtsproj.workflow.report import collect_report


@dataclass(frozen=True, slots=True)
class ReportSheet:
    """All that the report screen shows, read at one time."""

    report: Report
    slumps: tuple[NearSlump, ...]
    layers: MapLayers


class Facts:
    """The inventory and what lies near lines."""

    def __init__(self, project: Project) -> None:
        self._project = project

    def sheet(self) -> ReportSheet:
        """Read the report."""
        return ReportSheet(
            collect_report(self._project), near_slumps(self._project), read_layers(self._project)
        )

    def overview(self) -> Overview:
        """Headline count and the last actions."""
        return read_overview(self._project)

    def distances_m(self) -> tuple[float, ...]:
        """Distances that the report counts, ascending."""
        settings = self._project.settings.report
        return tuple(sorted({*settings.table_m, settings.distance_m}))

    def export(self, name: str) -> tuple[Path, int]:
        """Write the inventory; a relative name lies in the project folder.

        Returns:
            The file's path and the number of slumps in it.
        """
        target = self._project.folder / Path(name).expanduser()
        return target, export(self._project, target)
