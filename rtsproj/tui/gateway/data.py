"""Adding data: look at files first, take them in, lay the grid."""

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from rtsproj.domain.days import DayOfYear, parse_day
from rtsproj.domain.places import Place
from rtsproj.errors import UsageError
from rtsproj.workflow.inputs import Input, InputKind, list_inputs
from rtsproj.workflow.project import Project
from rtsproj.workflow.recognise import Given, Kind, Recognised, recognise, take_in
from rtsproj.workflow.removal import Removal, Removed, preview_removal, remove_input
from rtsproj.workflow.tiles import Tiling, lay_tiles

NAMES = ("date", "bands", "crs", "layer", "where")


@dataclass(frozen=True, slots=True)
class Mark:
    """A file to be added: as what, and what was said of it."""

    kind: Kind
    given: Given


class Data:
    """What one analyst adds."""

    def __init__(self, project: Project, analyst: str) -> None:
        self._project = project
        self._analyst = analyst

    def recognise(self, path: Place, given: Given) -> Recognised:
        """What a file is."""
        return recognise(self._project, path, given)

    def take_in(self, path: Place, kind: Kind, given: Given) -> str:
        """Add a file; what was added, in words."""
        return take_in(self._project, path, kind, given, by=self._analyst)

    def inputs(self) -> tuple[Input, ...]:
        """Every input in use: images first."""
        return tuple(one for kind in InputKind for one in list_inputs(self._project, kind))

    def preview_removal(self, wanted: Input) -> Removal:
        """What depends on an input."""
        return preview_removal(self._project, wanted.kind, wanted.id)

    def remove(self, wanted: Input, progress: Callable[[int, int, str], None]) -> Removed:
        """Take an input back."""
        return remove_input(
            self._project, wanted.kind, wanted.id, by=self._analyst, progress=progress
        )

    def lay_tiles(self, progress: Callable[[int, int, str], None]) -> Tiling:
        """Lay the grid, or add what is missing."""
        return lay_tiles(self._project, progress=progress)


def parse_given(text: str) -> Given:
    """What a person says of a file: ``date=2019-07-15 bands=red,green,blue crs=EPSG:4326``.

    Raises:
        UsageError: a word is not one of these, or the date is none.
    """
    try:
        words = dict(one.split("=", 1) for one in shlex.split(text))
    except ValueError as error:
        raise UsageError(f"{text}: {error}", hint="write date=YYYY-MM-DD crs=EPSG:n …") from None
    unknown = [name for name in words if name not in NAMES]
    if unknown:
        raise UsageError(f"{', '.join(unknown)} is not known", hint=f"use {', '.join(NAMES)}")
    acquired = parse_day(words["date"]) if "date" in words else None
    bands = tuple(one.strip() for one in words.get("bands", "").split(",") if one.strip())
    return Given(acquired, bands, words.get("crs"), words.get("layer"), words.get("where"))


def with_day(marks: Mapping[Place, Mark], day: DayOfYear) -> dict[Place, Mark]:
    """Marked files whose day nobody has given, with this one."""
    return {
        path: replace(mark, given=replace(mark.given, acquired=day))
        for path, mark in marks.items()
        if mark.given.acquired is None
    }


def given_text(given: Given) -> str:
    """What was said, as a line that ``parse_given`` reads back."""
    values = (
        str(given.acquired) if given.acquired else None,
        ",".join(given.bands) or None,
        given.crs,
        given.layer,
        given.where,
    )
    said = zip(NAMES, values, strict=True)
    return " ".join(f"{name}={shlex.quote(value)}" for name, value in said if value)
