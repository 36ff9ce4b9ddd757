"""scene, area, label, line, terrain, tile: what the project is given."""

import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from rtsproj.cli.output import print_json, print_table
from rtsproj.cli.removal import add_list, add_remove
from rtsproj.cli.session import session, whoami
from rtsproj.domain.bands import BANDS
from rtsproj.domain.days import DayOfYear, parse_day
from rtsproj.domain.labels import Polarity
from rtsproj.domain.lines import LineKind
from rtsproj.domain.places import place_of
from rtsproj.domain.scenes import Role
from rtsproj.domain.text import counted, first_of, safe_text
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
from rtsproj.workflow.sources import (
    Added,
    VectorChoice,
    add_area,
    add_exhaustive_area,
    add_labels,
    add_lines,
    add_terrain,
    read_polygons,
)
from rtsproj.workflow.tiles import Tiling, lay_tiles

app = typer.Typer(rich_markup_mode=None)
scene = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
area = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
label = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
line = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
terrain = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
app.add_typer(scene, name="scene", help="Images: add, list, bands, remove, check, relink.")
app.add_typer(area, name="area", help="What is to be mapped; default: the map scenes.")
app.add_typer(label, name="label", help="Training polygons.")
app.add_typer(line, name="line", help="Roads, railway, airstrips, stations.")
app.add_typer(terrain, name="terrain", help="Elevation rasters.")

As = Annotated[str | None, typer.Option("--as", metavar="NAME", help="Who does it.")]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]
Layer = Annotated[str | None, typer.Option(help="Layer of a file with several.")]
Where = Annotated[
    str | None, typer.Option(help="Attribute filter: highway in ('trunk','primary').")
]
AssumeCrs = Annotated[str | None, typer.Option(help="CRS of a file that names none.")]


for _kind, _group in (
    (InputKind.AREA, area),
    (InputKind.LABEL, label),
    (InputKind.LINE, line),
    (InputKind.TERRAIN, terrain),
):
    add_list(_group, _kind)
    add_remove(_group, _kind)
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


@area.command("add", epilog="Example: rtsproj area add corridor.gpkg --layer qtec")
def area_add(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    layer: Layer = None,
    where: Where = None,
    assume_crs: AssumeCrs = None,
    by: As = None,
) -> None:
    """Set what is to be mapped; an earlier area is withdrawn."""
    here = session(context)
    choice = VectorChoice(layer, where, assume_crs)
    _tell(context, add_area(here.open(), file, choice, by=whoami(by)), "area polygons")


@label.command(
    "add",
    epilog="Examples: rtsproj label add slumps.gpkg --polarity positive\n\n"
    "rtsproj label add slumps.gpkg --exhaustive-area mapped.geojson",
)
def label_add(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    layer: Layer = None,
    polarity: Annotated[str, typer.Option(help="positive or negative")] = "positive",
    where: Where = None,
    assume_crs: AssumeCrs = None,
    exhaustive_area: Annotated[
        Path | None,
        typer.Option(metavar="AREA", help="File of polygons in which every slump is labelled."),
    ] = None,
    by: As = None,
) -> None:
    """Take in training polygons; positives are the first slumps of the inventory.

    The fields of the file are kept with each outline: id, date and name are the columns
    source_uid, source_date and source_name of the views labels and inventory. Of a file with the
    field TrainClass (ARTS) the outlines of the asked polarity are taken. Ground without a label
    may hold slumps that nobody has drawn; inside --exhaustive-area it is background.
    """
    if polarity not in ("positive", "negative"):
        raise UsageError(f"polarity {polarity!r} is not known", hint="positive or negative")
    here = session(context)
    choice = VectorChoice(layer, where, assume_crs)
    project = here.open()
    if exhaustive_area is not None:
        read_polygons(project, exhaustive_area, VectorChoice())  # both are taken, or neither
    added = add_labels(project, file, choice, polarity=Polarity(polarity), by=whoami(by))
    _tell(context, added, f"{polarity} labels")
    if exhaustive_area is not None:
        area = add_exhaustive_area(project, exhaustive_area, by=whoami(by))
        _tell(context, area, "areas that are labelled all over")


@line.command(
    "add",
    epilog="Example: rtsproj line add osm.gpkg --kind road --where \"highway in ('trunk')\"",
)
def line_add(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    kind: Annotated[LineKind, typer.Option(help="What the lines are.")],
    layer: Layer = None,
    where: Where = None,
    assume_crs: AssumeCrs = None,
    by: As = None,
) -> None:
    """Take in roads or railway, airstrips or stations; the distance of every slump is measured.

    An airstrip or a station may be a point, a road or a railway may not.
    """
    here = session(context)
    choice = VectorChoice(layer, where, assume_crs)
    _tell(
        context,
        add_lines(here.open(), file, choice, kind=kind.value, by=whoami(by)),
        f"{kind} lines",
    )


@terrain.command("add", epilog="Example: rtsproj terrain add dem30m.tif")
def terrain_add(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A file, or a URL as in scene add.")],
    by: As = None,
) -> None:
    """Register an elevation raster where it lies."""
    added = add_terrain(session(context).open(), place_of(file), by=whoami(by))
    _tell(context, added, "elevation raster")


@app.command(epilog="Example: rtsproj tile --json")
def tile(context: typer.Context, as_json: Json = False) -> None:
    """Lay the grid over the area where imagery is valid; again after inputs have changed."""
    here = session(context)
    tiling = lay_tiles(here.open(), progress=here.talk.work)
    here.talk.done()
    if as_json:
        print_json({"added": tiling.added, "tiles": tiling.tiles, "valid_km2": tiling.valid_km2})
        return
    here.talk.say(
        f"{counted(tiling.tiles, 'tile')} ({tiling.added} new), {tiling.valid_km2:,.2f} km2 valid"
    )
    print(tile_map(tiling))


def tile_map(tiling: Tiling, *, widest: int = 78) -> str:
    """The grid as text: one character for one or more tiles, by their valid share."""
    if not tiling.cells:
        return ""
    top = min(row for row, _, _ in tiling.cells)
    left = min(col for _, col, _ in tiling.cells)
    across = max(col for _, col, _ in tiling.cells) - left + 1
    step = -(-across // widest)
    cells: dict[tuple[int, int], list[float]] = {}
    for row, col, share in tiling.cells:
        cells.setdefault(((row - top) // step, (col - left) // step), []).append(share)
    rows = max(row for row, _ in cells) + 1
    columns = max(col for _, col in cells) + 1
    shades = "░▒▓█"
    lines = []
    for row in range(rows):
        shares = [cells.get((row, col), []) for col in range(columns)]
        lines.append(
            "".join(shades[min(3, int(4 * sum(one) / len(one)))] if one else "·" for one in shares)
        )
    return "\n".join(lines)


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


def _tell(context: typer.Context, added: Added, what: str) -> None:
    here = session(context)
    size = f", {added.area_m2 / 1e4:,.2f} ha" if added.area_m2 else ""
    here.talk.say(f"{added.features} {what} taken in (source {added.source_id}){size}")
    if added.repeated:
        names = first_of(added.repeated)
        here.talk.say(f"left out: {len(added.repeated)} that repeat another outline ({names})")
    if added.other_class:
        here.talk.say(f"left out: {len(added.other_class)} whose TrainClass is the other one")
    if added.repaired:
        here.talk.say(f"repaired: {len(added.repaired)} invalid ({first_of(added.repaired)})")
    if added.listed:
        here.talk.say(f"all are listed in {added.listed}")
