"""scene: the images of a project."""

import sys
from dataclasses import replace
from datetime import date
from typing import Annotated

import typer

from rtsproj.cli.options import As, AssumeCrs, Json
from rtsproj.cli.output import print_json, print_table
from rtsproj.cli.removal import add_remove
from rtsproj.cli.session import session, whoami
from rtsproj.domain.bands import BANDS
from rtsproj.domain.days import DayOfYear, parse_day
from rtsproj.domain.places import place_of
from rtsproj.domain.scenes import Role
from rtsproj.domain.text import safe_text
from rtsproj.errors import UndatedError, UsageError
from rtsproj.workflow.bands import FileBands, band_names, file_bands
from rtsproj.workflow.inputs import InputKind
from rtsproj.workflow.scenes import (
    SceneChoice,
    add_scenes,
    check_scenes,
    list_scenes,
    relink_scene,
)

app = typer.Typer(rich_markup_mode=None)
scene = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
app.add_typer(scene, name="scene", help="Images: add, list, bands, remove, check, relink.")
add_remove(scene, InputKind.SCENE)


@scene.command(
    "add",
    epilog="Example: rtsproj scene add images/2019*.tif s3://bucket/2019/east.tif --role map",
)
def scene_add(
    context: typer.Context,
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH…",
            help="GeoTIFF or COG files; or URLs (s3, gs, az, https) below the places that this "
            "machine allows: imagery.object_stores in ~/.config/rtsproj/machine.toml.",
        ),
    ],
    acquired: Annotated[
        str | None,
        typer.Option(
            "--date",
            help="YYYY-MM-DD, or MM-DD where the names hold the year alone; default: from name or "
            "metadata.",
        ),
    ] = None,
    role: Annotated[str, typer.Option(help="map = searched; history = evidence.")] = "map",
    bands: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,…",
            help=f"Names in file order: {', '.join(BANDS)}; or the sensor's numbers, B02,B03. "
            "Others are kept as given. `scene bands FILE` shows what each band holds.",
        ),
    ] = None,
    assume_crs: AssumeCrs = None,
    by: As = None,
    as_json: Json = False,
) -> None:
    """Register images where they lie; pixels are never copied or changed."""
    here = session(context)
    choice = SceneChoice(
        role=_role(role),
        acquired=parse_day(acquired) if acquired else None,
        bands=tuple(one.strip() for one in bands.split(",")) if bands else (),
        assume_crs=assume_crs,
    )
    places = [place_of(one) for one in paths]
    project, who = here.open(), whoami(by)
    try:
        added = add_scenes(project, places, choice, by=who, progress=here.talk.work)
    except UndatedError as error:
        choice = replace(choice, acquired=_asked_day(error))
        added = add_scenes(project, places, choice, by=who, progress=here.talk.work)
    here.talk.done()
    if as_json:
        print_json(added)
        return
    for one in added:
        here.talk.say(
            f"scene {one.scene_id}  {one.name}  {one.role}  {one.acquired}  "
            f"{','.join(one.bands)}  {one.dtype}  clear {100 * one.clear_share:.1f} %"
        )


@scene.command("list", epilog="Example: rtsproj scene list --json")
def scene_list(context: typer.Context, as_json: Json = False) -> None:
    """Show the registered images."""
    found = list_scenes(session(context).open())
    if as_json:
        print_json(found)
        return
    header = ("id", "role", "date", "bands", "dtype", "clear %", "path")
    print_table(
        header,
        [
            (
                one.scene_id,
                one.role,
                one.acquired,
                ",".join(one.bands),
                one.dtype,
                f"{100 * one.clear_share:.1f}",
                one.path,
            )
            for one in found
        ],
    )


@scene.command("bands", epilog="Example: rtsproj scene bands images/unknown.tif")
def scene_bands(
    context: typer.Context,
    path: Annotated[
        str | None, typer.Argument(metavar="[PATH]", help="A file or URL; default: all names.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show the names that --bands takes, or what each band of a file holds."""
    if path is None:
        names = band_names()
        if as_json:
            print_json(names)
        else:
            rows = [(one.name, one.meaning, ", ".join(one.numbers)) for one in names]
            print_table(("name", "meaning", "number"), rows)
        return
    found = file_bands(place_of(path))
    if as_json:
        print_json(found)
        return
    header = ("band", "name", "description", "min", "mean", "max", "valid %")
    print_table(header, _band_rows(found))
    if found.names is None:
        session(context).talk.say("the names are not known: give them with scene add --bands")


@scene.command("check", epilog="Example: rtsproj scene check")
def scene_check(context: typer.Context, as_json: Json = False) -> None:
    """Compare every image with its recorded fingerprint; exit 2 if one changed."""
    found = check_scenes(session(context).open())
    if as_json:
        print_json(found)
    else:
        print_table(("id", "state", "path"), [(c.scene_id, c.state, c.path) for c in found])
    bad = [one for one in found if one.state != "ok"]
    if bad:
        reasons = "; ".join(dict.fromkeys(one.why for one in bad if one.why))
        raise UsageError(
            f"{len(bad)} of {len(found)} images are missing, changed or not read"
            + (f": {reasons}" if reasons else ""),
            hint="put them back, or `rtsproj scene relink ID PATH`",
        )


@scene.command("relink", epilog="Example: rtsproj scene relink 3 /data/new/place/image.tif")
def scene_relink(
    context: typer.Context,
    scene_id: Annotated[int, typer.Argument(metavar="ID")],
    path: Annotated[str, typer.Argument(metavar="PATH", help="A file, or a URL as in scene add.")],
) -> None:
    """Point an image at its new place; only the same image is accepted."""
    here = session(context)
    found = relink_scene(here.open(), scene_id, place_of(path))
    here.talk.say(f"scene {scene_id} is now {safe_text(found.path)}")


def _band_rows(found: FileBands) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for one in found.statistics:
        figures = (None if v is None else f"{v:.5g}" for v in (one.least, one.mean, one.most))
        name = found.names[one.number - 1] if found.names else "?"
        share = f"{100 * one.valid_share:.1f}"
        rows.append((one.number, name, one.description, *figures, share))
    return rows


def _asked_day(error: UndatedError) -> date | DayOfYear:
    """Ask once for the day of all files; where nobody can answer, the error stands."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise error
    print(f"{error.what}\n{error.hint}\ndate, YYYY-MM-DD or MM-DD:", file=sys.stderr)
    return parse_day(sys.stdin.readline())


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError:
        raise UsageError(f"role {text!r} is not known", hint="map or history") from None
