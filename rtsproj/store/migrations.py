"""Run the numbered .sql files: transactional, checksummed, forward-only, with a copy first."""

import hashlib
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from rtsproj import __version__
from rtsproj.errors import DamagedError, UsageError
from rtsproj.store.database import Connection, Database, rows, scalar

LEDGER = """
CREATE TABLE IF NOT EXISTS schema_migration (
  version INTEGER PRIMARY KEY, name VARCHAR NOT NULL, sha256 VARCHAR NOT NULL,
  applied_at TIMESTAMP NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'), program VARCHAR NOT NULL)
"""
NUMBERED = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file; ``needs_crs`` when its text holds ``${crs}``."""

    version: int
    name: str
    text: str

    @property
    def sha256(self) -> str:
        """Digest of the text as shipped."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def needs_crs(self) -> bool:
        """True where the project CRS is part of a column type."""
        return "${crs}" in self.text


def migrations_folder() -> Traversable:
    """Folder of the numbered .sql files: inside the wheel, or beside the package in a checkout."""
    shipped = files("rtsproj") / "migrations"
    if shipped.is_dir():
        return shipped
    return Path(__file__).resolve().parents[2] / "migrations"


def shipped_migrations(folder: Traversable | None = None) -> tuple[Migration, ...]:
    """All migrations in order.

    Raises:
        DamagedError: a number is missing or stands twice.
    """
    found = sorted(
        (
            item
            for item in (folder or migrations_folder()).iterdir()
            if NUMBERED.fullmatch(item.name)
        ),
        key=lambda item: item.name,
    )
    migrations = tuple(Migration(int(i.name[:4]), i.name, i.read_text("utf-8")) for i in found)
    if [m.version for m in migrations] != list(range(1, len(migrations) + 1)):
        raise DamagedError(
            f"migrations are not numbered 1..n: {', '.join(m.name for m in migrations)}",
            hint="install rtsproj again",
        )
    return migrations


def schema_version(connection: Connection) -> int:
    """Newest applied migration; 0 in an empty file."""
    has_ledger = scalar(
        connection, "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'schema_migration'"
    )
    if not has_ledger:
        return 0
    return int(scalar(connection, "SELECT coalesce(max(version), 0) FROM schema_migration"))


def check_schema(connection: Connection, *, project: str, known: int | None = None) -> int:
    """Refuse a project that a newer program has written.

    Args:
        connection: the project's.
        project: folder, for the message.
        known: newest schema that the program works with; default: what it ships.

    Raises:
        UsageError: the project's schema is newer than this program's.
    """
    has = schema_version(connection)
    known = len(shipped_migrations()) if known is None else known
    if has > known:
        raise UsageError(
            f"{project} has schema {has}, this rtsproj {__version__} knows {known}",
            hint="upgrade rtsproj: pip install --upgrade rtsproj",
        )
    return has


def migrate(
    database: Database, *, crs: str | None, shipped: Sequence[Migration] | None = None
) -> tuple[str, ...]:
    """Apply what is pending, each file in one transaction, then checkpoint.

    Args:
        database: the project's.
        crs: project CRS, ``EPSG:n``; None: files that need it wait.
        shipped: migrations to apply; default: those of this program.

    Returns:
        Names of the files that were applied.

    Raises:
        UsageError: newer project. DamagedError: an applied file was edited since.
    """
    migrations = shipped_migrations() if shipped is None else tuple(shipped)
    pending = _pending(database, migrations, crs=crs)
    if pending and pending[0].version > 1:
        back_up(database, f"before-{pending[0].version:04}")
    for migration in pending:
        with database.writing(f"migrate {migration.name}", spatial=True) as connection:
            text = migration.text.replace("${crs}", crs or "")
            for statement in connection.extract_statements(text):
                connection.execute(statement)
            connection.execute(
                "INSERT INTO schema_migration (version, name, sha256, program) VALUES (?, ?, ?, ?)",
                [migration.version, migration.name, migration.sha256, __version__],
            )
    if pending:
        with database.folded("migrated"):
            pass
    return tuple(migration.name for migration in pending)


def _pending(
    database: Database, migrations: Sequence[Migration], *, crs: str | None
) -> list[Migration]:
    with database.writing("check schema") as connection:
        check_schema(connection, project=str(database.folder), known=len(migrations))
        connection.execute(LEDGER)
        applied = {row["version"]: row for row in rows(connection, "FROM schema_migration")}
    pending: list[Migration] = []
    for migration in migrations:
        row = applied.get(migration.version)
        if row is not None and row["sha256"] != migration.sha256:
            raise DamagedError(
                f"migration {migration.name} was changed after it was applied",
                hint="install the rtsproj version that the project was made with",
            )
        if row is None:
            if migration.needs_crs and crs is None:
                break
            pending.append(migration)
    return pending


def back_up(database: Database, tag: str) -> Path:
    """Copy the detached database file under the exclusive lock; returns the copy.

    The copy is written beside its name and renamed, so that a name in backups/ is a whole file.
    """
    folder = database.folder / "backups"
    folder.mkdir(exist_ok=True)
    target = folder / f"{database.path.stem}-{tag}.duckdb"
    temporary = target.with_suffix(".part")
    with database.folded("backup"):
        shutil.copyfile(database.path, temporary)
    temporary.replace(target)
    return target
