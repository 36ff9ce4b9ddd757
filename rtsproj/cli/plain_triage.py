"""Triage line by line: for a screen reader, a serial line, a pipe."""

from typing import TextIO

from rtsproj.cli.cards import card_lines
from rtsproj.domain.decisions import REASON_KEYS, Verdict
from rtsproj.errors import RtsError
from rtsproj.workflow.candidates import CandidateRow, queue, show_candidate
from rtsproj.workflow.decide import Word, decide, undo
from rtsproj.workflow.project import Project

VERDICTS = {"y": Verdict.ACCEPT, "n": Verdict.REJECT, "m": Verdict.UNSURE}
HELP = "y accept · n reject · m unsure · s skip · u undo · q quit"


def review_plainly(project: Project, *, analyst: str, lines: TextIO) -> None:
    """Ask for every open candidate; each answer is saved before the next question."""
    waiting = list(queue(project))
    skipped: set[int] = set()
    while True:
        row = next((one for one in waiting if one.candidate_id not in skipped), None)
        if row is None:
            print(
                "nothing open; next: rtsproj converge" if not skipped else "only skipped ones left"
            )
            return
        _show(project, row, left=len(waiting) - len(skipped))
        print(f"{HELP} > ", end="", flush=True)
        answer = lines.readline()
        if not answer or answer.strip() == "q":
            print()
            return
        if answer.strip() == "s":
            skipped.add(row.candidate_id)
        elif not _act(project, row, answer.strip(), analyst=analyst, lines=lines):
            print(f"not a key: {answer.strip()!r}")
        waiting = list(queue(project))


def _show(project: Project, row: CandidateRow, *, left: int) -> None:
    print(f"\n{left} open")
    hide = project.settings.triage.hide_score
    for line in card_lines(show_candidate(project, row.candidate_id), hide_score=hide):
        print(line)


def _act(project: Project, row: CandidateRow, key: str, *, analyst: str, lines: TextIO) -> bool:
    if key == "u":
        taken = undo(project, times=1, analyst=analyst)
        print(f"undone: C-{taken[0].candidate_id:05}" if taken else "nothing to undo")
        return True
    if key not in VERDICTS:
        return False
    verdict = VERDICTS[key]
    reason = _reason(project, lines) if verdict is Verdict.REJECT else ""
    try:
        saved = decide(project, row.candidate_id, Word(verdict, reason), analyst=analyst)
    except RtsError as error:
        print(f"not saved: {error.what}\nhint: {error.hint}")
        return True
    print(f"saved #{saved.decision_id} {saved.verdict} {saved.reason}")
    return True


def _reason(project: Project, lines: TextIO) -> str:
    known = project.settings.triage.reasons
    keys = {key: name for key, name in REASON_KEYS.items() if name in known}
    shown = " · ".join(f"{key} {name}" for key, name in keys.items())
    print(f"reason: {shown} · enter none > ", end="", flush=True)
    answer = lines.readline().strip()
    return keys.get(answer, answer if answer in known else "")
