"""Attributes of an outline in the file that it came from: its id, its date, its name."""

from collections.abc import Mapping, Sequence
from typing import Any

UID_FIELDS = ("uid", "id", "rts_id")
DATE_FIELDS = ("basemapdate", "image_date", "imagedate", "date", "year")
NAME_FIELDS = ("name", "site")
"""Fields that may hold the value, in lower case, in the order in which they are tried."""


def first_value(attributes: Mapping[str, Any], names: Sequence[str]) -> str | None:
    """The first value that is not empty, as text.

    Args:
        attributes: by field name, in any case.
        names: fields in lower case, in the order in which they are tried.
    """
    by_name = {name.lower(): value for name, value in attributes.items()}
    for name in names:
        value = by_name.get(name)
        if value not in (None, ""):
            return str(value)
    return None
