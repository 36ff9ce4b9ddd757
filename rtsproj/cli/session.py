"""What every command shares: the project folder, who is asking, and how much to say."""

import getpass
from dataclasses import dataclass, field
from pathlib import Path

import typer

from rtsproj.cli.output import Talk
from rtsproj.tui.wishes import Wishes
from rtsproj.workflow.project import Project, find_project, open_project


@dataclass(frozen=True, slots=True)
class Session:
    """Global options.

    Attributes:
        folder: where the search for a project starts (-C).
        talk: stderr.
        verbose: -v.
        wishes: how the screen shall be, where one opens.
    """

    folder: Path
    talk: Talk
    verbose: bool
    wishes: Wishes = field(default_factory=Wishes)

    def open(self) -> Project:
        """The nearest project."""
        return open_project(find_project(self.folder))


def session(context: typer.Context) -> Session:
    """The session of a command."""
    found = context.find_root().obj
    if not isinstance(found, Session):
        raise TypeError("the command line was entered without its callback")
    return found


def whoami(given: str | None) -> str:
    """The analyst's name: --as, else the login name."""
    return given or getpass.getuser()
