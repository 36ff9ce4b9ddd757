"""status: where the project stands and what is next."""

from typing import Annotated

import typer

from rtsproj.cli.output import clock, plain, print_json, print_table
from rtsproj.cli.session import session
from rtsproj.domain.iterations import Stage, yield_text
from rtsproj.domain.text import counted, safe_text
from rtsproj.jobs.state import JobState
from rtsproj.workflow.jobs import RUNNING, Job
from rtsproj.workflow.status import Status
from rtsproj.workflow.status import status as look

app = typer.Typer(rich_markup_mode=None)
STAGES = (Stage.TRAIN, Stage.INFER, Stage.TRIAGE, Stage.CONVERGE)


@app.callback()
def group() -> None:
    """Overview."""


@app.command(epilog="Example: rtsproj status --json")
def status(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show iteration, stage, what blocks it, counts, jobs, and who holds the project."""
    here = session(context)
    project = here.open()
    now = look(project)
    if any(_is_fresh(job) for job in now.jobs):
        from rtsproj.cli.collecting import collect  # noqa: PLC0415 - shapely only where needed

        for one in collect(here, project):
            here.talk.say(f"job {one.job_id} ({one.verb}) was collected")
        now = look(project)
    if as_json:
        print_json(plain(now) | {"next_step": now.next_step, "blocked_by": now.blocked_by})
        return
    _show(now)


def _is_fresh(job: Job) -> bool:
    return not job.collected and job.status.state is JobState.DONE


def _show(now: Status) -> None:
    print(f"{safe_text(now.project)}  {safe_text(now.folder)}  schema {now.schema}")
    steps = " > ".join(f"[{one}]" if one is now.stage else str(one) for one in STAGES)
    print(f"iteration {now.iteration}  {steps}" + ("  done" if now.stage is Stage.DONE else ""))
    counts = now.counts
    print(
        f"{counted(counts['scenes'], 'scene')}, {counted(counts['tiles'], 'tile')} "
        f"({now.area_km2:,.2f} km2), {counted(counts['labels'], 'label')}, "
        f"{counted(counts['candidates'], 'candidate')} ({counts['open']} open), "
        f"{counted(counts['slumps'], 'slump')}"
    )
    if now.iterations:
        header = ("iteration", "stage", "candidates", "known", "accepted", "rejected", "unsure")
        rows = [
            (
                one.iteration,
                one.stage,
                one.candidates,
                one.hidden,
                one.accepted,
                one.rejected,
                one.unsure,
                one.open,
                yield_text(one.stage, one.new_slumps),
                one.slumps_so_far,
            )
            for one in now.iterations
        ]
        print_table((*header, "open", "new", "slumps"), rows)
    for job in now.jobs:
        if job.status.state in RUNNING and not job.collected:
            left = f", about {clock(job.status.eta_s)} left" if job.status.eta_s else ""
            share = 100 * job.status.fraction
            print(f"job {job.job_id} {job.verb}: {job.status.state} {share:.0f} %{left}")
    for reason in now.blocked_by:
        print(f"blocked by: {safe_text(reason)}")
    if now.reopened:
        print(now.reopened)
    if now.held_by:
        print(f"held by {safe_text(now.held_by)}")
    print(f"state: {safe_text(now.state)}")
    print(f"next: {now.plan.summary}: {now.plan.command}")
