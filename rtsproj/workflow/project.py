"""Find and open a project; short looks at it and short transactions."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rtsproj import __version__
from rtsproj.errors import DamagedError, NeedsError
from rtsproj.journal.lines import journal_files
from rtsproj.settings import Settings
from rtsproj.settings.file import SettingsFile
from rtsproj.store import facts, migrations
from rtsproj.store.database import FILE, Connection, Database
from rtsproj.store.replay import replay
from rtsproj.workflow.distances import measure_missing

SETTINGS = "project.toml"
Progress = Callable[[int, int, str], None]
"""Called with (done, of, what) while something runs."""


@dataclass(frozen=True, slots=True)
class Project:
    """An open project: its folder, its settings and its database.

    Attributes:
        folder: absolute path of the project directory.
        settings_file: project.toml, read again where it has changed.
        database: opens the file for one transaction at a time.
    """

    folder: Path
    settings_file: SettingsFile
    database: Database

    @property
    def settings(self) -> Settings:
        """project.toml as it is now, or as it was last accepted; a job asks the file itself."""
        return self.settings_file.read().settings

    @property
    def journal(self) -> Path:
        """Folder of the analysts' journal files."""
        return self.folder / "journal"

    @property
    def models(self) -> Path:
        """Folder of the model files."""
        return self.folder / "models"


def find_project(start: Path) -> Path:
    """The nearest folder, from ``start`` upwards, that holds a project.

    Raises:
        NeedsError: there is none.
        DamagedError: the nearest project has lost its database; a project further up is not meant.
    """
    start = start.absolute()
    for folder in (start, *start.parents):
        if (folder / FILE).exists():
            return folder
        if (folder / SETTINGS).exists() and (folder / "journal").exists():
            raise DamagedError(
                f"{folder / FILE} is missing", hint=f"rtsproj -C {folder} restore brings it back"
            )
    raise NeedsError(
        f"no project in {start} or above it", hint="make one: rtsproj init DIR, or give -C DIR"
    )


def open_project(path: Path | str, *, wait_s: float = 10.0) -> Project:
    """Open a project; nothing is held open afterwards.

    Args:
        path: the project directory.
        wait_s: longest wait for another process's transaction.

    Raises:
        NeedsError: there is no project. UsageError: its schema is newer than this program, or
        project.toml is not accepted. ProjectBusyError: another process kept it too long.
    """
    folder = Path(path).absolute()
    if not (folder / FILE).exists():
        raise NeedsError(f"{folder} holds no project", hint=f"make one: rtsproj init {folder}")
    database = Database(folder, wait_s=wait_s)
    with database.reading() as connection:
        has = migrations.check_schema(connection, project=str(folder))
        crs = facts.read_fact(connection, "crs")
    shipped = migrations.shipped_migrations()
    reachable = shipped if crs else [m for m in shipped if not m.needs_crs and m.version == 1]
    if has < len(reachable):
        raise NeedsError(
            f"{folder} has schema {has}, this rtsproj {__version__} works with {len(reachable)}",
            hint="run `rtsproj migrate`: a copy of the database is kept in backups/",
        )
    return Project(folder, SettingsFile(folder / SETTINGS), database)


def has_crs(project: Project) -> bool:
    """True once the project CRS is settled and all tables exist."""
    with project.database.reading() as connection:
        return facts.read_fact(connection, "crs") is not None


@contextmanager
def reading(project: Project) -> Iterator[Connection]:
    """A look at the project.

    Raises:
        NeedsError: it is still empty.
    """
    with project.database.reading() as connection:
        if facts.read_fact(connection, "crs") is None:
            raise NeedsError(
                f"project {project.settings.project.name} is empty",
                hint="add images first: rtsproj scene add PATH…",
            )
        yield connection


@contextmanager
def writing(project: Project, purpose: str) -> Iterator[Connection]:
    """One transaction; journal lines that the database lacks are taken in first."""
    with project.database.writing(purpose) as connection:
        _take_in(connection, project.journal)
        yield connection


def catch_up_journal(project: Project) -> int:
    """Take in decisions that a killed process left in the journal only; returns how many."""
    if not journal_files(project.journal) or not has_crs(project):
        return 0
    with project.database.writing("replay of the journal") as connection:
        return _take_in(connection, project.journal)


def _take_in(connection: Connection, journal: Path) -> int:
    taken = replay(connection, journal)
    if taken:
        measure_missing(connection)
    return taken
