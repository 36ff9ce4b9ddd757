"""From where images may be read over the network: only from where this machine's person says.

The guard reads that person's file itself. Were it handed a permission, whoever hands it could have
it from a project or from a job folder; so a worker on another machine asks that machine.
"""

from collections.abc import Iterable

from rtsproj.domain.places import ImageUrl, Place, url_start
from rtsproj.errors import UsageError
from rtsproj.settings.machine import machine_path, read_machine


class NotAllowedError(UsageError):
    """A URL lies outside what the person at this machine has allowed."""


def allowed_starts() -> tuple[ImageUrl, ...]:
    """Starts of the URLs that this machine may read.

    Raises:
        UsageError: machine.toml cannot be used; file and entry are named.
    """
    path = machine_path()
    starts = []
    for text in read_machine(path).imagery.object_stores:
        try:
            starts.append(url_start(text))
        except UsageError as error:
            raise UsageError(
                f"{path}: imagery.object_stores: {error.what}", hint=error.hint
            ) from None
    return tuple(starts)


def require_allowed(places: Iterable[Place]) -> None:
    """Stop before anything is asked of a store that this machine was not opted in for; files pass.

    Raises:
        NotAllowedError: naming the first such URL and the setting that would allow it.
        UsageError: machine.toml cannot be used.
    """
    asked = [one for one in places if isinstance(one, ImageUrl)]
    starts = allowed_starts() if asked else ()
    for url in asked:
        if not any(url.is_below(start) for start in starts):
            raise NotAllowedError(
                f"{url} is not where this machine may read images from",
                hint=f"if you trust the place, allow it in {machine_path()} under [imagery]: "
                f'object_stores = ["{url.folder}"]',
            )
