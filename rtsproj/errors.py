"""Errors that a person can act on; imports nothing of rtsproj."""

from collections.abc import Sequence
from enum import IntEnum


class ExitCode(IntEnum):
    """What a finished command tells the shell (contract: exit codes)."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    BUSY = 3
    NEEDS = 4
    DAMAGED = 5
    INTERRUPTED = 75
    HANG_UP = 129
    CANCELLED = 130
    TERMINATED = 143


class RtsError(Exception):
    """What went wrong, and what to do about it."""

    exit_code = ExitCode.FAILED

    def __init__(self, what: str, *, hint: str) -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


class UsageError(RtsError):
    """Wrong use or bad input; nothing was changed."""

    exit_code = ExitCode.USAGE


class RefusedError(UsageError):
    """Parts of a file cannot be used; nothing was changed.

    Attributes:
        refused: (name, reason) of every such part; the message names the first few.
    """

    def __init__(self, what: str, *, hint: str, refused: Sequence[tuple[str, str]]) -> None:
        super().__init__(what, hint=hint)
        self.refused = tuple(refused)


class UndatedError(UsageError):
    """An image whose day nothing tells.

    Attributes:
        year: as its name has it, None where it holds none.
    """

    def __init__(self, what: str, *, hint: str, year: int | None) -> None:
        super().__init__(what, hint=hint)
        self.year = year


class ProjectBusyError(RtsError):
    """Another process holds the project database."""

    exit_code = ExitCode.BUSY

    def __init__(self, project: str, *, holder: str, since: str) -> None:
        super().__init__(
            f"{project} is held by {holder} since {since}",
            hint="wait a moment and repeat, or end that process",
        )


class NeedsError(RtsError):
    """The project needs something first."""

    exit_code = ExitCode.NEEDS


class DamagedError(RtsError):
    """The project or a file in it is damaged."""

    exit_code = ExitCode.DAMAGED


class InterruptedJobError(RtsError):
    """A job was interrupted and can be resumed."""

    exit_code = ExitCode.INTERRUPTED
