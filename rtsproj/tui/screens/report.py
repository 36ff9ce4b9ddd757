"""Report: what lies near roads and railway, sizes, iterations, published figures beside."""

from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from rtsproj.domain.text import counted, either_of, safe_text
from rtsproj.errors import RtsError
from rtsproj.reports.summary import DEFINITION, Report
from rtsproj.tui.gateway.facts import ReportSheet
from rtsproj.tui.gateway.gateway import Gateway
from rtsproj.tui.keys import REPORT, bindings
from rtsproj.tui.screens.questions import Line, TextPage
from rtsproj.tui.screens.working import WorkingScreen
from rtsproj.tui.text import content
from rtsproj.tui.widgets.area_map import AreaMap, Layer
from rtsproj.tui.widgets.head import Head
from rtsproj.tui.widgets.key_line import KeyLine
from rtsproj.tui.widgets.lazy_list import LazyList
from rtsproj.tui.widgets.lines import labelled_histogram
from rtsproj.tui.words import area_text
from rtsproj.workflow.near import NearSlump

AREA_EDGES_M2 = (0.0, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e12)
AREA_LABELS = ("<.1", ".2", ".5", "1", "2", "5", ">5")
DISTANCE_EDGES_M = (0.0, 100.0, 500.0, 1e3, 2e3, 5e3, 1e4, 1e9)
DISTANCE_LABELS = ("<.1", ".5", "1", "2", "5", "10", ">10")
BARS = 5
SORTS = ("distance", "area", "name", "iteration found")
HEADER = f"{'name':<10} {'ha':>8} {'m':>8}  {'line':<16} {'kind':<8} found"


class ReportScreen(WorkingScreen):
    """The inventory by distance, with a map that marks the chosen slump."""

    BINDINGS = bindings(REPORT)
    DEFAULT_CSS = """
    ReportScreen {
        #upper { height: 1fr; }
        #map { width: 1fr; }
        #near { width: 67; height: 1fr; }
        #near Static { height: 1; text-style: bold; }
        #lower { height: 11; }
        #area, #distance { width: 31; height: 1fr; }
        #iterations { width: 1fr; height: 1fr; }
        &.-narrow #map { display: none; }
        &.-narrow #near { width: 1fr; }
        &.-narrow #area { width: 1fr; }
        &.-narrow #distance { width: 1fr; }
        &.-narrow #iterations { display: none; }
        &.-narrow #lower { height: 8; }
    }
    """

    def __init__(self, gateway: Gateway) -> None:
        super().__init__()
        self._gateway = gateway
        self._sheet: ReportSheet | None = None
        self._rows: tuple[NearSlump, ...] = ()
        self._distance_m = gateway.project.settings.report.distance_m
        self._sort = 0

    def compose(self) -> ComposeResult:
        """Map and table above; histograms and iterations below."""
        yield Head(self._gateway, place="report")
        with Horizontal(id="upper"):
            yield AreaMap(has_cursor=False, id="map")
            with Vertical(id="near", classes="pane"):
                yield Static(content(HEADER))
                yield LazyList(self._row, id="list")
        with Horizontal(id="lower"):
            for name in ("area", "distance", "iterations"):
                yield Static(id=name, classes="pane")
        yield KeyLine()

    def on_mount(self) -> None:
        """Name the panes and read."""
        self.query_one("#area").border_title = "area, ha"
        self.query_one("#distance").border_title = "nearest line, km"
        self.query_one("#iterations").border_title = "iterations · published beside"
        self.query_one("#map", AreaMap).shown = Layer.SLUMPS
        self.read()

    @work(thread=True, exclusive=True, group="read", exit_on_error=False)
    def read(self) -> None:
        """Collect the report."""
        try:
            sheet = self._gateway.facts.sheet()
            self._gateway.desk.status()
        except RtsError as error:
            self.app.call_from_thread(self.say, error)
            return
        self.app.call_from_thread(self._show, sheet)

    @work(thread=True, exclusive=True, group="act", exit_on_error=False)
    def export(self, name: str) -> None:
        """Write the inventory."""
        try:
            path, count = self._gateway.facts.export(name)
        except RtsError as error:
            self.app.call_from_thread(self.say, error)
            return
        self.app.call_from_thread(self.notify, f"{counted(count, 'slump')} in {path}", markup=False)

    @work(thread=True, exclusive=True, group="act", exit_on_error=False)
    def read_text(self) -> None:
        """The report as the command line prints it."""
        try:
            text = self._gateway.desk.report()
        except RtsError as error:
            self.app.call_from_thread(self.say, error)
            return
        page = TextPage("report", text.splitlines(), at_end=False)
        self.app.call_from_thread(self.app.push_screen, page)

    def on_lazy_list_moved(self) -> None:
        """The map marks the chosen slump."""
        here = self._here()
        if here is not None:
            self.query_one("#map", AreaMap).choose(here.x, here.y)

    def action_move(self, step: int) -> None:
        """Move in the table."""
        self.query_one("#list", LazyList).move(step)

    def action_distance(self) -> None:
        """The next distance that the report counts."""
        known = self._gateway.facts.distances_m()
        above = [one for one in known if one > self._distance_m]
        self._distance_m = above[0] if above else known[0]
        self._fill()

    def action_sort(self) -> None:
        """Another order of the table."""
        self._sort = (self._sort + 1) % len(SORTS)
        self._fill()

    def action_export(self) -> None:
        """Ask for a file name, then write."""
        question = (
            "Export the inventory to (.gpkg .parquet .geojson .fgb .csv .shp), in the project:"
        )
        self.app.push_screen(Line(question, "exports/inventory.gpkg"), self._export)

    def action_open(self) -> None:
        """The chosen slump on the map."""
        here = self._here()
        if here is not None:
            self.app.go("map", slump_id=here.slump_id)  # type: ignore[attr-defined]

    def action_text(self) -> None:
        """The whole report as text."""
        self.read_text()

    def action_back(self) -> None:
        """Close the page."""
        self.dismiss()

    def _export(self, name: str | None) -> None:
        if name:
            self.export(name)

    def _here(self) -> NearSlump | None:
        row = self.query_one("#list", LazyList).cursor
        return self._rows[row] if row < len(self._rows) else None

    def _show(self, sheet: ReportSheet) -> None:
        self._sheet = sheet
        report = sheet.report
        said = f"{counted(report.slumps, 'slump')}, {area_text(report.slump_area_m2)}"
        year = f", images of {report.map_year}" if report.map_year else ""
        self.query_one(Head).tell(f"{said} in {report.searched_km2:,.1f} km² searched{year}")
        self.query_one("#map", AreaMap).show(sheet.layers)
        self.query_one("#area", Static).update(content(*_areas(sheet)))
        self.query_one("#distance", Static).update(content(*_distances(sheet)))
        self.query_one("#iterations", Static).update(content(*_iterations(report)))
        self._fill()

    def _fill(self) -> None:
        if self._sheet is None:
            return
        near = [
            one
            for one in self._sheet.slumps
            if one.distance_m is not None and one.distance_m <= self._distance_m
        ]
        self._rows = tuple(sorted(near, key=_KEYS[self._sort]))
        pane = self.query_one("#near")
        slumps = len(self._sheet.slumps)
        share = 100 * len(near) / slumps if slumps else 0.0
        pane.border_title = (
            f"{len(near)} of {slumps} ({share:.1f} %) within {self._distance_m:g} m"
            f" of {either_of(self._sheet.report.line_kinds)}"
        )
        pane.border_subtitle = f"by {SORTS[self._sort]} · edge to line, geodesic, inclusive"
        self.query_one("#list", LazyList).set_total(len(self._rows))
        self.on_lazy_list_moved()

    def _row(self, row: int) -> str:
        if row >= len(self._rows):
            return ""
        one = self._rows[row]
        line = safe_text(one.line_name or one.line_class or "-")[:16]
        first = f"it. {one.first_iteration}"
        found = {"seed": "known", "drawn": f"{first} drawn"}.get(one.origin, first)
        distance = f"{one.distance_m:,.0f}" if one.distance_m is not None else "-"
        return (
            f"{one.name:<10} {one.area_m2 / 1e4:>8,.2f} {distance:>8}  {line:<16} "
            f"{safe_text(one.kind or '-'):<8} {found}"
        )


_KEYS = (
    lambda one: (one.distance_m, one.name),
    lambda one: (-one.area_m2, one.name),
    lambda one: (one.name,),
    lambda one: (one.first_iteration, one.distance_m),
)


def _areas(sheet: ReportSheet) -> list[str]:
    areas = [one.area_m2 for one in sheet.slumps]
    if not areas:
        return ["no slump yet"]
    middle = sorted(areas)[len(areas) // 2]
    return [
        *labelled_histogram(areas, AREA_EDGES_M2, rows=BARS, labels=AREA_LABELS),
        f"median {area_text(middle)}, largest {area_text(max(areas))}",
    ]


def _distances(sheet: ReportSheet) -> list[str]:
    found = [one.distance_m for one in sheet.slumps if one.distance_m is not None]
    if not found:
        return ["no road or railway yet:", "add one with i on home"]
    nearest = min(found)
    return [
        *labelled_histogram(found, DISTANCE_EDGES_M, rows=BARS, labels=DISTANCE_LABELS),
        f"nearest {nearest:,.0f} m",
    ]


def _iterations(report: Report) -> list[str]:
    lines = ["it.   cand   yes    no  unsure   new  slumps"]
    lines += [
        f"{one.iteration:<4} {one.candidates:>5} {one.accepted:>5} {one.rejected:>5} "
        f"{one.unsure:>7} {one.new_slumps:>5} {one.slumps_so_far:>7}"
        for one in report.iterations
    ]
    lines.append(f"{'stopped' if report.converged else 'goes on'}: {report.reason}")
    lines.append("")
    lines += [f"{one.source}: {one.slumps} in {one.area}; {one.near}" for one in report.published]
    return [safe_text(one) for one in (*lines, f"here: {DEFINITION}")]
