"""The evidence beside a picture: place, size, distances, what was seen and said before."""

from collections.abc import Sequence
from dataclasses import dataclass

from rtsproj.domain.decisions import EVIDENCE
from rtsproj.domain.text import safe_text
from rtsproj.tui.words import area_text, metres_text, place_text
from rtsproj.workflow.candidates import CandidateCard, Distance

SHORT = {
    "headwall": "headwall",
    "bare_floor": "bare floor",
    "flow_or_toe": "flow, toe",
    "crescent": "crescent",
    "growth": "growth",
    "no_vegetation": "no plants",
}
"""Evidence bits as the pane writes them."""
REMINDER = (
    "counts as a slump (? says more):",
    " headwall that casts a shadow",
    " bare floor",
    " clear contrast to the tundra",
)
"""Criteria of method 8.1 in short."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What the pane may show of a candidate.

    Attributes:
        card: the candidate.
        own: the project's own evidence keys, 7-9.
        hide_score: True = the model's score is not shown yet.
        is_blind: True = nothing of what was said before is shown.
        said: this sitting's word, empty before.
        rows: rows of the pane; where they are many, the criteria stand at its foot.
        criteria: the project's own, empty = those of method 8.1.
    """

    card: CandidateCard
    own: tuple[str, ...]
    hide_score: bool
    is_blind: bool
    said: str
    rows: int = 0
    criteria: tuple[str, ...] = ()


def evidence_lines(shown: Shown) -> list[str]:
    """Lines for people; names are made safe."""
    card, row = shown.card, shown.card.row
    lines = [
        f"C-{row.candidate_id:05}   iteration {row.iteration}",
        place_text(row.lon, row.lat),
        f"{area_text(row.area_m2)}   {metres_text(card.perimeter_m)} round",
    ]
    if card.outline_step:
        lines.append(f"outline: {safe_text(card.outline_step)}")
    if card.extension_text:
        lines.append(f"outline: {card.extension_text}")
    lines += [
        f"{one.kind} {metres_text(one.distance_m)} {_name(one)}".rstrip() for one in card.distances
    ]
    if row.at_edge:
        lines.append("at the edge of the imagery or the area")
    lines += ["", *_bits(row.evidence or "", shown.own, blind=shown.is_blind)]
    lines += _marks(shown)
    lines += _before(shown)
    lines += ["", _score(shown)]
    criteria = [safe_text(one) for one in shown.criteria] or list(REMINDER)
    blank = shown.rows - len(lines) - len(criteria)
    if blank > 0:
        lines += [*[""] * blank, *criteria]
    return lines


def _bits(said: str, own: Sequence[str], *, blind: bool) -> list[str]:
    chosen = set() if blind else set(said.split(","))
    cells = [
        f"{number}{'✓' if key in chosen else '·'} {SHORT.get(key, safe_text(key))}"
        for number, key in enumerate((*EVIDENCE, *own), start=1)
    ]
    pairs = [cells[at : at + 2] for at in range(0, len(cells), 2)]
    return ["".join(f"{cell:<16}" for cell in pair).rstrip() for pair in pairs]


def _marks(shown: Shown) -> list[str]:
    row = shown.card.row
    if shown.is_blind:
        return []
    lines = []
    if row.confidence:
        lines.append(f"confidence: {row.confidence}")
    if row.flagged:
        lines.append("⚑ flagged to come back")
    if row.note:
        lines.append(f"note: {safe_text(row.note)}")
    return lines


def _before(shown: Shown) -> list[str]:
    card = shown.card
    if shown.is_blind:
        return []
    lines = []
    if card.lineage_text:
        lines += ["", f"before: {safe_text(card.lineage_text)}"]
    if card.history:
        lines += ["", "this place (a: all words):"]
        lines += [
            f" C-{one.candidate_id:05} it. {one.iteration} {one.status}"
            + (f" {safe_text(one.reason)}" if one.reason else "")
            for one in card.history[:6]
        ]
    return lines


def _score(shown: Shown) -> str:
    row = shown.card.row
    if shown.said or not (shown.hide_score or shown.is_blind):
        return f"score {row.score_text}"
    return "score after the verdict"


def _name(line: Distance) -> str:
    return safe_text(line.line_name or line.line_class or "")
