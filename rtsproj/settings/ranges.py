"""What a value of a setting may be, beside its type."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers that are accepted, both ends included.

    Attributes:
        least: the smallest.
        most: the largest.
        unit: of the number; empty for shares, factors and seeds.
        multiple: the number must be a multiple of it.
        derived: True = 0 is accepted, too, and means that the number follows from the data.
    """

    least: float
    most: float
    unit: str = ""
    multiple: int = 1
    derived: bool = False

    def accepts(self, value: float) -> bool:
        """True within the range; never for NaN."""
        if self.derived and value == 0:
            return True
        return self.least <= value <= self.most and (
            self.multiple == 1 or not value % self.multiple
        )

    @property
    def text(self) -> str:
        """The range as an error or a screen shows it."""
        unit = f" {self.unit}" if self.unit else ""
        multiple = f", a multiple of {self.multiple}" if self.multiple > 1 else ""
        derived = ", 0 = from the data" if self.derived else ""
        return f"{number_text(self.least)}..{number_text(self.most)}{unit}{multiple}{derived}"


@dataclass(frozen=True, slots=True)
class Items:
    """How many entries a list may hold."""

    most: int

    @property
    def text(self) -> str:
        """The limit as an error or a screen shows it."""
        return f"a list of at most {self.most}"


def number_text(value: float) -> str:
    """A number with separators of thousands: 10,000,000, 0.01, 1e-08."""
    return f"{int(value):,}" if value == int(value) else f"{value:g}"
