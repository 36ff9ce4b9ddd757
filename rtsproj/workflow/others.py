"""What other analysts decide at the same time: it is noticed before a word is saved over theirs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from rtsproj.domain.decisions import Verdict
from rtsproj.errors import UsageError
from rtsproj.journal.lines import journal_files, journal_path
from rtsproj.store import decisions
from rtsproj.store.database import Connection
from rtsproj.workflow.project import Project, reading

STATES = {Verdict.ACCEPT: "accepted", Verdict.REJECT: "rejected", Verdict.UNSURE: "unsure"}
Seen = Mapping[int, datetime | None] | None
"""Candidate -> when the word of another analyst was said that this one was shown; None = do not
check."""
Stamp = tuple[tuple[str, int], ...]
"""Names and sizes of journal files."""


@dataclass(frozen=True, slots=True)
class OtherWord:
    """What another analyst has decided of a candidate; it stands."""

    candidate_id: int
    analyst: str
    verdict: Verdict
    reason: str
    decided_at: datetime

    @property
    def text(self) -> str:
        """``Ann accepted C-00012 at 10:03``: local time, with the date where it is not today."""
        at = self.decided_at.replace(tzinfo=UTC).astimezone()
        is_today = at.date() == datetime.now(UTC).astimezone().date()
        when = at.strftime("%H:%M" if is_today else "%Y-%m-%d %H:%M")
        name = f"C-{self.candidate_id:05}"
        if self.verdict is Verdict.UNSURE:
            return f"{self.analyst} left {name} unsure at {when}"
        reason = f" ({self.reason})" if self.reason else ""
        return f"{self.analyst} {STATES[self.verdict]} {name}{reason} at {when}"


class DecidedElsewhereError(UsageError):
    """Other analysts have decided what this one was about to decide; nothing was saved."""

    def __init__(self, others: Sequence[OtherWord]) -> None:
        more = f"; {len(others) - 1} more are decided" if len(others) > 1 else ""
        super().__init__(f"{others[0].text}{more}", hint="save yours as a second opinion, or go on")
        self.others = tuple(others)


def words_of_others(
    project: Project, candidate_ids: Sequence[int], *, analyst: str
) -> tuple[OtherWord, ...]:
    """Words of other analysts that stand on some candidates."""
    with reading(project) as connection:
        return _words(connection, candidate_ids, analyst)


def require_seen(
    connection: Connection,
    candidate_ids: Sequence[int],
    *,
    seen: Mapping[int, datetime | None],
    analyst: str,
) -> None:
    """Refuse to decide what another analyst has decided without this one having seen it.

    Raises:
        DecidedElsewhereError: words stand that are not among ``seen``.
    """
    found = _words(connection, candidate_ids, analyst)
    unseen = [one for one in found if one.decided_at != seen.get(one.candidate_id)]
    if unseen:
        raise DecidedElsewhereError(unseen)


def journals_of_others(project: Project, *, analyst: str) -> Stamp:
    """Sizes of the other analysts' journals: they grow when one of them decides."""
    own = journal_path(project.journal, analyst)
    found = (one for one in journal_files(project.journal) if one != own)
    return tuple((one.name, one.stat().st_size) for one in found)


def _words(
    connection: Connection, candidate_ids: Sequence[int], analyst: str
) -> tuple[OtherWord, ...]:
    found = decisions.words_of_others(connection, candidate_ids, analyst=analyst)
    return tuple(OtherWord(**{**row, "verdict": Verdict(row["verdict"])}) for row in found)
