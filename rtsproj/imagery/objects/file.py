"""One object as a file that GDAL reads, in aligned pieces that are kept a while.

GDAL asks for a header, then for one block after another. Missing pieces are fetched in one request;
where the piece before is held, reading goes on in a row, and each request fetches twice as much as
the last. A COG holds the blocks of a row of tiles in a row, so a strip of a search becomes a few
large requests, and one picture a few small ones.
"""

import os
from collections import OrderedDict
from threading import Lock
from types import TracebackType

from rtsproj.imagery.objects.reader import ObjectReader

PIECE_BYTES = 1 << 16
"""Bytes of an aligned piece."""
MOST_KEPT = 128
"""Pieces kept of one object: 8 MiB; GDAL keeps what it has decoded itself."""
MOST_AHEAD = 64
"""Most pieces of one request: 4 MiB."""


class ObjectFile:
    """A read-only file; what goes wrong is kept in ``failure``: no error passes through GDAL."""

    def __init__(self, reader: ObjectReader) -> None:
        """Ask for the first piece, which tells what the object is.

        Raises:
            ObjectError: it cannot be read.
        """
        self.reader = reader
        self.failure: BaseException | None = None
        self._at = 0
        self._ahead = 1
        self._pieces: OrderedDict[int, bytes] = OrderedDict()
        self._lock = Lock()
        self._fetch(0, 1)

    @property
    def size(self) -> int:
        """Bytes of the object."""
        return self.reader.identity.size if self.reader.identity else 0

    def __enter__(self) -> "ObjectFile":
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Leave it open: GDAL's handle ends, the dataset may be opened again."""

    def tell(self) -> int:
        """Offset in bytes."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move; returns the new offset."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.size}[whence]
        self._at = start + offset
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Bytes from here on; fewer at the end, and where reading fails."""
        with self._lock:
            left = max(0, self.size - self._at)
            size = left if size < 0 else min(size, left)
            try:
                data = b"" if self.failure else self._bytes(self._at, size)
            except BaseException as error:  # noqa: BLE001  raised again by the dataset: see above
                self.failure = error
                data = b""
            self._at += len(data)
            return data

    def _bytes(self, start: int, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            at = start + len(data)
            number, skipped = divmod(at, PIECE_BYTES)
            if number not in self._pieces:
                last = (start + size - 1) // PIECE_BYTES
                self._fetch(number, last - number + 1)
            self._pieces.move_to_end(number)
            data += self._pieces[number][skipped : skipped + size - len(data)]
        return bytes(data)

    def _fetch(self, number: int, wanted: int) -> None:
        """Fetch pieces from ``number`` on, at least one of those wanted."""
        follows = number - 1 in self._pieces
        self._ahead = min(self._ahead * 2, MOST_AHEAD) if follows else 1
        count = min(max(wanted, self._ahead), MOST_AHEAD)
        held = next((n for n in range(1, count) if number + n in self._pieces), count)
        data = self.reader.read(number * PIECE_BYTES, held * PIECE_BYTES)
        for n in range(-(-len(data) // PIECE_BYTES)):
            self._pieces[number + n] = data[n * PIECE_BYTES : (n + 1) * PIECE_BYTES]
        while len(self._pieces) > MOST_KEPT:
            self._pieces.popitem(last=False)
