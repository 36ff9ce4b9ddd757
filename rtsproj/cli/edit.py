"""edit: outlines out to a GIS and back."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from rtsproj.cli.collecting import collect
from rtsproj.cli.output import print_json
from rtsproj.cli.session import Session, session, whoami
from rtsproj.domain.ids import candidate_name, slump_name
from rtsproj.domain.text import counted
from rtsproj.errors import UsageError
from rtsproj.workflow.edit import (
    Comparison,
    Missing,
    Taken,
    change_lines,
    compare,
    export_outlines,
    take,
)

app = typer.Typer(rich_markup_mode=None)
edit = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
app.add_typer(
    edit,
    name="edit",
    help="Outlines: out to a GIS, and back with the differences.",
    epilog="Example: rtsproj edit export outlines.gpkg",
)

Json = Annotated[bool, typer.Option("--json", help="For programs.")]
As = Annotated[str | None, typer.Option("--as", metavar="NAME", help="Who edited.")]


@edit.command("export", epilog="Example: rtsproj edit export outlines.gpkg")
def edit_export(
    context: typer.Context, file: Annotated[Path, typer.Argument(metavar="FILE.gpkg")]
) -> None:
    """Write the inventory's outlines and those of open candidates for editing in QGIS."""
    here = session(context)
    project = here.open()
    collect(here, project)
    count = export_outlines(project, file)
    here.talk.say(
        f"{counted(count, 'outline')} written to {file}; leave the id columns as they are"
    )


@edit.command("import", epilog="Example: rtsproj edit import outlines.gpkg --yes")
def edit_import(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE.gpkg")],
    yes: Annotated[
        bool, typer.Option("--yes", help="Take the differences without asking.")
    ] = False,
    deleted: Annotated[
        str, typer.Option(help="Candidates that the file lacks: keep or reject.")
    ] = "keep",
    by: As = None,
    as_json: Json = False,
) -> None:
    """Show what an edited file changes, then take it; wrong ids are refused.

    A split (two features with one id): the first part keeps the id, each further one becomes a
    slump or, of an open candidate, a candidate. `rtsproj slump remove` takes a new slump out again.
    """
    here = session(context)
    project = here.open()
    collect(here, project)
    missing = _missing(deleted)
    found = compare(project, file)
    if not as_json:
        _show(found, deleted)
        for one in found.warnings:
            here.talk.say(f"warning: {one}")
    taken = Taken(0)
    if found.changes and (yes or _agreed(here)):
        taken = take(project, found, analyst=whoami(by), missing=missing)
    if as_json:
        print_json(_values(found, taken))
        return
    _tell(here, found, taken)


def _tell(here: Session, found: Comparison, taken: Taken) -> None:
    if not found.changes:
        here.talk.say(f"{counted(found.same, 'outline')} unchanged: nothing to take")
    elif taken.outlines or taken.rejected:
        here.talk.say(
            f"{counted(taken.outlines, 'outline')} taken, "
            f"{counted(taken.rejected, 'candidate')} rejected"
        )
        for name, number in taken.slumps:
            here.talk.say(f"{name} is {slump_name(number)}")
        for name, number in taken.candidates:
            here.talk.say(f"{name} is {candidate_name(number)}, open")
    else:
        here.talk.say("nothing taken; repeat with --yes")


def _show(found: Comparison, deleted: str) -> None:
    for line in change_lines(found.changes):
        print(line)
    gone = sum(one.what == "deleted" for one in found.changes)
    if gone:
        print(f"{gone} that the file lacks: {deleted} (--deleted)")
    for one in found.repaired:
        print(f"feature {one}: its geometry is made valid")


def _agreed(here: Session) -> bool:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    here.talk.say("take these differences? y or n")
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _missing(text: str) -> Missing:
    if text == "keep":
        return "keep"
    if text == "reject":
        return "reject"
    raise UsageError(f"--deleted {text}", hint="keep or reject")


def _values(found: Comparison, taken: Taken) -> dict[str, object]:
    return {
        "changes": [
            {
                "what": one.what,
                "name": one.name,
                "candidate_id": one.candidate_id or None,
                "slump_id": one.slump_id or None,
                "before_m2": one.before_m2,
                "after_m2": one.after_m2,
            }
            for one in found.changes
        ],
        "same": found.same,
        "repaired": found.repaired,
        "warnings": found.warnings,
        "taken": taken.outlines,
        "rejected": taken.rejected,
        "new_slumps": [{"name": name, "slump_id": number} for name, number in taken.slumps],
        "new_candidates": [
            {"name": name, "candidate_id": number} for name, number in taken.candidates
        ],
    }
