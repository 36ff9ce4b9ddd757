"""Make a project, settle its CRS, bring an older one to this program's schema."""

import os
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree

from rtsproj import __version__
from rtsproj.errors import UsageError
from rtsproj.geometry.crs import check_project_crs
from rtsproj.settings import Preset, Settings, preset_settings, settings_text
from rtsproj.store import facts, iterations, migrations
from rtsproj.store.database import FILE, Database
from rtsproj.workflow.project import SETTINGS, Project, open_project

FOLDERS = ("journal", "jobs", "models", "exports", "reports")


def init_project(
    folder: Path, *, title: str | None = None, crs: str | None = None, preset: Preset = "default"
) -> Project:
    """Make a new project: a whole one or none.

    Args:
        folder: made where missing; files that are there stay.
        title: shown on every screen; default: the folder's name.
        crs: project CRS, ``EPSG:n``; default: the UTM zone of the first scene or area.
        preset: settings to start from.

    Raises:
        UsageError: there is a project already, or the folder cannot be written, or a bad CRS.
    """
    folder = folder.absolute()
    if (folder / FILE).exists():
        raise UsageError(
            f"{folder} holds a project already", hint="open it: rtsproj -C " + str(folder)
        )
    if crs is not None:
        check_project_crs(crs, None)
    base = preset_settings(preset)
    project = replace(base.project, name=title or folder.name, crs=crs or "auto", preset=preset)
    settings = replace(base, project=project)
    building = folder / f".init-{os.getpid()}"
    try:
        building.mkdir(parents=True)
        _build(building, settings)
        for name in (*FOLDERS, SETTINGS, FILE + ".lock", FILE):
            _move(building / name, folder / name)
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be written: {error.strerror}", hint="choose a folder that you own"
        ) from error
    finally:
        rmtree(building, ignore_errors=True)
    return open_project(folder)


def settle_crs(project: Project, crs: str, *, by: str) -> str:
    """Fix the project CRS, make the tables that hold it, and open iteration 1.

    Args:
        project: the project.
        crs: used where project.toml says ``auto`` and none is settled yet.
        by: who caused it.

    Returns:
        The settled CRS.
    """
    with project.database.writing("settle the project CRS") as connection:
        asked = project.settings.project.crs
        facts.settle_fact(connection, "crs", crs if asked == "auto" else asked)
        settled = facts.read_fact(connection, "crs") or crs
    migrations.migrate(project.database, crs=settled)
    with project.database.writing("open iteration 1") as connection:
        if iterations.latest_iteration(connection) is None:
            iterations.open_iteration(connection, 1, by=by)
    return settled


def migrate_project(folder: Path) -> tuple[str, ...]:
    """Bring an older project to this program's schema, with a copy first; returns what ran."""
    database = Database(folder)
    with database.reading() as connection:
        migrations.check_schema(connection, project=str(folder))
        crs = facts.read_fact(connection, "crs")
    return migrations.migrate(database, crs=crs)


def _build(folder: Path, settings: Settings) -> None:
    for name in FOLDERS:
        (folder / name).mkdir()
    (folder / SETTINGS).write_text(settings_text(settings), encoding="utf-8")
    database = Database(folder)
    migrations.migrate(database, crs=None)
    with database.writing("init") as connection:
        facts.settle_fact(connection, "name", settings.project.name)
        facts.settle_fact(connection, "project_uuid", str(uuid.uuid4()))
        facts.settle_fact(connection, "created_at", datetime.now(UTC).isoformat())
        facts.settle_fact(connection, "created_by", f"rtsproj {__version__}")
    database.close()


def _move(source: Path, target: Path) -> None:
    if source.is_dir() and target.is_dir():
        return
    if target.exists():
        raise UsageError(f"{target} is in the way", hint="move it, or choose another folder")
    source.replace(target)
