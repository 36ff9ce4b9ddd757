"""Candidates as pictures: read once, then from memory; the next ones are read ahead."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from threading import RLock
from typing import Any, TypeVar

import numpy as np
import shapely

from rtsproj.domain.grid import ProjectGrid, Window
from rtsproj.domain.views import Bands, Frame, Look
from rtsproj.errors import RtsError
from rtsproj.geometry.outlines import to_pixels
from rtsproj.tui.pictures.view import Line, Ring, View
from rtsproj.workflow import candidates
from rtsproj.workflow import pictures as reading
from rtsproj.workflow.epochs import Epoch
from rtsproj.workflow.project import Project

KEPT = 64
"""Pictures kept in memory: of the shown candidate and of those read ahead, in all years."""
SHEETS_KEPT = 16
CARDS_KEPT = 256
EXAMPLES = 8
"""Candidates that are tried for the pictures screen."""
AHEAD = 3
"""Candidates that are read ahead."""
Kept = TypeVar("Kept")


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """All that triage shows of one candidate.

    Attributes:
        card: place, size, distances, history.
        views: one per picture, oldest first.
        newest: index of the searched one.
    """

    card: candidates.CandidateCard
    views: tuple[View, ...]
    newest: int


@dataclass(frozen=True, slots=True)
class Seen:
    """Pixels that were read: in which picture, of which project, for which wish."""

    found: reading.YearView
    imagery: candidates.Imagery
    wish: reading.Wish


class Memory:
    """The newest values by key; threads may share it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[Hashable, Any] = OrderedDict()
        self._guard = RLock()

    def get(self, key: Hashable, make: Callable[[], Kept]) -> Kept:
        """A value; made, outside the guard, where it is not known."""
        with self._guard:
            if key in self._values:
                self._values.move_to_end(key)
                found: Kept = self._values[key]
                return found
        made = make()
        with self._guard:
            self._values[key] = made
            while len(self._values) > self._most:
                self._values.popitem(last=False)
        return made

    def drop(self, is_stale: Callable[[Hashable], bool]) -> None:
        """Forget what answers to a rule."""
        with self._guard:
            for key in [one for one in self._values if is_stale(one)]:
                del self._values[key]

    def peek(self, key: Hashable) -> Any:
        """A value if it is known, else None."""
        with self._guard:
            return self._values.get(key)

    def __len__(self) -> int:
        with self._guard:
            return len(self._values)


class Pictures:
    """Sheets of candidates."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._seen = Memory(KEPT)
        self._sheets = Memory(SHEETS_KEPT)
        self._cards = Memory(CARDS_KEPT)
        self._source: reading.PictureSource | None = None

    def sheet(
        self, candidate_id: int, frame: Frame | None = None, look: Look | None = None
    ) -> Sheet:
        """One candidate with its pictures, each with its date.

        Scenes, terrain and scaling are those of the project now, whoever has changed them.

        Args:
            candidate_id: which one.
            frame: which ground; the tight view where nothing is said.
            look: bands and stretch; colour, of the view, where nothing is said.

        Raises:
            RtsError: no such candidate, or a file cannot be read.
        """
        frame, look = frame or Frame(), look or Look()
        source = self._newest_source()
        return self._sheets.get(
            (candidate_id, frame, look, source.state),
            lambda: self._read(source, candidate_id, (frame, look)),
        )

    def prefetch(
        self, ids: Sequence[int], frame: Frame | None = None, look: Look | None = None
    ) -> None:
        """Read the next few candidates into memory; one that cannot be read is left out."""
        for candidate_id in ids[:AHEAD]:
            try:
                self.sheet(candidate_id, frame, look)
            except RtsError:
                continue

    def ready(self, candidate_id: int, frame: Frame, look: Look) -> Sheet | None:
        """A sheet that is in memory; None where it must be read."""
        state = self._source.state if self._source else ""
        found: Sheet | None = self._sheets.peek((candidate_id, frame, look, state))
        return found

    def forget_word(self, candidate_id: int) -> None:
        """Drop a candidate's card, because something was said of it; its pixels stay.

        Sheets of others stay too: they were read ahead, and a verdict changes no outline in them.
        """
        self._sheets.drop(lambda key: isinstance(key, tuple) and key[0] == candidate_id)
        self._cards.drop(lambda key: key == candidate_id)

    def forget(self, candidate_id: int) -> None:
        """Drop what is known of a candidate, because something was said of it.

        Its pixels stay. Its card is read again, and so are the outlines round every candidate whose
        wide view reaches it.
        """
        said = self._cards.peek(candidate_id)

        def is_near(key: Hashable) -> bool:
            number = key[0] if isinstance(key, tuple) else key
            other = self._cards.peek(number)
            if number == candidate_id or said is None or other is None:
                return True
            wide = shapely.box(*Frame(is_wide=True).bounds(reading.box_of(other.outline)))
            return bool(wide.intersects(said.outline))

        self._sheets.drop(is_near)
        self._cards.drop(lambda key: key == candidate_id)

    def offered(self) -> Mapping[Bands, str]:
        """Each look with the reason why this project cannot show it; "" = it can."""
        return reading.offered(self._sources())

    def next_look(self, look: Look) -> tuple[Look, str]:
        """The next bands that can be shown, and why those between were left out."""
        return reading.next_look(look, self.offered())

    def example(self) -> View | None:
        """A candidate's picture of the searched year with its own outline alone.

        None where none of the first few candidates lies wholly in the imagery.
        """
        for one in candidates.list_candidates(self._project)[:EXAMPLES]:
            sheet = self.sheet(one.candidate_id)
            view = sheet.views[sheet.newest]
            if view.missing_share == 0:
                own = tuple(ring for ring in view.rings if ring.line is Line.OWN)
                return replace(view, rings=own)
        return None

    def png(self, card: candidates.CandidateCard) -> str:
        """Save the evidence picture; returns its path."""
        path = candidates.default_picture_path(self._project, card.row.candidate_id)
        reading.write_picture(self._project, card, path)
        return str(path)

    def _read(
        self, source: reading.PictureSource, candidate_id: int, shown: tuple[Frame, Look]
    ) -> Sheet:
        card = self._card(candidate_id)
        wish = reading.Wish(reading.box_of(card.outline), *shown)
        around = reading.surroundings(self._project, card, wish.frame.bounds(wish.box))
        views = []
        for epoch in source.imagery.epochs:
            seen = self._seen.get(
                (candidate_id, epoch.label, wish, source.state),
                partial(_seen, source, epoch, wish),
            )
            views.append(_view(seen, card, around))
        return Sheet(card, tuple(views), source.imagery.searched)

    def _newest_source(self) -> reading.PictureSource:
        """The source, read again where the project's has changed since."""
        state = reading.picture_state(self._project)
        if self._source is None or self._source.state != state:
            self._source = reading.picture_source(self._project)
        return self._source

    def _sources(self) -> reading.PictureSource:
        if self._source is None:
            self._source = reading.picture_source(self._project)
        return self._source

    def _card(self, candidate_id: int) -> candidates.CandidateCard:
        return self._cards.get(
            candidate_id, lambda: candidates.show_candidate(self._project, candidate_id)
        )


def _seen(source: reading.PictureSource, epoch: Epoch, wish: reading.Wish) -> Seen:
    return Seen(reading.year_view(source, epoch, wish), source.imagery, wish)


def _view(seen: Seen, card: candidates.CandidateCard, around: reading.Surroundings) -> View:
    found, grid, window = seen.found, seen.imagery.grid, seen.found.chip.window
    own = _rings([card.outline], Line.OWN, grid, window)
    edges = np.concatenate([ring.points for ring in own])
    frame = seen.wish.frame
    return View(
        year=found.epoch.year,
        label=found.epoch.label,
        sensor=found.epoch.sensor,
        taken=found.taken,
        words=found.words,
        rgb=found.chip.rgb,
        rings=(
            *_rings(around.inventory, Line.INVENTORY, grid, window),
            *_rings(around.neighbours, Line.NEIGHBOUR, grid, window),
            *own,
        ),
        width_m=window.cols * grid.pixel_m,
        valid=found.chip.valid,
        is_searched=found.epoch.is_searched,
        box=None if frame.is_own or frame.is_wide else _box(edges),
    )


def _rings(
    shapes: Sequence[shapely.Geometry], line: Line, grid: ProjectGrid, window: Window
) -> tuple[Ring, ...]:
    corner, side = np.array([window.col, window.row]), window.rows
    return tuple(
        Ring((shapely.get_coordinates(part) - corner) / side, line)
        for shape in shapes
        for part in shapely.get_parts(to_pixels(shape, grid).boundary)
    )


def _box(points: np.ndarray) -> tuple[float, float, float, float]:
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    return (float(left), float(top), float(right), float(bottom))
