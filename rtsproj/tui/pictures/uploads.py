"""Which pictures the terminal holds: each is sent once and forgotten when it is long unseen."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from threading import RLock

from rtsproj.tui.pictures.cells import Picture
from rtsproj.tui.pictures.kitty import forget, png_of, upload

KEPT = 48
"""Pictures that the terminal is asked to keep; kitty itself keeps 320 MB."""
FIRST_ID = 0x2A0001
LAST_ID = 0x2AFFFF


@dataclass(slots=True)
class Uploads:
    """Pictures in one terminal, by what they show.

    Attributes:
        in_tmux: True = each message is wrapped.
    """

    in_tmux: bool = False
    _ids: OrderedDict[Hashable, int] = field(default_factory=OrderedDict)
    _next: int = FIRST_ID
    _guard: RLock = field(default_factory=RLock)

    def send(
        self,
        key: Hashable,
        make: Callable[[], Picture],
        *,
        cells: tuple[int, int],
        write: Callable[[str], None],
    ) -> int:
        """The id of a picture; sent first where the terminal does not hold it.

        Args:
            key: what it shows, and how large.
            make: (rows, cols, 3) uint8; called only where it must be sent.
            cells: (cols, rows) that it fills.
            write: puts text into the terminal in order with everything else.
        """
        with self._guard:
            if key in self._ids:
                self._ids.move_to_end(key)
                return self._ids[key]
            number = self._next
            self._next = FIRST_ID if number >= LAST_ID else number + 1
            self._ids[key] = number
            write(upload(png_of(make()), number, cells=cells, in_tmux=self.in_tmux))
            while len(self._ids) > KEPT:
                _, old = self._ids.popitem(last=False)
                write(forget(old, in_tmux=self.in_tmux))
            return number

    def drop_all(self, write: Callable[[str], None]) -> None:
        """Free every picture: at the end, and before all are sent again (tmux replays none)."""
        while self._ids:
            _, old = self._ids.popitem()
            write(forget(old, in_tmux=self.in_tmux))
