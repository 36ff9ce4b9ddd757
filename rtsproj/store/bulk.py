"""Many rows at once: as numpy columns that DuckDB reads in place, as Parquet files, or as rows.

Why columns: 50,000 candidates took 6.3 s as JSON lines, 1.9 s as arrays, and 0.6 s out of Parquet
files that were written before. Rows with gaps (NULL) go as JSON lines. Geometries
travel as hexadecimal WKB, which DuckDB reads five times faster from Python than bytes.

Why a spool: while a process writes, every other one waits. What takes long to compute is laid down
in files first, and the transaction that takes it in only reads them.
"""

import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import shapely

from rtsproj.errors import RtsError
from rtsproj.store.database import GEOMETRY, Connection, new_instance

Types = Mapping[str, str]
"""Column name -> DuckDB type; geometry columns type ``GEOMETRY``."""
Values = Mapping[str, npt.NDArray[Any]]
"""Column name -> array, all of one length; geometry columns hold hexadecimal WKB."""
Shapes = tuple[npt.NDArray[np.int64], npt.NDArray[np.object_]]
"""Whole numbers (columns, rows) and geometries (rows)."""
Near = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]
"""Ids, line ids, distances in m: one entry each."""
SHAPE, WKB = "ST_GeomFromWKB(unhex(geom))", "unhex(geom)"
"""The column ``geom`` out of hexadecimal WKB."""
BLOCK = 20_000
"""Rows that are read or written at a time."""
_GIVEN = "rtsproj_given"
"""Name under which an instance sees arrays for the length of one statement."""


def bulk_insert(
    connection: Connection,
    table: str,
    columns: Types,
    rows: Iterable[Mapping[str, Any]],
) -> None:
    """Insert rows whose keys are ``columns``.

    Args:
        connection: inside a transaction.
        table: table name, a literal of this room.
        columns: column name -> DuckDB type; geometry columns hold WKB bytes and type ``GEOMETRY``.
        rows: the rows; bytes are written as hex.
    """
    with tempfile.TemporaryDirectory(prefix="rtsproj-") as folder:
        path = Path(folder) / "rows.jsonl"
        with path.open("w", encoding="utf-8") as stream:
            for row in rows:
                stream.write(json.dumps({k: _plain(row[k]) for k in columns}) + "\n")
        if path.stat().st_size == 0:
            return
        types = ", ".join(
            f"{name}: '{'VARCHAR' if name in GEOMETRY else kind}'" for name, kind in columns.items()
        )
        values = ", ".join(
            f"ST_GeomFromWKB(unhex({name}))" if name in GEOMETRY else name for name in columns
        )
        connection.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM "  # noqa: S608 - names are literals of this room
            f"read_json(?, format='newline_delimited', columns={{{types}}})",
            [str(path)],
        )


def insert_columns(connection: Connection, table: str, types: Types, values: Values) -> None:
    """Insert arrays.

    Args:
        connection: inside a transaction.
        table: table name, a literal of this room.
        types: the columns.
        values: one array per column, all of one length.
    """
    if not len(next(iter(values.values()))):
        return
    connection.register(_GIVEN, {name: values[name] for name in types})
    try:
        connection.execute(
            f"INSERT INTO {table} ({', '.join(types)}) SELECT {_read(types, geometry=SHAPE)} "  # noqa: S608 - names are literals of this room
            f"FROM {_GIVEN}"
        )
    finally:
        connection.unregister(_GIVEN)


class Spool:
    """Tables that wait in temporary files for the transaction that takes them in.

    Several threads must not add at once.
    """

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="rtsproj-")
        self._instance = new_instance()
        self._parts: dict[str, list[str]] = {}

    def __enter__(self) -> "Spool":
        return self

    def __exit__(self, *_: object) -> None:
        self._instance.close()
        self._folder.cleanup()

    def add(self, table: str, types: Types, values: Values) -> None:
        """Lay down more rows of a table; none still lay down its columns.

        Raises:
            RtsError: the file cannot be written.
        """
        parts = self._parts.setdefault(table, [])
        path = Path(self._folder.name) / f"{table}-{len(parts)}.parquet"
        self._instance.register(_GIVEN, {name: values[name] for name in types})
        try:
            self._instance.execute(
                f"COPY (SELECT {_read(types, geometry=WKB)} FROM {_GIVEN}) "  # noqa: S608 - names are literals of the workflow
                f"TO {_quoted(str(path))} (FORMAT parquet)"
            )
            parts.append(str(path))
        except duckdb.Error as error:
            raise RtsError(
                f"{path} was not written: {str(error).splitlines()[0]}",
                hint="free some space there, or set TMPDIR to another folder",
            ) from error
        finally:
            self._instance.unregister(_GIVEN)

    def scan(self, table: str) -> str:
        """The table's rows, as the source of a FROM; geometry columns hold WKB."""
        return f"read_parquet([{', '.join(map(_quoted, self._parts[table]))}])"


def read_shapes(connection: Connection, query: str, values: Sequence[Any] = ()) -> Shapes:
    """Rows of whole numbers with a geometry, a block at a time.

    Args:
        connection: the project's.
        query: its last column is WKB.
        values: of its parameters.

    Returns:
        Numbers (columns, rows) and geometries (rows).
    """
    cursor = connection.execute(query, list(values))
    numbers = [np.zeros((len(cursor.description or ()) - 1, 0), np.int64)]
    shapes = [np.zeros(0, object)]
    while rows := cursor.fetchmany(BLOCK):
        *columns, wkb = zip(*rows, strict=True)
        numbers.append(np.array(columns, np.int64).reshape(len(columns), -1))
        shapes.append(shapely.from_wkb(np.array(wkb, dtype=object)))
    return np.concatenate(numbers, axis=1), np.concatenate(shapes)


def hexadecimal(wkb: Iterable[bytes]) -> npt.NDArray[np.object_]:
    """WKB as geometry columns take it."""
    return np.array([one.hex() for one in wkb], dtype=object)


def constant_columns(count: int, **values: str | int) -> dict[str, npt.NDArray[Any]]:
    """Columns that hold the same value in every row."""
    return {
        name: np.full(count, value, object if isinstance(value, str) else np.int64)
        for name, value in values.items()
    }


def add_distances(
    connection: Connection, into: tuple[str, str], of: tuple[str, int], found: Near
) -> None:
    """Insert distances to one line file.

    Args:
        connection: inside a transaction.
        into: table and the column of its ids, literals of this room.
        of: kind and source_id of the line file.
        found: ids, line ids, distances in m.
    """
    (table, owner), (kind, source_id) = into, of
    ids, lines, metres = found
    insert_columns(
        connection,
        table,
        {
            owner: "BIGINT",
            "kind": "VARCHAR",
            "source_id": "BIGINT",
            "line_id": "BIGINT",
            "distance_m": "DOUBLE",
        },
        {
            owner: ids,
            **constant_columns(len(ids), kind=kind, source_id=source_id),
            "line_id": lines,
            "distance_m": metres,
        },
    )


def _read(types: Types, *, geometry: str) -> str:
    """What is selected of arrays: every column under its type, hexadecimal WKB as asked."""
    return ", ".join(
        f"{geometry} AS geom" if name == "geom" else f"{name}::{kind} AS {name}"
        for name, kind in types.items()
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | bytearray):
        return bytes(value).hex()
    return value if isinstance(value, str | int | float | bool | None) else str(value)
