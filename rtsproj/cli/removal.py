"""list and remove, the same for every kind of input."""

import sys
from typing import Annotated

import typer

from rtsproj.cli.output import print_json, print_table
from rtsproj.cli.session import session, whoami
from rtsproj.errors import UsageError
from rtsproj.workflow.inputs import Input, InputKind, list_inputs
from rtsproj.workflow.removal import (
    Removal,
    preview_removal,
    removal_lines,
    remove_input,
    removed_text,
)

Number = Annotated[int, typer.Argument(metavar="ID", help="As the list shows it.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show what depends on it.")]
Yes = Annotated[bool, typer.Option("--yes", help="Remove without asking.")]
As = Annotated[str | None, typer.Option("--as", metavar="NAME", help="Who does it.")]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]


def add_list(group: typer.Typer, kind: InputKind) -> None:
    """Give a group of verbs its list."""

    @group.command("list", epilog=f"Example: rtsproj {kind} list --json")
    def show(context: typer.Context, as_json: Json = False) -> None:
        """Show what is in use, with the id that `remove` takes."""
        found = list_inputs(session(context).open(), kind)
        if as_json:
            print_json(found)
            return
        header = ("id", "kind", "features", "km2", "layer", "where", "added", "by", "path")
        print_table(header, [_row(one) for one in found])


def add_remove(group: typer.Typer, kind: InputKind) -> None:
    """Give a group of verbs its removal."""

    @group.command("remove", epilog=f"Example: rtsproj {kind} remove 3 --dry-run")
    def remove(
        context: typer.Context,
        number: Number,
        dry_run: DryRun = False,
        yes: Yes = False,
        by: As = None,
        as_json: Json = False,
    ) -> None:
        """Take an input back: shows what depends on it, asks, then computes that anew.

        The row stays in the database as withdrawn; files and decisions are not changed.
        """
        here = session(context)
        project = here.open()
        removal = preview_removal(project, kind, number)
        if dry_run:
            _show(removal, as_json=as_json)
            return
        if not (yes or _agreed(removal)):
            raise UsageError(
                f"{kind} {number} was not removed",
                hint="--yes removes it without asking; --dry-run shows what depends on it",
            )
        done = remove_input(project, kind, number, by=whoami(by), progress=here.talk.work)
        here.talk.done()
        if as_json:
            print_json(done)
        here.talk.say(removed_text(done))


def _show(removal: Removal, *, as_json: bool) -> None:
    if as_json:
        print_json(removal)
    else:
        print(*removal_lines(removal), sep="\n")


def _agreed(removal: Removal) -> bool:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    print(*removal_lines(removal), "remove it? y or n", sep="\n", file=sys.stderr)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _row(one: Input) -> tuple[object, ...]:
    size = None if one.area_m2 is None else f"{one.area_m2 / 1e6:,.4f}"
    day = f"{one.added_at:%Y-%m-%d}"
    return (
        one.id,
        one.detail,
        one.features,
        size,
        one.layer,
        one.where_expr,
        day,
        one.added_by,
        one.uri,
    )
