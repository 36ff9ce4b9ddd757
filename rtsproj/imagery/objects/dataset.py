"""An object of a store as a raster, like rasterio's own, whose errors name what went wrong."""

from collections.abc import Callable
from contextvars import Context
from typing import Any
from weakref import finalize

import rasterio
from rasterio.abc import MultiByteRangeResourceContainer
from rasterio.errors import RasterioError

from rtsproj.domain.places import ImageUrl
from rtsproj.errors import UsageError
from rtsproj.imagery.objects.allowed import require_allowed
from rtsproj.imagery.objects.file import Handle, ObjectFile
from rtsproj.imagery.objects.reader import ObjectReader

SUFFIXES = (".tif", ".tiff")
_NAME = "object.tif"
"""What GDAL knows an object as; each is opened where no other is known."""


class ObjectDataset:
    """An open GeoTIFF in a store; one thread at a time.

    All that is not defined here is rasterio's.
    """

    def __init__(self, file: ObjectFile, *, threads: int) -> None:
        """Open; see ``open_object``."""
        self._file = file
        self._threads = threads
        self._dataset, self._close = self._opened()
        self._is_stale = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._dataset, name)

    def read(self, *given: Any, **how: Any) -> Any:
        """Pixels, as rasterio gives them.

        Raises:
            ObjectError: the object cannot be read. RasterioError: its content is damaged.
        """
        if self._is_stale:
            self._renew()
        try:
            found = self._dataset.read(*given, **how)
        except RasterioError:
            self._raise_failure()
            raise
        self._raise_failure()
        return found

    def close(self) -> None:
        """Close the raster."""
        self._close()

    def _opened(self) -> tuple[Any, Callable[[], Any]]:
        """The raster, and what closes it.

        rasterio keeps what it opens in the context of the thread and has to close it in the same
        one: GDAL's handle is a bare pointer to ours. So each raster has a context of its own, and
        is closed in it by whoever lets go of this object, the end of the program among them.
        """
        options = {"NUM_THREADS": str(self._threads)} if self._threads > 1 else {}
        context, one = Context(), _OneObject(self._file)
        try:
            dataset = context.run(rasterio.open, f"/{_NAME}", driver="GTiff", opener=one, **options)
        except RasterioError as error:
            self._raise_failure()
            raise UsageError(
                f"{self._file.reader.url} cannot be read as GTiff",
                hint="check what lies there: only GeoTIFF and COG are read from a store",
            ) from error
        return dataset, finalize(self, context.run, dataset.close)

    def _renew(self) -> None:
        """Open again after a failure: GDAL may have kept what it could not read."""
        self._close()
        self._dataset, self._close = self._opened()
        self._is_stale = False

    def _raise_failure(self) -> None:
        failure, self._file.failure = self._file.failure, None
        if failure is not None:
            self._is_stale = True
            raise failure


class _OneObject(MultiByteRangeResourceContainer):  # type: ignore[misc]  # it has no types
    """All of a file system that GDAL gets to see."""

    def __init__(self, file: ObjectFile) -> None:
        self._file = file

    def open(self, path: str, mode: str = "r", **_how: Any) -> Handle:
        if not self.isfile(path) or mode not in ("r", "rb"):
            raise FileNotFoundError(path)
        return Handle(self._file)

    def isfile(self, path: str) -> bool:
        return path.endswith(f"/{_NAME}")

    def isdir(self, _path: str) -> bool:
        return False

    def ls(self, _path: str) -> list[str]:
        return []

    def mtime(self, _path: str) -> int:
        return 0

    def rm(self, path: str) -> None:
        raise PermissionError(path)

    def size(self, path: str) -> int:
        if not self.isfile(path):
            raise FileNotFoundError(path)
        return self._file.size


def open_object(
    url: ImageUrl, *, threads: int = 1, stopping: Callable[[], bool] = bool
) -> ObjectDataset:
    """Open a GeoTIFF of a store that this machine may read.

    Args:
        url: the object.
        threads: threads that decode the blocks of one read.
        stopping: True gives up what is asked for.

    Raises:
        NotAllowedError: the person at this machine has not opted in; nothing was asked.
        ObjectError: it cannot be read. UsageError: it is no GeoTIFF.
    """
    require_allowed([url])
    if url.suffix.lower() not in SUFFIXES:
        raise UsageError(
            f"{url}: only GeoTIFF and COG are read from a store",
            hint=f"one of {', '.join(SUFFIXES)}",
        )
    return ObjectDataset(ObjectFile(ObjectReader(url, stopping=stopping)), threads=threads)
