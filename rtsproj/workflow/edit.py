"""Outline editing round trip with a GIS: export, edit there, see the differences, take them.

A file is compared with the project by id. Every change becomes an outline version, journal line
first, so that it can be walked back like any other edit. What a file does not hold any more is
left as it is unless a rejection is asked for.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import shapely
from shapely.geometry.base import BaseGeometry

from rtsproj.domain.decisions import Verdict
from rtsproj.domain.ids import candidate_name, read_candidate_id, read_slump_id, slump_name
from rtsproj.domain.text import first_of
from rtsproj.errors import RefusedError, UsageError
from rtsproj.geometry.crs import transform
from rtsproj.geometry.measures import measure
from rtsproj.geometry.repair import checked_polygons
from rtsproj.store import edits, facts, versions
from rtsproj.vectors.read import VectorFile, read_features
from rtsproj.vectors.write import write_features
from rtsproj.workflow.decide import Word, decide_many
from rtsproj.workflow.distances import measure_missing
from rtsproj.workflow.import_list import listing_refusals
from rtsproj.workflow.ladder import now_utc, shape_row
from rtsproj.workflow.project import Project, reading, writing
from rtsproj.workflow.stages import latest

LAYER = "outlines"
SAME_M2 = 0.01
"""m2, planar; two outlines that differ by less are the same: files round coordinates."""
Missing = Literal["keep", "reject"]


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between a file and the project.

    Attributes:
        what: changed, added or deleted.
        name: C-00012, RTS-00003, or the feature's number for an added one.
        candidate_id: 0 where a slump without candidate, or an added outline, is meant.
        slump_id: 0 where there is none.
        before_m2: m2 in the project, geodesic; 0 for an added one.
        after_m2: m2 in the file, geodesic; 0 for a deleted one.
        outline: as the file has it, None for a deleted one.
    """

    what: Literal["changed", "added", "deleted"]
    name: str
    candidate_id: int
    slump_id: int
    before_m2: float
    after_m2: float
    outline: BaseGeometry | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a file says against the project.

    Attributes:
        changes: differences, changed ones first.
        same: outlines without a difference.
        repaired: feature numbers whose geometry had to be made valid.
    """

    changes: tuple[Change, ...]
    same: int
    repaired: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Known:
    candidate_id: int
    slump_id: int
    status: str
    geom: BaseGeometry

    @property
    def key(self) -> tuple[int, int]:
        return (self.candidate_id, 0 if self.candidate_id else self.slump_id)

    @property
    def name(self) -> str:
        return _name(self.key)


def export_outlines(project: Project, path: Path) -> int:
    """Write every slump's outline and every candidate that is open or unsure; returns how many.

    Raises:
        UsageError: the suffix is not .gpkg, or the file cannot be written.
    """
    if path.suffix != ".gpkg":
        raise UsageError(f"{path}: a round trip needs a GeoPackage", hint="name it FILE.gpkg")
    known, crs = _known(project)
    rows = [
        {
            "candidate_id": one.candidate_id,
            "slump_id": one.slump_id,
            "name": one.name,
            "status": one.status,
            "geometry": one.geom,
        }
        for one in known
    ]
    if not rows:
        raise UsageError("there is no outline to edit yet", hint="search first: rtsproj next")
    write_features(path, rows, crs=crs, layer=LAYER)
    return len(rows)


def compare(project: Project, path: Path) -> Comparison:
    """What a file would change; changes nothing.

    Raises:
        UsageError: the file cannot be read, lacks its id columns, or names unknown or doubled ids.
    """
    known, crs = _known(project)
    by_key = {one.key: one for one in known}
    with listing_refusals(project, path):
        file = read_features(path)
        checked = checked_polygons([(fid, geom) for fid, geom, _ in file.features])
        keys = _keys(file, path, by_key)
    if file.crs is None:
        raise UsageError(f"{path} names no CRS", hint=f"export it again; it should be {crs}")
    geoms = [transform(geom, file.crs, crs) for geom in checked.geoms]
    changes, same = [], 0
    for (fid, _, _), key, geom in zip(file.features, keys, geoms, strict=True):
        before = by_key.get(key) if key is not None else None
        if before is None:
            changes.append(
                Change("added", f"feature {fid}", 0, 0, 0.0, measure(geom, crs).area_m2, geom)
            )
        elif before.geom.symmetric_difference(geom).area <= SAME_M2:
            same += 1
        else:
            changes.append(_change("changed", before, geom, crs=crs))
    gone = [one for one in known if one.key not in set(keys)]
    changes += [_change("deleted", one, None, crs=crs) for one in gone]
    order = ("changed", "added", "deleted")
    changes.sort(key=lambda one: (order.index(one.what), one.name))
    return Comparison(tuple(changes), same, checked.repaired)


def take(
    project: Project, found: Comparison, *, analyst: str, missing: Missing = "keep"
) -> tuple[int, int]:
    """Take the differences in, the outlines in one journal line.

    Args:
        project: the project.
        found: what ``compare`` said.
        analyst: who edited.
        missing: ``reject`` = candidates that the file no longer holds are rejected.

    Returns:
        Outlines taken, candidates rejected.
    """
    edited = [one for one in found.changes if one.outline is not None]
    gone = [one.candidate_id for one in found.changes if one.outline is None and one.candidate_id]
    iteration = int(latest(project)["iteration"])
    if edited:
        with writing(project, f"{len(edited)} edited outlines") as connection:
            crs = facts.read_fact(connection, "crs") or ""
            first = versions.next_slump_id(connection)
            rows = [_row(one, crs, iteration) for one in edited]
            drawn = [row for row in rows if row["step"] == "drawn"]
            for number, row in enumerate(drawn):
                row["slump_id"] = first + number
            versions.save_versions(connection, project.journal, rows, by=analyst)
            measure_missing(connection)
    if missing == "reject" and gone:
        word = Word(Verdict.REJECT, note="deleted while outlines were edited")
        decide_many(project, dict.fromkeys(gone, word), analyst=analyst)
        return len(edited), len(gone)
    return len(edited), 0


def _known(project: Project) -> tuple[list[_Known], str]:
    with reading(project) as connection:
        crs = facts.read_fact(connection, "crs") or ""
        found = edits.editable_outlines(connection)
    known = [
        _Known(
            row["candidate_id"] or 0,
            row["slump_id"] or 0,
            row["status"],
            shapely.from_wkb(bytes(row["wkb"])),
        )
        for row in found
    ]
    return known, crs


def _keys(
    file: VectorFile, path: Path, known: dict[tuple[int, int], _Known]
) -> list[tuple[int, int] | None]:
    names = set(file.features[0][2]) if file.features else {"candidate_id", "slump_id"}
    if not {"candidate_id", "slump_id"} <= names:
        raise UsageError(
            f"{path} has no columns candidate_id and slump_id",
            hint="edit a file that `rtsproj edit export` wrote",
        )
    keys = [_key(props) for _, _, props in file.features]
    unknown = [_name(one) for one in keys if one is not None and one not in known]
    if unknown:
        raise RefusedError(
            f"{path}: {first_of(unknown)} is not among the outlines that can be edited",
            hint="leave the id columns of a new outline empty; nothing was changed",
            refused=[(one, "cannot be edited") for one in unknown],
        )
    counts = Counter(one for one in keys if one is not None)
    doubled = [_name(one) for one in sorted(counts) if counts[one] > 1]
    if doubled:
        raise RefusedError(
            f"{path}: {first_of(doubled)} occurs more than once",
            hint="give the copy empty id columns; nothing was changed",
            refused=[(one, "more than once") for one in doubled],
        )
    return keys


def _key(props: dict[str, Any]) -> tuple[int, int] | None:
    """What a feature is: its candidate, else its slump; None for an added one."""
    candidate, slump = (_written(props[name]) for name in ("candidate_id", "slump_id"))
    if candidate:
        return (read_candidate_id(candidate), 0)
    return (0, read_slump_id(slump)) if slump else None


def _written(value: Any) -> str:
    """An id column's value as text; a GIS may write it as text, whole or decimal number."""
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return ""
    is_whole = isinstance(value, float) and value.is_integer()
    text = f"{value:.0f}" if is_whole else str(value).strip()
    return "" if text == "0" else text


def _name(key: tuple[int, int]) -> str:
    return candidate_name(key[0]) if key[0] else slump_name(key[1])


def _change(
    what: Literal["changed", "deleted"], before: _Known, geom: BaseGeometry | None, *, crs: str
) -> Change:
    return Change(
        what,
        before.name,
        before.candidate_id,
        before.slump_id,
        measure(before.geom, crs).area_m2,
        measure(geom, crs).area_m2 if geom is not None else 0.0,
        geom,
    )


def _row(one: Change, crs: str, iteration: int) -> dict[str, Any]:
    geom = one.outline
    is_drawn = one.what == "added"
    return {
        **shape_row(geom if geom is not None else shapely.Point(), crs),
        "candidate_id": one.candidate_id or None,
        "slump_id": 0 if one.candidate_id else one.slump_id,
        "iteration": iteration,
        "parent": 0,
        "step": "drawn" if is_drawn else "import",
        "geom_source": "manual" if is_drawn else "import",
        "parts": [],
        "added_at": now_utc(),
    }


def change_lines(changes: Sequence[Change]) -> list[str]:
    """Differences for people: what, which, areas before and after."""
    return [
        f"{one.what:8} {one.name:14} {one.before_m2:10.0f} m² -> {one.after_m2:10.0f} m²"
        for one in changes
    ]
