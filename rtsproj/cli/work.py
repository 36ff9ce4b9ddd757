"""train, infer, job, next: what the machine does."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from rtsproj.cli.collecting import collect
from rtsproj.cli.output import clock, print_json, print_table
from rtsproj.cli.session import Session, session, whoami
from rtsproj.cli.training import Take, planned, show_sweep
from rtsproj.domain.text import counted
from rtsproj.errors import ExitCode, UsageError
from rtsproj.jobs.folder import JobFolder
from rtsproj.workflow.collect import Collected
from rtsproj.workflow.infer import start_search
from rtsproj.workflow.jobs import (
    RUNNING,
    Job,
    Where,
    find_job,
    follow_job,
    list_jobs,
    resume_job,
    stop_job,
)
from rtsproj.workflow.model_card import card_path
from rtsproj.workflow.next_step import Watch, next_step
from rtsproj.workflow.project import Project
from rtsproj.workflow.sweep import sweep_table
from rtsproj.workflow.train import (
    model_row,
    resume_training,
    start_training,
)

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


@app.command(
    epilog="Example: rtsproj train --wait · rtsproj train --sweep loss=bce,bce_dice --take best"
)
def train(
    context: typer.Context,
    wait: Wait = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the interrupted training.")
    ] = False,
    sweep: Annotated[
        list[str] | None,
        typer.Option(
            "--sweep", metavar="KEY=V,V", help="Try these values of a [train] setting; repeatable."
        ),
    ] = None,
    take: Annotated[
        Take | None,
        typer.Option("--take", help="Model of a sweep to take in; default: none."),
    ] = None,
    by: As = None,
    as_json: Json = False,
) -> None:
    """Train this iteration's model, detached; prints the job's number.

    Several --sweep options train every combination of their values, at most 32, one after another.
    """
    here = session(context)
    project = here.open()
    collect(here, project)
    if resume:
        if sweep or take:
            raise UsageError("--resume goes on as the job was started", hint="leave --sweep out")
        found = resume_training(project)
    else:
        plan = planned(here, project, sweep or (), take)
        found = start_training(project, by=whoami(by), sweep=plan, note=here.talk.say)
    _started(here, project, found, wait=wait, as_json=as_json)


@app.command(epilog="Example: rtsproj infer --wait; rtsproj infer --cluster tcp://head:8786")
def infer(
    context: typer.Context,
    wait: Wait = False,
    cluster: Cluster = "",
    hold: Annotated[
        bool, typer.Option("--hold", help="Only prepare the job: a scheduler's array runs it.")
    ] = False,
    by: As = None,
    as_json: Json = False,
) -> None:
    """Search the area with this iteration's model, detached; prints the job's number.

    On several GPUs of this machine one process searches on each. --cluster lets the workers of a
    Dask scheduler search: they must see the project's folder and the images under the same paths
    or URLs.
    """
    if hold and (wait or cluster):
        raise UsageError(
            "--hold starts nothing, so there is nothing to wait for and no cluster to use",
            hint="leave --hold out, or --wait and --cluster",
        )
    here = session(context)
    project = here.open()
    collect(here, project)
    found = start_search(project, by=whoami(by), where=Where(cluster, hold), note=here.talk.say)
    if hold:
        if as_json:
            print_json(found)
        else:
            print(found.job_id)
        here.talk.say(f"job {found.job_id} waits for workers; each of them is started with")
        here.talk.say(f"python -m rtsproj.worker {found.folder} --share")
        return
    _started(here, project, found, wait=wait, as_json=as_json)


@app.command("next", epilog="Example: rtsproj next --wait")
def next_(context: typer.Context, wait: Wait = False, by: As = None) -> None:
    """Do what the project needs next; with --wait until a person is needed."""
    here = session(context)
    project = here.open()
    watch = Watch(job=here.talk.job, work=here.talk.work, wait=wait, note=here.talk.say)
    while True:
        with _left_alone(here, project):
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
    """Show one job: state, scores, failures, its model's card, a sweep's table, its log."""
    here = session(context)
    project = here.open()
    collect(here, project)
    found = find_job(project, number)
    model = model_row(project, found.iteration) if found.verb == "train" else None
    folder = JobFolder(found.folder)
    own = model is not None and model["job_id"] == number
    card = card_path(project, str(model["sha256"])) if model is not None and own else None
    if as_json:
        sweep = sweep_table(folder)
        print_json({"job": found, "model": model, "card": card, "sweep": sweep})
        return
    print_table(("job", "it.", "verb", "state", "done %", "left", "by", "message"), [_line(found)])
    for name, value in sorted(found.status.metrics.items()):
        print(f"{name:24} {value:.5g}")
    if found.status.error:
        print(f"error: {found.status.error}")
    show_sweep(here, found.folder)
    if card is not None:
        print(f"card   {card}")
    print(f"folder {found.folder}")
    print(f"log    {folder.log}")


@job.command("attach", epilog="Example: rtsproj job attach 3")
def job_attach(context: typer.Context, number: Number) -> None:
    """Follow a job, started here or elsewhere, to its end; ctrl+c lets it go on alone."""
    here = session(context)
    project = here.open()
    found = find_job(project, number)
    _follow(here, project, number)
    _tell(here, collect(here, project))
    show_sweep(here, found.folder)


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
    found = resume_job(project, number, where=Where(cluster))
    if found.collected:
        here.talk.say(f"job {number} is done and collected: nothing to do")
    elif wait:
        _follow(here, project, number)
        _tell(here, collect(here, project))
        show_sweep(here, found.folder)
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
    _follow(here, project, found.job_id)
    _tell(here, collect(here, project))
    if as_json:
        print_json(find_job(project, found.job_id))
    else:
        show_sweep(here, found.folder)


def _follow(here: Session, project: Project, number: int) -> None:
    with _left_alone(here, project):
        follow_job(project, number, show=here.talk.job)
    here.talk.done()


@contextmanager
def _left_alone(here: Session, project: Project) -> Iterator[None]:
    """ctrl+c ends the waiting, not the job: name the jobs that go on and how to stop them."""
    try:
        yield
    except KeyboardInterrupt:
        here.talk.done()
        running = [one for one in list_jobs(project) if one.status.state in RUNNING]
        if not running:
            raise
        for one in running:
            here.talk.say(
                f"job {one.job_id} ({one.verb}) goes on; follow it: rtsproj job attach "
                f"{one.job_id}, stop it: rtsproj job stop {one.job_id}"
            )
        raise typer.Exit(int(ExitCode.CANCELLED)) from None


def _tell(here: Session, collected: tuple[Collected, ...]) -> None:
    for one in collected:
        if one.verb == "train":
            said = "model taken in; next: rtsproj infer" if one.has_model else "no model taken in"
            here.talk.say(f"job {one.job_id}: {said}")
            continue
        here.talk.say(
            f"job {one.job_id}: {counted(one.candidates, 'candidate')}, {one.shown} to decide, "
            f"{one.probes} of them as probes{_far(one)}; {counted(one.left, 'weaker outline')} not "
            f"asked about (triage.budget), {one.specks} specks left out (infer.min_px)"
        )
        for note in one.notes:
            here.talk.say(note)
        for tile_id, reason in one.failed_tiles:
            here.talk.say(f"tile {tile_id} failed: {reason}")
        if one.failed_tiles:
            here.talk.say(
                f"{counted(len(one.failed_tiles), 'tile')} failed; `rtsproj infer` tries again"
            )


def _far(one: Collected) -> str:
    return f" ({one.far} unlike everything judged)" if one.far else ""


def _line(one: Job) -> tuple[object, ...]:
    status = one.status
    left = "" if status.eta_s is None else clock(status.eta_s)
    state = "collected" if one.collected else status.state
    share = f"{100 * status.fraction:.0f}"
    message = status.error or status.message
    return (one.job_id, one.iteration, one.verb, state, share, left, one.created_by, message)
