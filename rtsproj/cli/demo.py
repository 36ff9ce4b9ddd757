"""demo: the whole method on a synthetic corridor with known truth."""

from pathlib import Path
from typing import Annotated

import typer

from rtsproj.cli.session import session, whoami
from rtsproj.reports.text import report_text
from rtsproj.workflow.demo import DemoChoice, found_text, make_demo, run_demo
from rtsproj.workflow.next_step import Watch
from rtsproj.workflow.report import collect_report

app = typer.Typer(rich_markup_mode=None)


@app.callback()
def group() -> None:
    """Demonstration."""


@app.command(epilog="Example: rtsproj demo ~/rtsproj-demo --auto")
def demo(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Made; must hold no project.")],
    small: Annotated[bool, typer.Option("--small", help="A walk of a minute or two.")] = False,
    auto: Annotated[
        bool, typer.Option("--auto", help="A simulated analyst decides from the truth.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Seed of the corridor.")] = 1,
) -> None:
    """Draw a SYNTHETIC corridor and run the method on it; without --auto up to the first triage."""
    here = session(context)
    choice = DemoChoice(size="small" if small else "default", is_auto=auto, seed=seed)
    here.talk.say("drawing a synthetic corridor: no pixel of it shows a real place")
    project = make_demo(here.folder / folder, choice, by=whoami(None))
    watch = Watch(job=here.talk.job, work=lambda _done, _of, what: here.talk.say(what), wait=True)
    run_demo(project, choice, watch, by=whoami(None))
    here.talk.done()
    if auto:
        print(report_text(collect_report(project)))
        print(f"truth     {found_text(project)}")
    print(f"project   {project.folder}")
    print(f"open it   rtsproj -C {project.folder}")
    if not auto:
        print(f"review    rtsproj -C {project.folder} triage")
