"""The report as one HTML page with its map and its yield curve inside."""

import base64
import html
import io
from collections.abc import Sequence
from typing import Any

import shapely
from matplotlib.figure import Figure

from rtsproj.reports.summary import Report
from rtsproj.reports.text import report_text

Layers = Sequence[tuple[str, Sequence[shapely.Geometry]]]
"""(what, geometries): area, a kind of lines, slump."""
STYLE: dict[str, dict[str, Any]] = {
    "area": {"color": "#9a9a9a", "linewidth": 0.8},
    "road": {"color": "#555555", "linewidth": 1.2},
    "railway": {"color": "#222222", "linewidth": 1.2, "linestyle": "--"},
    "airstrip": {"color": "#1d4e89", "linewidth": 1.6, "marker": "^"},
    "station": {"color": "#1d4e89", "linewidth": 1.6, "marker": "s"},
    "slump": {"color": "#c2410c", "linewidth": 1.0},
}


def report_page(report: Report, layers: Layers) -> str:
    """One self-contained page: map, new slumps per iteration, and the report's text."""
    title = html.escape(report.project)
    pictures = "".join(
        f'<img alt="{what}" src="data:image/png;base64,{base64.b64encode(png).decode()}">'
        for what, png in (("map", map_png(layers)), ("new slumps", yield_png(report)))
    )
    return (
        f"<!doctype html><meta charset=utf-8><title>{title}</title>"
        "<style>body{font:15px/1.45 system-ui;margin:2em auto;max-width:70em}"
        "pre{overflow:auto}img{max-width:100%}</style>"
        f"{pictures}<pre>{html.escape(report_text(report))}</pre>\n"
    )


def map_png(layers: Layers) -> bytes:
    """The area, the lines and the slumps, to scale, axes in km of the project CRS."""
    figure = Figure(figsize=(9, 6), dpi=110, layout="constrained")
    axes = figure.subplots()
    for what, geoms in layers:
        for geom in geoms:
            for part in shapely.get_parts(geom.boundary if geom.area else geom):
                xy = shapely.get_coordinates(part) / 1000
                axes.plot(xy[:, 0], xy[:, 1], **STYLE[what])
        axes.plot([], [], label=f"{what} ({len(geoms)})", **STYLE[what])
    axes.set_aspect("equal")
    axes.set_xlabel("easting, km")
    axes.set_ylabel("northing, km")
    axes.legend(loc="best", frameon=False)
    return _png(figure)


def yield_png(report: Report) -> bytes:
    """New slumps per iteration, the curve that should fall to nothing."""
    figure = Figure(figsize=(9, 2.6), dpi=110, layout="constrained")
    axes = figure.subplots()
    searched = [one for one in report.iterations if one.is_searched]
    numbers = [one.iteration for one in searched]
    axes.bar(numbers, [one.new_slumps for one in searched], color="#c2410c")
    axes.set_xticks(numbers)
    axes.set_xlabel("iteration")
    axes.set_ylabel("new slumps")
    return _png(figure)


def _png(figure: Figure) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    return stream.getvalue()
