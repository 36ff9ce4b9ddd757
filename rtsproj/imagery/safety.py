"""Open rasters safely: plain files, each only with the one driver of its suffix, and allowed URLs.

Everything that reads pixels opens them here. A file is opened by its path, and no path leads to the
network; a URL is opened where this machine's person allows its place (``imagery.objects``).
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import rasterio
from rasterio.errors import NotGeoreferencedWarning, RasterioError

from rtsproj.domain.places import ImageUrl, Place
from rtsproj.errors import UsageError
from rtsproj.imagery.objects.dataset import open_object

DRIVERS = {".tif": "GTiff", ".tiff": "GTiff", ".jp2": "JP2OpenJPEG", ".png": "PNG"}
Dataset: TypeAlias = Any
"""An open rasterio dataset, or an ``ObjectDataset``; the library ships no types."""


def checked_path(path: Path) -> Path:
    """The absolute path of an existing regular file.

    Raises:
        UsageError: a URL, a GDAL virtual path, a missing file, a folder or an empty file.
    """
    text = str(path)
    if text.startswith("/vsi") or (":" in text and not path.exists()):
        raise UsageError(f"{text} is not a plain file path", hint="give the path of a local file")
    try:
        text.encode()
    except UnicodeEncodeError:
        shown = text.encode("utf-8", "backslashreplace").decode()
        raise UsageError(f"{shown}: the name is not UTF-8", hint="rename the file") from None
    absolute = path.absolute()
    if not absolute.exists():
        raise UsageError(f"{absolute} does not exist", hint="check the path")
    if not absolute.is_file():
        raise UsageError(f"{absolute} is not a regular file", hint="give an image file")
    if absolute.stat().st_size == 0:
        raise UsageError(f"{absolute} is empty (0 bytes)", hint="copy or download it again")
    return absolute


def open_dataset(place: Place, *, threads: int = 1, stopping: Callable[[], bool] = bool) -> Dataset:
    """Open a raster with the one driver of its suffix.

    Args:
        place: a local file, or an object of a store.
        threads: threads that decode the blocks of one read, where the driver can (GeoTIFF).
        stopping: True gives up what is waited for over the network.

    Raises:
        UsageError: not such a file, or its content is something else; a URL that this machine may
            not read. ObjectError: the store does not give the object.
    """
    if isinstance(place, ImageUrl):
        return open_object(place, threads=threads, stopping=stopping)
    return _open_file(checked_path(place), threads)


def _open_file(absolute: Path, threads: int) -> Dataset:
    driver = DRIVERS.get(absolute.suffix.lower())
    if driver is None:
        raise UsageError(
            f"{absolute}: suffix {absolute.suffix!r} is not known",
            hint=f"use GeoTIFF or COG ({', '.join(DRIVERS)})",
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            options = {"NUM_THREADS": str(threads)} if driver == "GTiff" and threads > 1 else {}
            return rasterio.open(absolute, driver=driver, **options)
    except RasterioError as error:
        with absolute.open("rb") as stream:
            head = stream.read(64)
        hint = "copy or download it again"
        if head.startswith(b"version https://git-lfs"):
            hint = "this is a Git LFS pointer: run `git lfs pull` where it came from"
        raise UsageError(f"{absolute} cannot be read as {driver}", hint=hint) from error


@contextmanager
def open_raster(place: Place) -> Iterator[Dataset]:
    """Open a raster for a while; see ``open_dataset``."""
    dataset = open_dataset(place)
    try:
        yield dataset
    finally:
        dataset.close()
