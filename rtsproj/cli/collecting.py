"""Take in what finished jobs have left, with its progress on stderr where that takes a while."""

from rtsproj.cli.session import Session
from rtsproj.workflow.collect import Collected, catch_up
from rtsproj.workflow.project import Project


def collect(here: Session, project: Project) -> tuple[Collected, ...]:
    """Bring the database up to what journals and finished jobs hold."""
    found = catch_up(project, progress=here.talk.work)
    here.talk.done()
    return found
