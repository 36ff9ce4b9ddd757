"""All parts of the door, for one analyst on one project."""

from rtsproj.tui.gateway.data import Data
from rtsproj.tui.gateway.desk import Desk
from rtsproj.tui.gateway.facts import Facts
from rtsproj.tui.gateway.jobs import Jobs
from rtsproj.tui.gateway.maps import Maps
from rtsproj.tui.gateway.monitors import Monitors
from rtsproj.tui.gateway.pictures import Pictures
from rtsproj.tui.gateway.review import Review
from rtsproj.tui.gateway.settings import ProjectToml
from rtsproj.tui.gateway.sql import Sql
from rtsproj.workflow.project import Project


class Gateway:
    """Workflow calls of one analyst on one project.

    Attributes:
        project: the project.
        analyst: who sits at the screen.
        desk: where the project stands, the stop rule, reports.
        jobs: start, watch, stop, resume.
        monitors: a training or a search in detail.
        maps: the area map, and slumps drawn on it.
        facts: the report as data.
        settings: project.toml, shown and edited.
        sql: queries on snapshots.
        data: files, looked at and taken in.
        review: the queue and what is said of candidates.
        pictures: candidates as pictures.
    """

    def __init__(self, project: Project, analyst: str) -> None:
        self.project = project
        self.analyst = analyst
        self.desk = Desk(project, analyst)
        self.jobs = Jobs(project, analyst)
        self.monitors = Monitors(project, analyst)
        self.maps = Maps(project, analyst)
        self.facts = Facts(project)
        self.settings = ProjectToml(project)
        self.sql = Sql(project)
        self.data = Data(project, analyst)
        self.review = Review(project, analyst)
        self.pictures = Pictures(project)
