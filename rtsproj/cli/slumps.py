"""slump: add slumps that no model found, show one, remove those that no candidate shows."""

from pathlib import Path
from typing import Annotated

import typer

from rtsproj.cli.options import As, AssumeCrs, Json, Layer, Where
from rtsproj.cli.output import print_json, print_table
from rtsproj.cli.session import session, whoami
from rtsproj.domain.ids import read_slump_id, slump_name
from rtsproj.domain.text import counted, first_of
from rtsproj.workflow.drawing import Drawing, DrawnSlumps, add_slumps
from rtsproj.workflow.slumps import read_slump, remove_slumps
from rtsproj.workflow.sources import VectorChoice

app = typer.Typer(rich_markup_mode=None)
slump = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
app.add_typer(
    slump,
    name="slump",
    help="Slumps: add what no model found, show one, remove what was drawn, imported or known.",
    epilog="Example: rtsproj slump add missed.gpkg",
)


@slump.command("add", epilog="Example: rtsproj slump add missed.gpkg --note 'seen in the field'")
def slump_add(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    layer: Layer = None,
    where: Where = None,
    assume_crs: AssumeCrs = None,
    note: Annotated[str, typer.Option(help="Why, or from where; kept with each slump.")] = "",
    by: As = None,
    as_json: Json = False,
) -> None:
    """Add polygons as drawn slumps: in the inventory at once, in training from the next one on.

    An outline that shares half of itself, or of a known slump, is left out and named with it.
    `rtsproj undo` takes back all that one call added.
    """
    here = session(context)
    how = Drawing(whoami(by), note)
    done = add_slumps(here.open(), file, VectorChoice(layer, where, assume_crs), how)
    if as_json:
        print_json(_values(done))
        return
    here.talk.say(f"{counted(len(done.added), 'drawn slump')} in iteration {done.iteration}")
    for one in done.added:
        here.talk.say(f"  {slump_name(one.slump_id)}  {one.area_m2 / 1e4:,.3f} ha")
    if done.known:
        names = first_of([f"{fid} is {name}" for fid, name in done.known])
        here.talk.say(f"left out: {len(done.known)} known already ({names})")
    if done.repaired:
        here.talk.say(f"repaired: {len(done.repaired)} invalid ({first_of(done.repaired)})")
    if done.listed:
        here.talk.say(f"all are listed in {done.listed}")


@slump.command("show", epilog="Example: rtsproj slump show RTS-00012")
def slump_show(
    context: typer.Context,
    slump: Annotated[str, typer.Argument(metavar="ID", help="RTS-00012 or 12.")],
    as_json: Json = False,
) -> None:
    """Show what is known of a slump: measures, nearest lines, and the fields of its file."""
    card = read_slump(session(context).open(), read_slump_id(slump))
    if as_json:
        print_json(card)
        return
    rows = [(name, value) for name, value in card.facts.items() if value not in (None, "")]
    rows += [
        (f"to {one['kind']}", f"{one['distance_m']:.1f} m  {one['line_name'] or ''}".rstrip())
        for one in card.near
    ]
    rows += [(f"file {name}", value) for name, value in card.attributes.items()]
    print_table(("what", "value"), rows)


@slump.command("remove", epilog="Example: rtsproj slump remove RTS-00012 --note 'a pond'")
def slump_remove(
    context: typer.Context,
    slumps: Annotated[list[str], typer.Argument(metavar="ID…", help="RTS-00012 or 12.")],
    note: Annotated[str, typer.Option(help="Why; kept with each slump.")] = "",
    by: As = None,
    as_json: Json = False,
) -> None:
    """Remove slumps that were drawn, imported from a GIS, or known before the first search.

    A slump that an accepted candidate shows is decided with `rtsproj decide`. `rtsproj undo` puts
    back all that one call removed.
    """
    here = session(context)
    wanted = [read_slump_id(one) for one in slumps]
    done = remove_slumps(here.open(), wanted, by=whoami(by), note=note)
    if as_json:
        print_json(done)
        return
    names = ", ".join(slump_name(one.slump_id) for one in done)
    here.talk.say(f"removed: {names}; rtsproj undo puts back")


def _values(done: DrawnSlumps) -> dict[str, object]:
    return {
        "iteration": done.iteration,
        "added": [
            {
                "slump_id": one.slump_id,
                "name": slump_name(one.slump_id),
                "area_m2": one.area_m2,
                "version_id": one.version_id,
            }
            for one in done.added
        ],
        "known": [{"feature": fid, "same_as": name} for fid, name in done.known],
        "repaired": done.repaired,
        "listed": done.listed,
    }
