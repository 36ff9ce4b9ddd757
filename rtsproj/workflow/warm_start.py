"""The earlier model that a training starts from, found before the job starts."""

from dataclasses import dataclass

from rtsproj.errors import UsageError
from rtsproj.jobs.files import sha256_of
from rtsproj.store import jobs
from rtsproj.workflow.project import Project, reading


@dataclass(frozen=True, slots=True)
class WarmStart:
    """A model file of an earlier iteration: number, absolute path, recorded digest."""

    model_id: int
    path: str
    sha256: str


def warm_start(project: Project, iteration: int) -> WarmStart | None:
    """The newest model of the iterations before; None in the first, or where it is not asked for.

    Raises:
        UsageError: its file is missing or has changed, or it is another network.
    """
    settings = project.settings.train
    if settings.warm_start == "none":
        return None
    with reading(project) as connection:
        row = jobs.model_before(connection, iteration)
    if row is None:
        return None
    path = project.folder / row["path"]
    if sha256_of(path) != row["sha256"]:
        raise UsageError(
            f"model {row['model_id']} is missing or has changed: {path}",
            hint="restore it from a backup, or set train.warm_start = 'none'",
        )
    if (row["architecture"], row["encoder"]) != (settings.architecture, settings.encoder):
        raise UsageError(
            f"model {row['model_id']} is {row['architecture']} on {row['encoder']}, this training "
            f"{settings.architecture} on {settings.encoder}",
            hint="set train.warm_start = 'none' for another network",
        )
    return WarmStart(row["model_id"], str(path.resolve()), row["sha256"])
