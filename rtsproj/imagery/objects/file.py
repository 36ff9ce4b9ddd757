"""One object as a file that GDAL reads, in aligned pieces that are kept a while.

GDAL asks for headers piece by piece, and then for the ranges of all blocks of a window at once. The
pieces are kept; where the piece before is held, reading goes on in a row, and each request fetches
twice as much as the last.
"""

import os
from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock
from types import TracebackType

from rtsproj.imagery.objects.reader import ObjectReader

PIECE_BYTES = 1 << 16
"""Bytes of an aligned piece."""
MOST_KEPT = 128
"""Pieces kept of one object: 8 MiB; GDAL itself keeps what it has decoded."""
MOST_AHEAD = 64
"""Most pieces of one request: 4 MiB."""


class ObjectFile:
    """The bytes of an object; what goes wrong is kept in ``failure``: no error passes GDAL."""

    def __init__(self, reader: ObjectReader) -> None:
        """Ask for the first piece, which tells what the object is.

        Raises:
            ObjectError: it cannot be read.
        """
        self.reader = reader
        self.failure: BaseException | None = None
        self._ahead = 1
        self._pieces: OrderedDict[int, bytes] = OrderedDict()
        self._lock = Lock()
        self._fetch(0, 1)

    @property
    def size(self) -> int:
        """Bytes of the object."""
        return self.reader.size

    def range(self, start: int, size: int) -> bytes:
        """Bytes from ``start`` on; none where reading fails or has failed."""
        with self._lock:
            try:
                return b"" if self.failure else self._joined(start, size)
            except BaseException as error:  # noqa: BLE001  raised again by the dataset
                self.failure = error
                return b""

    def ranges(self, wanted: Sequence[tuple[int, int]]) -> list[bytes]:
        """Several ranges (first byte, size) at once; zeros where reading fails or has failed.

        They are never seen. Fewer bytes would leave GDAL with whatever its memory held.
        """
        with self._lock:
            try:
                if not self.failure:
                    return self.reader.read_all(wanted)
            except BaseException as error:  # noqa: BLE001  raised again by the dataset
                self.failure = error
            return [bytes(size) for _, size in wanted]

    def _joined(self, start: int, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            number, skipped = divmod(start + len(data), PIECE_BYTES)
            if number not in self._pieces:
                last = (start + size - 1) // PIECE_BYTES
                self._fetch(number, last - number + 1)
            self._pieces.move_to_end(number)
            data += self._pieces[number][skipped : skipped + size - len(data)]
        return bytes(data)

    def _fetch(self, number: int, wanted: int) -> None:
        """Fetch pieces from ``number`` on, at least one of those wanted."""
        follows = number - 1 in self._pieces
        self._ahead = min(2 * max(self._ahead, wanted), MOST_AHEAD) if follows else 1
        count = min(max(wanted, self._ahead), MOST_AHEAD)
        held = next((n for n in range(1, count) if number + n in self._pieces), count)
        data = self.reader.read(number * PIECE_BYTES, held * PIECE_BYTES)
        for n in range(-(-len(data) // PIECE_BYTES)):
            self._pieces[number + n] = data[n * PIECE_BYTES : (n + 1) * PIECE_BYTES]
        while len(self._pieces) > MOST_KEPT:
            self._pieces.popitem(last=False)


class Handle:
    """What GDAL opens: a place in an object; each has its own."""

    def __init__(self, file: ObjectFile) -> None:
        self._file = file
        self._at = 0

    def __enter__(self) -> "Handle":
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """The object stays open for the next handle."""

    def tell(self) -> int:
        """Offset in bytes."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move; returns the new offset."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._file.size}[whence]
        self._at = start + offset
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Bytes from here on; fewer at the end, and where reading fails."""
        left = max(0, self._file.size - self._at)
        data = self._file.range(self._at, left if size < 0 else min(size, left))
        self._at += len(data)
        return data

    def get_byte_ranges(self, offsets: Sequence[int], sizes: Sequence[int]) -> list[bytes]:
        """Several ranges at once: rasterio's name for it."""
        return self._file.ranges(list(zip(offsets, sizes, strict=True)))
