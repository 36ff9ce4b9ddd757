"""Outline editing round trip with a GIS: export, edit there, see the differences, take them.

A file is compared with the project by id. Every change becomes an outline version, journal line
first, so that it can be walked back like any other edit. An outline that was split keeps its ids
with its first part; every further part of a slump becomes a slump, of a candidate a candidate. What
a file does not hold any more is left as it is unless a rejection is asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any, Literal

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from rtsproj.domain.decisions import Verdict
from rtsproj.domain.drawings import DRAWN
from rtsproj.domain.ids import candidate_name, slump_name
from rtsproj.errors import UsageError
from rtsproj.geometry.crs import transform
from rtsproj.geometry.identity import HALF
from rtsproj.geometry.measures import measure
from rtsproj.geometry.repair import Geometries, checked_polygons
from rtsproj.store import edits, facts, versions
from rtsproj.store.database import Connection, next_id
from rtsproj.vectors.read import read_features
from rtsproj.vectors.write import write_features
from rtsproj.workflow.decide import Word, decide_many
from rtsproj.workflow.distances import measure_missing
from rtsproj.workflow.edit_keys import Known, further_parts, read_keys
from rtsproj.workflow.import_list import listing_refusals
from rtsproj.workflow.ladder import now_utc, shape_row, split_parts
from rtsproj.workflow.project import Project, reading, writing
from rtsproj.workflow.stages import latest

LAYER = "outlines"
SAME_M2 = 0.01
"""m2, planar; two outlines that differ by less are the same: files round coordinates."""
Missing = Literal["keep", "reject"]
What = Literal["changed", "split", "added", "deleted"]
ORDER: tuple[What, ...] = ("changed", "split", "added", "deleted")


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between a file and the project.

    Attributes:
        what: changed, split (a further part of an outline), added or deleted.
        name: C-00012, RTS-00003, ``part of`` one of them, or the feature's number for an added one.
        candidate_id: of the outline; 0 where a slump without candidate, or an added outline, is
            meant.
        slump_id: 0 where there is none.
        before_m2: m2 in the project, geodesic; 0 for a part and an added one.
        after_m2: m2 in the file, geodesic; 0 for a deleted one.
        outline: as the file has it, None for a deleted one.
    """

    what: What
    name: str
    candidate_id: int
    slump_id: int
    before_m2: float
    after_m2: float
    outline: BaseGeometry | None

    @property
    def makes_slump(self) -> bool:
        """True for an outline that becomes another slump."""
        return self.what == "added" or (self.what == "split" and self.slump_id > 0)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a file would change.

    Attributes:
        changes: differences, changed ones first.
        same: outlines without a difference, new ones that were imported before among them.
        repaired: feature numbers whose geometry had to be made valid.
        warnings: one sentence for each outline that covers half of a slump or is covered by one.
    """

    changes: tuple[Change, ...]
    same: int
    repaired: tuple[str, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """What was imported.

    Attributes:
        outlines: outlines that were changed or added.
        rejected: candidates that were rejected because the file lacks them.
        slumps: (name of the change, id) of the new slumps.
        candidates: likewise of the new candidates.
    """

    outlines: int
    rejected: int = 0
    slumps: tuple[tuple[str, int], ...] = ()
    candidates: tuple[tuple[str, int], ...] = ()


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
        UsageError: the file cannot be read, lacks its id columns, or names wrong or doubled ids.
    """
    known, crs = _known(project)
    by_key = {one.key: one for one in known}
    with listing_refusals(project, path):
        file = read_features(path)
        checked = checked_polygons([(fid, geom) for fid, geom, _ in file.features])
        found = read_keys(file, path, by_key)
    if file.crs is None:
        raise UsageError(f"{path} names no CRS", hint=f"export it again; it should be {crs}")
    geoms = transform(np.array(checked.geoms, dtype=object), file.crs, crs)
    ids = [fid for fid, _, _ in file.features]
    features = list(zip(ids, found, geoms, strict=True))
    with listing_refusals(project, path):
        further = further_parts(features, path)
    new = [number for number, one in enumerate(found) if one is None or number in further]
    there = _there(geoms, new, known)
    split = {one.key for n in further - set(there) if (one := found[n]) is not None}
    changes, same = [], len(there)
    for number, (fid, before, geom) in enumerate(features):
        if number in there:
            continue
        if before is None or number in further:
            changes.append(_new(fid, before, geom, crs=crs))
        elif before.key not in split and _is_same(before.geom, geom):
            same += 1
        else:
            changes.append(_change("changed", before, geom, crs=crs))
    held = {one.key for one in (*found, *there.values()) if one is not None}
    changes += [_change("deleted", one, None, crs=crs) for one in known if one.key not in held]
    changes.sort(key=lambda one: (ORDER.index(one.what), one.name))
    return Comparison(tuple(changes), same, checked.repaired, _warnings(changes, known))


def take(project: Project, found: Comparison, *, analyst: str, missing: Missing = "keep") -> Taken:
    """Take the differences in, the outlines in one journal line.

    Args:
        project: the project.
        found: what ``compare`` found.
        analyst: who edited.
        missing: ``reject`` = candidates that the file no longer holds are rejected.
    """
    edited = [one for one in found.changes if one.outline is not None]
    gone = [one.candidate_id for one in found.changes if one.outline is None and one.candidate_id]
    taken = _save(project, edited, analyst) if edited else Taken(0)
    if missing == "reject" and gone:
        word = Word(Verdict.REJECT, note="deleted while outlines were edited")
        decide_many(project, dict.fromkeys(gone, word), analyst=analyst)
        return replace(taken, rejected=len(gone))
    return taken


def _save(project: Project, edited: Sequence[Change], analyst: str) -> Taken:
    iteration = int(latest(project)["iteration"])
    with writing(project, f"{len(edited)} edited outlines") as connection:
        crs = facts.read_fact(connection, "crs") or ""
        first = versions.next_slump_id(connection)
        numbers = count(first)
        parts = _candidate_parts(connection, edited, crs)
        rows = [
            {
                **_row(one, crs, iteration),
                **(
                    {"slump_id": next(numbers)}
                    if one.makes_slump
                    else {"parts": parts.get(one.candidate_id, [])}
                ),
            }
            for one in edited
            if one.what != "split" or one.makes_slump
        ]
        versions.save_versions(connection, project.journal, rows, by=analyst)
        measure_missing(connection)
    made = [
        (f"part of {candidate_name(of)}", int(part["candidate_id"]))
        for of, found in parts.items()
        for part in found
    ]
    names = [one.name for one in edited if one.makes_slump]
    return Taken(len(edited), slumps=tuple(zip(names, count(first))), candidates=tuple(made))


def _candidate_parts(
    connection: Connection, edited: Sequence[Change], crs: str
) -> dict[int, list[dict[str, Any]]]:
    """Candidate -> rows of the candidates that its further parts become."""
    parts: dict[int, list[dict[str, Any]]] = {}
    first = next_id(connection, "candidate", "candidate_id")
    for one in edited:
        if one.what == "split" and not one.makes_slump and one.outline is not None:
            model = versions.model_outline(connection, one.candidate_id) or {}
            rows = split_parts(model, [one.outline], crs, first=first)
            parts.setdefault(one.candidate_id, []).extend(rows)
            first += 1
    return parts


def _known(project: Project) -> tuple[list[Known], str]:
    with reading(project) as connection:
        crs = facts.read_fact(connection, "crs") or ""
        found = edits.editable_outlines(connection)
    known = [
        Known(
            row["candidate_id"] or 0,
            row["slump_id"] or 0,
            row["status"],
            shapely.from_wkb(bytes(row["wkb"])),
        )
        for row in found
    ]
    return known, crs


def _there(geoms: Geometries, new: Sequence[int], known: Sequence[Known]) -> dict[int, Known]:
    """Those of the new features that the project holds already: the file was imported before."""
    tree = shapely.STRtree([one.geom for one in known])
    asked, found = tree.query(geoms[list(new)])
    pairs = zip(asked.tolist(), found.tolist(), strict=True)
    return {new[n]: known[at] for n, at in pairs if _is_same(geoms[new[n]], known[at].geom)}


def _new(fid: str, whole: Known | None, geom: BaseGeometry, *, crs: str) -> Change:
    """An added outline, or a further part of one that was split."""
    area_m2 = measure(geom, crs).area_m2
    if whole is None:
        return Change("added", f"feature {fid}", 0, 0, 0.0, area_m2, geom)
    of = (whole.candidate_id, whole.slump_id)
    return Change("split", f"part of {whole.slump}", *of, 0.0, area_m2, geom)


def _is_same(one: BaseGeometry, other: BaseGeometry) -> bool:
    return bool(one.symmetric_difference(other).area <= SAME_M2)


def _warnings(changes: Sequence[Change], known: Sequence[Known]) -> tuple[str, ...]:
    """Pairs of an outline of the file and a slump, of which one covers half of the other."""
    edited = [one for one in changes if one.outline is not None]
    named = {one.name: one.outline for one in edited}
    slumps = [one for one in known if one.slump_id]
    shapes = [named.get(one.name, one.geom) for one in slumps]
    asked, found = shapely.STRtree(shapes).query(
        np.array([one.outline for one in edited], dtype=object)
    )
    warnings: dict[frozenset[str], str] = {}
    for number, at in zip(asked.tolist(), found.tolist(), strict=True):
        one, other = edited[number], slumps[at]
        name = one.name if one.what != "changed" or not one.slump_id else slump_name(one.slump_id)
        if name == other.slump:
            continue
        share, covered = _share(one.outline, shapes[at])
        if share >= HALF:
            pair = (name, other.slump) if covered else (other.slump, name)
            warnings[frozenset(pair)] = f"{pair[0]} covers {100 * share:.0f} % of {pair[1]}"
    return tuple(warnings.values())


def _share(one: BaseGeometry | None, other: BaseGeometry | None) -> tuple[float, bool]:
    """Shared area by that of the smaller one, and True where ``other`` is the smaller one."""
    if one is None or other is None:
        return 0.0, False
    return one.intersection(other).area / min(one.area, other.area), other.area <= one.area


def _change(
    what: Literal["changed", "deleted"], before: Known, geom: BaseGeometry | None, *, crs: str
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
    return {
        **shape_row(geom if geom is not None else shapely.Point(), crs),
        "candidate_id": None if one.makes_slump else one.candidate_id or None,
        "slump_id": 0 if one.candidate_id else one.slump_id,
        "iteration": iteration,
        "parent": 0,
        "step": DRAWN if one.makes_slump else "import",
        "geom_source": "manual" if one.makes_slump else "import",
        "note": f"{one.name}, split in a GIS" if one.what == "split" else "",
        "parts": [],
        "added_at": now_utc(),
    }


def change_lines(changes: Sequence[Change]) -> list[str]:
    """Differences for people: what, which, areas before and after."""
    return [
        f"{one.what:8} {one.name:14} {one.before_m2:10.0f} m² -> {one.after_m2:10.0f} m²"
        for one in changes
    ]
