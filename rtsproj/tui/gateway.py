"""The one door from the screens to the workflow; called in threads, never from a handler."""

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

import numpy as np
import shapely

from rtsproj.domain.decisions import SavedDecision, Verdict
from rtsproj.geometry.outlines import to_pixels
from rtsproj.jobs.state import JobStatus
from rtsproj.reports.text import report_text
from rtsproj.tui.pictures.fit import Ring
from rtsproj.tui.widgets.picture import View
from rtsproj.workflow import candidates, decide
from rtsproj.workflow.collect import Collected, catch_up
from rtsproj.workflow.converge import Convergence, converge, look
from rtsproj.workflow.jobs import Job, glance, resume_job, stop_job
from rtsproj.workflow.next_step import Step, Watch, next_step
from rtsproj.workflow.pictures import YearPictures, write_picture, year_pictures
from rtsproj.workflow.project import Project
from rtsproj.workflow.report import collect_report
from rtsproj.workflow.status import Status, status

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


class Gateway:
    """Workflow calls of one analyst on one project."""

    def __init__(self, project: Project, analyst: str) -> None:
        self.project = project
        self.analyst = analyst
        self._sheets: OrderedDict[tuple[int, bool], Sheet] = OrderedDict()
        self._guard = Lock()
        self._imagery: candidates.Imagery | None = None

    def status(self) -> Status:
        """Where the project stands."""
        return status(self.project)

    def collect(self) -> tuple[Collected, ...]:
        """Take finished jobs in."""
        return catch_up(self.project)

    def next(self) -> Step:
        """Start what is next; a job is left running."""
        return next_step(
            self.project, Watch(_ignore_job, _ignore_work, wait=False), by=self.analyst
        )

    def glance(self, jobs: tuple[Job, ...]) -> tuple[Job, ...]:
        """Newest state of jobs, from their folders alone."""
        return glance(jobs)

    def stop(self, job_id: int) -> None:
        """Ask a job to stop after a checkpoint."""
        stop_job(self.project, job_id)

    def resume(self, job_id: int) -> None:
        """Go on with a stopped job."""
        resume_job(self.project, job_id)

    def queue(self) -> tuple[candidates.CandidateRow, ...]:
        """Open candidates in queue order."""
        return candidates.queue(self.project)

    def sheet(self, candidate_id: int, *, wide: bool) -> Sheet:
        """One candidate with its pictures; read once, then from memory."""
        key = (candidate_id, wide)
        with self._guard:
            if key in self._sheets:
                self._sheets.move_to_end(key)
                return self._sheets[key]
        if self._imagery is None:
            self._imagery = candidates.imagery(self.project)
        card = candidates.show_candidate(self.project, candidate_id)
        pictures = year_pictures(self.project, card, wide=wide, most_px=400, source=self._imagery)
        years = [year for year, _ in pictures.chips]
        sheet = Sheet(card, _views(pictures), years.index(pictures.map_year))
        with self._guard:
            self._sheets[key] = sheet
            if len(self._sheets) > KEPT:
                self._sheets.popitem(last=False)
        return sheet

    def decide(self, candidate_id: int, verdict: str) -> SavedDecision:
        """Save a verdict; on return it is on disk."""
        word = decide.Word(Verdict(verdict))
        saved = decide.decide(self.project, candidate_id, word, analyst=self.analyst)
        self._forget(candidate_id)
        return saved

    def amend(self, saved: SavedDecision, *, reason: str | None, note: str | None) -> SavedDecision:
        """Add a reason or a note to a decision just saved."""
        return decide.amend(self.project, saved, reason=reason, note=note)

    def undo(self) -> SavedDecision | None:
        """Take back the analyst's newest decision."""
        return self._again(decide.undo(self.project, times=1, analyst=self.analyst))

    def redo(self) -> SavedDecision | None:
        """Say again what undo took back."""
        return self._again(decide.redo(self.project, times=1, analyst=self.analyst))

    def png(self, card: candidates.CandidateCard) -> str:
        """Save the evidence picture; returns its path."""
        path = candidates.default_picture_path(self.project, card.row.candidate_id)
        write_picture(self.project, card, path)
        return str(path)

    def look(self) -> Convergence:
        """What the stop rule would say."""
        return look(self.project)

    def converge(self) -> Convergence:
        """Close the iteration."""
        return converge(self.project, by=self.analyst)

    def report(self) -> str:
        """The report as text."""
        return report_text(collect_report(self.project))

    def _again(self, found: tuple[SavedDecision, ...]) -> SavedDecision | None:
        if not found:
            return None
        self._forget(found[0].candidate_id)
        return found[0]

    def _forget(self, candidate_id: int) -> None:
        with self._guard:
            for wide in (False, True):
                self._sheets.pop((candidate_id, wide), None)


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


def _ignore_job(_status: JobStatus) -> None:
    """The home screen reads the job folder itself."""


def _ignore_work(_done: int, _of: int, _what: str) -> None:
    """Short work inside the process shows no bar."""
