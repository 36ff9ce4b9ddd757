"""Everything that an import repaired, left out or refused, in a file that a person can read."""

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from rtsproj.errors import RefusedError, UsageError
from rtsproj.jobs.files import write_atomic
from rtsproj.workflow.project import Project

COLUMNS = ("what", "feature", "reason")
Listed = tuple[str, str, str]
"""(repaired, left out or refused; feature or line; reason)."""


def write_list(project: Project, source: Path, listed: Sequence[Listed]) -> str:
    """Write what became of parts of a file; returns the path, empty where there is nothing.

    Raises:
        RtsError: the list cannot be written.
    """
    if not listed:
        return ""
    folder = project.folder / "reports"
    folder.mkdir(exist_ok=True)
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%S}"
    path = folder / f"import-{source.stem}-{stamp}.csv"
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([COLUMNS, *listed])
    write_atomic(path, text.getvalue().encode())
    return str(path)


@contextmanager
def listing_refusals(project: Project, source: Path) -> Iterator[None]:
    """List every part that is refused in a file, and name that file in the error.

    Raises:
        UsageError: parts of the file were refused.
    """
    try:
        yield
    except RefusedError as error:
        path = write_list(project, source, [("refused", *one) for one in error.refused])
        raise UsageError(error.what, hint=f"{error.hint}; all are listed in {path}") from error
