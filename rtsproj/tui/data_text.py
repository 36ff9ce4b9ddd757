"""Lines of the data screen: what the project has, and what can be done with a file."""

from rtsproj.domain.text import counted, safe_text
from rtsproj.workflow.recognise import Recognised
from rtsproj.workflow.status import Status

COUNTED = ("scene", "label", "slump", "line", "tile")


def project_lines(now: Status) -> list[str]:
    """What the project has, and what it is blocked by."""
    counts = "   ".join(counted(now.counts[f"{name}s"], name) for name in COUNTED)
    blocked = [f"blocked by: {safe_text(one)}" for one in now.blocked_by]
    return [counts, *(blocked or [f"next: {now.stage}: q, then enter on home"])]


def verdict_lines(found: Recognised) -> list[str]:
    """What can be done with a file, and what stands in the way: a line and its remedy each."""
    lines: list[str] = []
    for one in found.problems:
        first, *more = map(safe_text, one.what.split("\n"))
        lines += [f"✗ {first}", *(f"  {text}" for text in more), f"  → {safe_text(one.remedy)}"]
    if found.can_be_told:
        lines.append("  e says what is missing: date, bands, CRS, layer")
    if found.kinds:
        others = ", ".join(found.kinds[1:])
        lines.append(f"✓ can be added as {found.kinds[0]} (t: {others})")
    return lines
