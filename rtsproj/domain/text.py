"""Text that cannot steer a terminal (faults 7.4)."""

import unicodedata
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Unicode categories that could move, colour, hide or reorder what a terminal shows."""
LONGEST = 200
"""Characters of one value on a screen."""


def safe_text(value: object) -> str:
    """Make control and format characters visible as their code; at most 200 characters."""
    text = str(value)
    shown = "".join(
        f"\\u{ord(c):04x}" if unicodedata.category(c) in HIDDEN else c for c in text[:LONGEST]
    )
    return shown + ("…" if len(text) > LONGEST else "")


def counted(number: int, noun: str) -> str:
    """1 slump, 2 slumps, 12,345 slumps."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def either_of(names: Sequence[str]) -> str:
    """road; road or railway; road, railway or airstrip."""
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last


def first_of(texts: Sequence[str], *, most: int = 10, between: str = ", ") -> str:
    """The first few, and how many more there are."""
    more = f" and {len(texts) - most:,} more" if len(texts) > most else ""
    return between.join(texts[:most]) + more


def suggestion(word: str, known: Iterable[str]) -> str:
    """``did you mean train?`` for ``trian``; empty where nothing known is near."""
    near = get_close_matches(word, list(known), n=1)
    return f"did you mean {near[0]}?" if near else ""
