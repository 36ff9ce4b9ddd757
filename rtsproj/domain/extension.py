"""What extending outlines over adjoining ground did, as a search reports it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rtsproj.domain.text import counted

LEAST_GAIN = 0.05
"""Mean IoU that extending parts of known slumps gains, from which on outlines are extended."""
MOST_WORSE = 0.15
"""Share of those parts whose IoU falls by ``LEAST_GAIN`` up to which they are."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What a tolerance does to parts of digitised slumps.

    Attributes:
        tolerance: spreads up to which ground is alike.
        before: 0..1, mean IoU of the parts with the whole.
        after: the same of the extended parts.
        worse: 0..1, share of the parts whose IoU fell.
        parts: how many.
    """

    tolerance: float
    before: float
    after: float
    worse: float
    parts: int

    @property
    def is_right(self) -> bool:
        """True where it gains enough, and rarely loses."""
        return self.after - self.before >= LEAST_GAIN and self.worse <= MOST_WORSE

    @property
    def text(self) -> str:
        """The trial in words."""
        return (
            f"{counted(self.parts, 'part')} of digitised slumps: mean IoU {self.before:.2f} "
            f"before, {self.after:.2f} extended, {100 * self.worse:.0f} % of them worse"
        )


@dataclass(frozen=True, slots=True)
class Extension:
    """What extending did.

    Attributes:
        trial: of the tolerance on digitised slumps; None where nothing was tried.
        extended: outlines that were extended, or whose rim was trimmed.
        joined: outlines that became part of another one.
    """

    trial: Trial | None = None
    extended: int = 0
    joined: int = 0

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> "Extension":
        """Read it from the summary of a job; empty where an older program wrote the job."""
        trial = raw.get("trial")
        return cls(
            Trial(**trial) if trial else None,
            extended=int(raw.get("extended", 0)),
            joined=int(raw.get("joined", 0)),
        )

    @property
    def is_applied(self) -> bool:
        """True where outlines are extended."""
        return self.trial is not None and self.trial.is_right

    @property
    def text(self) -> str:
        """One sentence; empty where nothing was tried."""
        if self.trial is None:
            return ""
        if not self.trial.is_right:
            return f"outlines not extended over adjoining ground ({self.trial.text})"
        return (
            f"{counted(self.extended, 'outline')} extended over adjoining ground that looks the "
            f"same, or trimmed to it, and {self.joined} joined with them (infer.extend; "
            f"{self.trial.text})"
        )
