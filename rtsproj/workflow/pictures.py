"""Pictures of a candidate: what is seen of it in each year, and the evidence sheet as PNG."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import numpy as np
import shapely

from rtsproj.domain.ids import candidate_name
from rtsproj.domain.scenes import Role, SceneSpec
from rtsproj.domain.views import Bands, Box, Frame, Look, Stretch
from rtsproj.errors import NeedsError
from rtsproj.imagery import looks
from rtsproj.imagery.chips import Chip, Sight, read_sight
from rtsproj.imagery.evidence import Evidence, Panel, write_evidence
from rtsproj.imagery.mosaic import Floats
from rtsproj.store import candidates as candidate_rows
from rtsproj.store import outlines, sources
from rtsproj.store import scenes as scene_rows
from rtsproj.workflow.candidates import CandidateCard, Imagery, imagery
from rtsproj.workflow.epochs import Epoch
from rtsproj.workflow.project import Project, reading
from rtsproj.workflow.tiles import read_source

ELEVATION = "elevation"
INFRARED = ("nir", "red", "green")
MOST_PX = 512
"""Longest side of a picture; more cannot be shown in cells."""


@dataclass(frozen=True, slots=True)
class PictureSource:
    """What pictures of a project are read from.

    Attributes:
        imagery: the grid and the scenes of each picture.
        terrain: elevation rasters, in reading order.
        fixed: the recorded scaling, by band; empty before the grid is laid.
        state: digest of all this; another one where scenes, terrain or scaling have changed.
    """

    imagery: Imagery
    terrain: tuple[SceneSpec, ...]
    fixed: looks.Limits
    state: str


@dataclass(frozen=True, slots=True)
class Wish:
    """One view: a square round an outline's box (m of the project CRS), and its look."""

    box: Box
    frame: Frame = field(default_factory=Frame)
    look: Look = field(default_factory=Look)


@dataclass(frozen=True, slots=True)
class YearView:
    """A view in one picture.

    Attributes:
        epoch: whose scenes it was read from.
        taken: day of the scene that gave most pixels; None where there is no imagery.
        chip: the picture.
        words: bands and stretch, such as "colour 2-98 %".
    """

    epoch: Epoch
    taken: date | None
    chip: Chip
    words: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Other outlines in a view, project CRS: of the same search, and of the inventory."""

    neighbours: tuple[shapely.Geometry, ...]
    inventory: tuple[shapely.Geometry, ...]


def picture_source(project: Project) -> PictureSource:
    """Scenes of each picture, terrain and the recorded scaling.

    Raises:
        NeedsError: the project has no map scene.
    """
    state = picture_state(project)  # first: what changes while the rest is read is noticed later
    found = imagery(project)
    with reading(project) as connection:
        rasters = sources.terrain_rasters(connection)
    terrain = tuple(_terrain_spec(n, path, nodata) for n, (path, nodata) in enumerate(rasters))
    try:
        source = read_source(project)
    except NeedsError:
        return PictureSource(found, terrain, {}, state)
    ends = zip(source.scaling.low, source.scaling.high, strict=True)
    return PictureSource(found, terrain, dict(zip(source.bands, ends, strict=True)), state)


def picture_state(project: Project) -> str:
    """Digest of what pictures are read from now; compare it with ``PictureSource.state``."""
    with reading(project) as connection:
        return scene_rows.picture_state(connection)


def offered(source: PictureSource) -> Mapping[Bands, str]:
    """Each look with the reason why it cannot be shown here; "" = it can."""
    scenes = [scene for epoch in source.imagery.epochs for scene in epoch.scenes]
    shared = set(scenes[0].bands).intersection(*(scene.bands for scene in scenes))
    lacks = [band for band in INFRARED if band not in shared]
    index_lacks = [band for band in ("nir", "red") if band not in shared]
    return {
        Bands.COLOUR: "",
        Bands.INFRARED: f"not every scene has {', '.join(lacks)}" if lacks else "",
        Bands.NDVI: f"not every scene has {', '.join(index_lacks)}" if index_lacks else "",
        Bands.DIFFERENCE: "" if len(source.imagery.epochs) > 1 else "there is one year only",
        Bands.HILLSHADE: "" if source.terrain else "no terrain was added",
    }


def next_look(look: Look, offers: Mapping[Bands, str]) -> tuple[Look, str]:
    """The next bands that can be shown, and why those between were left out."""
    order = list(Bands)
    at = order.index(look.bands)
    skipped: list[str] = []
    for step in range(1, len(order)):
        bands = order[(at + step) % len(order)]
        if not offers[bands]:
            return replace(look, bands=bands), "; ".join(skipped)
        skipped.append(f"no {bands}: {offers[bands]}")
    return look, "; ".join(skipped)


def box_of(outline: shapely.Geometry) -> Box:
    """(left, bottom, right, top) of an outline."""
    left, bottom, right, top = outline.bounds
    return (left, bottom, right, top)


def year_view(
    source: PictureSource, epoch: Epoch, wish: Wish, *, most_px: int = MOST_PX
) -> YearView:
    """Read one view in one picture.

    Args:
        source: what is read from.
        epoch: one of ``source.imagery.epochs``.
        wish: which ground, and how it looks; bands that are not offered are refused.
        most_px: longest side of the picture.

    Raises:
        BandError: a scene lacks a band. RtsError: a file cannot be read.
    """
    read = _Reader(source, wish, most_px)
    if wish.look.bands is Bands.HILLSHADE:
        return read.shaded(epoch)
    if wish.look.bands is Bands.DIFFERENCE:
        return read.changed(epoch)
    if wish.look.bands is Bands.NDVI:
        seen = read.sight(epoch, ("red", "nir"))
        index = looks.vegetation_index(*seen.pixels.values)
        chip = seen.chip(looks.vegetation_picture(index))
        return YearView(epoch, seen.taken, chip, "NDVI -0.2 to 0.8")
    return read.coloured(epoch)


def surroundings(project: Project, card: CandidateCard, bounds: Box) -> Surroundings:
    """Outlines of the same search and of the inventory inside a view."""
    number = card.row.candidate_id
    with reading(project) as connection:
        drawn = candidate_rows.neighbour_outlines(connection, card.row.iteration, number, bounds)
        known = outlines.outlines_near(connection, bounds, but=number)
    return Surroundings(_inside(drawn, bounds), _inside(known, bounds))


def write_picture(project: Project, card: CandidateCard, path: Path) -> None:
    """Write the analyst's evidence picture: each picture tight, then the searched one wide."""
    source = picture_source(project)
    box = box_of(card.outline)
    epochs = source.imagery.epochs
    panels = [_panel(year_view(source, epoch, Wish(box))) for epoch in epochs]
    searched = epochs[source.imagery.searched]
    wide = year_view(source, searched, Wish(box, Frame(is_wide=True)))
    panels.append(Panel("wide view", wide.chip))
    around = surroundings(project, card, Frame(is_wide=True).bounds(box))
    row = card.row
    caption = (
        (
            f"{candidate_name(row.candidate_id)}  iteration {row.iteration}  "
            f"{row.area_m2 / 1e4:.3f} ha  {row.lat:.5f} N {row.lon:.5f} E"
        ),
        "   ".join(f"{one.kind} {one.distance_m:.0f} m" for one in card.distances),
        card.lineage_text,
    )
    evidence = Evidence(
        source.imagery.grid,
        card.outline,
        (*around.neighbours, *around.inventory),
        tuple(line for line in caption if line),
    )
    write_evidence(path, panels, evidence)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the views of one wish."""

    source: PictureSource
    wish: Wish
    most_px: int

    def sight(self, epoch: Epoch, names: tuple[str, ...]) -> Sight:
        return self._read(epoch.scenes, names, self.wish.frame.bounds(self.wish.box))

    def coloured(self, epoch: Epoch) -> YearView:
        bands = self.wish.look.bands
        names = INFRARED if bands is Bands.INFRARED else self.source.imagery.rgb
        seen = self.sight(epoch, names)
        rgb = looks.stretched(seen.pixels.values, seen.names, self.limits(epoch, seen))
        return YearView(epoch, seen.taken, seen.chip(rgb), f"{bands} {self._stretch_words()}")

    def limits(self, epoch: Epoch, seen: Sight) -> looks.Limits:
        stretch = self.wish.look.stretch
        if stretch is Stretch.FIXED and all(name in self.source.fixed for name in seen.names):
            return self.source.fixed
        if stretch is Stretch.VIEW:
            return seen.limits()
        wide = Frame(is_wide=True).bounds(self.wish.box)
        return self._read(epoch.scenes, seen.names, wide).limits()

    def changed(self, epoch: Epoch) -> YearView:
        """Between the shown picture and the searched one; of that itself, to the one before it."""
        epochs = self.source.imagery.epochs
        at, other = epochs.index(epoch), self.source.imagery.searched
        if at == other:
            other = at - 1 if at else min(1, len(epochs) - 1)
        older, newer = (epochs[n] for n in sorted((at, other)))
        of, first, before = self._measured(older)
        _, second, after = self._measured(newer)
        valid = first.pixels.valid & second.pixels.valid
        change = looks.change_between(before, after, valid, of=of)
        shown = first if epoch == older else second
        both = replace(shown, pixels=replace(shown.pixels, valid=valid))
        chip = both.chip(looks.change_picture(change))
        return YearView(epoch, shown.taken, chip, f"{of} {newer.label} minus {older.label}")

    def shaded(self, epoch: Epoch) -> YearView:
        """Light on the ground; the date is that of the imagery, terrain has none."""
        bounds = self.wish.frame.bounds(self.wish.box)
        seen = self._read(self.source.terrain, (ELEVATION,), bounds)
        pixel_m = self.source.imagery.grid.pixel_m * seen.window.rows / len(seen.pixels.valid)
        known = np.where(seen.pixels.valid, seen.pixels.values[0], np.float32(np.nan))
        light = looks.hillshade(known, pixel_m)
        grey = (light * 255).astype(np.uint8)
        chip = seen.chip(np.repeat(grey[..., None], 3, axis=2))
        return YearView(epoch, None, chip, "hillshade, light from NW")

    def _measured(self, epoch: Epoch) -> tuple[str, Sight, Floats]:
        if not offered(self.source)[Bands.NDVI]:
            seen = self.sight(epoch, ("red", "nir"))
            return "NDVI", seen, looks.vegetation_index(*seen.pixels.values)
        seen = self.sight(epoch, self.source.imagery.rgb)
        rgb = looks.stretched(seen.pixels.values, seen.names, self.limits(epoch, seen))
        return "brightness", seen, (rgb.mean(axis=-1) / 255).astype(np.float32)

    def _read(self, scenes: tuple[SceneSpec, ...], names: tuple[str, ...], bounds: Box) -> Sight:
        return read_sight(scenes, self.source.imagery.grid, names, bounds, most_px=self.most_px)

    def _stretch_words(self) -> str:
        stretch = self.wish.look.stretch
        if stretch is Stretch.FIXED:
            return "fixed" if self.source.fixed else "of the scene: no scaling recorded yet"
        return "2-98 %" if stretch is Stretch.VIEW else "2-98 % of the scene"


def _panel(view: YearView) -> Panel:
    sensor = f" {view.epoch.sensor}" if view.epoch.sensor else ""
    searched = " (searched)" if view.epoch.is_searched else ""
    day = view.taken or view.epoch.year
    return Panel(f"{day}{sensor}{searched}", view.chip)


def _inside(found: tuple[bytes, ...], bounds: Box) -> tuple[shapely.Geometry, ...]:
    view = shapely.box(*bounds)
    shapes = (shapely.from_wkb(wkb) for wkb in found)
    return tuple(shape for shape in shapes if shape.intersects(view))


def _terrain_spec(number: int, path: str, nodata: float | None) -> SceneSpec:
    return SceneSpec(
        scene_id=number,
        path=path,
        role=Role.HISTORY,
        acquired=date.min,
        bands=(ELEVATION,),
        dtype="float32",
        nodata=nodata,
        mask_path=None,
        clear_share=1.0,
        fingerprint="",
    )
