"""sql, report, export: what comes out."""

import csv
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rtsproj.cli.collecting import collect
from rtsproj.cli.output import print_table
from rtsproj.cli.session import session
from rtsproj.errors import RtsError, UsageError
from rtsproj.workflow.project import Project

if TYPE_CHECKING:
    from rtsproj.workflow.deliver import Delivery
    from rtsproj.workflow.sql import Table

app = typer.Typer(rich_markup_mode=None)


@app.command(epilog="Example: rtsproj sql 'SELECT name, area_m2 FROM inventory ORDER BY area_m2'")
def sql(
    context: typer.Context,
    query: Annotated[
        str | None, typer.Argument(metavar="QUERY", help="One query; - reads standard input.")
    ] = None,
    form: Annotated[str, typer.Option("--format", help="table, csv, json or parquet")] = "table",
    output: Annotated[Path | None, typer.Option("-o", metavar="FILE")] = None,
    shell: Annotated[bool, typer.Option("--shell", help="An interactive session.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Same as --format json.")] = False,
) -> None:
    """Ask the project in SQL: read-only, on a snapshot; it blocks nobody.

    Views: inventory, iterations, candidates, decisions, proximity, scenes, tiles, labels, lines,
    jobs, models; macro near_infrastructure(metres).
    """
    project = session(context).open()
    if shell:
        _shell(project)
        return
    if query is None:
        raise UsageError("sql needs a query", hint="rtsproj sql 'FROM inventory', or --shell")
    text = sys.stdin.read() if query == "-" else query
    _answer(project, text, form="json" if as_json else form, output=output)


@app.command(epilog="Example: rtsproj report --format html -o reports")
def report(
    context: typer.Context,
    form: Annotated[str, typer.Option("--format", help="text, html or json")] = "text",
    output: Annotated[
        Path | None, typer.Option("-o", metavar="DIR", help="Write it into this folder.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Same as --format json.")] = False,
) -> None:
    """Inventory, iterations, slumps near roads and railway, with every definition."""
    import json  # noqa: PLC0415 - with the two below, only this verb needs them

    from rtsproj.reports.text import report_text  # noqa: PLC0415 - see above
    from rtsproj.workflow.report import collect_report, write_report  # noqa: PLC0415 - see above

    here = session(context)
    project = here.open()
    collect(here, project)
    found = collect_report(project)
    form = "json" if as_json else form
    if form == "json":
        text = json.dumps(asdict(found), indent=1, ensure_ascii=False) + "\n"
    elif form == "html":
        text = _page(project)
        output = output or project.folder / "reports"
    elif form == "text":
        text = report_text(found)
    else:
        raise UsageError(f"format {form!r} is not known", hint="text, html or json")
    if output is None:
        print(text, end="")
        return
    suffix = {"text": "txt"}.get(form, form)
    print(write_report(output / f"report.{suffix}", text))


@app.command(epilog="Example: rtsproj export slumps.gpkg")
def export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Suffix chooses the format.")],
    what: Annotated[
        str, typer.Option(help="inventory, candidates, labels or benchmark")
    ] = "inventory",
    profile: Annotated[
        str | None, typer.Option(help="arts: the ARTS data standard, as .geojson or .gpkg")
    ] = None,
    region: Annotated[str, typer.Option(help="ARTS RegionName; default: the project's name")] = "",
    creator: Annotated[str, typer.Option(help="ARTS CreatorLab: 'Name, Organisation'")] = "",
    source: Annotated[str, typer.Option(help="ARTS BaseMapSource; default: the sensors")] = "",
    dates: Annotated[
        str,
        typer.Option("--date", metavar="DAY[,DAY]", help="ARTS BaseMapDate; default: the scenes'"),
    ] = "",
    resolution: Annotated[
        float | None, typer.Option(metavar="M", help="ARTS BaseMapResolution; default: the scenes'")
    ] = None,
) -> None:
    """Write a table for GIS: .gpkg .parquet .geojson .fgb .csv .shp.

    With --profile arts an outline that is still as its file gave it keeps that file's ARTS values
    and UID; the options give what neither that file nor the images say.
    """
    from rtsproj.workflow.deliver import Delivery  # noqa: PLC0415 - pyogrio only here
    from rtsproj.workflow.export import export as write  # noqa: PLC0415 - as above

    here = session(context)
    project = here.open()
    collect(here, project)
    if profile is not None or what == "benchmark":
        rows = _deliver(
            project, file, profile, Delivery(region, creator, source, dates, resolution)
        )
        what = profile or what
    else:
        rows = write(project, file, what=what)
    here.talk.say(f"{rows} rows of {what} written")
    print(file)


def _deliver(project: Project, file: Path, profile: str | None, delivery: "Delivery") -> int:
    from rtsproj.workflow.deliver import export_arts, export_benchmark  # noqa: PLC0415 - as above

    if profile is None:
        return export_benchmark(project, file)
    if profile != "arts":
        raise UsageError(f"profile {profile!r} is not known", hint="arts")
    return export_arts(project, file, delivery)


def _answer(project: Project, text: str, *, form: str, output: Path | None) -> None:
    from rtsproj.workflow.sql import LIMIT, query, write_parquet  # noqa: PLC0415 - only here

    if form not in ("table", "csv", "json", "parquet"):
        raise UsageError(f"format {form!r} is not known", hint="table, csv, json or parquet")
    if form == "parquet":
        if output is None:
            raise UsageError("parquet is written to a file", hint="give -o FILE.parquet")
        write_parquet(project, text.rstrip().rstrip(";"), output)
        print(output)
    elif form == "table" and output is None:
        found = query(project, text, limit=LIMIT)
        print_table(found.columns, found.rows)
        if found.is_cut:
            print(f"(first {LIMIT} rows)", file=sys.stderr)
    else:
        _write_rows(query(project, text), form="csv" if form == "table" else form, output=output)


def _write_rows(found: "Table", *, form: str, output: Path | None) -> None:
    from rtsproj.workflow.sql import as_json  # noqa: PLC0415 - only here

    try:
        stream = output.open("w", encoding="utf-8", newline="") if output else sys.stdout
    except OSError as error:
        raise UsageError(f"{output}: {error.strerror}", hint="choose another file") from error
    if form == "json":
        stream.write(as_json(found.columns, found.rows))
    else:
        writer = csv.writer(stream)
        writer.writerow(found.columns)
        writer.writerows(found.rows)
    if output is not None:
        stream.close()
        print(output)


def _shell(project: Project) -> None:
    from rtsproj.workflow.sql import LIMIT, ask, session  # noqa: PLC0415 - only here

    with session(project) as connection:
        print("read-only snapshot; end a query with ; · ctrl+d leaves", file=sys.stderr)
        lines: list[str] = []
        while True:
            try:
                lines.append(input("... " if lines else "sql> "))
            except EOFError:
                print(file=sys.stderr)
                return
            if not lines[-1].rstrip().endswith(";"):
                continue
            text, lines = "\n".join(lines), []
            try:
                found = ask(connection, text, limit=LIMIT)
            except RtsError as error:
                print(f"error: {error.what}\nhint: {error.hint}", file=sys.stderr)
            else:
                print_table(found.columns, found.rows)


def _page(project: Project) -> str:
    from rtsproj.reports.page import report_page  # noqa: PLC0415 - matplotlib only for pages
    from rtsproj.workflow.report import collect_drawing, collect_report  # noqa: PLC0415 - see above

    return report_page(collect_report(project), collect_drawing(project).layers)
