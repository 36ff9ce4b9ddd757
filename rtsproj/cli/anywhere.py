"""Global options that may also stand after the verb: `rtsproj status -C DIR` as `-C DIR status`."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
import typer.main

from rtsproj.cli.output import Talk
from rtsproj.cli.session import session


def _folder(context: typer.Context, value: Path | None) -> None:
    if value is not None:
        _change(context, folder=value)


def _quiet(context: typer.Context, *, value: bool) -> None:
    if value:
        _change(context, talk=Talk(quiet=True))


def _verbose(context: typer.Context, *, value: bool) -> None:
    if value:
        _change(context, verbose=True)


def _change(context: typer.Context, **what: Any) -> None:
    context.find_root().obj = replace(session(context), **what)


_options = typer.Typer(add_completion=False)


@_options.command()
def _shared(
    global_folder: Annotated[
        Path | None,
        typer.Option("-C", metavar="DIR", callback=_folder, expose_value=False, hidden=True),
    ] = None,
    global_quiet: Annotated[
        bool,
        typer.Option("-q", "--quiet", callback=_quiet, expose_value=False, hidden=True),
    ] = False,
    global_verbose: Annotated[
        bool,
        typer.Option("-v", "--verbose", callback=_verbose, expose_value=False, hidden=True),
    ] = False,
) -> None:
    """Holds the options, under names that no verb gives its own parameters; never run."""
    del global_folder, global_quiet, global_verbose


def with_global_options(command: Any) -> Any:
    """A command, or a group with all its commands, that takes the global options, too."""
    command.params = [*command.params, *typer.main.get_command(_options).params]
    for one in getattr(command, "commands", {}).values():
        with_global_options(one)
    return command
