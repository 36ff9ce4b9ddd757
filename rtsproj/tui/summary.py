"""Lines of the home screen: stages, iterations, jobs, what was done last."""

from datetime import UTC

from rtsproj.domain.iterations import SEARCHED, Stage, yield_text
from rtsproj.domain.text import counted, safe_text
from rtsproj.tui.widgets.lines import bar
from rtsproj.tui.words import duration_text
from rtsproj.workflow.jobs import RUNNING, Job
from rtsproj.workflow.overview import Action, Overview
from rtsproj.workflow.status import IterationRow, Status


def stage_words(stage: Stage, last: IterationRow | None, now: Status) -> str:
    """Two lines about a stage."""
    if last is None:
        return "needs images\nand known slumps"
    return {
        Stage.TRAIN: counted(last.positives, "positive")
        + f"\n{counted(last.negatives, 'negative')}",
        Stage.INFER: counted(now.counts["tiles"], "tile")
        + f"\n{counted(last.candidates, 'candidate')}",
        Stage.TRIAGE: f"{now.counts['open']} open, {last.hidden} known\n"
        f"{last.accepted} yes {last.rejected} no {last.unsure} unsure",
        Stage.CONVERGE: f"{_found(last)}\n{_yields(now)}",
    }[stage]


def next_words(now: Status) -> str:
    """What enter does, and what the stage is blocked by; a line each."""
    blocked = [f"blocked by: {safe_text(one)}" for one in now.blocked_by]
    return "\n".join([f"enter: {safe_text(now.plan.summary)}", *blocked])


def iteration_lines(iterations: tuple[IterationRow, ...], *, most: int) -> list[str]:
    """The newest iterations as a table."""
    lines = ["it.  stage      pos   cand  known   yes    no  unsure  open   new  slumps"]
    lines += [
        f"{one.iteration:<4} {one.stage:<9} {one.positives:>4} {one.candidates:>6}"
        f" {one.hidden:>6} {one.accepted:>5} {one.rejected:>5} {one.unsure:>7} {one.open:>5}"
        f" {yield_text(one.stage, one.new_slumps):>5} {one.slumps_so_far:>7}"
        for one in iterations[-most:]
    ]
    return lines


def job_line(job: Job) -> str:
    """Number, state, progress, newest message."""
    state = "collected" if job.collected else str(job.status.state)
    eta = job.status.eta_s
    left = f" ~{duration_text(eta)} left" if eta and job.status.state in RUNNING else ""
    words = safe_text(job.status.error or job.status.message)
    return (
        f"{job.job_id:>3} {job.verb:5} {state:9} {bar(job.status.fraction, width=12)}{left} {words}"
    )


def action_line(one: Action) -> str:
    """Local time, who, what."""
    at = one.at.replace(tzinfo=UTC).astimezone().strftime("%m-%d %H:%M")
    who = f"{safe_text(one.who)}: " if one.who else ""
    return f"{at} {who}{safe_text(one.what)}"


def inventory_words(now: Status, seen: Overview) -> str:
    """Slumps, and how many lie near a line."""
    slumps = f"{counted(now.counts['slumps'], 'slump')}"
    if seen.within is None:
        return slumps
    return f"{slumps} · {seen.within:,} within {seen.distance_m:g} m of road or railway"


def _found(last: IterationRow) -> str:
    return counted(last.new_slumps, "new slump") if last.stage in SEARCHED else "not searched"


def _yields(now: Status) -> str:
    found = [yield_text(one.stage, one.new_slumps) for one in now.iterations[-4:]]
    return f"{' → '.join(found)} · {now.iterations[-1].slumps_so_far} so far"
