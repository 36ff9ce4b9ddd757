"""Decisions of a CSV file, taken whole or not at all; what stands already is not said again."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rtsproj.domain.decisions import NewDecision, SavedDecision, Verdict
from rtsproj.domain.ids import read_candidate_id
from rtsproj.domain.text import first_of
from rtsproj.errors import RefusedError, UsageError
from rtsproj.store import decisions
from rtsproj.store.decisions import Standing
from rtsproj.store.ledger import known_candidates
from rtsproj.workflow.decide import Word, check_sayable, checked, save_words
from rtsproj.workflow.import_list import listing_refusals
from rtsproj.workflow.project import Project, reading

COLUMNS = frozenset({"candidate_id", "verdict", "reason", "note", "analyst", "decided_at"})


@dataclass(frozen=True, slots=True)
class Taken:
    """What a file said.

    Attributes:
        saved: the new decisions.
        standing: lines left out because the same analyst's same word stands.
    """

    saved: tuple[SavedDecision, ...]
    standing: int


def decide_from(project: Project, path: Path, *, analyst: str) -> Taken:
    """Save all decisions of a CSV file, or none.

    Args:
        project: the project.
        path: columns candidate_id, verdict, and optionally reason, note, analyst, decided_at.
        analyst: of lines that name none.

    Raises:
        UsageError: naming the lines that cannot be taken; nothing was saved.
    """
    with listing_refusals(project, path):
        return _decide_from(project, path, analyst)


def _decide_from(project: Project, path: Path, analyst: str) -> Taken:
    said, bad = _read(project, path, analyst)
    with reading(project) as connection:
        known = known_candidates(connection, sorted({one.candidate_id for one in said.values()}))
        stand = decisions.standing(connection, sorted(known))
    unknown = {
        line: one.candidate_id for line, one in said.items() if one.candidate_id not in known
    }
    bad |= {line: f"no candidate {one}" for line, one in unknown.items()}
    if bad:
        refused = [(f"line {line}", bad[line]) for line in sorted(bad)]
        named = first_of([f"{line}: {why}" for line, why in refused], between="; ")
        raise RefusedError(
            f"{path}: {named}",
            hint="fix these lines; nothing of the file was saved",
            refused=refused,
        )
    if not said:
        raise UsageError(f"{path} holds no decision", hint="columns: candidate_id,verdict,reason")
    fresh = _fresh(said.values(), stand)
    saved = save_words(project, fresh, by=analyst) if fresh else ()
    return Taken(saved, len(said) - len(fresh))


def _fresh(said: Iterable[NewDecision], stand: Mapping[int, Standing]) -> list[NewDecision]:
    """Words that change what stands, line after line: a later line may return to the first word."""
    standing = dict(stand)
    fresh = []
    for one in said:
        if standing.get(one.candidate_id) != _word(one):
            standing[one.candidate_id] = _word(one)
            fresh.append(one)
    return fresh


def _word(one: NewDecision) -> Standing:
    return one.analyst, one.verdict.value, one.reason, one.note


def _read(
    project: Project, path: Path, analyst: str
) -> tuple[dict[int, NewDecision], dict[int, str]]:
    """Decisions by line, and what is wrong by line."""
    said: dict[int, NewDecision] = {}
    bad: dict[int, str] = {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream)
            _check_header(path, reader.fieldnames or ())
            for row in reader:
                try:
                    said[reader.line_num] = _of_row(project, row, analyst)
                except UsageError as error:
                    bad[reader.line_num] = error.what
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path} cannot be read: {error}", hint="give a UTF-8 CSV file") from error
    return said, bad


def _check_header(path: Path, names: Iterable[str]) -> None:
    unknown = sorted(set(names) - COLUMNS)
    missing = sorted({"candidate_id", "verdict"} - set(names))
    if unknown or missing:
        raise UsageError(
            f"{path}: columns {', '.join(missing) or 'none'} missing, "
            f"{', '.join(map(repr, unknown)) or 'none'} unknown",
            hint="columns: candidate_id, verdict, and optionally reason, note, analyst, decided_at",
        )


def _of_row(project: Project, row: Mapping[str, str | None], analyst: str) -> NewDecision:
    candidate_id = read_candidate_id(row.get("candidate_id") or "")
    try:
        verdict = Verdict((row["verdict"] or "").strip())
    except ValueError:
        raise UsageError(
            f"verdict {row['verdict']!r} is not known", hint="accept, reject or unsure"
        ) from None
    check_sayable(Word(verdict))
    word = Word(verdict, (row.get("reason") or "").strip(), row.get("note") or "")
    who = (row.get("analyst") or "").strip() or analyst
    when = (row.get("decided_at") or "").strip()
    return checked(project, candidate_id, word, who, _time(when) if when else None)


def _time(text: str) -> datetime:
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"decided_at {text!r}", hint="ISO 8601, such as 2026-01-31T12:00"
        ) from None
    return when if when.tzinfo is None else when.astimezone(UTC).replace(tzinfo=None)
