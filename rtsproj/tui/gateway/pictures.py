"""Candidates as pictures."""

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

import numpy as np
import shapely

from rtsproj.geometry.outlines import to_pixels
from rtsproj.tui.pictures.fit import Ring
from rtsproj.tui.widgets.picture import View
from rtsproj.workflow import candidates
from rtsproj.workflow.pictures import YearPictures, write_picture, year_pictures
from rtsproj.workflow.project import Project

KEPT = 32
"""Candidates whose pictures are kept in memory."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that triage shows of one candidate.

    Attributes:
        card: place, size, distances, history.
        views: one per year, oldest first.
        newest: index of the searched year.
    """

    card: candidates.CandidateCard
    views: tuple[View, ...]
    newest: int


class Pictures:
    """Sheets of candidates, read once and then from memory."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._sheets: OrderedDict[tuple[int, bool], Sheet] = OrderedDict()
        self._guard = Lock()
        self._imagery: candidates.Imagery | None = None

    def sheet(self, candidate_id: int, *, wide: bool) -> Sheet:
        """One candidate with its pictures."""
        key = (candidate_id, wide)
        with self._guard:
            if key in self._sheets:
                self._sheets.move_to_end(key)
                return self._sheets[key]
        if self._imagery is None:
            self._imagery = candidates.imagery(self._project)
        card = candidates.show_candidate(self._project, candidate_id)
        pictures = year_pictures(self._project, card, wide=wide, most_px=400, source=self._imagery)
        years = [year for year, _ in pictures.chips]
        sheet = Sheet(card, _views(pictures), years.index(pictures.map_year))
        with self._guard:
            self._sheets[key] = sheet
            if len(self._sheets) > KEPT:
                self._sheets.popitem(last=False)
        return sheet

    def forget(self, candidate_id: int) -> None:
        """Drop what is known of a candidate: something was said of it."""
        with self._guard:
            for wide in (False, True):
                self._sheets.pop((candidate_id, wide), None)

    def png(self, card: candidates.CandidateCard) -> str:
        """Save the evidence picture; returns its path."""
        path = candidates.default_picture_path(self._project, card.row.candidate_id)
        write_picture(self._project, card, path)
        return str(path)


def _views(pictures: YearPictures) -> tuple[View, ...]:
    return tuple(
        View(
            title=f"{year}" + (" · searched" if year == pictures.map_year else ""),
            rgb=chip.rgb,
            rings=_rings(pictures, chip.window.row, chip.window.col, chip.window.rows),
            width_m=chip.window.cols * pictures.grid.pixel_m,
            missing_share=chip.missing_share,
        )
        for year, chip in pictures.chips
    )


def _rings(pictures: YearPictures, row: int, col: int, side: int) -> tuple[Ring, ...]:
    shapes = [(pictures.outline, True), *((one, False) for one in pictures.neighbours)]
    return tuple(
        Ring((shapely.get_coordinates(part) - np.array([col, row])) / side, is_main)
        for shape, is_main in shapes
        for part in shapely.get_parts(to_pixels(shape, pictures.grid).boundary)
    )
