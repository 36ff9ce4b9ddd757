"""slump: add slumps that no model found."""

from pathlib import Path
from typing import Annotated

import typer

from rtsproj.cli.inputs import As, AssumeCrs, Json, Layer, Where
from rtsproj.cli.output import print_json
from rtsproj.cli.session import session, whoami
from rtsproj.domain.ids import slump_name
from rtsproj.domain.text import counted, first_of
from rtsproj.workflow.drawing import Drawing, DrawnSlumps, add_slumps
from rtsproj.workflow.sources import VectorChoice

app = typer.Typer(rich_markup_mode=None)
slump = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
app.add_typer(
    slump,
    name="slump",
    help="Slumps that no model found: add them from a file.",
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
