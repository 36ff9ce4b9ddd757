"""Tables of a project as data frames, by way of Arrow; geometries are shapely's, with their CRS."""

from importlib import import_module
from typing import Any, Literal

import shapely

from rtsproj.errors import UsageError
from rtsproj.workflow.sql import ArrowTable

Form = Literal["auto", "pandas", "geopandas", "polars", "arrow"]
"""auto = a GeoDataFrame where there is a geometry column, else a pandas DataFrame."""
FORMS: tuple[Form, ...] = ("auto", "pandas", "geopandas", "polars", "arrow")


def library(name: str) -> Any:
    """A module of the extra ``notebook``.

    Raises:
        UsageError: it is not installed.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise UsageError(
            f"{name} is not installed", hint="pip install 'rtsproj[notebook]'"
        ) from error


def frame_of(table: ArrowTable, form: Form) -> Any:
    """A table in the form that was asked for.

    Args:
        table: from ``workflow.sql.arrow``; its geometry columns hold WKB.
        form: one of ``FORMS``.

    Returns:
        auto and geopandas: GeoDataFrame, whose first geometry column is active; auto without one,
        and pandas: DataFrame, geometries as shapely objects; polars: DataFrame, and arrow: Table,
        geometries as WKB.

    Raises:
        UsageError: the form is not known, or its library is not installed, or there is no geometry
            column for a GeoDataFrame.
    """
    if form not in FORMS:
        raise UsageError(f"form {form!r} is not known", hint=f"one of {', '.join(FORMS)}")
    if form == "arrow":
        return table.rows
    if form == "polars":
        return library("polars").from_arrow(table.rows)
    if form == "geopandas" and not table.geometries:
        raise UsageError("the query has no geometry column", hint="ask for pandas, or add geom")
    library("pandas")
    frame = table.rows.to_pandas()
    for name in table.geometries:
        frame[name] = shapely.from_wkb(frame[name].to_numpy())
    if form == "pandas" or not table.geometries:
        return frame
    first = table.geometries[0]
    return library("geopandas").GeoDataFrame(frame, geometry=first, crs=table.crs)
