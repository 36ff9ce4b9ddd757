"""train, infer, job, next: what the machine does."""

from typing import Annotated

import typer

from rtsproj.cli.collecting import collect
from rtsproj.cli.output import clock, print_json, print_table
from rtsproj.cli.session import Session, session, whoami
from rtsproj.domain.text import counted
from rtsproj.workflow.collect import Collected
from rtsproj.workflow.infer import start_search
from rtsproj.workflow.jobs import Job, find_job, follow_job, list_jobs, resume_job, stop_job
from rtsproj.workflow.next_step import Watch, next_step
from rtsproj.workflow.project import Project
from rtsproj.workflow.train import model_card, start_training, weights_text

app = typer.Typer(rich_markup_mode=None)
job = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
app.add_typer(job, name="job", help="Jobs: list, show, attach, stop, resume.")

Wait = Annotated[bool, typer.Option("--wait", help="Follow it to its end.")]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]
As = Annotated[str | None, typer.Option("--as", metavar="NAME", help="Who does it.")]
Cluster = Annotated[
    str, typer.Option(metavar="ADDR", help="Search by the workers of this Dask scheduler.")
]
Number = Annotated[int, typer.Argument(metavar="N", help="Job number.")]


@app.command(epilog="Example: rtsproj train --wait")
def train(context: typer.Context, wait: Wait = False, by: As = None, as_json: Json = False) -> None:
    """Train this iteration's model, detached; prints the job's number."""
    here = session(context)
    project = here.open()
    collect(here, project)
    here.talk.say(weights_text(project))
    _started(here, project, start_training(project, by=whoami(by)), wait=wait, as_json=as_json)


@app.command(epilog="Example: rtsproj infer --wait; rtsproj infer --cluster tcp://head:8786")
def infer(
    context: typer.Context,
    wait: Wait = False,
    cluster: Cluster = "",
    by: As = None,
    as_json: Json = False,
) -> None:
    """Search the area with this iteration's model, detached; prints the job's number.

    On several GPUs of this machine one process searches on each. --cluster lets the workers of a
    Dask scheduler search: they must see the project's folder and the images under the same paths.
    """
    here = session(context)
    project = here.open()
    collect(here, project)
    found = start_search(project, by=whoami(by), cluster=cluster)
    _started(here, project, found, wait=wait, as_json=as_json)


@app.command("next", epilog="Example: rtsproj next --wait")
def next_(context: typer.Context, wait: Wait = False, by: As = None) -> None:
    """Do what the project needs next; with --wait until a person is needed."""
    here = session(context)
    project = here.open()
    watch = Watch(job=here.talk.job, work=here.talk.work, wait=wait)
    while True:
        step = next_step(project, watch, by=whoami(by))
        here.talk.done()
        if step.did:
            here.talk.say(step.did)
        if step.waits_for:
            print(step.waits_for)
            return


@job.command("list", epilog="Example: rtsproj job list")
def job_list(context: typer.Context, as_json: Json = False) -> None:
    """Show all jobs with state and progress."""
    here = session(context)
    project = here.open()
    collect(here, project)
    found = list_jobs(project)
    if as_json:
        print_json(found)
        return
    header = ("job", "it.", "verb", "state", "done %", "left", "by", "message")
    print_table(header, [_line(one) for one in found])


@job.command("show", epilog="Example: rtsproj job show 3 --json")
def job_show(context: typer.Context, number: Number, as_json: Json = False) -> None:
    """Show one job: state, scores, failures, where its log is."""
    here = session(context)
    project = here.open()
    collect(here, project)
    found = find_job(project, number)
    model = model_card(project, found.iteration) if found.verb == "train" else None
    if as_json:
        print_json({"job": found, "model": model})
        return
    print_table(("job", "it.", "verb", "state", "done %", "left", "by", "message"), [_line(found)])
    for name, value in sorted(found.status.metrics.items()):
        print(f"{name:24} {value:.5g}")
    if found.status.error:
        print(f"error: {found.status.error}")
    print(f"folder {found.folder}")
    print(f"log    {found.folder / 'worker.log'}")


@job.command("attach", epilog="Example: rtsproj job attach 3")
def job_attach(context: typer.Context, number: Number) -> None:
    """Follow a job, started here or elsewhere, to its end; ctrl+c lets it go on alone."""
    here = session(context)
    project = here.open()
    follow_job(project, number, show=here.talk.job)
    here.talk.done()
    _tell(here, collect(here, project))


@job.command("stop", epilog="Example: rtsproj job stop 3")
def job_stop(context: typer.Context, number: Number) -> None:
    """Ask a job to stop after a checkpoint; it can be resumed."""
    here = session(context)
    stop_job(here.open(), number)
    here.talk.say(f"job {number} stops after its next checkpoint; `rtsproj job resume {number}`")


@job.command("resume", epilog="Example: rtsproj job resume 3 --wait")
def job_resume(
    context: typer.Context, number: Number, wait: Wait = False, cluster: Cluster = ""
) -> None:
    """Go on from the newest checkpoint; finished tiles are kept, failed ones tried again."""
    here = session(context)
    project = here.open()
    found = resume_job(project, number, cluster=cluster)
    if found.collected:
        here.talk.say(f"job {number} is done and collected: nothing to do")
    elif wait:
        follow_job(project, number, show=here.talk.job)
        here.talk.done()
        _tell(here, collect(here, project))
    else:
        here.talk.say(f"job {number} is {found.status.state}")


def _started(here: Session, project: Project, found: Job, *, wait: bool, as_json: bool) -> None:
    if as_json and not wait:
        print_json(found)
    elif not as_json:
        print(found.job_id)
    here.talk.say(f"job {found.job_id} ({found.verb}, iteration {found.iteration}) runs detached")
    if not wait:
        here.talk.say(f"follow it: rtsproj job attach {found.job_id}")
        return
    follow_job(project, found.job_id, show=here.talk.job)
    here.talk.done()
    _tell(here, collect(here, project))
    if as_json:
        print_json(find_job(project, found.job_id))


def _tell(here: Session, collected: tuple[Collected, ...]) -> None:
    for one in collected:
        if one.verb == "train":
            here.talk.say(f"job {one.job_id}: model taken in; next: rtsproj infer")
            continue
        here.talk.say(
            f"job {one.job_id}: {counted(one.candidates, 'candidate')}, {one.shown} to decide, "
            f"{one.specks} specks left out (infer.min_px)"
        )
        for tile_id, reason in one.failed_tiles:
            here.talk.say(f"tile {tile_id} failed: {reason}")
        if one.failed_tiles:
            here.talk.say(
                f"{counted(len(one.failed_tiles), 'tile')} failed; `rtsproj infer` tries again"
            )


def _line(one: Job) -> tuple[object, ...]:
    status = one.status
    left = "" if status.eta_s is None else clock(status.eta_s)
    state = "collected" if one.collected else status.state
    share = f"{100 * status.fraction:.0f}"
    message = status.error or status.message
    return (one.job_id, one.iteration, one.verb, state, share, left, one.created_by, message)
