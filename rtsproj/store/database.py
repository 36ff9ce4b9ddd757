"""Short transactions on the project file: attach, work, detach.

Why: a DuckDB file that one process holds for writing cannot be opened by any other, not even to
read. So a process holds it for one transaction, behind our own lock, and every other process takes
its turn. One warm in-memory instance per process keeps the cost at a few milliseconds.

A commit is durable once it is in the write-ahead log. Folding the log into the file rewrites whole
indexes, so a process that saves word after word (the triage screen) may leave a short log beside
the file; every reader sees it, and the next one that folds takes it in.
"""

import importlib.util
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from rtsproj.errors import DamagedError, NeedsError, ProjectBusyError, RtsError
from rtsproj.store.lock import project_lock, shared_lock
from rtsproj.store.spatial import load_spatial

FILE = "project.duckdb"
LOCK = "project.duckdb.lock"
MEMORY_LIMIT = "2GB"
STORAGE = "v1.5.0"
"""Storage version that keeps the CRS in the column type."""

GEOMETRY = frozenset({"geom", "footprint"})
"""Columns that take WKB bytes."""

Connection = duckdb.DuckDBPyConnection

if importlib.util.find_spec("pandas") is None:
    # DuckDB tries to import pandas for every bound value; where it is not installed, each try
    # searches the whole path again.
    sys.modules.setdefault("pandas", None)  # type: ignore[arg-type]


class Database:
    """The database of one project folder, opened for one transaction at a time.

    Attributes:
        folder: the project directory.
        wait_s: longest wait for another process's transaction.
        log_bytes: write-ahead log that may stay beside the file between transactions; 0: none.
    """

    def __init__(self, folder: Path, *, wait_s: float = 10.0) -> None:
        self.folder = folder
        self.wait_s = wait_s
        self.log_bytes = 0
        self._turn = threading.RLock()
        self._instance: Connection | None = None
        self._spatial = False
        self._folds = True

    @property
    def path(self) -> Path:
        """The database file; nothing but DuckDB may open it while it is attached."""
        return self.folder / FILE

    @property
    def log_path(self) -> Path:
        """The write-ahead log; absent where every commit is folded into the file."""
        return self.folder / f"{FILE}.wal"

    @property
    def lock_path(self) -> Path:
        """The file whose flock admits one writer or many readers."""
        return self.folder / LOCK

    @contextmanager
    def reading(self, *, spatial: bool = False) -> Iterator[Connection]:
        """A read-only look at the newest committed state."""
        with self._turn, shared_lock(self.lock_path, wait_s=self.wait_s):
            connection = self._warm(spatial=spatial)
            self._attach(connection, "(READ_ONLY)")
            try:
                yield connection
            finally:
                self._detach(connection)

    @contextmanager
    def writing(self, purpose: str, *, spatial: bool = False) -> Iterator[Connection]:
        """One transaction: committed whole on a clean exit, rolled back on any exception."""
        with (
            self._turn,
            project_lock(self.lock_path, purpose=purpose, wait_s=self.wait_s),
        ):
            connection = self._warm(spatial=spatial)
            self._attach(connection, f"(STORAGE_VERSION '{STORAGE}')")
            try:
                with _transaction(connection):
                    yield connection
            finally:
                self._set_fold(connection, folds=self._log_size() >= self.log_bytes)
                self._detach(connection)

    @contextmanager
    def folded(self, purpose: str) -> Iterator[None]:
        """Hold the project, its log folded into the file and the file attached nowhere.

        Within, the one file is the whole database and may be copied.
        """
        with self._turn, project_lock(self.lock_path, purpose=purpose, wait_s=self.wait_s):
            connection = self._warm(spatial=False)
            self._attach(connection, f"(STORAGE_VERSION '{STORAGE}')")
            try:
                connection.execute("CHECKPOINT project")
            finally:
                self._set_fold(connection, folds=True)
                self._detach(connection)
            yield

    def close(self) -> None:
        """Give the in-memory instance back."""
        with self._turn:
            if self._instance is not None:
                self._instance.close()
                self._instance = None
                self._spatial = False

    def _warm(self, *, spatial: bool) -> Connection:
        if self._instance is None:
            self._instance = new_instance()
            self._folds = True
        if spatial and not self._spatial:
            load_spatial(self._instance)
            self._spatial = True
        return self._instance

    def _attach(self, connection: Connection, options: str) -> None:
        path = str(self.path).replace("'", "''")
        deadline = time.monotonic() + self.wait_s
        while True:
            try:
                connection.execute(f"ATTACH '{path}' AS project {options}")
                connection.execute("USE project")
            except duckdb.IOException as error:
                if "Could not set lock" not in str(error):
                    raise _unreadable(self.path, error) from error
                if time.monotonic() >= deadline:
                    raise ProjectBusyError(
                        str(self.folder), holder="another DuckDB program", since="some time"
                    ) from error
                time.sleep(0.02)
            except duckdb.Error as error:
                raise _unreadable(self.path, error) from error
            else:
                return

    def _log_size(self) -> int:
        return self.log_path.stat().st_size if self.log_path.exists() else 0

    def _set_fold(self, connection: Connection, *, folds: bool) -> None:
        """Whether DETACH folds the log into the file; nothing to a read-only look."""
        if folds != self._folds:
            fold = "enable" if folds else "disable"
            connection.execute(f"PRAGMA {fold}_checkpoint_on_shutdown")
            self._folds = folds

    def _detach(self, connection: Connection) -> None:
        connection.execute("USE memory")
        try:
            connection.execute("DETACH project")
        except duckdb.Error as error:
            self.close()
            raise RtsError(
                f"{self.path} could not be closed cleanly: {str(error).splitlines()[0]}",
                hint="free disk space; committed decisions are safe and are kept",
            ) from error


def new_instance() -> Connection:
    """An in-memory DuckDB that never fetches an extension and stays small."""
    connection = duckdb.connect(":memory:")
    connection.execute("SET autoinstall_known_extensions=false")
    connection.execute("SET autoload_known_extensions=false")
    connection.execute(f"SET memory_limit='{MEMORY_LIMIT}'")
    connection.execute("SET threads=2")
    return connection


@contextmanager
def _transaction(connection: Connection) -> Iterator[None]:
    connection.execute("BEGIN")
    try:
        yield
        connection.execute("COMMIT")
    except duckdb.Error as error:
        _roll_back(connection)
        raise RtsError(
            f"the database refused the change: {str(error).splitlines()[0]}",
            hint="nothing was saved; free disk space or run `rtsproj doctor`",
        ) from error
    except BaseException:
        _roll_back(connection)
        raise


def _roll_back(connection: Connection) -> None:
    try:
        connection.execute("ROLLBACK")
    except duckdb.TransactionException:
        return  # a failed COMMIT has ended the transaction already


def _unreadable(path: Path, error: duckdb.Error) -> RtsError:
    if not path.exists():
        return NeedsError(
            f"{path} is missing", hint="rtsproj restore, or rtsproj init a new folder"
        )
    first = str(error).splitlines()[0]
    return DamagedError(
        f"{path} cannot be opened: {first}", hint="restore the newest file of backups/"
    )


def rows(connection: Connection, query: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
    """All rows of a query as dictionaries, the cursor closed."""
    result = connection.execute(query, list(values))
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def scalar(connection: Connection, query: str, values: Sequence[Any] = ()) -> Any:
    """First column of the first row; None where there is no row."""
    found = connection.execute(query, list(values)).fetchall()
    return found[0][0] if found else None


def next_id(connection: Connection, table: str, column: str) -> int:
    """Largest id plus one; safe inside the exclusive transaction."""
    return int(scalar(connection, f"SELECT coalesce(max({column}), 0) + 1 FROM {table}"))  # noqa: S608 - names are literals of this room


def insert(connection: Connection, table: str, row: Mapping[str, Any]) -> None:
    """Insert one row; a ``geom`` value is WKB bytes in the project CRS."""
    slots = ", ".join("ST_GeomFromWKB(?)" if name in GEOMETRY else "?" for name in row)
    statement = f"INSERT INTO {table} ({', '.join(row)}) VALUES ({slots})"  # noqa: S608 - names are literals of this room
    connection.execute(statement, list(row.values()))
