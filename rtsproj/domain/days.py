"""The day of an image as a person gives it: whole, or without the year that its name tells."""

import re
from dataclasses import dataclass
from datetime import date

from rtsproj.errors import UsageError

_MONTH_DAY = re.compile(r"(\d{2})-(\d{2})")
_LEAP = 2000


@dataclass(frozen=True, slots=True)
class DayOfYear:
    """Month and day of images whose names hold the year."""

    month: int
    day: int

    def __str__(self) -> str:
        return f"{self.month:02}-{self.day:02}"

    def in_year(self, year: int) -> date:
        """The day in a year.

        Raises:
            UsageError: the year has no such day.
        """
        try:
            return date(year, self.month, self.day)
        except ValueError:
            raise UsageError(f"{year}-{self} is not a day", hint="write YYYY-MM-DD") from None


def parse_day(text: str) -> date | DayOfYear:
    """Read YYYY-MM-DD, or MM-DD.

    Raises:
        UsageError: it is neither.
    """
    found = _MONTH_DAY.fullmatch(text.strip())
    try:
        if found is None:
            return date.fromisoformat(text.strip())
        whole = date(_LEAP, int(found[1]), int(found[2]))
    except ValueError:
        raise UsageError(
            f"date {text!r} is not a day",
            hint="write YYYY-MM-DD, or MM-DD where the names of the files hold the year",
        ) from None
    return DayOfYear(whole.month, whole.day)
