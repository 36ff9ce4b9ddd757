"""Health and safety of a project: checks, backups, restore from backup and journal."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rtsproj.errors import NeedsError, RtsError
from rtsproj.imagery.objects.allowed import allowed_starts
from rtsproj.jobs.files import sha256_of
from rtsproj.jobs.folder import JobFolder
from rtsproj.jobs.state import status_of
from rtsproj.journal.lines import (
    Mark,
    analyst_of,
    check,
    cut_torn_tail,
    journal_files,
    journal_path,
)
from rtsproj.settings.machine import machine_path
from rtsproj.store import migrations
from rtsproj.store.database import FILE, rows
from rtsproj.store.ledger import read_marks
from rtsproj.workflow.create import migrate_project
from rtsproj.workflow.jobs import RUNNING
from rtsproj.workflow.project import Project, catch_up_journal, has_crs, open_project, reading
from rtsproj.workflow.reopened import open_in_closed
from rtsproj.workflow.scenes import check_scenes


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its state is ok, mended, warning or damaged; the remedy says what to do."""

    name: str
    state: str
    detail: str
    remedy: str = ""


def examine(project: Project, *, deep: bool, fix: bool) -> tuple[Check, ...]:
    """Check journal, database, models and, with ``deep``, every image."""
    checks = [*_journals(project, fix=fix), _replayed(project), *_reopened(project)]
    checks.extend(_models(project))
    checks.extend((*_leftovers(project, fix=fix), _stores()))
    if deep:
        checks.extend(
            Check(
                f"scene {one.scene_id}",
                "ok" if one.state == "ok" else "warning",
                f"{one.path} {one.state}" + (f": {one.why}" if one.why else ""),
                "rtsproj scene relink",
            )
            for one in check_scenes(project)
        )
    return tuple(checks)


def back_up(project: Project) -> Path:
    """Copy the database; the journals are small text files and are copied beside it."""
    tag = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    target = migrations.back_up(project.database, tag)
    folder = target.with_suffix(".journal")
    folder.mkdir()
    for path in journal_files(project.journal):
        (folder / path.name).write_bytes(path.read_bytes())
    return target


def restore_from(start: Path, backup: Path | None) -> tuple[Project, int]:
    """Put a backup of the database in place and replay the journals onto it.

    The present database, if any, is kept beside it as ``project.duckdb.replaced``.

    Returns:
        The project and the number of decisions that the backup lacked.

    Raises:
        NeedsError: there is no backup.
    """
    folder = next((one for one in (start, *start.parents) if (one / "project.toml").exists()), None)
    if folder is None:
        raise NeedsError(f"no project in {start} or above it", hint="give -C DIR")
    made = sorted((folder / "backups").glob("project-*.duckdb"), key=lambda p: p.stat().st_mtime)
    # Copies from before a migration are the last resort: they may be older than every scene.
    backups = sorted(made, key=lambda path: "-before-" not in path.name)
    source = backup or (backups[-1] if backups else None)
    if source is None or not source.is_file():
        raise NeedsError(f"{source or folder / 'backups'} holds no backup", hint="give its path")
    database = folder / FILE
    part = database.with_suffix(".part")
    part.write_bytes(source.read_bytes())
    for old in (database, database.with_suffix(".duckdb.wal")):
        if old.exists():
            old.replace(old.with_name(old.name + ".replaced"))
    part.replace(database)
    migrate_project(folder)
    project = open_project(folder)
    return project, catch_up_journal(project)


def _journals(project: Project, *, fix: bool) -> list[Check]:
    checks = []
    marks = _marks(project)
    for analyst in sorted(set(marks) - {analyst_of(one) for one in journal_files(project.journal)}):
        path = journal_path(project.journal, analyst)
        detail = f"{path} is missing; the database holds decisions of it"
        checks.append(Check(path.name, "damaged", detail, "restore journal/ from a backup"))
    for path in journal_files(project.journal):
        cut = cut_torn_tail(path) if fix else 0
        try:
            mark = check(path)
        except RtsError as error:
            checks.append(Check(path.name, "damaged", error.what, error.hint))
            continue
        torn = path.stat().st_size - mark.size_bytes
        state = "mended" if cut else "warning" if torn else "ok"
        checks.append(Check(path.name, state, f"{mark.size_bytes} bytes, {torn or cut} torn"))
        known = marks.get(analyst_of(path), Mark())
        if known.size_bytes > mark.size_bytes:
            detail = f"{path} is shorter than the database knows it"
            checks.append(Check(path.name, "damaged", detail, "restore journal/ from a backup"))
        elif known.size_bytes == mark.size_bytes and known != mark:
            detail = f"{path} holds other lines than the database knows"
            checks.append(Check(path.name, "damaged", detail, "restore journal/ from a backup"))
    return checks


def _marks(project: Project) -> dict[str, Mark]:
    """How far each analyst's journal is contained in the database."""
    if not has_crs(project):
        return {}
    with reading(project) as connection:
        return read_marks(connection)


def _reopened(project: Project) -> list[Check]:
    text = open_in_closed(project)
    return [Check("decisions", "warning", text, "rtsproj triage")] if text else []


def _replayed(project: Project) -> Check:
    try:
        taken = catch_up_journal(project)
    except RtsError as error:
        return Check("journal and database", "damaged", error.what, error.hint)
    if taken:
        return Check("journal and database", "mended", f"{taken} decisions replayed")
    return Check("journal and database", "ok", "both hold the same decisions")


def _stores() -> Check:
    """From where this machine may read images over the network; nothing is asked of them."""
    try:
        starts = allowed_starts()
    except RtsError as error:
        return Check("object stores", "warning", error.what, error.hint)
    listed = ", ".join(map(str, starts)) or "none"
    return Check("object stores", "ok", f"{listed} allowed on this machine ({machine_path()})")


def _models(project: Project) -> list[Check]:
    if not has_crs(project):
        return []
    with reading(project) as connection:
        found = rows(connection, "SELECT model_id, path, sha256 FROM models ORDER BY model_id")
    return [
        Check(
            f"model {row['model_id']}",
            "ok" if sha256_of(project.folder / row["path"]) == row["sha256"] else "damaged",
            row["path"],
            "restore the file from a backup, or train again",
        )
        for row in found
    ]


_UNFINISHED = ("partial", "part", "spool")
"""Ends of names that a worker gives to files it has not finished."""


def _leftovers(project: Project, *, fix: bool) -> list[Check]:
    parts = [
        path
        for pattern in ("models/*.part", "exports/.*.part", "reports/.*.part", "backups/*.part")
        for path in project.folder.glob(pattern)
    ]
    for folder in sorted(project.folder.glob("jobs/*")):
        if status_of(JobFolder(folder)).state not in RUNNING:
            parts.extend(path for end in _UNFINISHED for path in folder.rglob(f".*.{end}"))
    for path in parts if fix else ():
        path.unlink()
    state = "ok" if not parts else "mended" if fix else "warning"
    return [Check("temporary files", state, f"{len(parts)} left", "rtsproj doctor --fix")]
