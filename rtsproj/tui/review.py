"""What a triage session knows beside the screen: rows, words said, marks, pace. No widgets."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from rtsproj.domain.candidates import Lineage
from rtsproj.domain.decisions import SavedDecision, Verdict
from rtsproj.domain.text import safe_text
from rtsproj.tui.words import area_text, duration_text
from rtsproj.workflow.others import OtherWord
from rtsproj.workflow.queue import Queue

LINEAGES = tuple(one.value for one in Lineage)
GLYPHS = {"open": "○", "accept": "●", "reject": "✗", "unsure": "?", "skip": "◷", "blind": "○"}
ASCII_GLYPHS = {"open": "o", "accept": "*", "reject": "x", "unsure": "?", "skip": "~", "blind": "o"}
PACE_OF = 50
"""Newest decisions that the pace is measured over."""
LONG_S = 300.0
"""s; a longer pause is a break, not the time of a decision."""


@dataclass(slots=True)
class Review:
    """The state of one sitting.

    Attributes:
        queue: what is shown, None before it is read.
        said: word of this sitting by candidate.
        reasons: reject reason by candidate.
        skipped: passed over without a word.
        marked: chosen for a bulk decision.
        newest: the newest decision.
        others: what other analysts have decided of the queue meanwhile.
        glyphs: signs of states.
    """

    queue: Queue | None = None
    said: dict[int, str] = field(default_factory=dict)
    reasons: dict[int, str] = field(default_factory=dict)
    skipped: set[int] = field(default_factory=set)
    marked: set[int] = field(default_factory=set)
    newest: SavedDecision | None = None
    others: dict[int, OtherWord] = field(default_factory=dict)
    glyphs: dict[str, str] = field(default_factory=lambda: GLYPHS)
    _decided: set[int] = field(default_factory=set)
    _gone: set[int] = field(default_factory=set)
    _spent: deque[float] = field(default_factory=lambda: deque(maxlen=PACE_OF))
    _last_at: float | None = None

    def __len__(self) -> int:
        return len(self.queue) if self.queue is not None else 0

    def id_at(self, row: int) -> int | None:
        """Candidate of a row; None beside the queue."""
        if self.queue is None or not 0 <= row < len(self.queue):
            return None
        return int(self.queue.ids[row])

    @property
    def left(self) -> int:
        """Rows without a word."""
        return len(self) - len(self._decided)

    def take_queue(self, queue: Queue) -> None:
        """Another queue, or the same one read again: what was decided in it still counts."""
        before = self.queue
        same = before is not None and (before.kind, before.filter) == (queue.kind, queue.filter)
        counted = self._gone | self._decided if same else set()
        self.queue = queue
        known = {*self.said, *self.others}
        self._decided = {one for one in known if queue.place_of(one) is not None}
        self._gone = counted - self._decided

    def take_others(self, ids: Iterable[int], found: Iterable[OtherWord]) -> set[int]:
        """What other analysts have decided of some rows by now; returns the rows that changed.

        Args:
            ids: the candidates that were asked for.
            found: words that stand on them.
        """
        now = {one.candidate_id: one for one in found if one.candidate_id not in self.said}
        changed = {one for one in ids if self.others.get(one) != now.get(one)}
        for one in changed:
            self.others.pop(one, None)
            self._decided.discard(one)
        self.others |= now
        self._decided |= now.keys()
        self.marked -= now.keys()
        return changed

    def note_area(self, candidate_id: int, area_m2: float) -> None:
        """An outline was edited: its row shows the new size."""
        at = self.queue.place_of(candidate_id) if self.queue is not None else None
        if self.queue is not None and at is not None:
            self.queue.area_m2[at] = area_m2

    def row_text(self, row: int, *, here: bool) -> str:
        """One line of the queue."""
        queue = self.queue
        if queue is None:
            return ""
        one = int(queue.ids[row])
        other = self.others.get(one)
        state = self.said.get(one, "skip" if one in self.skipped else "open")
        state = other.verdict.value if other is not None else state
        mark = "+" if one in self.marked else "⚑" if queue.flagged[row] else " "
        lineage = LINEAGES[queue.lineage[row]]
        told = self.reasons.get(one) or ("" if lineage == "fresh" or queue.blind[row] else lineage)
        told = f"by {safe_text(other.analyst)}" if other is not None else told
        edge = "▌" if here else " "
        size = area_text(float(queue.area_m2[row]))
        return f"{edge}{self.glyphs[state]}{mark}C-{one:05} {size:>9} {told}"

    def next_open(self, row: int) -> int | None:
        """The next row without a word, round the end to skipped ones; None = all is decided."""
        count = len(self)
        for step in range(1, count + 1):
            at = (row + step) % count
            if self.id_at(at) not in self.said.keys() | self.others.keys():
                return at
        return None

    def take(self, saved: SavedDecision, *, at: float) -> None:
        """A decision was saved.

        Args:
            saved: what is on disk now.
            at: s of a steady clock.
        """
        self.newest = saved
        one = saved.candidate_id
        self.others.pop(one, None)
        self.reasons.pop(one, None)
        if saved.verdict is Verdict.WITHDRAW:
            self.said.pop(one, None)
            self._decided.discard(one)
            self._gone.discard(one)
        else:
            fresh = one not in self.said
            self.said[one] = saved.verdict.value
            if fresh and self.queue is not None and self.queue.place_of(one) is not None:
                self._decided.add(one)
            self.skipped.discard(one)
            if saved.reason:
                self.reasons[one] = saved.reason
            if fresh:
                self._count_time(at)
        self.marked.discard(one)

    def start_clock(self, at: float) -> None:
        """The analyst begins to look."""
        self._last_at = at

    @property
    def pace_s(self) -> float | None:
        """Mean s per decision, breaks left out; None before three."""
        return sum(self._spent) / len(self._spent) if len(self._spent) >= 3 else None

    def progress_text(self) -> str:
        """How far."""
        more = "" if self.queue is None or self.queue.whole else "+"
        gone = len(self._gone)
        return f"{gone + len(self) - self.left}/{gone + len(self)}{more} decided"

    def pace_text(self) -> str:
        """Seconds per decision and the time left; empty before three."""
        pace = self.pace_s
        if pace is None:
            return ""
        return f"{pace:.1f} s each   ~{duration_text(pace * self.left)} left"

    def saved_text(self) -> str:
        """The newest decision and how to take it back; empty before one."""
        one = self.newest
        if one is None:
            return ""
        return f"saved #{one.decision_id} {one.verdict} {one.reason}".rstrip() + " · u undoes"

    def _count_time(self, at: float) -> None:
        if self._last_at is not None and at - self._last_at <= LONG_S:
            self._spent.append(at - self._last_at)
        self._last_at = at
