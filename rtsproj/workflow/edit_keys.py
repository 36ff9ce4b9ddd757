"""Which outline of the project each feature of an edited file is."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shapely.geometry.base import BaseGeometry

from rtsproj.domain.ids import candidate_name, read_candidate_id, read_slump_id, slump_name
from rtsproj.domain.text import first_of
from rtsproj.errors import RefusedError, UsageError
from rtsproj.geometry.identity import HALF
from rtsproj.vectors.read import VectorFile

COLUMNS = ("candidate_id", "slump_id")
Key = tuple[int, int]
"""(candidate_id, 0), or (0, slump_id) of a slump without a candidate."""


@dataclass(frozen=True, slots=True)
class Known:
    """An outline of the project that a file may hold.

    Attributes:
        candidate_id: 0 for a seed or a drawing.
        slump_id: 0 for a candidate that is open or unsure.
        status: slump, open or unsure.
        geom: project CRS.
    """

    candidate_id: int
    slump_id: int
    status: str
    geom: BaseGeometry

    @property
    def key(self) -> Key:
        """What its feature is recognised by."""
        return (self.candidate_id, 0 if self.candidate_id else self.slump_id)

    @property
    def name(self) -> str:
        """C-00012 or, of a slump without a candidate, RTS-00003."""
        return candidate_name(self.key[0]) if self.key[0] else slump_name(self.key[1])

    @property
    def slump(self) -> str:
        """RTS-00003, where it is a slump; else the candidate's name."""
        return slump_name(self.slump_id) if self.slump_id else self.name


def read_keys(file: VectorFile, path: Path, known: Mapping[Key, Known]) -> tuple[Known | None, ...]:
    """The outline that each feature is; None for an added one.

    Raises:
        UsageError: the file lacks its id columns, or names ids that are wrong; each is named with
            its feature.
    """
    names = set(file.features[0][2]) if file.features else set(COLUMNS)
    if not set(COLUMNS) <= names:
        raise UsageError(
            f"{path} has no columns candidate_id and slump_id",
            hint="edit a file that `rtsproj edit export` wrote",
        )
    found: list[Known | None] = []
    refused: list[tuple[str, str]] = []
    for fid, _, props in file.features:
        try:
            found.append(_known(props, known))
        except UsageError as error:
            refused.append((fid, error.what))
    refuse(path, refused)
    return tuple(found)


def further_parts(
    found: Sequence[tuple[str, Known | None, BaseGeometry]], path: Path
) -> frozenset[int]:
    """Numbers of the features that are further parts of an outline that was split.

    Args:
        found: (feature, outline, geometry) in the order of the file: the first one of an outline
            keeps its ids.
        path: for messages.

    Raises:
        UsageError: an outline occurs more than once at the same place.
    """
    parts: dict[Key, list[BaseGeometry]] = defaultdict(list)
    further: set[int] = set()
    refused: list[tuple[str, str]] = []
    for number, (fid, one, geom) in enumerate(found):
        if one is None:
            continue
        if any(_is_same_place(geom, other) for other in parts[one.key]):
            refused.append((fid, f"{one.name} occurs more than once at the same place"))
        elif parts[one.key]:
            further.add(number)
        parts[one.key].append(geom)
    refuse(path, refused)
    return frozenset(further)


def refuse(path: Path, refused: Sequence[tuple[str, str]]) -> None:
    """Refuse a file for its features (feature, reason); nothing where there is none."""
    if refused:
        named = first_of([f"feature {fid}: {reason}" for fid, reason in refused], between="; ")
        raise RefusedError(
            f"{path}: {named}",
            hint="leave the id columns of a new outline empty; nothing was changed",
            refused=refused,
        )


def _known(props: Mapping[str, Any], known: Mapping[Key, Known]) -> Known | None:
    candidate, slump = (_written(props[name]) for name in COLUMNS)
    slump_id = read_slump_id(slump) if slump else 0
    key = (read_candidate_id(candidate), 0) if candidate else (0, slump_id)
    if key == (0, 0):
        return None
    name = candidate_name(key[0]) if key[0] else slump_name(key[1])
    found = known.get(key)
    if found is None:
        raise UsageError(f"{name} is not among the outlines that can be edited", hint="")
    if slump_id and slump_id != found.slump_id:
        raise UsageError(f"{name} is not the outline of {slump_name(slump_id)}", hint="")
    return found


def _written(value: Any) -> str:
    """An id column's value as text; a GIS may write it as text, whole or decimal number."""
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return ""
    is_whole = isinstance(value, float) and value.is_integer()
    text = f"{value:.0f}" if is_whole else str(value).strip()
    return "" if text == "0" else text


def _is_same_place(one: BaseGeometry, other: BaseGeometry) -> bool:
    return bool(one.intersection(other).area >= HALF * min(one.area, other.area))
