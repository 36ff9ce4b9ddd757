"""Slumps that a person drew because no model had found them."""

from dataclasses import dataclass

DRAWN = "drawn"
"""Step of an outline version that draws a slump, or draws it again after an undo."""
RETIRED = "retired"
"""Step of the version that takes a drawing back."""


@dataclass(frozen=True, slots=True)
class SavedDrawing:
    """One step of a drawn slump that is on disk in the journal and in the database.

    Attributes:
        version_id: journal number.
        slump_id: the slump.
        step: ``DRAWN`` or ``RETIRED``.
        area_m2: m2, geodesic.
        analyst: who drew it or took it back.
        bulk: first version id of the act that saved several at once; 0 = saved alone.
    """

    version_id: int
    slump_id: int
    step: str
    area_m2: float
    analyst: str
    bulk: int = 0
