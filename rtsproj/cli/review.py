"""candidate, decide, undo, redo, triage, converge: what a person does."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from rtsproj.cli import screen
from rtsproj.cli.cards import card_lines
from rtsproj.cli.collecting import collect
from rtsproj.cli.output import print_json, print_table
from rtsproj.cli.plain_triage import PlainTriage
from rtsproj.cli.session import session, whoami
from rtsproj.domain.candidates import Status
from rtsproj.domain.decisions import SavedDecision, Verdict
from rtsproj.domain.ids import candidate_name, read_candidate_id, slump_name
from rtsproj.errors import ExitCode, NeedsError, UsageError
from rtsproj.settings import QueueOrder
from rtsproj.tui.wishes import Wishes
from rtsproj.workflow.candidates import CandidateCard, list_candidates, show_candidate
from rtsproj.workflow.converge import converge as close
from rtsproj.workflow.converge import look, search_again
from rtsproj.workflow.decide import Word
from rtsproj.workflow.decide import decide as save
from rtsproj.workflow.decide_file import decide_from
from rtsproj.workflow.queue import ORDERS, Kind, Wanted, release
from rtsproj.workflow.reopened import reopened_by
from rtsproj.workflow.undo import Saved, act_text, acts
from rtsproj.workflow.undo import redo as say_again
from rtsproj.workflow.undo import undo as take_back

app = typer.Typer(rich_markup_mode=None)
candidate = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
app.add_typer(candidate, name="candidate", help="Candidates: list, show.")

CANDIDATE = typer.Argument(metavar="ID", parser=read_candidate_id, help="As shown: C-00012, or 12.")
Json = Annotated[bool, typer.Option("--json", help="For programs.")]
As = Annotated[str | None, typer.Option("--as", metavar="NAME", help="The analyst.")]
Times = Annotated[int, typer.Argument(metavar="[N]", min=1, help="How many.")]


@candidate.command("list", epilog="Example: rtsproj candidate list --status open")
def candidate_list(
    context: typer.Context,
    iteration: Annotated[int | None, typer.Option(help="Only this iteration.")] = None,
    status: Annotated[str | None, typer.Option(help="open, accept, reject or unsure")] = None,
    as_json: Json = False,
) -> None:
    """List candidates."""
    here = session(context)
    project = here.open()
    collect(here, project)
    found = list_candidates(project, iteration=iteration, status=_status(status))
    if as_json:
        print_json(found)
        return
    hide = project.settings.triage.hide_score
    header = ("id", "it.", "status", "ha", "lon", "lat", "score", "lineage", "slump", "reason")
    print_table(
        header,
        [
            (
                one.candidate_id,
                one.iteration,
                one.status,
                f"{one.area_m2 / 1e4:.3f}",
                f"{one.lon:.5f}",
                f"{one.lat:.5f}",
                "hidden" if hide and one.status == "open" else f"{one.score_mean:.2f}",
                one.lineage,
                slump_name(one.slump_id) if one.slump_id else "",
                one.reason,
            )
            for one in found
        ],
    )


@candidate.command("show", epilog="Example: rtsproj candidate show 12 --png evidence.png")
def candidate_show(
    context: typer.Context,
    number: Annotated[int, CANDIDATE],
    png: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the evidence picture.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show one candidate: place, size, distances, history; --png writes its picture."""
    here = session(context)
    project = here.open()
    collect(here, project)
    card = show_candidate(project, number)
    if png is not None:
        from rtsproj.workflow.pictures import write_picture  # noqa: PLC0415 - rasterio only here

        write_picture(project, card, png)
        here.talk.say(f"picture written: {png}")
    if as_json:
        print_json({**_card_values(card), "png": str(png) if png else None})
        return
    for line in card_lines(card, hide_score=project.settings.triage.hide_score):
        print(line)


@candidate.command("release", epilog="Example: rtsproj candidate release --of bob")
def candidate_release(
    context: typer.Context,
    of: Annotated[str | None, typer.Option(metavar="NAME", help="Whose; default: yours.")] = None,
    as_json: Json = False,
) -> None:
    """Give an analyst's claims back, so that others are shown those candidates at once."""
    here = session(context)
    analyst = whoami(of)
    count = release(here.open(), analyst=analyst)
    if as_json:
        print_json({"analyst": analyst, "released": count})
    here.talk.say(f"{count} claims of {analyst} given back")


@app.command(epilog="Example: rtsproj decide 12 reject --reason river --note 'cut bank'")
def decide(
    context: typer.Context,
    number: Annotated[int | None, CANDIDATE] = None,
    verdict: Annotated[str | None, typer.Argument(metavar="VERDICT")] = None,
    reason: Annotated[str, typer.Option(help="Reject reason of the project's list.")] = "",
    note: Annotated[str, typer.Option(help="Free text.")] = "",
    file: Annotated[
        Path | None, typer.Option("--from", metavar="FILE.csv", help="Many at once, all or none.")
    ] = None,
    by: As = None,
    as_json: Json = False,
) -> None:
    """Accept, reject or leave unsure: one candidate, or all of a CSV file.

    Columns of the file: candidate_id, verdict, and optionally reason, note, analyst, decided_at.
    """
    here = session(context)
    project = here.open()
    collect(here, project)
    if (file is None) == (number is None or verdict is None):
        raise UsageError(
            "decide takes ID and VERDICT, or --from FILE.csv",
            hint="rtsproj decide 12 accept, or rtsproj decide --from decisions.csv",
        )
    if file is not None:
        taken = decide_from(project, file, analyst=whoami(by))
        saved = taken.saved
        if taken.standing:
            session(context).talk.say(f"{taken.standing} lines say what stands already: left out")
            if not saved and not as_json:
                return
    else:
        word = Word(_verdict(verdict or ""), reason, note)
        saved = (save(project, number or 0, word, analyst=whoami(by)),)
    _report(context, saved, as_json=as_json)


@app.command(epilog="Example: rtsproj undo 3")
def undo(context: typer.Context, times: Times = 1, by: As = None, as_json: Json = False) -> None:
    """Take back your newest decisions and drawn slumps; any number, also of earlier sessions.

    Decisions that were saved at once (X in triage, decide --from), or drawn at once (slump add),
    are taken back at once.
    """
    here = session(context)
    project = here.open()
    found = take_back(project, times=times, analyst=whoami(by))
    _report_acts(context, found, "undone", as_json=as_json)
    reopened = reopened_by(project, found)
    if reopened:
        here.talk.say(reopened)


@app.command(epilog="Example: rtsproj redo")
def redo(context: typer.Context, times: Times = 1, by: As = None, as_json: Json = False) -> None:
    """Repeat what undo took back."""
    found = say_again(session(context).open(), times=times, analyst=whoami(by))
    _report_acts(context, found, "redone", as_json=as_json)


@app.command(epilog="Example: rtsproj triage --plain")
def triage(
    context: typer.Context,
    plain: Annotated[bool, typer.Option("--plain", help="Line by line, no screen.")] = False,
    adjudicate: Annotated[
        bool, typer.Option("--adjudicate", help="Unsure ones and those on which analysts differ.")
    ] = False,
    order: Annotated[str | None, typer.Option(help=f"With --plain: {', '.join(ORDERS)}.")] = None,
    only: Annotated[
        str,
        typer.Option("--filter", metavar="WORDS", help="With --plain: such as 'near<500 >1ha'."),
    ] = "",
    by: As = None,
    pictures: screen.Pictures = None,
    theme: screen.Theme = None,
    ascii_only: screen.Ascii = False,
    no_probe: screen.NoProbe = False,
    no_mouse: screen.NoMouse = False,
    force_utf8: screen.ForceUtf8 = False,
) -> None:
    """Review the open candidates: screen, or line by line with --plain."""
    here = session(context)
    project = here.open()
    collect(here, project)
    if plain:
        kind: Kind = "adjudication" if adjudicate else "triage"
        wanted = Wanted(kind, _order(order or project.settings.triage.order), only)
        PlainTriage(project, analyst=whoami(by), lines=sys.stdin, wanted=wanted).run()
        return
    at = "adjudication" if adjudicate else "triage"
    wishes = Wishes(pictures, theme, ascii_only, not no_probe, not no_mouse, force_utf8)
    raise typer.Exit(screen.open_screen(here, at=at, analyst=whoami(by), wishes=wishes))


@app.command(epilog="Example: rtsproj converge --json")
def converge(
    context: typer.Context,
    despite_failures: Annotated[
        bool, typer.Option("--despite-failures", help="Close although tiles failed.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Open another iteration although it stopped.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it would do.")] = False,
    by: As = None,
    as_json: Json = False,
) -> None:
    """Check the stop rule, close the iteration; open the next one or stop the project."""
    here = session(context)
    project = here.open()
    collect(here, project)
    try:
        if dry_run:
            said = look(project)
        elif again:
            said = search_again(project, by=whoami(by))
        else:
            said = close(project, by=whoami(by), despite_failures=despite_failures)
    except NeedsError:
        if as_json:
            print_json(look(project))
        raise
    if as_json:
        print_json(said)
        return
    print(said.reason)
    if said.next_iteration is not None:
        print(f"iteration {said.next_iteration} is open; next: rtsproj train")
    elif said.converged:
        print("the search stops here; next: rtsproj report")


def _card_values(card: CandidateCard) -> dict[str, object]:
    return {
        "candidate": card.row,
        "perimeter_m": card.perimeter_m,
        "growth_m2": card.growth_m2,
        "lineage_text": card.lineage_text,
        "detected": round(card.detected, 3),
        "distances": card.distances,
        "history": card.history,
        "outline_wkt": card.outline.wkt,
    }


def _report(context: typer.Context, saved: tuple[SavedDecision, ...], *, as_json: bool) -> None:
    if as_json:
        print_json(saved)
        return
    talk = session(context).talk
    if len(saved) > 20:
        talk.say(f"saved {len(saved)} decisions, #{saved[0].decision_id}-{saved[-1].decision_id}")
        return
    for one in saved:
        name = candidate_name(one.candidate_id)
        talk.say(f"saved #{one.decision_id}: {name} {one.verdict} {one.reason}")


def _report_acts(
    context: typer.Context, saved: tuple[Saved, ...], what: str, *, as_json: bool
) -> None:
    if as_json:
        print_json(saved)
        return
    talk = session(context).talk
    if not saved:
        talk.say(f"nothing is {what}: no decision or drawing of yours stands there")
        raise typer.Exit(int(ExitCode.NEEDS))
    for one in acts(saved):
        talk.say(act_text(one, what))


def _status(text: str | None) -> Status | None:
    try:
        return Status(text) if text else None
    except ValueError:
        raise UsageError(
            f"status {text!r} is not known", hint="open, accept, reject or unsure"
        ) from None


def _order(text: str) -> QueueOrder:
    found = next((one for one in ORDERS if one == text), None)
    if found is None:
        raise UsageError(f"order {text!r} is not known", hint=f"one of {', '.join(ORDERS)}")
    return found


def _verdict(text: str) -> Verdict:
    try:
        return Verdict(text)
    except ValueError:
        raise UsageError(
            f"verdict {text!r} is not known", hint="accept, reject or unsure"
        ) from None
