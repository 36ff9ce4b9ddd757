"""settings: list, get, set."""

from typing import Annotated

import typer

from rtsproj.cli.output import print_json, print_table
from rtsproj.cli.session import session
from rtsproj.settings.catalogue import setting_lines
from rtsproj.settings.write import toml_text
from rtsproj.workflow.project import find_project
from rtsproj.workflow.settings import find_setting, list_settings, set_setting

app = typer.Typer(rich_markup_mode=None)
settings = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    epilog="Example: rtsproj settings set train.steps 300",
)
app.add_typer(settings, name="settings", help="Settings of project.toml: list, get, set.")

Json = Annotated[bool, typer.Option("--json", help="For programs.")]
Key = Annotated[str, typer.Argument(metavar="KEY", help="Such as train.steps.")]


@app.callback()
def group() -> None:
    """Settings."""


@settings.command("list", epilog="Example: rtsproj settings list --changed")
def settings_list(
    context: typer.Context,
    changed: Annotated[
        bool, typer.Option("--changed", help="Only those that differ from the preset.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show every key with its value, range and unit, and where the value comes from."""
    found = list_settings(find_project(session(context).folder))
    if changed:
        found = tuple(one for one in found if one.source == "project.toml")
    if as_json:
        print_json(found)
        return
    rows = [(one.key, toml_text(one.value), one.accepted, one.source) for one in found]
    print_table(("key", "value", "accepted", "source"), rows)


@settings.command("get", epilog="Example: rtsproj settings get train.steps")
def settings_get(context: typer.Context, key: Key, as_json: Json = False) -> None:
    """Print the value of a key; -v adds what it means."""
    here = session(context)
    found = find_setting(find_project(here.folder), key)
    if as_json:
        print_json(found)
        return
    print(toml_text(found.value))
    if here.verbose:
        for line in setting_lines(found):
            here.talk.say(line)


@settings.command(
    "set",
    epilog="Example: rtsproj settings set train.steps 300",
    context_settings={"ignore_unknown_options": True},  # -5 is a value
)
def settings_set(
    context: typer.Context,
    key: Key,
    value: Annotated[str, typer.Argument(metavar="VALUE", help="As in TOML; lists as a,b,c.")],
    as_json: Json = False,
) -> None:
    """Change a value in project.toml: checked before it is written, comments stay."""
    here = session(context)
    done = set_setting(find_project(here.folder), key, value)
    if as_json:
        print_json(done)
        return
    here.talk.say(f"{done.key} = {toml_text(done.now)} (was {toml_text(done.before)})")
