"""Memory of strips, used again: the system takes longer to clear a fresh page than to fill it."""

from mmap import mmap

import numpy as np
from numpy.typing import NDArray

Room = NDArray[np.uint8]
"""Bytes in a row, whatever they hold."""


class Rooms:
    """Rooms of which none is larger than it needs to be for long.

    They are memory of their own, beside the allocator's, which goes back to the system whole: a
    worker's allocator keeps what it is given back (``jobs.launch``), which is right for the
    network's windows and would double the memory of strips.
    """

    def __init__(self) -> None:
        self._free: list[Room] = []

    def take(self, size: int) -> Room:
        """Bytes for ``size``, from what was given back where it is large enough."""
        fitting = [one for one in self._free if one.size >= size]
        if not fitting:
            self._free.clear()
            return fresh(size)
        best = min(fitting, key=len)
        self._free = [one for one in self._free if one is not best]
        return best

    def give(self, room: Room) -> None:
        """Give back what nobody looks at any more."""
        self._free.append(room)


def fresh(size: int) -> Room:
    """A room from the system."""
    return np.frombuffer(mmap(-1, max(1, size)), np.uint8)
