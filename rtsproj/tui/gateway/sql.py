"""SQL: queries on snapshots, their export, saved ones."""

import time
from dataclasses import dataclass
from pathlib import Path

from rtsproj.tui.queries import Memory
from rtsproj.workflow.project import Project
from rtsproj.workflow.sql import Console, Table, view_columns, write_rows


@dataclass(frozen=True, slots=True)
class Answer:
    """A query's table and the s that it took, snapshot included."""

    table: Table
    seconds: float


class Sql:
    """The console of one person."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._console = Console(project)
        self.memory = Memory()

    def words(self) -> dict[str, tuple[str, ...]]:
        """Views and tables with their columns."""
        return view_columns(self._project)

    def run(self, text: str) -> Answer:
        """Answer a query."""
        began = time.monotonic()
        table = self._console.run(text)
        return Answer(table, time.monotonic() - began)

    def stop(self) -> None:
        """Stop the running query."""
        self._console.stop()

    def export(self, text: str, name: str) -> Path:
        """Write all rows; a relative name lies in the project folder."""
        target = self._project.folder / Path(name).expanduser()
        write_rows(self._project, text, target)
        return target
