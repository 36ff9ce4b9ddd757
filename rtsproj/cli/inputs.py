"""area, label, line, terrain, tile: what the project is given besides images."""

from pathlib import Path
from typing import Annotated

import typer

from rtsproj.cli.options import As, AssumeCrs, Json, Layer, Where
from rtsproj.cli.output import print_json
from rtsproj.cli.removal import add_list, add_remove
from rtsproj.cli.session import session, whoami
from rtsproj.domain.labels import Polarity
from rtsproj.domain.lines import LineKind
from rtsproj.domain.places import place_of
from rtsproj.domain.text import counted, first_of
from rtsproj.errors import UsageError
from rtsproj.workflow.inputs import InputKind
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
area = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
label = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
line = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
terrain = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
app.add_typer(area, name="area", help="What is to be mapped; default: the map scenes.")
app.add_typer(label, name="label", help="Training polygons.")
app.add_typer(line, name="line", help="Roads, railway, airstrips, stations.")
app.add_typer(terrain, name="terrain", help="Elevation rasters.")

for _kind, _group in (
    (InputKind.AREA, area),
    (InputKind.LABEL, label),
    (InputKind.LINE, line),
    (InputKind.TERRAIN, terrain),
):
    add_list(_group, _kind)
    add_remove(_group, _kind)


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
