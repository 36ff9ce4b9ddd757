"""An open project with its tables as data frames and its verbs as methods."""

import getpass
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from rtsproj.domain.decisions import SavedDecision, Verdict
from rtsproj.domain.labels import Polarity
from rtsproj.domain.scenes import Role, SceneSpec
from rtsproj.jobs.state import JobStatus
from rtsproj.notebook.frames import Form, frame_of
from rtsproj.reports.text import report_text
from rtsproj.workflow.candidates import default_picture_path, show_candidate
from rtsproj.workflow.collect import catch_up
from rtsproj.workflow.converge import Convergence, converge, look
from rtsproj.workflow.create import init_project
from rtsproj.workflow.decide import Word, decide, decide_many
from rtsproj.workflow.drawing import Drawing, DrawnSlumps, add_slumps
from rtsproj.workflow.export import export
from rtsproj.workflow.infer import start_search
from rtsproj.workflow.jobs import Job, find_job, follow_job, resume_job, stop_job
from rtsproj.workflow.next_step import Step, Watch, next_step
from rtsproj.workflow.pictures import write_picture
from rtsproj.workflow.project import Project, find_project, open_project
from rtsproj.workflow.report import collect_report
from rtsproj.workflow.scenes import SceneChoice, add_scenes
from rtsproj.workflow.sources import Added, VectorChoice, add_area, add_labels, add_lines
from rtsproj.workflow.sql import arrow
from rtsproj.workflow.status import Status, status
from rtsproj.workflow.tiles import Tiling, lay_tiles
from rtsproj.workflow.train import start_training
from rtsproj.workflow.undo import Saved, redo, undo

PathLike = str | Path


class OpenProject:
    """A project for a notebook; nothing is held open between two calls.

    Attributes:
        project: what the functions of ``rtsproj.workflow`` take, for verbs that are no method here.
        analyst: under whose name decisions are saved and inputs are added.
    """

    def __init__(self, project: Project, *, analyst: str | None = None) -> None:
        self.project = project
        self.analyst = analyst or getpass.getuser()

    def __repr__(self) -> str:
        now = self.status()
        return f"<rtsproj {now.project} in {now.folder}: {now.state}; next: {now.next_step}>"

    # Tables

    def query(self, sql: str, form: Form = "auto") -> Any:
        """Answer one SQL query from a snapshot, read-only; it blocks nobody.

        Args:
            sql: over the project's views, such as ``inventory`` or ``near_infrastructure(500)``.
            form: auto, pandas, geopandas, polars or arrow; see ``frames.frame_of``.

        Returns:
            A GeoDataFrame in the project CRS where there is a geometry column, else a DataFrame.

        Raises:
            UsageError: the query is refused, or the extra ``notebook`` is not installed.
        """
        return frame_of(arrow(self.project, sql), form)

    def inventory(self, form: Form = "auto") -> Any:
        """One row per slump: area_m2 (m2, geodesic), perimeter_m, nearest_m (m), lon, lat, geom."""
        return self.query("FROM inventory ORDER BY slump_id", form)

    def candidates(self, form: Form = "auto") -> Any:
        """One row per candidate: iteration, status, score_mean (0..1), area_m2 (m2), geom."""
        return self.query("FROM candidates ORDER BY candidate_id", form)

    def iterations(self, form: Form = "auto") -> Any:
        """One row per iteration: stage, labels, candidates by status, new_slumps, slumps_so_far."""
        return self.query("FROM iterations ORDER BY iteration", form)

    def decisions(self, form: Form = "auto") -> Any:
        """One row per decision, oldest first: verdict, reason, analyst, decided_at (UTC)."""
        return self.query("FROM decisions ORDER BY decision_id", form)

    def proximity(self, within_m: float | None = None, form: Form = "auto") -> Any:
        """Nearest line of each kind for each slump: distance_m (m, geodesic, 0 where they meet).

        Args:
            within_m: m; only slumps at most so far; None = all.
            form: as in ``query``.
        """
        source = "proximity" if within_m is None else f"near_infrastructure({float(within_m)!r})"
        return self.query(f"FROM {source} ORDER BY distance_m, slump_id", form)

    def table(self, view: str, form: Form = "auto") -> Any:
        """A whole view: scenes, tiles, labels, lines, jobs, models and those with a method here."""
        quoted = view.replace('"', '""')
        return self.query(f'FROM "{quoted}"', form)

    # Inputs

    def add_scenes(
        self,
        paths: Sequence[PathLike],
        *,
        role: str = "map",
        acquired: date | None = None,
        bands: Sequence[str] = (),
    ) -> tuple[SceneSpec, ...]:
        """Register images where they are; all or none.

        Args:
            paths: GeoTIFFs.
            role: map = searched; history = evidence of other years.
            acquired: day of acquisition; None = read from name or metadata.
            bands: names in file order; empty = read from the file.
        """
        choice = SceneChoice(role=Role(role), acquired=acquired, bands=tuple(bands))
        return add_scenes(self.project, [*map(Path, paths)], choice, by=self.analyst)

    def add_area(self, path: PathLike) -> Added:
        """What is to be mapped; without one, all valid pixels of the map images."""
        return add_area(self.project, Path(path), VectorChoice(), by=self.analyst)

    def add_labels(
        self, path: PathLike, *, polarity: str = "positive", where: str | None = None
    ) -> Added:
        """Training polygons; positives are known slumps and open the inventory."""
        choice = VectorChoice(where=where)
        kind = Polarity(polarity)
        return add_labels(self.project, Path(path), choice, polarity=kind, by=self.analyst)

    def add_lines(self, path: PathLike, *, kind: str, where: str | None = None) -> Added:
        """Lines of a kind: road, railway, airstrip, station; distances to them are measured."""
        choice = VectorChoice(where=where)
        return add_lines(self.project, Path(path), choice, kind=kind, by=self.analyst)

    def tile(self) -> Tiling:
        """Lay the grid: tiles, valid_km2 (km2, geodesic)."""
        return lay_tiles(self.project)

    # The loop

    def status(self) -> Status:
        """Iteration, stage, state in one sentence, what is next, counts, jobs."""
        return status(self.project)

    def next(self, *, wait: bool = True) -> Step:
        """Do what the project needs next, one step; ``waits_for`` names what a person must do."""
        watch = Watch(job=_ignore, work=_ignore_work, wait=wait)
        return next_step(self.project, watch, by=self.analyst)

    def train(self, *, wait: bool = True) -> Job:
        """Train the iteration's model in a detached job; ``wait`` follows it to its end."""
        return self._followed(start_training(self.project, by=self.analyst), wait=wait)

    def infer(self, *, wait: bool = True) -> Job:
        """Search the area in a detached job; ``wait`` follows it to its end."""
        return self._followed(start_search(self.project, by=self.analyst), wait=wait)

    def stop(self, job_id: int) -> Job:
        """Ask a job to stop after a checkpoint."""
        return stop_job(self.project, job_id)

    def resume(self, job_id: int, *, wait: bool = True) -> Job:
        """Go on with a job that was interrupted."""
        return self._followed(resume_job(self.project, job_id), wait=wait)

    def decide(
        self, candidate_id: int, verdict: str, *, reason: str = "", note: str = ""
    ) -> SavedDecision:
        """Accept, reject or unsure; on return the decision is in the journal and the database."""
        word = Word(Verdict(verdict), reason, note)
        return decide(self.project, candidate_id, word, analyst=self.analyst)

    def decide_many(self, verdicts: dict[int, str]) -> tuple[SavedDecision, ...]:
        """Decide many candidates at once, all or none; one undo takes all back."""
        words = {one: Word(Verdict(verdict)) for one, verdict in verdicts.items()}
        return decide_many(self.project, words, analyst=self.analyst)

    def add_slumps(self, path: str | Path, *, note: str = "") -> DrawnSlumps:
        """Add polygons of a file as drawn slumps that no model found; areas in m2, geodesic."""
        how = Drawing(self.analyst, note)
        return add_slumps(self.project, Path(path), VectorChoice(), how)

    def undo(self, times: int = 1) -> tuple[Saved, ...]:
        """Take back the analyst's newest acts: decisions, or slumps that were drawn."""
        return undo(self.project, times=times, analyst=self.analyst)

    def redo(self, times: int = 1) -> tuple[Saved, ...]:
        """Repeat what undo took back."""
        return redo(self.project, times=times, analyst=self.analyst)

    def converge(self, *, dry_run: bool = False) -> Convergence:
        """Apply the stop rule: close the iteration, then open the next one or stop the project."""
        return look(self.project) if dry_run else converge(self.project, by=self.analyst)

    # Results

    def report(self) -> str:
        """The report as text: inventory, iterations, slumps near roads and railway."""
        return report_text(collect_report(self.project))

    def export(self, path: PathLike, *, what: str = "inventory") -> int:
        """Write inventory, candidates or labels by suffix (.gpkg .parquet .geojson …): rows."""
        return export(self.project, Path(path), what=what)

    def picture(self, candidate_id: int, path: PathLike | None = None) -> Path:
        """Write the evidence picture of all years of a candidate; returns the PNG file."""
        target = Path(path) if path else default_picture_path(self.project, candidate_id)
        write_picture(self.project, show_candidate(self.project, candidate_id), target)
        return target

    def _followed(self, job: Job, *, wait: bool) -> Job:
        if wait:
            follow_job(self.project, job.job_id, show=_ignore)
            catch_up(self.project)
        return find_job(self.project, job.job_id)


def open_notebook(path: PathLike = ".", *, analyst: str | None = None) -> OpenProject:
    """The nearest project from a folder upwards.

    Raises:
        NeedsError: there is none.
    """
    return OpenProject(open_project(find_project(Path(path).expanduser())), analyst=analyst)


def init_notebook(
    path: PathLike, *, name: str | None = None, crs: str | None = None, analyst: str | None = None
) -> OpenProject:
    """Make a new project.

    Raises:
        UsageError: there is a project already, the folder cannot be written, or a bad CRS.
    """
    folder = Path(path).expanduser()
    return OpenProject(init_project(folder, title=name, crs=crs), analyst=analyst)


def _ignore(_status: JobStatus) -> None:
    """A notebook's cell waits without a word."""


def _ignore_work(_done: int, _of: int, _what: str) -> None:
    """Likewise."""
