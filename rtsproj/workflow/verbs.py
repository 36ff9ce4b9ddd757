"""Verbs as text: what the `:` line of the terminal UI runs."""

import shlex
from dataclasses import dataclass

from rtsproj.errors import UsageError
from rtsproj.jobs.command import run_words
from rtsproj.workflow.project import Project

MOST_S = 300.0
"""s; verbs that take longer start a detached job and return at once."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a verb answered: exit code, data, talk."""

    code: int
    out: str
    err: str


def run_verb(project: Project, line: str) -> Said:
    """Run a line such as ``candidate list --status open`` on the project.

    Raises:
        UsageError: the quotes of the line do not close.
    """
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise UsageError(f"{line}: {error}", hint="close the quotes") from None
    return Said(*run_words(project.folder, words, most_s=MOST_S))
