"""All parts of the door, for one analyst on one project."""

from rtsproj.tui.gateway.desk import Desk
from rtsproj.tui.gateway.jobs import Jobs
from rtsproj.tui.gateway.pictures import Pictures
from rtsproj.tui.gateway.review import Review
from rtsproj.workflow.project import Project


class Gateway:
    """Workflow calls of one analyst on one project.

    Attributes:
        project: the project.
        analyst: who sits at the screen.
        desk: where the project stands, the stop rule, reports.
        jobs: start, watch, stop, resume.
        review: the queue and what is said of candidates.
        pictures: candidates as pictures.
    """

    def __init__(self, project: Project, analyst: str) -> None:
        self.project = project
        self.analyst = analyst
        self.desk = Desk(project, analyst)
        self.jobs = Jobs(project, analyst)
        self.review = Review(project, analyst)
        self.pictures = Pictures(project)
