"""doctor, backup, restore, migrate: the project's health."""

from pathlib import Path
from typing import Annotated

import typer

from rtsproj.cli.output import print_json, print_table
from rtsproj.cli.session import session
from rtsproj.domain.text import counted
from rtsproj.errors import DamagedError
from rtsproj.workflow.care import back_up, examine, restore_from
from rtsproj.workflow.create import migrate_project
from rtsproj.workflow.project import find_project

app = typer.Typer(rich_markup_mode=None)


@app.command(epilog="Example: rtsproj doctor --deep")
def doctor(
    context: typer.Context,
    deep: Annotated[bool, typer.Option("--deep", help="Also read every model and image.")] = False,
    fix: Annotated[bool, typer.Option("--fix", help="Mend what can be mended.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Check journal, database, models, jobs and images; exit 5 where something is damaged."""
    here = session(context)
    found = examine(here.open(), deep=deep, fix=fix)
    if as_json:
        print_json(found)
    else:
        print_table(("check", "state", "detail"), [(c.name, c.state, c.detail) for c in found])
    bad = [one for one in found if one.state == "damaged"]
    if bad:
        raise DamagedError(f"{len(bad)} checks found damage", hint=bad[0].remedy)


@app.command(epilog="Example: rtsproj backup")
def backup(context: typer.Context) -> None:
    """Copy database and journals into backups/; prints the copy's path."""
    print(back_up(session(context).open()))


@app.command(epilog="Example: rtsproj restore backups/project-20260131-120000.duckdb")
def restore(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]")] = None,
) -> None:
    """Put a backup back (default: the newest) and replay the journals onto it."""
    here = session(context)
    start = here.folder.absolute()
    project, decisions = restore_from(start, file)
    here.talk.say(
        f"restored {project.folder}; {counted(decisions, 'decision')} replayed from the journal"
    )


@app.command(epilog="Example: rtsproj migrate")
def migrate(context: typer.Context) -> None:
    """Bring an older project to this program's schema; a copy is kept in backups/."""
    here = session(context)
    done = migrate_project(find_project(here.folder))
    here.talk.say(f"applied {', '.join(done)}" if done else "the schema is current")
