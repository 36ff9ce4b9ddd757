"""Options that several verbs share."""

from typing import Annotated

import typer

As = Annotated[str | None, typer.Option("--as", metavar="NAME", help="Who does it.")]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]
Layer = Annotated[str | None, typer.Option(help="Layer of a file with several.")]
Where = Annotated[
    str | None, typer.Option(help="Attribute filter: highway in ('trunk','primary').")
]
AssumeCrs = Annotated[str | None, typer.Option(help="CRS of a file that names none.")]
