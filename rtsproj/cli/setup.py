"""init: a new project."""

from pathlib import Path
from typing import Annotated

import typer

from rtsproj.cli.session import session
from rtsproj.errors import UsageError
from rtsproj.settings import Preset
from rtsproj.workflow.create import init_project

app = typer.Typer(rich_markup_mode=None)
PRESETS: dict[str, Preset] = {"default": "default", "xia2022": "xia2022"}


@app.callback()
def group() -> None:
    """New projects."""


@app.command(epilog="Example: rtsproj init qtec --name 'QTEC corridor' --crs EPSG:32646")
def init(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Made where missing.")],
    name: Annotated[str | None, typer.Option(help="Title; default: the folder's name.")] = None,
    crs: Annotated[
        str | None,
        typer.Option(help="Project CRS, EPSG:n in metres; default: UTM of the first image."),
    ] = None,
    preset: Annotated[str, typer.Option(help="default, or xia2022 (the published loop).")] = (
        "default"
    ),
) -> None:
    """Make a new project directory."""
    if preset not in PRESETS:
        raise UsageError(f"preset {preset!r} is not known", hint="default or xia2022")
    here = session(context)
    base = here.folder / folder if not folder.is_absolute() else folder
    project = init_project(base, title=name, crs=crs, preset=PRESETS[preset])
    here.talk.say(f"new project {project.settings.project.name} in {project.folder}")
    here.talk.say(f"next: rtsproj -C {project.folder} scene add PATH…")
