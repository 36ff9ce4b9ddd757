"""Triage line by line: for a screen reader, a serial line, a pipe. The twin of the screen."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, TextIO

from rtsproj.cli.cards import card_lines
from rtsproj.domain.decisions import CONFIDENCES, EVIDENCE, REASON_KEYS, SavedDecision, Verdict
from rtsproj.domain.ids import candidate_name, parse_id, read_candidate_id
from rtsproj.domain.text import safe_text
from rtsproj.errors import RtsError, UsageError
from rtsproj.workflow.candidates import CandidateCard, default_picture_path, show_candidate
from rtsproj.workflow.decide import (
    Word,
    amend,
    decide,
    remark,
    standing_word,
)
from rtsproj.workflow.opinions import words_on
from rtsproj.workflow.others import DecidedElsewhereError, OtherWord
from rtsproj.workflow.project import Project
from rtsproj.workflow.queue import Queue, Wanted, read_queue
from rtsproj.workflow.reopened import reopened_by
from rtsproj.workflow.status import status
from rtsproj.workflow.undo import Saved, act_text, decisions_of, redo, undo

if TYPE_CHECKING:
    from collections.abc import Callable

VERDICTS = {"y": Verdict.ACCEPT, "n": Verdict.REJECT, "m": Verdict.UNSURE}
HELP = "y accept · n reject · m unsure · s skip · u undo · ? all keys · q quit"
ALL = """y accept  n [REASON] reject  m unsure  s skip  u undo  r redo  q quit
e TEXT note  f flag  c confidence  1-9 evidence  a history of the place  p picture as PNG
C-00012 or 12 go to that candidate  ? this help"""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: which candidate, why it is shown."""

    queue: Queue
    row: int

    @property
    def candidate_id(self) -> int:
        """The candidate."""
        return int(self.queue.ids[self.row])


class PlainTriage:
    """Asks for one candidate after the other; each answer is saved before the next question."""

    def __init__(self, project: Project, *, analyst: str, lines: TextIO, wanted: Wanted) -> None:
        self._project = project
        self._analyst = analyst
        self._lines = lines
        self._wanted = wanted
        self._queue = read_queue(project, wanted, analyst=analyst)
        self._passed: set[int] = set()
        self._skipped: set[int] = set()
        self._newest: SavedDecision | None = None
        self._acts: dict[str, Callable[[Asked, str], None]] = {
            "s": self._skip,
            "u": self._undo,
            "r": self._redo,
            "e": self._note,
            "f": self._flag,
            "c": self._confidence,
            "a": self._history,
            "p": self._picture,
            "?": self._help,
        }

    def run(self) -> None:
        """Ask until all is decided, or the answers end."""
        at = 0
        while True:
            asked = self._next(at)
            if asked is None:
                word = "only skipped ones left" if self._skipped else "nothing open"
                print(f"{word}; next: {status(self._project).next_step}")
                return
            self._show(asked)
            print(f"{HELP} > ", end="", flush=True)
            answer = self._lines.readline()
            if not answer or answer.strip() == "q":
                print()
                return
            at = self._answer(asked, answer.strip())

    def _next(self, at: int) -> Asked | None:
        for row in (*range(at, len(self._queue)), *range(at)):
            if int(self._queue.ids[row]) not in self._passed:
                return Asked(self._queue, row)
        return None

    def _answer(self, asked: Asked, text: str) -> int:
        """Do what was answered; returns the row to ask about next."""
        key, _, rest = text.partition(" ")
        shown = parse_id(key)
        try:
            if key in VERDICTS:
                self._decide(asked, VERDICTS[key], rest.strip())
            elif key in self._acts:
                self._acts[key](asked, rest.strip())
            elif shown is not None and len(key) == 1:
                self._evidence(asked, shown.number - 1)
            elif shown is not None:
                return self._row_of(read_candidate_id(key), asked.row)
            else:
                print(f"not a key: {safe_text(text)!r}; ? lists them")
        except RtsError as error:
            print(f"not saved: {error.what}\nhint: {error.hint}")
        return asked.row

    def _row_of(self, candidate_id: int, otherwise: int) -> int:
        row = self._queue.place_of(candidate_id)
        if row is None:
            print(f"{candidate_name(candidate_id)} is not in this queue")
            return otherwise
        self._passed.discard(candidate_id)
        self._skipped.discard(candidate_id)
        return row

    def _show(self, asked: Asked) -> None:
        left = len(self._queue) - len(self._passed)
        why = "" if asked.queue.kind == "triage" else f" · {asked.queue.kind}"
        print(f"\n{left} open{why}")
        hide = self._project.settings.triage.hide_score
        card = self._card(asked)
        if asked.queue.blind[asked.row]:
            card = replace(card, history=(), row=replace(card.row, status="open", lineage="fresh"))
        for line in card_lines(card, hide_score=hide):
            print(line)
        if asked.queue.kind == "adjudication":
            self._history(asked, "")

    def _decide(self, asked: Asked, verdict: Verdict, given: str) -> None:
        reason = self._reason(given) if verdict is Verdict.REJECT else ""
        purpose = asked.queue.purpose(asked.row)
        word = Word(verdict, reason, purpose=purpose)
        if not asked.queue.blind[asked.row]:
            marks = standing_word(self._card(asked))
            word = replace(marks, verdict=verdict, reason=reason, purpose=purpose)
        one, seen = asked.candidate_id, self._seen(asked)
        try:
            saved = decide(self._project, one, word, analyst=self._analyst, seen=seen)
        except DecidedElsewhereError as error:
            if not self._wants_second(error.others[0], verdict):
                self._passed.add(one)
                return
            seen = {one: error.others[0].decided_at}
            saved = decide(self._project, one, word, analyst=self._analyst, seen=seen)
        self._newest = saved
        self._passed.add(one)
        print(f"saved #{self._newest.decision_id} {verdict} {reason}".rstrip())

    def _seen(self, asked: Asked) -> dict[int, datetime | None]:
        """Words of others that were shown: those that an adjudication is about."""
        if asked.queue.kind != "adjudication":
            return {}
        return {asked.candidate_id: self._card(asked).row.decided_at}

    def _wants_second(self, other: OtherWord, verdict: Verdict) -> bool:
        """Show another analyst's word; only the word ``second`` gives a second opinion."""
        print(safe_text(other.text))
        question = f"second saves your {verdict} as a second opinion · enter goes on > "
        print(question, end="", flush=True)
        return self._lines.readline().strip() == "second"

    def _skip(self, asked: Asked, _rest: str) -> None:
        self._passed.add(asked.candidate_id)
        self._skipped.add(asked.candidate_id)

    def _undo(self, _asked: Asked, _rest: str) -> None:
        self._told(undo(self._project, times=1, analyst=self._analyst), "undone")

    def _redo(self, _asked: Asked, _rest: str) -> None:
        self._told(redo(self._project, times=1, analyst=self._analyst), "redone")

    def _told(self, saved: tuple[Saved, ...], what: str) -> None:
        if not saved:
            print(f"nothing is {what}: no decision or drawing of yours stands there")
            return
        decided = decisions_of(saved)
        back = {one.candidate_id for one in decided if one.verdict is Verdict.WITHDRAW}
        self._passed -= back
        self._passed |= {one.candidate_id for one in decided} - back
        if any(self._queue.place_of(one) is None for one in back):
            self._queue = read_queue(self._project, self._wanted, analyst=self._analyst)
        print(act_text(saved, what))
        reopened = reopened_by(self._project, saved)
        if reopened:
            print(reopened)

    def _note(self, asked: Asked, text: str) -> None:
        self._mark(asked, note=text)

    def _flag(self, asked: Asked, _rest: str) -> None:
        self._mark(asked, flagged=not self._card(asked).row.flagged)

    def _confidence(self, asked: Asked, _rest: str) -> None:
        at = CONFIDENCES.index(self._card(asked).row.confidence or "")
        self._mark(asked, confidence=CONFIDENCES[(at + 1) % len(CONFIDENCES)])

    def _evidence(self, asked: Asked, number: int) -> None:
        keys = (*EVIDENCE, *self._project.settings.triage.evidence)
        if number >= len(keys):
            print("no such evidence: triage.evidence in project.toml adds keys 7 to 9")
            return
        seen = set(filter(None, (self._card(asked).row.evidence or "").split(",")))
        seen ^= {keys[number]}
        self._mark(asked, evidence=",".join(key for key in keys if key in seen))

    def _mark(self, asked: Asked, **marks: object) -> None:
        one = asked.candidate_id
        if asked.queue.blind[asked.row]:
            print("a blind repeat takes a verdict only")
        elif self._newest is not None and self._newest.candidate_id == one:
            self._newest = amend(self._project, self._newest, **marks)
        else:
            word = replace(standing_word(self._card(asked)), **marks)  # type: ignore[arg-type]
            seen = self._seen(asked)
            saved = remark(self._project, one, word, analyst=self._analyst, seen=seen)
            print(f"saved #{saved.decision_id}")

    def _history(self, asked: Asked, _rest: str) -> None:
        if asked.queue.blind[asked.row]:
            print("a blind repeat: what was said before is not shown")
            return
        for one in words_on(self._project, self._card(asked)):
            words = f"{one.verdict} {one.reason} {one.note}".rstrip()
            name = candidate_name(one.candidate_id)
            print(f" #{one.decision_id} {name} {safe_text(one.analyst)}: {words}")

    def _picture(self, asked: Asked, _rest: str) -> None:
        from rtsproj.workflow.pictures import write_picture  # noqa: PLC0415 - rasterio only here

        path = default_picture_path(self._project, asked.candidate_id)
        write_picture(self._project, self._card(asked), path)
        print(f"picture written: {path}")

    def _help(self, _asked: Asked, _rest: str) -> None:
        print(ALL)

    def _card(self, asked: Asked) -> CandidateCard:
        return show_candidate(self._project, asked.candidate_id)

    def _reason(self, given: str) -> str:
        """A reason of the list, given with the verdict or asked for; none unknown."""
        known = self._project.settings.triage.reasons
        keys = {key: name for key, name in REASON_KEYS.items() if name in known}
        own = [name for name in known if name not in keys.values()]
        shown = " · ".join([*(f"{key} {name}" for key, name in keys.items()), *own])
        if given:
            if given in keys or given in known:
                return keys.get(given, given)
            raise UsageError(f"{given!r} is not a reason", hint=shown)
        while True:
            print(f"reason: {shown} · enter none > ", end="", flush=True)
            answer = self._lines.readline().strip()
            if not answer or answer in keys or answer in known:
                return keys.get(answer, answer)
            print(f"not a reason: {safe_text(answer)!r}")
