"""SQL for people and programs: read-only, on a snapshot, so that it blocks nobody."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from rtsproj.errors import UsageError
from rtsproj.store import facts
from rtsproj.store.database import Connection
from rtsproj.store.guest import (
    columns_by_view,
    copy_out,
    fetch_arrow,
    guest,
    part_of,
    run_query,
)
from rtsproj.workflow.project import Project

LIMIT = 50_000
"""Rows fetched for a screen or a text table at most."""


@dataclass(frozen=True, slots=True)
class Table:
    """A query's answer: column names and rows of plain values; geometry as WKT text."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    is_cut: bool


@dataclass(frozen=True, slots=True)
class ArrowTable:
    """A query's answer for data frames.

    Attributes:
        rows: a pyarrow.Table.
        geometries: names of its geometry columns, which hold WKB in the project CRS.
        crs: the project CRS, ``EPSG:n``; None before the first image.
    """

    rows: Any
    geometries: tuple[str, ...]
    crs: str | None


@contextmanager
def session(project: Project) -> Iterator[Connection]:
    """An interactive session on one snapshot."""
    with guest(project.database) as connection:
        yield connection


def query(project: Project, text: str, *, limit: int | None = None) -> Table:
    """Answer one query from a snapshot.

    Raises:
        UsageError: the query is refused; DuckDB's first line says why.
    """
    with guest(project.database) as connection:
        return ask(connection, text, limit=limit)


def arrow(project: Project, text: str) -> ArrowTable:
    """Answer one query from a snapshot as an Arrow table.

    Raises:
        UsageError: the query is refused, or pyarrow is not installed.
    """
    if find_spec("pyarrow") is None:
        raise UsageError("pyarrow is not installed", hint="pip install 'rtsproj[notebook]'")
    with guest(project.database) as connection:
        found, geometries = fetch_arrow(connection, text)
        crs = facts.read_fact(connection, "crs")
    return ArrowTable(found, geometries, crs)


def ask(connection: Connection, text: str, *, limit: int | None = None) -> Table:
    """Answer one query of a session."""
    columns, found = run_query(connection, text, limit=None if limit is None else limit + 1)
    cut = limit is not None and len(found) > limit
    return Table(tuple(columns), tuple(found[:limit] if cut else found), is_cut=cut)


class Console:
    """Queries of one person, one at a time, each on its own snapshot; any can be stopped."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._running: Connection | None = None
        self._is_stopped = False

    def run(self, text: str) -> Table:
        """Answer a query with at most ``LIMIT`` rows.

        Raises:
            UsageError: the query is refused, or ``stop`` was called meanwhile.
        """
        self._is_stopped = False
        with guest(self._project.database) as connection:
            if self._is_stopped:
                raise UsageError("the query was stopped", hint="nothing was changed")
            self._running = connection
            try:
                return ask(connection, text, limit=LIMIT)
            finally:
                self._running = None

    def stop(self) -> None:
        """Stop the running query, from any thread."""
        self._is_stopped = True
        connection = self._running
        if connection is not None:
            connection.interrupt()


def view_columns(project: Project) -> dict[str, tuple[str, ...]]:
    """Views and tables with their columns."""
    with guest(project.database) as connection:
        return columns_by_view(connection)


def write_parquet(project: Project, text: str, target: Path) -> None:
    """Write a query's rows as Parquet; GeoParquet where a geometry column is among them."""
    write_rows(project, text, target)


def write_rows(project: Project, text: str, target: Path) -> None:
    """Write all rows of a query by suffix: .parquet, .csv or .json.

    Raises:
        UsageError: no such folder, or the suffix is not known.
    """
    if not target.parent.is_dir():
        raise UsageError(f"{target.parent} is not a folder", hint="make it first")
    with guest(project.database, write_to=part_of(target)) as connection:
        copy_out(connection, text, target)


def plain(value: Any) -> Any:
    """A value as JSON takes it."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, bytes | bytearray):
        return bytes(value).hex()
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    return str(value)


def as_json(columns: Sequence[str], found: Sequence[Sequence[Any]]) -> str:
    """Rows as a JSON array of objects, one a line."""
    if not found:
        return "[]\n"
    lines = (
        json.dumps(dict(zip(columns, map(plain, row), strict=True)), ensure_ascii=False)
        for row in found
    )
    return "[\n" + ",\n".join(lines) + "\n]\n"
