"""Rows of a query as aligned text: widths come from the first page and stay."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from rich.cells import cell_len, set_cell_size

from rtsproj.domain.text import safe_text

PAGE = 64
"""Rows that decide the widths."""
WIDEST = 44
"""Cells of a column at most."""
GAP = "  "


class Layout:
    """Fixed column widths of one result."""

    def __init__(self, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        self._columns = [safe_text(one) for one in columns]
        first = rows[:PAGE]
        self._is_number = [
            any(_is_number(row[n]) for row in first)
            and all(row[n] is None or _is_number(row[n]) for row in first)
            for n in range(len(columns))
        ]
        self._widths = [
            min(
                WIDEST,
                max([cell_len(name), *(cell_len(value_text(row[n])) for row in first)], default=1),
            )
            for n, name in enumerate(self._columns)
        ]

    def header(self, *, first: int = 0) -> str:
        """Column names from a column on."""
        return self._line(self._columns, first)

    def row(self, values: Sequence[Any], *, first: int = 0) -> str:
        """One row from a column on."""
        return self._line([value_text(one) for one in values], first)

    def _line(self, cells: Sequence[str], first: int) -> str:
        parts = []
        for text, width, is_number in list(zip(cells, self._widths, self._is_number, strict=True))[
            first:
        ]:
            if cell_len(text) > width:
                text = set_cell_size(text, width - 1) + "…"  # noqa: PLW2901 - cut to its column
            space = " " * (width - cell_len(text))
            parts.append(space + text if is_number else text + space)
        return GAP.join(parts)


def value_text(value: Any) -> str:
    """A value on one line."""
    if value is None:
        return "NULL"
    if isinstance(value, float):
        return f"{value:,.2f}" if abs(value) >= 1000 else f"{value:.8g}"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, bytes | bytearray):
        value = f"{len(value)} bytes"
    return safe_text(", ".join(map(str, value)) if isinstance(value, list) else value)


def _is_number(value: Any) -> bool:
    is_told = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    return is_told and not isinstance(value, date)
