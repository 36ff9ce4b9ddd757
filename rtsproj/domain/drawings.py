"""Slumps that a person drew because no model had found them, and slumps that a person removed."""

from dataclasses import dataclass

DRAWN = "drawn"
"""Step of an outline version that draws a slump, or draws it again after an undo."""
RETIRED = "retired"
"""Step of the version that takes a drawing back."""
REMOVED = "removed"
"""Step of the version that removes a slump that was drawn, imported or known."""
RESTORED = "restored"
"""Step of the version that puts a removed slump back."""
GONE = (RETIRED, REMOVED)
"""Steps after which a slump is not in the inventory."""
UNDOES = {DRAWN: RETIRED, REMOVED: RESTORED}
"""Step -> the step that takes it back."""


@dataclass(frozen=True, slots=True)
class SavedDrawing:
    """One step of a drawn or removed slump that is on disk in the journal and in the database.

    Attributes:
        version_id: journal number.
        slump_id: the slump.
        step: ``DRAWN``, ``RETIRED``, ``REMOVED`` or ``RESTORED``.
        area_m2: m2, geodesic.
        analyst: who did it.
        bulk: first version id of the act that saved several at once; 0 = saved alone.
    """

    version_id: int
    slump_id: int
    step: str
    area_m2: float
    analyst: str
    bulk: int = 0
