"""Where the project stands, what is next, the stop rule, reports."""

from collections.abc import Callable

from rtsproj.reports.text import report_text
from rtsproj.workflow.collect import Collected, catch_up
from rtsproj.workflow.converge import Convergence, converge, look, search_again
from rtsproj.workflow.next_step import Step, Watch, next_step
from rtsproj.workflow.project import Project
from rtsproj.workflow.report import collect_report
from rtsproj.workflow.status import Status, status


class Desk:
    """The project as a whole."""

    def __init__(self, project: Project, analyst: str) -> None:
        self._project = project
        self._analyst = analyst
        self.newest: Status | None = None
        """What the last look saw; screens show it while the next one is on its way."""

    def status(self) -> Status:
        """Look where the project stands."""
        self.newest = status(self._project)
        return self.newest

    def collect(self) -> tuple[Collected, ...]:
        """Take finished jobs in."""
        return catch_up(self._project)

    def next(self, note: Callable[[str], None]) -> Step:
        """Start what is next; a job is left running. ``note`` takes what to know before."""
        watch = Watch(_ignore_job, _ignore_work, wait=False, note=note)
        return next_step(self._project, watch, by=self._analyst)

    def look(self) -> Convergence:
        """What the stop rule would say."""
        return look(self._project)

    def converge(self) -> Convergence:
        """Close the iteration."""
        return converge(self._project, by=self._analyst)

    def search_again(self) -> Convergence:
        """Open another iteration although the rule was met."""
        return search_again(self._project, by=self._analyst)

    def report(self) -> str:
        """The report as text."""
        return report_text(collect_report(self._project))


def _ignore_job(_status: object) -> None:
    """The home screen reads the job folder itself."""


def _ignore_work(_done: int, _of: int, _what: str) -> None:
    """Short work inside the process shows no bar."""
