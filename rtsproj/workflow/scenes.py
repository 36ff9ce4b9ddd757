"""Register images where they lie; their pixels are never copied or changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import shapely

from rtsproj.domain.days import DayOfYear
from rtsproj.domain.grid import ProjectGrid
from rtsproj.domain.places import ImageUrl, Place
from rtsproj.domain.scenes import ALPHA, Role, SceneSpec
from rtsproj.domain.text import counted
from rtsproj.errors import NeedsError, UndatedError, UsageError
from rtsproj.geometry.crs import check_project_crs, transform, utm_crs
from rtsproj.imagery.probe import (
    ProbeChoice,
    SceneRecord,
    SceneState,
    look_at,
    read_scene,
    state_of,
)
from rtsproj.store import facts, scenes
from rtsproj.workflow.create import settle_crs
from rtsproj.workflow.project import Progress, Project, has_crs, reading, writing


@dataclass(frozen=True, slots=True)
class SceneChoice:
    """What the user says of the scenes; None or empty = read it from the file.

    Attributes:
        role: map or history.
        acquired: day of acquisition; without a year: of files whose name holds the year alone.
        bands: names in file order.
        assume_crs: CRS of files that name none, ``EPSG:n``.
    """

    role: Role = Role.MAP
    acquired: date | DayOfYear | None = None
    bands: tuple[str, ...] = ()
    assume_crs: str | None = None


@dataclass(frozen=True, slots=True)
class SceneCheck:
    """State of one scene's image: ok, missing, changed, or not read and why."""

    scene_id: int
    path: str
    state: str
    why: str = ""


def add_scenes(
    project: Project,
    paths: Sequence[Place],
    choice: SceneChoice,
    *,
    by: str,
    progress: Progress | None = None,
) -> tuple[SceneSpec, ...]:
    """Register images; all of them or none.

    Returns:
        The registered scenes with their ids.

    Raises:
        UsageError: a file cannot be used; file, value and remedy are named; nothing was changed.
    """
    records = _read_all(project, paths, choice, progress)
    known = _known(project)
    _check_together([*known, *(record.spec for record in records)])
    bands = _bands(project, known, records)
    crs = _crs(project, records[0])
    footprints = [transform(shapely.from_wkb(r.footprint_wkb), r.crs, crs) for r in records]
    for record, footprint in zip(records, footprints, strict=True):
        _check_place(record, footprint, crs)
    crs = settle_crs(project, crs, by=by)
    with writing(project, f"add {len(records)} scenes") as connection:
        added = []
        for record, footprint in zip(records, footprints, strict=True):
            row = {
                "sensor": record.sensor,
                "crs": record.crs,
                "gsd_m": record.gsd_m,
                "width": record.width,
                "height": record.height,
                "size_bytes": record.size_bytes,
                "mtime_ns": record.mtime_ns,
                "footprint": shapely.to_wkb(footprint),
                "added_by": by,
            }
            scene_id = scenes.add_scene(connection, record.spec, row)
            added.append(replace(record.spec, scene_id=scene_id))
        first = next((r for r in records if r.spec.role is Role.MAP), None)
        if first is not None:
            for key, value in _grid_facts(project, first, crs).items():
                facts.settle_fact(connection, key, value)
            facts.settle_fact(connection, "bands", ",".join(bands))
    return tuple(added)


def _read_all(
    project: Project, paths: Sequence[Place], choice: SceneChoice, progress: Progress | None
) -> list[SceneRecord]:
    """Read every file; those without a day are named together."""
    asked = ProbeChoice(
        acquired=choice.acquired,
        bands=choice.bands or None,
        assume_crs=choice.assume_crs,
        max_pixels=project.settings.imagery.max_pixels,
    )
    records: list[SceneRecord] = []
    undated: list[tuple[str, int | None]] = []
    for number, path in enumerate(paths):
        if progress:
            progress(number, len(paths), path.name)
        try:
            records.append(read_scene(path, choice.role, asked))
        except UndatedError as error:
            undated.append((path.name, error.year))
    if undated:
        raise _undated(undated)
    return records


def _undated(files: Sequence[tuple[str, int | None]]) -> UndatedError:
    """One error for all files without a day."""
    years = sorted({year for _, year in files if year})
    names = ", ".join(name for name, _ in files)
    has_year = all(year for _, year in files)
    hint = "give --date YYYY-MM-DD to files of one day"
    if has_year:
        hint = f"give --date MM-DD once: the year is read from each name ({years[0]}"
        hint += f" to {years[-1]})" if len(years) > 1 else ")"
    what = f"no date in name or metadata of {counted(len(files), 'file')}: {names}"
    return UndatedError(what, hint=hint, year=years[0] if has_year else None)


def list_scenes(project: Project) -> tuple[SceneSpec, ...]:
    """Scenes in use, by id."""
    return tuple(_known(project))


def check_scenes(project: Project) -> tuple[SceneCheck, ...]:
    """Compare every scene's file with its recorded fingerprint."""
    return tuple(
        SceneCheck(spec.scene_id, spec.path, found.state, found.why)
        for spec, found in _states(_known(project))
    )


def require_unchanged(specs: Sequence[SceneSpec]) -> None:
    """Stop work on scenes whose image is missing or is no longer the one registered.

    Raises:
        UsageError: naming every such image.
    """
    bad = [(spec, found) for spec, found in _states(specs) if found.state != "ok"]
    if bad:
        listed = "; ".join(found.why or f"{spec.path} is {found.state}" for spec, found in bad)
        raise UsageError(
            listed, hint="put the image back, or `rtsproj scene relink ID PATH` if it was moved"
        )


def relink_scene(project: Project, scene_id: int, place: Place) -> SceneSpec:
    """Point a scene at its image's new place; only the same image is accepted.

    Between a file and an object, and between stores that tag the same bytes differently, that
    cannot be told: register it anew.

    Raises:
        UsageError: no such scene, or the file differs from the registered one.
    """
    spec = next((one for one in _known(project) if one.scene_id == scene_id), None)
    if spec is None:
        raise UsageError(f"no scene {scene_id}", hint="`rtsproj scene list` shows the ids")
    if not isinstance(place, ImageUrl):
        place = place.absolute()
        if not place.is_file():
            raise UsageError(f"{place} is not a file", hint="give the path of the moved image")
    lying = look_at(place)
    if lying.fingerprint != spec.fingerprint:
        raise UsageError(
            f"{place} is not the image that was registered as scene {scene_id}",
            hint="register a different image with `rtsproj scene add`",
        )
    with writing(project, f"relink scene {scene_id}") as connection:
        return scenes.relink(connection, spec, str(place), lying.mtime_ns)


def grid_of(values: Mapping[str, str]) -> ProjectGrid:
    """The project grid of the settled facts.

    Raises:
        NeedsError: no map scene was added yet.
    """
    if "origin_x" not in values:
        raise no_map_scene()
    return ProjectGrid(
        crs=values["crs"],
        pixel_m=float(values["pixel_m"]),
        origin_x=float(values["origin_x"]),
        origin_y=float(values["origin_y"]),
    )


def no_map_scene() -> NeedsError:
    """The error where nothing is there to search."""
    return NeedsError(
        "the project has no map scene", hint="add one: rtsproj scene add PATH --role map"
    )


def _known(project: Project) -> list[SceneSpec]:
    if not has_crs(project):
        return []
    with reading(project) as connection:
        return list(scenes.scene_specs(connection))


def _states(specs: Sequence[SceneSpec]) -> list[tuple[SceneSpec, SceneState]]:
    return [(spec, state_of(spec)) for spec in specs]


def _check_together(specs: Sequence[SceneSpec]) -> None:
    seen: dict[str, SceneSpec] = {}
    for spec in specs:
        if spec.path in seen:
            raise UsageError(f"{spec.path} is registered already", hint="leave it out of the list")
        seen[spec.path] = spec
    mapped = [spec for spec in specs if spec.role is Role.MAP]
    for spec in mapped[1:]:
        if spec.dtype != mapped[0].dtype:
            raise UsageError(
                f"{spec.path} has {spec.dtype} pixels, {mapped[0].name} has {mapped[0].dtype}: "
                "one model cannot search both",
                hint="bring the map scenes to one data type, or add this one with --role history",
            )


def _bands(
    project: Project, known: Sequence[SceneSpec], records: Sequence[SceneRecord]
) -> tuple[str, ...]:
    """Input bands: those asked for in project.toml, else those of the first map scene."""
    mapped = [spec for spec in (*known, *(r.spec for r in records)) if spec.role is Role.MAP]
    if not mapped:
        return ()
    wanted = project.settings.imagery.bands or tuple(b for b in mapped[0].bands if b != ALPHA)
    for spec in mapped:
        missing = [band for band in wanted if band not in spec.bands]
        if missing:
            raise UsageError(
                f"{spec.path} has no band {', '.join(missing)} (it has {', '.join(spec.bands)})",
                hint="name its bands with --bands, or choose imagery.bands in project.toml",
            )
    return wanted


def _crs(project: Project, record: SceneRecord) -> str:
    asked = project.settings.project.crs
    if has_crs(project):
        with reading(project) as connection:
            return facts.read_fact(connection, "crs") or asked
    if asked != "auto":
        return asked
    lonlat = transform(shapely.from_wkb(record.footprint_wkb), record.crs, "EPSG:4326")
    try:
        check_project_crs(record.crs, shapely.from_wkb(record.footprint_wkb).bounds)
    except UsageError:
        return utm_crs(lonlat.centroid.x, lonlat.centroid.y)
    return (
        record.crs
        if record.crs.startswith("EPSG:")
        else utm_crs(lonlat.centroid.x, lonlat.centroid.y)
    )


def _check_place(record: SceneRecord, footprint: shapely.Geometry, crs: str) -> None:
    if footprint.is_empty or not all(map(_finite, footprint.bounds)):
        raise UsageError(
            f"{record.spec.path} does not lie in the domain of {crs}",
            hint="choose a project CRS for this region: rtsproj init --crs EPSG:n",
        )
    check_project_crs(crs, footprint.bounds)


def _finite(value: float) -> bool:
    return abs(value) < float("inf")


def _grid_facts(project: Project, record: SceneRecord, crs: str) -> dict[str, str]:
    """The grid follows the first map scene, so that the commonest scenes are read straight."""
    pixel_m = project.settings.grid.pixel_m or record.gsd_m
    a, _, left, _, e, top = record.transform
    if record.crs == crs and abs(a - pixel_m) < 1e-9 * pixel_m and abs(-e - a) < 1e-9 * pixel_m:
        return {"pixel_m": repr(pixel_m), "origin_x": repr(left), "origin_y": repr(top)}
    footprint = transform(shapely.from_wkb(record.footprint_wkb), record.crs, crs)
    minx, _, _, maxy = footprint.bounds
    return {
        "pixel_m": repr(pixel_m),
        "origin_x": repr(minx // pixel_m * pixel_m),
        "origin_y": repr(-(-maxy // pixel_m) * pixel_m),
    }
