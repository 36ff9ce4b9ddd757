"""Look at a file before it is taken in: what it is, as what it fits, what stands in the way.

Nothing is changed here but by ``take_in``, which does what the verbs of the command line do.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from pathlib import Path

import shapely

from rtsproj.domain.days import DayOfYear
from rtsproj.domain.labels import Polarity
from rtsproj.domain.places import ImageUrl, Place
from rtsproj.domain.scenes import Role
from rtsproj.domain.text import counted
from rtsproj.errors import RtsError, UsageError
from rtsproj.geometry.measures import measure
from rtsproj.imagery.objects.reader import ObjectError
from rtsproj.imagery.probe import ProbeChoice, SceneRecord, read_scene
from rtsproj.imagery.safety import DRIVERS
from rtsproj.vectors.read import SUFFIXES, LayerInfo, describe_layers
from rtsproj.workflow.project import Project
from rtsproj.workflow.scenes import SceneChoice, add_scenes, list_scenes
from rtsproj.workflow.sources import (
    Added,
    VectorChoice,
    add_area,
    add_labels,
    add_lines,
    add_terrain,
)


class Kind(StrEnum):
    """As what a file is taken in."""

    MAP = "map scene"
    HISTORY = "history scene"
    AREA = "area"
    POSITIVE = "positive labels"
    NEGATIVE = "negative labels"
    ROAD = "road"
    RAILWAY = "railway"
    AIRSTRIP = "airstrip"
    STATION = "station"
    TERRAIN = "terrain"


ORDER = tuple(Kind)
"""The order in which several files are taken in: images first, they settle the project CRS."""
RASTER_KINDS = (Kind.MAP, Kind.HISTORY, Kind.TERRAIN)
POLYGON_KINDS = (Kind.AREA, Kind.POSITIVE, Kind.NEGATIVE)
POINT_KINDS = (Kind.STATION, Kind.AIRSTRIP)
LINE_KINDS = (Kind.ROAD, Kind.RAILWAY, *POINT_KINDS)
_WORDS = {
    "station": Kind.STATION,
    "airstrip": Kind.AIRSTRIP,
    "airport": Kind.AIRSTRIP,
    "rail": Kind.RAILWAY,
    "road": Kind.ROAD,
    "highway": Kind.ROAD,
    "neg": Kind.NEGATIVE,
    "area": Kind.AREA,
    "aoi": Kind.AREA,
    "bound": Kind.AREA,
    "dem": Kind.TERRAIN,
    "terrain": Kind.TERRAIN,
    "elev": Kind.TERRAIN,
}
"""Parts of file names that tell what a file is; only a guess, a person chooses."""
_NO_DATE = date(1, 1, 1)
Add = Callable[[Project, Path, VectorChoice, str], Added]
"""Adds a vector file: project, path, choice, name of who adds it."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a person says of a file; None or empty = read it from the file.

    Attributes:
        acquired: day of acquisition.
        bands: names in file order.
        crs: of a file that names none.
        layer: of a file with several.
        where: attribute filter.
    """

    acquired: date | DayOfYear | None = None
    bands: tuple[str, ...] = ()
    crs: str | None = None
    layer: str | None = None
    where: str | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """What stands in the way, and what to do."""

    what: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a file is.

    Attributes:
        path: absolute, or a URL.
        facts: (name, value) lines.
        problems: empty where it can be taken in as it is.
        kinds: what it can be taken in as, the likeliest first; empty = nothing.
    """

    path: Place
    facts: tuple[tuple[str, str], ...]
    problems: tuple[Problem, ...]
    kinds: tuple[Kind, ...]

    @property
    def can_be_told(self) -> bool:
        """True where a person can tell what the file does not: date, bands, CRS, layer."""
        return bool(self.problems) and (
            bool(self.kinds) or any("--" in p.remedy for p in self.problems)
        )


def is_known_suffix(path: Path) -> bool:
    """True for files that may be imagery, terrain or vectors."""
    return path.suffix.lower() in (*DRIVERS, *SUFFIXES)


def recognise(project: Project, path: Place, given: Given) -> Recognised:
    """Look at a file; never raises for what the file is."""
    if path.suffix.lower() in DRIVERS:
        return _raster(project, path, given)
    if isinstance(path, ImageUrl):
        problem = Problem("no image by its name", "only GeoTIFF and COG are read from a store")
        return Recognised(path, (), (problem,), ())
    if path.suffix.lower() in SUFFIXES:
        return _vector(path, given)
    known = " ".join((*DRIVERS, *SUFFIXES))
    return Recognised(path, (), (Problem(f"suffix {path.suffix!r} is not known", known),), ())


def take_in(project: Project, path: Place, kind: Kind, given: Given, *, by: str) -> str:
    """Add a file; returns what was added, in words.

    Raises:
        UsageError: it cannot be used; nothing was changed.
    """
    if kind in (Kind.MAP, Kind.HISTORY):
        role = Role.MAP if kind is Kind.MAP else Role.HISTORY
        choice = SceneChoice(role, given.acquired, given.bands, given.crs)
        (spec,) = add_scenes(project, [path], choice, by=by)
        return f"scene {spec.scene_id}: {spec.name}, {spec.acquired}, {','.join(spec.bands)}"
    if kind is Kind.TERRAIN:
        return _told(kind, add_terrain(project, path, by=by))
    if isinstance(path, ImageUrl):
        raise UsageError(
            f"{path}: a {kind} is not read from a store", hint="download it, then add the file"
        )
    vectors = VectorChoice(given.layer, given.where, given.crs)
    return _told(kind, _ADD[kind](project, path, vectors, by))


def _told(kind: Kind, added: Added) -> str:
    size = f", {added.area_m2 / 1e6:,.2f} km²" if added.area_m2 else ""
    mended = f", {len(added.repaired)} repaired" if added.repaired else ""
    repeated = f", {len(added.repeated)} repeated left out" if added.repeated else ""
    listed = f"; listed in {added.listed}" if added.listed else ""
    return f"{kind}: {counted(added.features, 'feature')}{size}{mended}{repeated}{listed}"


def _area(project: Project, path: Path, choice: VectorChoice, by: str) -> Added:
    return add_area(project, path, choice, by=by)


def _positive(project: Project, path: Path, choice: VectorChoice, by: str) -> Added:
    return add_labels(project, path, choice, polarity=Polarity.POSITIVE, by=by)


def _negative(project: Project, path: Path, choice: VectorChoice, by: str) -> Added:
    return add_labels(project, path, choice, polarity=Polarity.NEGATIVE, by=by)


def _lines(kind: Kind) -> Add:
    return lambda project, path, choice, by: add_lines(project, path, choice, kind=kind, by=by)


_ADD: dict[Kind, Add] = {
    Kind.AREA: _area,
    Kind.POSITIVE: _positive,
    Kind.NEGATIVE: _negative,
    **{kind: _lines(kind) for kind in LINE_KINDS},
}


def _raster(project: Project, path: Place, given: Given) -> Recognised:
    if "udm2" in path.stem.lower():
        problem = Problem("the mask of a scene", "leave it beside its scene: it is found there")
        return Recognised(path, (), (problem,), ())
    asked = ProbeChoice(
        given.acquired, given.bands or None, given.crs, project.settings.imagery.max_pixels
    )
    record, problems = _probed(path, asked)
    if record is None:
        return Recognised(path, (), tuple(problems), ())
    known = list_scenes(project)
    years = {one.year for one in known if one.role is Role.MAP}
    guess = _raster_kind(record, path, years)
    if guess is Kind.TERRAIN:
        problems = []
    if record.spec.path in {one.path for one in known}:
        problems.append(Problem("registered already", "nothing to do"))
    return Recognised(path, _scene_facts(record), tuple(problems), _first(guess, RASTER_KINDS))


def _probed(path: Place, asked: ProbeChoice) -> tuple[SceneRecord | None, list[Problem]]:
    """The record, and each thing that had to be supposed to get it."""
    problems: list[Problem] = []
    is_whole = isinstance(asked.acquired, date)
    dated = asked if is_whole else replace(asked, acquired=_NO_DATE)
    terrain = replace(dated, bands=("elevation",))
    for choice in (asked, dated, terrain):
        try:
            return read_scene(path, Role.MAP, choice), problems
        except ObjectError as error:
            return None, [_problem(path, error)]
        except UsageError as error:
            problem = _problem(path, error)
            if problem not in problems and choice is not terrain:
                problems.append(problem)
    return None, problems


def _raster_kind(record: SceneRecord, path: Place, years: set[int]) -> Kind:
    if record.spec.bands == ("elevation",):
        return Kind.TERRAIN
    guess = _named(path, RASTER_KINDS, Kind.MAP)
    is_other_year = bool(years) and record.spec.year not in years
    return Kind.HISTORY if guess is Kind.MAP and is_other_year else guess


def _scene_facts(record: SceneRecord) -> tuple[tuple[str, str], ...]:
    spec = record.spec
    acquired = "not known" if spec.acquired == _NO_DATE else str(spec.acquired)
    mask = Path(spec.mask_path).name if spec.mask_path else "none beside it"
    km2 = measure(shapely.from_wkb(record.footprint_wkb), record.crs).area_m2 / 1e6
    return (
        ("date", acquired),
        ("bands", ", ".join(spec.bands)),
        ("pixels", f"{record.width:,} x {record.height:,} {spec.dtype}, {record.gsd_m:g} m"),
        ("covers", f"{km2:,.2f} km²"),
        ("CRS", record.crs),
        ("sensor", record.sensor or "not known"),
        ("no data", "none declared" if spec.nodata is None else f"{spec.nodata:g}"),
        ("mask", mask),
        ("clear", f"{100 * spec.clear_share:.1f} %"),
    )


def _vector(path: Path, given: Given) -> Recognised:
    try:
        layers = describe_layers(path)
    except UsageError as error:
        return Recognised(path, (), (_problem(path, error),), ())
    chosen = [one for one in layers if given.layer in (None, one.name)]
    problems: list[Problem] = []
    if not chosen:
        problems.append(Problem(f"no layer {given.layer!r}", "choose one of those named"))
    elif len(chosen) > 1:
        names = ", ".join(one.name for one in chosen)
        problems.append(Problem(f"{len(chosen)} layers", f"choose one: layer={names}"))
    shown = chosen or list(layers)
    if any(one.crs is None for one in chosen) and given.crs is None:
        problems.append(Problem("no CRS", "say it: crs=EPSG:n"))
    if chosen and not any(one.features for one in chosen):
        problems.append(Problem("no feature", "check the file"))
    kinds = _vector_kinds(path, shown)
    if not kinds:
        problems.append(Problem("neither polygons, lines nor points", "convert it in a GIS"))
    facts = [fact for one in shown for fact in _layer_facts(one)]
    return Recognised(path, tuple(facts), tuple(problems), kinds)


def _layer_facts(layer: LayerInfo) -> list[tuple[str, str]]:
    return [
        ("layer", layer.name),
        ("features", f"{layer.features:,} {layer.geometry}"),
        ("CRS", layer.crs or "not named"),
        ("fields", ", ".join(layer.fields[:12]) or "none"),
    ]


def _vector_kinds(path: Path, layers: list[LayerInfo]) -> tuple[Kind, ...]:
    told = " ".join(one.geometry for one in layers)
    if "Line" in told:
        return _first(_named(path, LINE_KINDS, Kind.ROAD), LINE_KINDS)
    if "Polygon" in told:
        return _first(_named(path, POLYGON_KINDS, Kind.POSITIVE), POLYGON_KINDS)
    if "Point" in told:
        return _first(_named(path, POINT_KINDS, Kind.STATION), POINT_KINDS)
    return (*POLYGON_KINDS, *LINE_KINDS) if "Unknown" in told or "Collection" in told else ()


def _named(path: Place, kinds: tuple[Kind, ...], default: Kind) -> Kind:
    name = path.stem.lower()
    told = [kind for word, kind in _WORDS.items() if word in name and kind in kinds]
    return told[0] if told else default


def _first(kind: Kind, kinds: tuple[Kind, ...]) -> tuple[Kind, ...]:
    return (kind, *(one for one in kinds if one is not kind))


def _problem(path: Place, error: RtsError) -> Problem:
    absolute = path if isinstance(path, ImageUrl) else path.absolute()
    what = error.what.removeprefix(str(absolute)).removeprefix(str(path)).lstrip(": ")
    return Problem(what or error.what, error.hint)
