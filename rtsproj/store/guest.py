"""SQL of a guest: a snapshot of the project, read-only and hardened; it blocks nobody.

Why a copy: any client that holds the project file open, even read-only, blocks every writer.
"""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import shapely

from rtsproj.errors import RtsError, UsageError
from rtsproj.store.database import Connection, Database, new_instance
from rtsproj.store.lock import shared_lock
from rtsproj.store.spatial import load_spatial

FORMATS = {
    ".parquet": "FORMAT parquet",
    ".csv": "FORMAT csv, HEADER true",
    ".json": "FORMAT json, ARRAY true",
}
"""How COPY writes a file of each suffix."""
COLUMNS = """
SELECT table_name, column_name FROM duckdb_columns()
WHERE database_name = 'project' AND NOT internal ORDER BY table_name, column_index
"""


@contextmanager
def snapshot(database: Database) -> Iterator[Path]:
    """A copy of the database file and its write-ahead log, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="rtsproj-sql-") as folder:
        target = Path(folder) / "project.duckdb"
        with shared_lock(database.lock_path, wait_s=database.wait_s):
            shutil.copyfile(database.path, target)
            if database.log_path.exists():
                shutil.copyfile(database.log_path, target.with_suffix(".duckdb.wal"))
        yield target


@contextmanager
def guest(database: Database, *, write_to: Path | None = None) -> Iterator[Connection]:
    """A hardened connection to a snapshot.

    Args:
        database: the project's.
        write_to: the only path that COPY may write; None: none.
    """
    with snapshot(database) as copy:
        connection = new_instance()
        try:
            load_spatial(connection)
            path = str(copy).replace("'", "''")
            connection.execute(f"ATTACH '{path}' AS project (READ_ONLY)")
            connection.execute("USE project")
            if write_to is not None:
                allowed = str(write_to.absolute()).replace("'", "''")
                connection.execute(f"SET allowed_paths=['{allowed}']")
            connection.execute("SET enable_external_access=false")
            connection.execute("SET allow_community_extensions=false")
            connection.execute("SET lock_configuration=true")
            yield connection
        finally:
            connection.close()


@contextmanager
def _one_query(connection: Connection, text: str) -> Iterator[None]:
    """Refuse several statements, and say what DuckDB refuses in its first line."""
    try:
        statements = connection.extract_statements(text)
        if len(statements) != 1:
            raise UsageError(f"{len(statements)} statements in one query", hint="give one query")
        yield
    except duckdb.InterruptException:
        raise UsageError("the query was stopped", hint="nothing was changed") from None
    except duckdb.Error as error:
        lines = str(error).splitlines()
        raise UsageError(lines[0], hint=" ".join(lines[1:3]).strip() or "see the README") from error


def fetch_arrow(connection: Connection, text: str) -> tuple[Any, tuple[str, ...]]:
    """Run one query; returns an Arrow table and the names of its geometry columns, which hold WKB.

    Raises:
        UsageError: DuckDB refuses it, or it holds several statements.
    """
    with _one_query(connection, text):
        asked = text.rstrip().rstrip(";")
        described = connection.execute(f"FROM ({asked}) LIMIT 0").description or []
        geometries = tuple(str(one[0]) for one in described if "GEOMETRY" in str(one[1]))
        quoted = ('"' + name.replace('"', '""') + '"' for name in geometries)
        binary = ", ".join(f"ST_AsWKB({name})::BLOB AS {name}" for name in quoted)
        columns = f"* REPLACE ({binary})" if binary else "*"
        result = connection.execute(f"SELECT {columns} FROM ({asked})")  # noqa: S608 - as above
        return result.to_arrow_table(), geometries


def run_query(
    connection: Connection, text: str, *, limit: int | None
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Run one query; geometry columns come back as WKT.

    Raises:
        UsageError: DuckDB refuses it, or it holds several statements.
    """
    with _one_query(connection, text):
        result = connection.execute(text)
        described = result.description or []
        found = result.fetchall() if limit is None else result.fetchmany(limit)
        geometry = [n for n, column in enumerate(described) if "GEOMETRY" in str(column[1])]
    if geometry:
        found = [_with_wkt(row, geometry) for row in found]
    return [column[0] for column in described], found


def _with_wkt(row: tuple[Any, ...], geometry: Sequence[int]) -> tuple[Any, ...]:
    return tuple(
        shapely.from_wkb(bytes(value)).wkt
        if number in geometry and isinstance(value, bytes | bytearray)
        else value
        for number, value in enumerate(row)
    )


def part_of(target: Path) -> Path:
    """Temporary name beside a target that is renamed into place."""
    return target.with_name(f".{target.name}.part")


def columns_by_view(connection: Connection) -> dict[str, tuple[str, ...]]:
    """Views and tables of the project with their columns, for completion."""
    found: dict[str, list[str]] = {}
    for table, column in connection.execute(COLUMNS).fetchall():
        found.setdefault(table, []).append(column)
    return {table: tuple(columns) for table, columns in found.items()}


def copy_out(connection: Connection, query: str, target: Path) -> None:
    """Write a query's rows by suffix: .parquet (GeoParquet with a geometry column), .csv, .json.

    Raises:
        RtsError: the rows could not be written. UsageError: it is not one query, or the suffix is
            not known.
    """
    how = FORMATS.get(target.suffix.lower())
    if how is None:
        raise UsageError(
            f"{target}: suffix {target.suffix!r} is not known", hint=f"use {' '.join(FORMATS)}"
        )
    part = part_of(target)
    path = str(part.absolute()).replace("'", "''")
    try:
        connection.execute(f"COPY ({query}) TO '{path}' ({how})")
        part.replace(target)
    except duckdb.Error as error:
        part.unlink(missing_ok=True)
        raise RtsError(
            f"{target} could not be written: {str(error).splitlines()[0]}",
            hint="check the query, the folder and the free space",
        ) from error
