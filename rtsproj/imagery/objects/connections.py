"""Several ranges of one object at once: a few connections that are kept.

GDAL names all ranges that a window needs before it decodes any. Asked for side by side, they cost
one wait for the store instead of one each.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event

from rtsproj.domain.places import ImageUrl
from rtsproj.imagery.objects.reader import Identity, ObjectReader

MOST_TOGETHER = 4
"""Connections to one object."""
MOST_BYTES = 4 << 20
"""Bytes of one request; longer ranges are asked for in parts."""


class Connections:
    """Reads ranges of one object; one thread at a time may ask."""

    def __init__(self, url: ImageUrl, *, stopping: Callable[[], bool] = bool) -> None:
        """Prepare; nothing is asked yet. See ``ObjectReader``."""
        self.url = url
        self._stopping = stopping
        self._given_up = Event()
        self._identity: Identity | None = None
        self._idle = [self._reader()]

    @property
    def size(self) -> int:
        """Bytes of the object; 0 before the first request."""
        return self._identity.size if self._identity else 0

    def close(self) -> None:
        """Hang up."""
        for one in self._idle:
            one.close()

    def read(self, first: int, size: int) -> bytes:
        """One range, by one request; see ``ObjectReader.read``."""
        reader = self._idle.pop() if self._idle else self._reader()
        try:
            data = reader.read(first, size)
            self._identity = reader.identity
            return data
        finally:
            self._idle.append(reader)

    def read_all(self, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        """Several ranges (first byte, size), in their order.

        Raises:
            ObjectError: as ``ObjectReader.read``, of the first range that failed; the others are
                given up.
        """
        parts = [
            (number, start, min(MOST_BYTES, first + size - start))
            for number, (first, size) in enumerate(ranges)
            for start in range(first, first + size, MOST_BYTES)
        ]
        found: list[list[bytes]] = [[] for _ in ranges]
        with ThreadPoolExecutor(min(MOST_TOGETHER, max(1, len(parts)))) as pool:
            try:
                data = pool.map(lambda part: self.read(*part[1:]), parts)
                for (number, _, _), one in zip(parts, data, strict=True):
                    found[number].append(one)
            except BaseException:
                self._given_up.set()
                pool.shutdown(cancel_futures=True)
                raise
            finally:
                self._given_up.clear()
        return [b"".join(one) for one in found]

    def _reader(self) -> ObjectReader:
        reader = ObjectReader(
            self.url, stopping=lambda: self._given_up.is_set() or self._stopping()
        )
        reader.identity = self._identity
        return reader
