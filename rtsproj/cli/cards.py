"""One candidate as lines of text."""

from rtsproj.domain.candidates import Status
from rtsproj.domain.ids import candidate_name
from rtsproj.domain.text import safe_text
from rtsproj.workflow.candidates import CandidateCard


def card_lines(card: CandidateCard, *, hide_score: bool) -> list[str]:
    """One candidate as lines of text; also what the plain triage shows."""
    row = card.row
    lines = [
        f"{candidate_name(row.candidate_id)}  iteration {row.iteration}  {row.status}",
        f"place     {row.lat:.5f} N  {row.lon:.5f} E",
        f"size      {row.area_m2 / 1e4:.3f} ha, perimeter {card.perimeter_m:.0f} m",
    ]
    lines += [
        f"{one.kind:9} {one.distance_m:.1f} m  {safe_text(one.line_name or one.line_class or '')}"
        for one in card.distances
    ]
    if not (hide_score and row.status == Status.OPEN):
        lines.append(f"score     mean {row.score_text}")
    if card.lineage_text:
        lines.append(f"before    {card.lineage_text}")
    if card.extension_text:
        lines.append(f"outline   {card.extension_text}")
    if row.at_edge:
        lines.append("edge      beside missing imagery or on the border of the area")
    lines += [
        f"history   {candidate_name(one.candidate_id)} iteration {one.iteration}: {one.status}"
        f"{', ' + safe_text(one.reason) if one.reason else ''}"
        for one in card.history
    ]
    if row.note:
        lines.append(f"note      {safe_text(row.note)}")
    return lines
